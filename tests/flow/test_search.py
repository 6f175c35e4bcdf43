"""Finding a melding in every way a caller may describe it, mistakes forgiven, in a constant number of queries."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.domain.intake import Location
from meldingen.domain.numbers import near_numbers, show_number
from meldingen.store import search, search_ways
from meldingen.store.gemeente import Gemeente
from meldingen.store.melding import Melding
from meldingen.store.search import Asked, find_meldingen, meldingen_of_caller, read_query
from tests import factories
from tests.api.test_statements import counted


@pytest.fixture
def home(session: Session) -> Gemeente:
    return factories.gemeente(session)


@pytest.fixture
def melding(session: Session, home: Gemeente, now: datetime) -> Melding:
    return factories.melding(
        session,
        now=now,
        location=Location(*factories.HOME, address="Dorpsstraat 12, Bergen", note="achter de kerk"),
        description="Er liggen losse tegels bij de speeltuin.",
        contact={"name": "Fatima Özdemir", "email": "Fatima@Example.nl", "phone": "06 12 34 56 78"},
    )


@pytest.fixture
def other(session: Session, home: Gemeente, now: datetime, melding: Melding) -> Melding:
    return factories.melding(
        session, now=now + timedelta(minutes=1), description="Gras te hoog", category_slug="gras-te-hoog",
        location=Location(*factories.HOME, address="Zeeweg 3"), contact={"name": "Kees Bakker"},
    )  # fmt: skip


def found(session: Session, home: Gemeente, text: str) -> list[tuple[int, str]]:
    return [(hit.melding.id, hit.found_by) for hit in find_meldingen(session, text, scope=[home.id])]


@pytest.mark.parametrize(
    ("text", "found_by"),
    [
        ("06-12345678", "telefoon"),
        ("+31 6 12 34 56 78", "telefoon"),
        ("fatima@example.NL", "email"),
        ("fatima", "naam"),
        ("özdemir", "naam"),
        ("Ozdemir", "naam"),
        ("dorpsstraat 12", "adres"),
        ("Dorpsstaat", "adres"),
        ("tegel speeltuin", "woorden"),
        ("losse tegel", "woorden"),
        ("kerk", "woorden"),
        ("speelt", "woorden"),
        ("Özdemir Fatima", "naam"),
        ("speeltuin losse", "woorden"),
        ("12 Dorpsstraat", "adres"),
        ("Doprsstraat", "lijkt_op"),
        ("Doprstraat 12", "lijkt_op"),
        ("Drpsstraet", "lijkt_op"),
        ("speletuin", "lijkt_op"),
        ("Fatima Dorpsstraat", "adres"),
        ("losse tegel bij de school", "lijkt_op"),
        ("0031 6 12345678", "telefoon"),
        ("(06) 12-34 56 78", "telefoon"),
        ("0612345678 ", "telefoon"),
        ("061234", "deel_telefoon"),
        ("06 12 34 5", "deel_telefoon"),
        ("+31 6 1234", "deel_telefoon"),
        ("345678", "deel_telefoon"),
    ],
)
def test_what_a_caller_says_leads_to_the_melding(
    session: Session, home: Gemeente, melding: Melding, other: Melding, text: str, found_by: str
) -> None:
    assert found(session, home, text) == [(melding.id, found_by)]


def test_a_number_as_it_is_read_out_or_half_remembered(
    session: Session, home: Gemeente, melding: Melding, other: Melding
) -> None:
    assert found(session, home, melding.number) == [(melding.id, "nummer")]
    assert found(session, home, show_number(melding.number).replace(" ", "-")) == [(melding.id, "nummer")]
    assert found(session, home, melding.number[-5:]) == [(melding.id, "nummer")]
    assert found(session, home, f"melding {melding.number}") == [(melding.id, "nummer")]
    assert found(session, home, "123") == []


def test_a_number_with_a_slip_is_asked_about(
    session: Session, home: Gemeente, melding: Melding, other: Melding
) -> None:
    number = melding.number
    last = str((int(number[-1]) + 1) % 10)
    for wrong in (number[:-1] + last, number[:4] + "9" + number[5:], number[:7] + number[8:], number + "0"):
        assert (melding.id, "bijna_nummer") in found(session, home, wrong), wrong
    assert found(session, home, "9999999999") == []


@pytest.mark.parametrize(
    "text", ["", "   ", "\x00", "%", "!!!", "' OR 1=1 --", "a:*&|!()", "___", "😀", "x" * 5000, "\u202e"]
)
def test_nonsense_finds_nothing_and_breaks_nothing(
    session: Session, home: Gemeente, melding: Melding, text: str
) -> None:
    assert found(session, home, text) == []


def test_nothing_of_another_gemeente(session: Session, home: Gemeente, melding: Melding) -> None:
    elsewhere = factories.gemeente(session, name="Oosterwijk", code="GM9003", west=4.80)
    for text in (melding.number, "0612345678", "fatima@example.nl", "Fatima", "Dorpsstraat", "tegels"):
        assert find_meldingen(session, text, scope=[elsewhere.id]) == []
    assert meldingen_of_caller(session, phone="+31612345678", scope=[elsewhere.id]) == []


@pytest.fixture
def years_later(session: Session, home: Gemeente, melding: Melding, now: datetime) -> Melding:
    """Another melding, so much later that the first is of long ago."""
    return factories.melding(
        session, now=now + timedelta(days=900), description="Gras te hoog", category_slug="gras-te-hoog",
        location=Location(*factories.HOME, address="Zeeweg 3"),
    )  # fmt: skip


@pytest.mark.parametrize("rare", [search_ways.RARE, 1])
@pytest.mark.parametrize(
    ("text", "found_by"), [("losse tegel", "woorden"), ("Dorpsstaat", "adres"), ("Drpsstraet", "lijkt_op")]
)
def test_what_is_of_long_ago_is_found(
    session: Session, home: Gemeente, melding: Melding, years_later: Melding, text: str, found_by: str, rare: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Also words that are too common elsewhere to look at wherever they are."""
    monkeypatch.setattr(search_ways, "RARE", rare)
    monkeypatch.setattr(search, "_statement", search._statement.__wrapped__)
    assert found(session, home, text) == [(melding.id, found_by)]


def test_the_same_house_comes_before_the_rest_of_its_street(
    session: Session, home: Gemeente, melding: Melding, now: datetime
) -> None:
    """And what is on a street of that name in another gemeente is not found at all."""
    elsewhere = factories.gemeente(session, name="Oosterwijk", code="GM9003", west=4.80)
    at = Location(4.85, factories.HOME[1], address="Dorpsstraat 12, Oosterwijk")
    other = factories.melding(session, now=now + timedelta(hours=2), location=at)
    next_door = factories.melding(
        session, now=now + timedelta(hours=1), location=Location(*factories.HOME, address="dorpsstraat 14, Bergen")
    )
    assert found(session, home, "Dorpsstraat 12") == [(melding.id, "adres"), (next_door.id, "adres")]
    hits = find_meldingen(session, "Dorpsstraat 12", scope=[home.id, elsewhere.id])
    assert [hit.melding.id for hit in hits] == [other.id, melding.id, next_door.id]


def test_the_earlier_meldingen_of_a_caller(
    session: Session, home: Gemeente, melding: Melding, other: Melding, now: datetime
) -> None:
    later = factories.melding(session, now=now + timedelta(days=1), contact={"phone": "0612345678"})
    hits = meldingen_of_caller(session, phone="+31612345678", scope=[home.id])
    assert [hit.melding.id for hit in hits] == [later.id, melding.id]
    assert hits[0].team_names == ("Serviceteam",) and hits[0].category_name == "Losse tegel"
    by_mail = meldingen_of_caller(session, email="FATIMA@example.nl", scope=[home.id])
    assert [hit.melding.id for hit in by_mail] == [melding.id]
    assert meldingen_of_caller(session, scope=[home.id]) == []


def test_a_text_is_read_in_every_way_it_can_be() -> None:
    assert read_query("06 12345678") == Asked(part="0612345678", phone="+31612345678", near=near_numbers("0612345678"))
    assert read_query(" Anna@X.nl ") == Asked(email="anna@x.nl")
    assert read_query("1234") == Asked(part="1234")
    assert read_query("Kerk 12") == Asked(words="Kerk 12")


def test_two_queries_however_many_are_found(session: Session, home: Gemeente, now: datetime) -> None:
    scope = [home.id]

    def cost() -> int:
        session.flush()
        with counted() as sent:
            for hit in find_meldingen(session, "tegel", scope=scope):
                assert hit.team_names
        return len(sent)

    factories.melding(session, now=now)
    one = cost()
    for _ in range(4):
        factories.melding(session, now=now)
    assert cost() == one == 2


def test_searching_uses_its_indexes(session: Session, home: Gemeente, melding: Melding) -> None:
    """Five thousand meldingen of others, so that reading the table whole is not the cheapest way."""
    others = {"like": melding.id, "g": home.id}
    columns = "gemeente_id, status, location, location_source, danger, intake_channel, received_at, first_promised_on, "
    columns += "promised_on, term_days"
    session.execute(
        sa.text(
            f"INSERT INTO melding (number, description, address, {columns}) SELECT 'x' || n, md5(n::text), "
            f"md5('a' || n) || ' ' || n, {columns} FROM melding, generate_series(1, 5000) n WHERE id = :like"
        ),
        others,
    )
    session.execute(
        sa.text(
            "INSERT INTO contact (gemeente_id, melding_id, name, phone, email) SELECT gemeente_id, id, md5('n' || id), "
            "'+3161' || id, id || '@example.nl' FROM melding WHERE gemeente_id = :g AND id <> :like"
        ),
        others,
    )
    for index in ("ix_melding_words", "ix_contact_name", "ix_contact_phone_part"):
        session.execute(sa.text(f"SELECT gin_clean_pending_list('{index}')"))  # what autovacuum does
    session.execute(sa.text("ANALYZE melding, contact"))
    for text, index in [
        ("Dorpsstaat", "ix_melding_street"),
        ("fatima", "ix_contact_name"),
        ("tegels speeltuin", "ix_melding_words"),
        ("0612345678", "ix_contact_phone"),
        ("fatima@example.nl", "ix_contact_email"),
        ("612345", "ix_contact_phone_part"),
        ("Drpsstraet", "ix_melding_street"),
    ]:
        plan = plan_of(session, home, text)
        assert index in plan, f"{text}: {plan}"


def plan_of(session: Session, home: Gemeente, text: str) -> str:
    """What PostgreSQL does for a search."""
    plans: list[str] = []

    def explain(_c: object, cursor: Any, statement: str, parameters: object, *_: object) -> None:
        if "found_by" in statement:
            cursor.execute("EXPLAIN " + statement, parameters)
            plans.extend(row[0] for row in cursor.fetchall())

    connection = session.connection()
    sa.event.listen(connection, "before_cursor_execute", explain)
    assert find_meldingen(session, text, scope=[home.id])
    sa.event.remove(connection, "before_cursor_execute", explain)
    return "\n".join(plans)
