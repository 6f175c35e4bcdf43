"""Each form of the tablet filled in and sent from a phone, half of them in a dead spot: what arrived of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, Page, expect

from meldingen.db import business_now
from meldingen.domain.deadlines import local_day
from meldingen.store.category import Category
from meldingen.store.contact import Contact
from meldingen.store.journal import Event, Note
from meldingen.store.melding import Melding
from meldingen.store.opdracht import Closure, Link, Opdracht
from meldingen.store.photo import Photo
from meldingen.store.team import Team
from tests.photos import photo

from .browsing import PHONE, served, visitors
from .conftest import World
from .onderweg import HERE, back_in_coverage, goes_to, new_work, sign_in, until

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]


@pytest.fixture
def come(world: World, chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    with served(world.app) as address, visitors(chromium, address) as arrive:
        yield lambda **more: arrive(viewport=PHONE, geolocation=HERE, permissions=["geolocation"], **more)


@dataclass(frozen=True)
class Now:
    """An opdracht as it is in the database. events: what happened to it since it was made; notes: all its words."""

    work: Opdracht
    team: str
    kind: str
    events: list[str]
    notes: list[str]


def now_is(world: World, work: Opdracht) -> Now:
    with world.session() as session:
        row = session.get_one(Opdracht, work.id)
        events = session.scalars(sa.select(Event.kind).where(Event.opdracht_id == row.id).order_by(Event.id)).all()
        notes = session.scalars(sa.select(Note.text).where(Note.opdracht_id == row.id).order_by(Note.id)).all()
        team, kind = session.get_one(Team, row.team_id).slug, session.get_one(Category, row.category_id).slug
        return Now(row, team, kind, list(events[1:]), list(notes))


def the_only(world: World, query: sa.Select[Any]) -> Any:
    with world.session() as session:
        return session.scalars(query).one()


def begins(page: Page, work: Opdracht, link: str) -> None:
    """From the page of this opdracht to the form behind this button."""
    goes_to(page, f"/opdracht/{work.id}")
    expect(page.get_by_text(f"Opdracht {work.id}.")).to_be_visible()
    press = page.get_by_role("link", name=link, exact=True)
    if not press.is_visible():
        page.get_by_text("Meer stappen").click()
    press.click()
    expect(page.locator("form.stap")).to_be_visible()


def sends(page: Page, button: str, told: str) -> None:
    """The button of the form: it is done at once, and the screen says so."""
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.locator("[data-deel=regel]")).to_contain_text(f"{told}: ")
    expect(page.locator("form.stap")).to_be_hidden()


def test_every_form_in_a_dead_spot(world: World, come: Callable[..., BrowserContext]) -> None:
    planned, later, asked, over, back, split, doubled, safe, noted = (
        new_work(world, f"Losse tegel bij nummer {number}") for number in range(1, 10)
    )
    into = new_work(world, "Dezelfde losse tegel", category_slug="gat-in-de-weg")[1]
    with world.session() as session, session.begin():
        session.execute(sa.update(Opdracht).where(Opdracht.id == safe[1].id).values(urgency="spoed", danger=True))
        today = local_day(business_now(session))
    tomorrow, next_month = today + timedelta(days=1), today + timedelta(days=30)
    context = come()
    page = context.new_page()
    sign_in(page)
    context.set_offline(True)

    begins(page, planned[1], "Later: plan een dag")
    page.get_by_label("Of een andere dag").fill(tomorrow.isoformat())
    sends(page, "Inplannen", "Ingepland")
    begins(page, later[1], "Nieuwe datum")
    page.get_by_label("Of een andere dag").fill(next_month.isoformat())
    page.get_by_role("group", name="Waarom later?").get_by_role("radio").first.check()
    page.get_by_label("Zin voor de melder").fill("De tegels komen pas volgende week.")
    sends(page, "Nieuwe datum bewaren", "Nieuwe datum")
    begins(page, asked[1], "Vraag aan de melder")
    page.get_by_label("Uw vraag").fill("Bij welk huisnummer ligt het?")
    sends(page, "Vraag sturen", "Vraag aan de melder")
    expect(page.get_by_text("De termijn staat stil sinds vandaag: de melder kreeg een vraag.")).to_be_visible()
    begins(page, over[1], "Overdragen")
    page.get_by_label("Team of partij").select_option("Wijkteam groen")
    page.get_by_label("Waarom?").fill("Dit is een boomwortel.")
    sends(page, "Overdragen", "Overgedragen")
    begins(page, back[1], "Niet van ons")
    page.get_by_label("De grond is van iemand anders.").check()
    page.get_by_label("Of zeg het zelf").fill("Van de kerk.")
    sends(page, "Teruggeven", "Teruggegeven")
    begins(page, split[1], "Er is nog iets: splitsen")
    page.get_by_label("Wat is het andere probleem?").select_option("Gras te hoog")
    page.get_by_label("Het is waar ik nu sta").check()
    expect(page.get_by_text("Uw plek nu, op 8 meter nauwkeurig.")).to_be_visible()
    page.get_by_label("Wat ziet u?").fill("Het gras groeit over de stoep.")
    sends(page, "Splitsen", "Gesplitst")
    begins(page, doubled[1], "Hoort bij een andere")
    page.get_by_role("radio", name="Gat in de weg, 0 meter verderop").check()
    sends(page, "Samenvoegen", "Samengevoegd")
    begins(page, safe[1], "Veiliggesteld")
    page.get_by_label("Wat deed u").fill("Afgezet. Er moet nieuw zand in.")
    sends(page, "Het gevaar is weg", "Veiliggesteld")
    begins(page, noted[1], "Notitie")
    page.get_by_label("Uw notitie").fill("Sleutel bij de buren.")
    sends(page, "Notitie bewaren", "Notitie")
    goes_to(page, "/nieuw")
    expect(page.get_by_text("Uw plek nu, op 8 meter nauwkeurig.")).to_be_visible()
    page.get_by_label("Wat ziet u?").fill("De bank bij de vijver is stuk")
    page.get_by_label("Ja, een bewoner").check()
    page.get_by_label("Telefoonnummer van de bewoner").fill("06 12 34 56 78")
    page.get_by_role("button", name="Melden").click()
    expect(page.locator(".regel")).to_have_count(7)  # three are given away, also on this screen
    page.locator(".voet__link", has_text="Versturen").click()
    expect(page.get_by_text("10 stappen wachten op versturen.")).to_be_visible()
    back_in_coverage(page, context)
    expect(page.get_by_text("Alles is verstuurd.")).to_be_visible()
    expect(page.locator("[data-deel=klaar] .post")).to_have_count(10)

    assert (row := now_is(world, planned[1])).events == ["ingepland"] and row.work.planned_on == tomorrow
    assert now_is(world, later[1]).events == ["uitgesteld", "nieuwe_datum"]
    assert the_only(world, sa.select(Melding.promised_on).where(Melding.id == later[0].id)) == next_month
    row = now_is(world, asked[1])
    assert (row.work.status, row.notes) == ("wacht_op_melder", ["Bij welk huisnummer ligt het?"])
    assert row.work.paused_at is not None
    row = now_is(world, over[1])
    assert (row.team, row.work.moves_count, row.notes) == ("groen", 1, ["Dit is een boomwortel."])
    row = now_is(world, back[1])
    assert (row.team, row.events) == ("kcc", ["teruggegeven"])
    assert row.notes == ["De grond is van iemand anders. Van de kerk."]
    second = the_only(world, sa.select(Opdracht).where(Opdracht.split_from_id == split[1].id))
    assert (now_is(world, second).kind, now_is(world, split[1]).work.status) == ("gras-te-hoog", "nieuw")
    assert now_is(world, doubled[1]).work.status == "vervallen"
    joined = sa.select(Link.opdracht_id).where(Link.melding_id == doubled[0].id, Link.until_at.is_(None))
    assert the_only(world, joined) == into.id
    row = now_is(world, safe[1])
    assert (row.work.danger, row.work.urgency, row.notes) == (False, "normaal", ["Afgezet. Er moet nieuw zand in."])
    assert now_is(world, noted[1]).notes == ["Sleutel bij de buren."]
    own = the_only(world, sa.select(Melding).where(Melding.description == "De bank bij de vijver is stuk"))
    assert (own.intake_channel, own.location_source) == ("telefoon", "gps")
    assert the_only(world, sa.select(Contact.phone).where(Contact.melding_id == own.id)) == "+31612345678"
    assert "34 56 78" not in str(page.evaluate("tablet.items()"))


def test_every_other_form_in_coverage(world: World, come: Callable[..., BrowserContext], tmp_path: Path) -> None:
    kind, party, kept, yes, no, shot, gone, solved, own = (
        new_work(world, f"Losse tegel op de hoek {number}")[1] for number in range(1, 10)
    )
    with world.session() as session, session.begin():
        doubted = Opdracht.id.in_([yes.id, no.id])
        session.execute(sa.update(Opdracht).where(doubted).values(danger_suspected=True))
    picture = tmp_path / "klaar.jpg"
    picture.write_bytes(photo())
    page = come().new_page()
    sign_in(page)

    begins(page, kind, "Overdragen")
    page.get_by_label("Ander soort probleem").select_option("Gat in de weg")
    sends(page, "Overdragen", "Overgedragen")
    begins(page, party, "Overdragen")
    page.get_by_label("Team of partij").select_option("Waterschap")
    sends(page, "Overdragen", "Overgedragen")
    begins(page, kept, "Nieuwe datum")
    sends(page, "Wij halen het toch", "Nieuwe datum")
    begins(page, yes, "Is het gevaarlijk?")
    page.get_by_label("Wat ziet u?").fill("Er steekt een punt omhoog.")
    sends(page, "Gevaarlijk: maak er spoed van", "Gevaar beoordeeld")
    begins(page, no, "Is het gevaarlijk?")
    sends(page, "Niet gevaarlijk", "Gevaar beoordeeld")
    begins(page, shot, "Foto")
    page.get_by_label("Kies uit het toestel").set_input_files(picture)
    expect(page.get_by_text("1 foto gaat mee.")).to_be_visible()
    sends(page, "Foto bewaren", "Foto")
    begins(page, gone, "Niet gevonden")
    sends(page, "Klaar", "Afgehandeld")
    begins(page, solved, "Was al opgelost")
    page.get_by_label("Extra zin voor de melder").fill("De buurman legde hem recht.")
    sends(page, "Klaar", "Afgehandeld")
    begins(page, own, "Afhandelen")
    page.get_by_label("Anders, schrijf het zelf").check()
    page.get_by_label("Zin voor de melder").fill("Wij hebben de tegel vervangen.")
    page.get_by_label("Kies uit het toestel").set_input_files(picture)
    expect(page.get_by_text("1 foto gaat mee.")).to_be_visible()
    sends(page, "Klaar", "Afgehandeld")
    until(page, "tablet.waiting().then((left) => left === 0)")

    row = now_is(world, kind)
    assert (row.kind, row.team, row.work.moves_count) == ("gat-in-de-weg", "serviceteam", 1)
    row = now_is(world, party)
    assert (row.team, row.work.status) == ("waterschap", "bij_partij")
    assert now_is(world, kept).events == ["op_tijd"]
    row = now_is(world, yes)
    assert (row.work.urgency, row.work.danger_suspected, row.notes) == ("spoed", False, ["Er steekt een punt omhoog."])
    row = now_is(world, no)
    assert (row.work.urgency, row.work.danger_suspected, row.events) == ("normaal", False, ["geen_gevaar"])
    closed = {one.id: [photo_of(world, one)] for one in (shot, own)}
    assert len(closed) == 2
    said = {
        one.id: the_only(world, sa.select(Closure).where(Closure.opdracht_id == one.id)) for one in (gone, solved, own)
    }
    assert (said[gone.id].outcome, said[gone.id].reason) == ("niet_opgelost", "plek-niet-gevonden")
    assert (said[solved.id].reason, said[solved.id].sentence) == ("niets-gevonden", "De buurman legde hem recht.")
    assert (said[own.id].outcome, said[own.id].sentence) == ("opgelost", "Wij hebben de tegel vervangen.")


def photo_of(world: World, work: Opdracht) -> Photo:
    """The photo that the team made of it."""
    found: Photo = the_only(world, sa.select(Photo).where(Photo.opdracht_id == work.id))
    return found
