"""A contractor without account, from the mail about a new opdracht to the last word (issue "Het team en het KCC").

In a real browser of 360 px, without JavaScript where a form is sent; mail through the postvak, as local mode keeps it.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from meldingen import db
from meldingen.domain.actor import COORDINATOR, TEAM
from meldingen.domain.deadlines import AMSTERDAM, at_local
from meldingen.flow import party, party_mail, work
from meldingen.flow.status import Basis
from meldingen.store.gemeente import gemeente_by_id
from meldingen.store.melding import Melding
from meldingen.store.opdracht import Opdracht
from meldingen.store.task import Task
from meldingen.store.team import Team
from tests import factories
from tests.photos import photo
from tests.web.browsing import assert_accessible, served, visitors

from .street import Street, build_street

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

MELDER = {"name": "Sanne de Vries", "email": "sanne@example.nl", "phone": "06 12345678"}
TEXT = "De lantaarn brandt niet. Bel mij op 06 12345678 of mail sanne@example.nl. Mijn auto is 12-ABC-3."
PARTY = "waterschap@example.nl"


@pytest.fixture(scope="module")
def street(clone: Callable[[], sa.URL], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    street = build_street(clone(), tmp_path_factory.mktemp("straat"))
    set_clock(street, datetime(2026, 4, 14, 8, 47, tzinfo=AMSTERDAM))
    yield street
    street.engine.dispose()
    street.app.extensions["meldingen"].engine.dispose()


@pytest.fixture(scope="module")
def phone(street: Street, chromium: Browser) -> Iterator[Page]:
    with served(street.app) as address, visitors(chromium, address) as come:
        yield come().new_page()


def set_clock(street: Street, moment: datetime) -> None:
    with db.transaction(street.engine) as session:
        db.set_clock_offset(session, int((moment - db.machine_now()) / timedelta(seconds=1)))


def link_in(mail: str) -> str:
    """The path of the signed link in a mail."""
    return urlsplit(re.findall(r"http://\S+/partij/\S+", mail)[0]).path


def test_a_contractor_does_the_work_by_the_link_in_its_mail(street: Street, phone: Page, tmp_path: Path) -> None:
    with street.session() as session, session.begin():
        now = db.business_now(session)
        home = gemeente_by_id(session, street.gemeente_id)
        team = factories.medewerker(session, home, TEAM, team_slug="serviceteam", username="t-partij")
        coordinator = factories.medewerker(session, home, COORDINATOR, username="c-partij")
        made = factories.melding(session, now=now, description=TEXT, contact=MELDER)
        opdracht = factories.opdracht_of(session, made)
        opdracht.address = "Breelaan 12, Duinstede"
        to = work.HandOver(team_id=factories.team(session, home, "waterschap").id, reason="Dit is uw mast.")
        work.hand_over(session, opdracht.id, to, basis=Basis(version=opdracht.version), actor=team, now=now)
        opdracht_id, number = opdracht.id, made.number
    street.works()

    mail = street.letters(PARTY)[-1]
    assert "Breelaan 12" in mail.text and "21 april" in mail.text
    assert not any(secret in mail.text + mail.html for secret in ("sanne", "Sanne", "12345678", "12-ABC-3"))

    phone.goto(link_in(mail.text))
    expect(phone.get_by_role("heading", level=1)).to_have_text("Losse tegel")
    assert phone.url.endswith(f"/partij/opdracht/{opdracht_id}")  # the token is not in the address any more
    seen = phone.content()
    assert "De lantaarn brandt niet" in seen and "▒▒▒" in seen
    assert not any(secret in seen for secret in ("sanne", "Sanne", "12345678", "12-ABC-3"))
    assert_accessible(phone, "opdracht van een partij")
    phone.get_by_label("Dag waarop u klaar denkt te zijn").fill("2026-04-17")
    phone.get_by_role("button", name="Bewaar deze dag").click()
    expect(phone.get_by_text("U denkt klaar te zijn op vrijdag 17 april 2026")).to_be_visible()
    phone.get_by_label("Uw vraag").fill("Mag de weg een uur dicht?")
    phone.get_by_role("button", name="Stel de vraag").click()
    expect(phone.get_by_text("Uw vraag is verstuurd.")).to_be_visible()
    street.works()

    with street.session() as session, session.begin():
        known = session.get_one(Opdracht, opdracht_id)
        assert known.party_expected_on == date(2026, 4, 17)
        assert known.due_at == at_local(date(2026, 4, 22), time(0))  # the norm runs on
        tasks = session.scalars(sa.select(Task).where(Task.opdracht_id == opdracht_id)).all()
        assert [task.kind for task in tasks] == ["partij_vraagt"] and "Mag de weg" in tasks[0].words
        party.answer(session, opdracht_id, "Ja, na 9 uur.", actor=coordinator, now=db.business_now(session))
    street.works()
    said = street.letters("sanne@example.nl")[-1].text
    assert "Waterschap denkt op vrijdag 17 april klaar te zijn." in said
    assert "Ja, na 9 uur." in street.letters(PARTY)[-1].text
    assert "Mag de weg een uur dicht?" in street.letters("serviceteam@example.nl")[-1].text
    phone.reload()
    expect(phone.get_by_text("Ja, na 9 uur.")).to_be_visible()

    set_clock(street, datetime(2026, 4, 18, 9, 0, tzinfo=AMSTERDAM))
    with street.session() as session:
        now = db.business_now(session)
    for _ in range(2):
        party.mind_dates(street.engine, now=now)
    with street.session() as session:
        late = session.scalars(sa.select(Task).where(Task.kind == "partij_te_laat")).all()
        assert len(late) == 1 and late[0].status == "open" and "17 april" in late[0].words

    phone.goto(link_in(mail.text))
    phone.get_by_role("link", name="Het is klaar, of het kan niet").click()
    assert_accessible(phone, "afhandelen door een partij")
    picture = tmp_path / "klaar.jpg"
    picture.write_bytes(photo())
    phone.get_by_label("Opgelost, anders dan hierboven").check()
    phone.get_by_label("In uw eigen woorden").fill("De lamp brandt weer.")
    phone.get_by_label("Foto van hoe het nu is").set_input_files(picture)
    phone.get_by_role("button", name="Verstuur").click()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("Deze opdracht is klaar")
    street.works()

    assert "De lamp brandt weer." in street.letters("sanne@example.nl")[-1].text
    with street.session() as session:
        known = session.get_one(Opdracht, opdracht_id)
        assert (known.status, known.outcome, known.party_since_at, known.party_days) == ("gereed", "opgelost", None, 3)
        assert session.scalars(sa.select(Melding.status).where(Melding.number == number)).one() == "afgehandeld"
        assert session.scalars(sa.select(Task.status).where(Task.kind == "partij_te_laat")).one() == "vervallen"
        assert len(street.photos_of_work(opdracht_id)) == 1

    phone.goto(link_in(mail.text))
    expect(phone.get_by_role("heading", level=1)).to_have_text("Deze opdracht is klaar")
    assert_accessible(phone, "link naar wat klaar is")
    before = len(street.letters(PARTY))
    phone.get_by_role("button", name="Stuur mij een nieuwe link").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Kijk in uw mail")
    street.works()
    assert len(street.letters(PARTY)) == before  # nothing is open for it


def test_a_party_that_wants_one_mail_a_day(street: Street) -> None:
    with street.session() as session, session.begin():
        home = gemeente_by_id(session, street.gemeente_id)
        waterschap = factories.team(session, home, "waterschap")
        waterschap.news = "per_dag"
        team = factories.medewerker(session, home, TEAM, team_slug="serviceteam", username="t-bundel")
        for place in ("Kerkstraat 3", "Dorpsstraat 1"):
            made = factories.melding(session, now=db.business_now(session), contact=MELDER)
            opdracht = factories.opdracht_of(session, made)
            opdracht.address = place
            basis = Basis(version=opdracht.version)
            to = work.HandOver(team_id=waterschap.id)
            work.hand_over(session, opdracht.id, to, basis=basis, actor=team, now=db.business_now(session))
    street.works()
    before = len(street.letters(PARTY))
    for moment in ("2026-04-19T08:00", "2026-04-20T06:30", "2026-04-20T08:00", "2026-04-20T09:00"):
        set_clock(street, datetime.fromisoformat(moment).replace(tzinfo=AMSTERDAM))
        with street.session() as session:
            now = db.business_now(session)
        party_mail.send_bundles(street.engine, now=now)
        street.works()
    bundles = street.letters(PARTY)[before:]
    assert len(bundles) == 1  # not on Sunday, not before seven, not twice
    assert "NIEUW: Losse tegel, Kerkstraat 3" in bundles[0].text and "Dorpsstraat 1" in bundles[0].text
    browser = street.app.test_client()
    page = browser.get(link_in(bundles[0].text), follow_redirects=True).text
    assert "Kerkstraat 3" in page and "Dorpsstraat 1" in page and "sanne" not in page.lower()
    with street.session() as session, session.begin():
        session.execute(sa.update(Team).where(Team.slug == "waterschap").values(link_generation=2))
    assert browser.get("/partij").status_code == 401  # revoked links close the open browser too
    assert browser.get(link_in(bundles[0].text)).status_code == 410
