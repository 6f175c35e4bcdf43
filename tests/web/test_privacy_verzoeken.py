"""/privacy-verzoeken: counts before the check, the way through, 410 for an old link, freezing, the archivaris."""

import io
import json
import re
import zipfile
from datetime import timedelta

import pytest
import sqlalchemy as sa

from meldingen.domain import tokens
from meldingen.store.contact import Contact, ContactView
from meldingen.store.destruction import RetentionConfirmation
from meldingen.store.melding import Melding
from meldingen.store.privacy_request import PrivacyRequest

from .conftest import World
from .desk import TEXT, Desk, make_desk

JO = {"name": "Jo Jansen", "email": "jo@example.nl", "phone": "0612345678"}


@pytest.fixture
def desk(world: World) -> Desk:
    return make_desk(world)


def begin(desk: Desk, kind: str, who: str = "jo@example.nl", by: str = "kcc") -> str:
    """The address of a new request."""
    answer = desk.post(by, "/privacy-verzoeken", soort=kind, wie=who)
    assert answer.status_code == 303, answer.text
    return str(answer.location).partition("?")[0]


def request_at(desk: Desk, path: str) -> PrivacyRequest:
    with desk.world.session() as session:
        return session.get_one(PrivacyRequest, int(path.rsplit("/", 1)[1]))


def reload(desk: Desk, melding: Melding) -> Melding:
    with desk.world.session() as session:
        return session.get_one(Melding, melding.id)


def test_counts_only_until_it_is_known_who_asks(desk: Desk) -> None:
    melding, _ = desk.melding(contact=JO)
    path = begin(desk, "inzage")
    page = desk.get("kcc", path)
    assert "1 melding" in page and melding.number not in page and "jo@" not in page.lower()
    assert desk.post("kcc", f"{path}/gegevens.zip").status_code == 409
    assert desk.post("kcc", f"{path}/code").status_code == 303
    for code, status in (("", 400), ("12345678", 400)):
        assert desk.post("kcc", f"{path}/controle", code=code).status_code == status
    assert request_at(desk, path).code_tries == 2, "a wrong try counts"
    keys = desk.world.app.extensions["meldingen"].settings.secret_keys
    code = tokens.request_code(keys, request_at(desk, path).id, 1)
    assert desk.post("kcc", f"{path}/controle", code=f"{code[:4]} {code[4:]}").status_code == 303
    page = desk.get("kcc", path)
    assert f'href="/kcc/melding/{melding.number}"' in page and "is vastgelegd" in page
    with desk.world.session() as session:
        looks = session.scalars(sa.select(ContactView.context).where(ContactView.melding_id == melding.id)).all()
    assert "privacyverzoek" in looks


def test_inzage_to_its_end(desk: Desk) -> None:
    desk.melding(contact=JO)
    path = begin(desk, "inzage")
    assert desk.post("kcc", f"{path}/balie").status_code == 400
    assert desk.post("kcc", f"{path}/balie", gezien="ja").status_code == 303
    assert desk.post("kcc", f"{path}/afronden").status_code == 409, "first the data"
    answer = desk.post("kcc", f"{path}/gegevens.zip")
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert json.loads(archive.read("gegevens.json"))["meldingen"][0]["omschrijving"] == TEXT
        assert archive.read("gegevens.pdf").startswith(b"%PDF-")
    assert desk.post("kcc", f"{path}/afronden").status_code == 303
    proof = desk.browsers["cor"].get(f"{path}/bewijs.json")
    told = json.loads(proof.data)
    assert (
        told["status"] == "uitgevoerd" and told["gecontroleerd_hoe"] == "balie" and len(told["gedaan"]["sha256"]) == 64
    )
    assert "jansen" not in proof.text.lower() and "Bij dit verzoek staat niets meer" in desk.get("kcc", path)


def test_verwijdering_ends_the_old_link_with_410(desk: Desk) -> None:
    melding, work = desk.melding(contact=JO)
    keys = desk.world.app.extensions["meldingen"].settings.secret_keys
    token = tokens.make_token(keys, melding.id, 1)
    melder = desk.world.app.test_client()
    assert melder.get(f"/v/{token}").status_code == 303
    path = begin(desk, "verwijdering")
    desk.post("kcc", f"{path}/balie", gezien="ja")
    assert desk.post("kcc", f"{path}/wissen").status_code == 400, "not without being sure"
    assert reload(desk, melding).erased_at is None
    assert desk.post("kcc", f"{path}/wissen", zeker="ja").status_code == 303
    for browser, where, words in (
        (desk.world.app.test_client(), f"/v/{token}", "is er niet meer"),
        (melder, f"/volgen/{melding.number}", "niet meer beschikbaar"),
    ):
        gone = browser.get(where)
        assert gone.status_code == 410 and words in gone.text and "tel:" in gone.text
    problem = melder.get(f"/api/v1/meldingen/{melding.number}", headers={"Volg-Token": token})
    assert problem.status_code == 410 and problem.json["code"] == "niet_meer_beschikbaar"
    assert TEXT not in desk.get("team", f"/team/opdracht/{work.id}"), "the work goes on without him"
    page = desk.get("kcc", f"/kcc/melding/{melding.number}")
    assert "zijn gewist op" in page and "Gegevens aanpassen" not in page and "Gegevens toevoegen" not in page


def test_a_correctie_passes_over_what_was_withdrawn(desk: Desk) -> None:
    (kept, _), (gone, _) = (desk.melding(contact={"email": "twee@example.nl"}) for _ in range(2))
    with desk.world.session() as session, session.begin():
        session.execute(sa.text("UPDATE melding SET withdrawn_at = now() WHERE id = :id"), {"id": gone.id})
    path = begin(desk, "correctie", who="twee@example.nl")
    desk.post("kcc", f"{path}/balie", gezien="ja")
    assert desk.post("kcc", f"{path}/correctie", email="een@example.nl").status_code == 303
    with desk.world.session() as session:
        known = dict(session.execute(sa.select(Contact.melding_id, Contact.email)).all())
    assert (known[kept.id], known[gone.id]) == ("een@example.nl", "twee@example.nl")


def test_correctie_and_beperking(desk: Desk) -> None:
    melding, work = desk.melding(contact=JO)
    path = begin(desk, "correctie", who=melding.number)
    desk.post("kcc", f"{path}/balie", gezien="ja")
    assert desk.post("kcc", f"{path}/correctie", email="geen adres").status_code == 400
    assert desk.post("kcc", f"{path}/correctie", email="nieuw@example.nl").status_code == 303
    with desk.world.session() as session:
        known = session.scalars(sa.select(Contact).where(Contact.melding_id == melding.id)).one()
    assert (known.email, known.name) == ("nieuw@example.nl", "")
    path = begin(desk, "beperking", who="nieuw@example.nl", by="cor")
    desk.post("cor", f"{path}/balie", gezien="ja")
    assert desk.post("cor", f"{path}/beperken").status_code == 303
    for who in ("team", "groen"):
        assert "Er ligt een tegel los" not in desk.get(who, f"/team/opdracht/{work.id}")
    assert "Er ligt een tegel los" in desk.get("kcc", f"/team/opdracht/{work.id}")
    assert "Er ligt een tegel los" not in desk.get("team", "/team?team=alle")
    assert desk.post("kcc", f"/kcc/melding/{melding.number}/gebruik").status_code == 303
    assert "Er ligt een tegel los" in desk.get("team", f"/team/opdracht/{work.id}")


def test_who_may_and_what_is_refused(desk: Desk) -> None:
    desk.melding(contact=JO)
    for who in ("team", "partij", "beheer"):
        assert desk.browsers[who].get("/privacy-verzoeken").status_code == 403
    assert desk.post("kcc", "/privacy-verzoeken", soort="", wie="jo@example.nl").status_code == 400
    unknown = desk.post("kcc", "/privacy-verzoeken", soort="inzage", wie="niemand@example.nl")
    assert unknown.status_code == 400 and "geen meldingen van" in unknown.text
    path = begin(desk, "inzage")
    assert desk.post("kcc", f"{path}/afwijzen").status_code == 400
    assert desk.post("kcc", f"{path}/bestaat-niet").status_code == 404
    other = make_desk(desk.world)
    assert other.browsers["kcc"].get(path).status_code == 404
    assert desk.post("kcc", f"{path}/afwijzen", reden="identiteit").status_code == 303
    assert "kon niet laten zien wie hij is" in desk.get("kcc", path)


def test_what_is_late_stands_first(desk: Desk) -> None:
    desk.melding(contact=JO)
    first, second = begin(desk, "inzage"), begin(desk, "correctie")
    with desk.world.session() as session, session.begin():
        row = session.get_one(PrivacyRequest, request_at(desk, second).id)
        row.due_at -= timedelta(days=60)
    page = desk.get("kcc", "/privacy-verzoeken")
    assert page.index(f'{second}"') < page.index(f'{first}"') and page.count("Te laat") == 1


def test_freezing_is_shown_and_stops_the_erasing(desk: Desk) -> None:
    melding, _ = desk.melding(contact=JO)
    where = f"/kcc/melding/{melding.number}"
    assert desk.post("kcc", f"{where}/bevriezingen").status_code == 400
    assert desk.post("kcc", f"{where}/bevriezingen", bevriezen_reden="claim").status_code == 303
    assert "Er loopt een schadeclaim" in desk.get("cor", where)
    path = begin(desk, "verwijdering", who=melding.number)
    desk.post("kcc", f"{path}/balie", gezien="ja")
    refused = desk.post("kcc", f"{path}/wissen", zeker="ja")
    assert refused.status_code == 409 and "loopt een schadeclaim" in refused.text
    assert desk.post("cor", f"{where}/ontdooiingen").status_code == 303
    assert desk.post("kcc", f"{path}/wissen", zeker="ja").status_code == 303


def test_beheer_sees_what_would_go_and_the_archivaris_confirms(desk: Desk) -> None:
    melding, _ = desk.melding(contact=JO, ago=timedelta(days=400))
    with desk.world.session() as session, session.begin():
        held = session.get_one(Melding, melding.id)
        held.closed_at, held.status = held.received_at, "afgehandeld"
    page = desk.get("beheer", "/beheer/bewaartermijnen")
    assert "nog niet bevestigd" in page and re.search(r"Losse tegel</td><td[^>]*>1<", page)
    here = f"/beheer/bewaartermijnen/werkdorp{desk.number}"
    seen = page.split('name="stand" value="')[1].split('"')[0]
    assert desk.post("beheer", f"{here}/bevestiging", naam="", functie="", stand=seen).status_code == 400
    assert desk.post("beheer", f"{here}/bevestiging", naam="A", functie="archivaris", stand="oud").status_code == 412
    form = {"naam": "A. Chief", "functie": "archivaris", "stand": seen}
    assert desk.post("beheer", f"{here}/bevestiging", **form).status_code == 303
    assert "Bevestigd door" in desk.get("beheer", "/beheer/bewaartermijnen")
    term = {"categorie": "losse-tegel", "termijn": "melding"}
    for days, status in (("x", 400), ("0", 400), ("100000", 400), ("3652", 303)):
        assert desk.post("beheer", f"{here}/termijn", dagen=days, **term).status_code == status
    page = desk.get("beheer", "/beheer/bewaartermijnen")
    assert "daarna is een termijn gewijzigd" in page and "3652" in page
    assert desk.post("beheer", f"{here}/termijn", dagen="", **term).status_code == 303
    assert "Bevestigd door" in desk.get("beheer", "/beheer/bewaartermijnen"), "the same terms as were confirmed"
    assert desk.post("cor", f"{here}/bevestiging", **form).status_code == 403
    other = make_desk(desk.world)
    assert other.post("beheer", f"{here}/bevestiging", **form).status_code == 404
    with desk.world.session() as session:
        mine = RetentionConfirmation.gemeente_id == desk.gemeente_id
        assert session.scalars(sa.select(RetentionConfirmation.name).where(mine)).all() == ["A. Chief"]
