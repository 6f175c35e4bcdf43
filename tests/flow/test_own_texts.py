"""The gemeente's own texts: which one is used, what a delivery keeps, and several events in one message."""

from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from meldingen.domain.errors import Forbidden, InvalidInput, NotFound, Stale
from meldingen.domain.wording import Wording
from meldingen.flow import own_texts, texts
from meldingen.flow.notice_facts import facts_to_preview
from meldingen.flow.own_texts import TextPlace
from meldingen.flow.texts import Facts
from meldingen.store import category, journal
from meldingen.store.gemeente import Gemeente
from meldingen.store.notice_text import NoticeText
from tests import factories

from .berichten import SETTINGS, House


def says(word: str) -> Wording:
    return Wording(f"{word} {{zin}} {{link}}")


@pytest.fixture
def home(session: Session) -> Gemeente:
    return factories.gemeente(session)


def told(session: Session, now: datetime, slug: str, kind: str = "gereed", channel: str = "sms") -> str:
    melding = factories.melding(session, now=now, category_slug=slug)
    facts = facts_to_preview(session, SETTINGS, kind, channel, melding, now=now)
    return texts.write(session, kind, channel, facts).text.split()[0]


def test_the_nearest_text_is_used(session: Session, home: Gemeente, now: datetime) -> None:
    actor = factories.medewerker(session, home, "beheer")
    assert told(session, now, "losse-tegel") == "U"
    for slug, word in (("", "Overal."), ("straat", "Straat."), ("losse-tegel", "Tegel.")):
        place = own_texts.text_place(session, home, "gereed", "sms", slug)
        own_texts.save_text(session, place, says(word), based_on=0, actor=actor, now=now)
    assert told(session, now, "losse-tegel") == "Tegel."
    assert told(session, now, "gat-in-de-weg") == "Straat."
    assert told(session, now, "gras-te-hoog") == "Overal."
    assert told(session, now, "losse-tegel", kind="heropend") == "Melding"
    one = category.category_by_slug(session, "losse-tegel", scope=[home.id])
    assert one is not None
    own_texts.back_to_standard(session, TextPlace(home.id, "gereed", "sms", one.id), based_on=1, actor=actor, now=now)
    assert told(session, now, "losse-tegel") == "Straat."
    assert own_texts.text_instead(session, TextPlace(home.id, "gereed", "sms", one.id)) == says("Overal.")


def test_another_gemeente_keeps_its_own(session: Session, home: Gemeente, now: datetime) -> None:
    other = factories.gemeente(session, name="Elders", code="GM9002", west=5.2)
    actor = factories.medewerker(session, other, "coordinator")
    place = own_texts.text_place(session, other, "gereed", "sms")
    own_texts.save_text(session, place, says("Elders."), based_on=0, actor=actor, now=now)
    assert told(session, now, "losse-tegel") == "U"
    with pytest.raises(Forbidden):
        own_texts.save_text(
            session, TextPlace(home.id, "gereed", "sms"), says("Hier."), based_on=0, actor=actor, now=now
        )


def test_a_version_is_never_changed_and_each_is_in_the_journal(session: Session, home: Gemeente, now: datetime) -> None:
    actor = factories.medewerker(session, home, "beheer")
    place = own_texts.text_place(session, home, "gereed", "sms")
    first = own_texts.save_text(session, place, says("Een."), based_on=0, actor=actor, now=now)
    assert own_texts.save_text(session, place, says("Een."), based_on=1, actor=actor, now=now) is first
    with pytest.raises(Stale):
        own_texts.save_text(session, place, says("Twee."), based_on=0, actor=actor, now=now)
    with pytest.raises(InvalidInput):
        own_texts.save_text(session, place, Wording("Zonder link."), based_on=1, actor=actor, now=now)
    own_texts.save_text(session, place, says("Twee."), based_on=1, actor=actor, now=now)
    own_texts.bring_back(session, place, 1, based_on=2, actor=actor, now=now)
    with pytest.raises(NotFound):
        own_texts.bring_back(session, place, 9, based_on=3, actor=actor, now=now)
    now_used = own_texts.text_now(session, place)
    assert now_used is not None and (now_used.version, now_used.wording) == (3, says("Een."))
    own_texts.back_to_standard(session, place, based_on=3, actor=actor, now=now)
    facts = {"kind": "gereed", "channel": "sms", "category_id": None}
    past = [(e.kind, e.facts) for e in session.query(journal.Event).order_by(journal.Event.id) if "tekst" in e.kind]
    changed = [("tekst_gewijzigd", {**facts, "version": version}) for version in (1, 2, 3)]
    assert past == [*changed, ("tekst_naar_standaard", {**facts, "version": 3})]


def test_an_email_keeps_its_heading(session: Session, home: Gemeente, now: datetime) -> None:
    actor = factories.medewerker(session, home, "beheer")
    place = own_texts.text_place(session, home, "heropend", "email")
    wording = Wording("Wij kijken.\n\n[Volg] {link}", subject="{nummer}", heading="Nog eens")
    assert own_texts.save_text(session, place, wording, based_on=0, actor=actor, now=now).wording == wording


def test_a_delivery_keeps_the_words_it_went_with(house: House) -> None:
    melding = house.melding(contact={"phone": "06 12345678"})
    house.owe("heropend", melding)
    house.work()
    with Session(house.engine) as session, session.begin():
        actor = factories.medewerker(session, session.merge(house.home), "beheer")
        place = own_texts.text_place(session, session.merge(house.home), "heropend", "sms")
        own_texts.save_text(session, place, Wording("Nieuw. {link}"), based_on=0, actor=actor, now=melding.received_at)
    house.owe("heropend", melding)
    house.work()
    before, after = house.deliveries(melding)
    assert before.text.startswith("Uw melding") and after.text.startswith("Nieuw. https://")


def bundle(session: Session, now: datetime, channel: str, *kinds: str) -> texts.Words:
    melding = factories.melding(session, now=now)
    parts = [(kind, facts_to_preview(session, SETTINGS, kind, channel, melding, now=now)) for kind in kinds]
    return texts.write_bundle(session, channel, parts)


def test_one_mail_tells_several_events_in_order_and_nothing_twice(
    session: Session, home: Gemeente, now: datetime
) -> None:
    words = bundle(session, now, "email", "vertraagd", "gereed")
    assert words.subject.startswith("Opgelost: een losse tegel") and words.text.startswith("Uw melding is opgelost\n")
    late, done = words.text.index("Het lukt ons niet"), words.text.index("Het is gemaakt.")
    assert late < done
    for once in ("een melding gedaan van", "Met vriendelijke groet", "Heeft u een vraag?"):
        assert words.text.count(once) == words.html.count(once) == 1
    assert words.text.count("Uw melding is later klaar") == 1
    assert words.html.count("<h1") == 1 and words.html.count("Uw melding is later klaar</h2>") == 1


@pytest.mark.parametrize(
    ("kinds", "subject"),
    [
        (("ingepland", "doorgezet"), "doorgezet"),
        (("gereed", "heropend"), "weer open"),
        (("vraag", "ingepland"), "Vraag over"),
        (("gereed", "vraag"), "Opgelost"),
        (("vertraagd", "vertraagd"), "Later klaar"),
    ],
)
def test_the_most_important_gives_its_name(
    session: Session, home: Gemeente, now: datetime, kinds: tuple[str, ...], subject: str
) -> None:
    assert bundle(session, now, "email", *kinds).subject.count(subject) == 1


def test_one_short_message_tells_the_most_important(session: Session, home: Gemeente, now: datetime) -> None:
    text = bundle(session, now, "sms", "vertraagd", "gereed").text
    assert text.startswith("U meldde") and "Het is gemaakt." in text
    push = bundle(session, now, "push", "vertraagd", "gereed")
    assert push.subject == "Uw melding is opgelost" and push.text.endswith("Ook: uw melding is later klaar.")
    called = bundle(session, now, "telefoon", "vertraagd", "gereed").text
    assert called.index("Het lukt ons niet") < called.index("Het is gemaakt.") and called.count("Melding 26") == 1
    assert bundle(session, now, "sms", "gereed").text == text


def test_preview_facts_are_made_up(session: Session, home: Gemeente, now: datetime) -> None:
    melding = factories.melding(session, now=now, contact={"name": "Bo", "email": "bo@example.nl"})
    for kind in ("gereed", "alarm"):
        facts = facts_to_preview(session, SETTINGS, kind, "email", melding, now=now)
        assert (
            isinstance(facts, Facts)
            and "Bo" not in str(facts.values)
            and "voorbeeld" in facts.values["link"] + "voorbeeld"
        )


@pytest.mark.parametrize("body", ["", " ", "{bestaat_niet}", "Klaar {", "Geen link."])
def test_a_text_that_may_not_be_kept_is_passed_over(session: Session, home: Gemeente, now: datetime, body: str) -> None:
    """However it came into the table: the melder gets our words, not an empty SMS and not nothing."""
    row = NoticeText(gemeente_id=home.id, kind="gereed", channel="sms", version=1, body=body, made_by="systeem", at=now)
    session.add(row)
    session.flush()
    assert told(session, now, "losse-tegel") == "U"
