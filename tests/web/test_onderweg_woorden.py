"""What the tablet says of each step and each opdracht: judged otherwise than hoped, paused, moved, of which team."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, Route, expect

from meldingen.db import business_now
from meldingen.domain.actor import COORDINATOR, TEAM, Actor
from meldingen.flow import feedback, work
from meldingen.flow.status import Basis
from meldingen.store.account import Account, AccountRole
from meldingen.store.gemeente import Gemeente
from meldingen.store.journal import Note
from meldingen.store.melding import Melding
from meldingen.store.notice import Notice
from meldingen.store.opdracht import Opdracht
from meldingen.store.task import Task
from tests import factories

from .browsing import TABLET, assert_accessible, served, visitors
from .conftest import World
from .onderweg import closed_by_colleague, goes_to, new_work, shows, sign_in, until

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]
QUIET = "tablet.waiting().then((left) => left === 0 && !tablet.state().syncing)"


@pytest.fixture(scope="module")
def boss(world: World) -> Actor:
    with world.session() as session, session.begin():
        home = session.get_one(Gemeente, world.gemeente_id)
        home.policy = {"undo_s": 60}
        return factories.medewerker(session, home, COORDINATOR, username="baas")


@pytest.fixture
def come(world: World, boss: Actor, chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    with served(world.app) as address, visitors(chromium, address) as arrive:
        yield lambda **more: arrive(viewport=TABLET, **more)


def taken_up(world: World, of: Opdracht, actor: Actor) -> None:
    """Somebody else begins meanwhile."""
    with world.session() as session, session.begin():
        row = session.get_one(Opdracht, of.id)
        work.take_up(session, row.id, basis=Basis(version=row.version), actor=actor, now=business_now(session))


def open_task(world: World, of: Opdracht) -> str | None:
    with world.session() as session:
        asked = sa.select(Task.status).where(Task.opdracht_id == of.id, Task.kind == "tablet_conflict")
        return session.scalar(asked)


def test_each_judgement_is_told_and_a_person_decides(
    world: World, boss: Actor, come: Callable[..., BrowserContext]
) -> None:
    overtaken, again, noted, twice = (new_work(world, f"Losse tegel, oordeel {n}")[1] for n in range(4))
    context = come()
    lost: list[str] = []

    def lose(route: Route) -> None:  # it arrives, and nobody hears
        lost.append(route.request.url)
        route.fetch()
        route.abort()

    context.route(f"**/{twice.id}/inbehandelingnames", lose, times=1)
    page = context.new_page()
    sign_in(page)
    context.set_offline(True)
    for one in (overtaken, twice):
        goes_to(page, f"/opdracht/{one.id}")
        expect(page.get_by_text(f"Opdracht {one.id}.")).to_be_visible()
        page.get_by_role("button", name="Oppakken").click()
        expect(page.locator(".opdracht__vlaggen")).to_contain_text("opgepakt")
    for one, text in ((again, "Ik kijk morgen."), (noted, "De stoep is te smal.")):
        goes_to(page, f"/opdracht/{one.id}/teruggaven")
        page.get_by_label("Of zeg het zelf").fill(text)
        page.get_by_role("button", name="Teruggeven").click()
        expect(page.locator(".opdracht__vlaggen")).to_contain_text("teruggegeven")
    taken_up(world, overtaken, boss)
    for one in (again, noted):
        closed_by_colleague(world, one.id, boss)
    context.set_offline(False)
    until(page, "tablet.sync(true).then(() => tablet.waiting()).then((left) => left === 0)")
    until(page, QUIET)
    assert lost
    goes_to(page, "/wachtrij")
    expect(page.get_by_text("Bij 3 stappen is uw besluit nodig.")).to_be_visible()
    expect(page.locator("[data-deel=besluit] .post")).to_have_count(3)
    assert_accessible(page, "drie besluiten")
    meanwhile = page.locator(".post", has_text="Intussen gewijzigd door een ander")
    meanwhile.get_by_role("button", name="Gezien").click()
    expect(page.get_by_text("Bij 2 stappen is uw besluit nodig.")).to_be_visible()
    expect(page.locator("[data-deel=klaar] .post", has_text="Was al gedaan")).to_have_count(1)

    refused = page.locator(".post", has_text="Geweigerd")
    first = refused.filter(has_text="Ik kijk morgen.")
    expect(first).to_contain_text("Deze opdracht is gereed.")
    expect(first).to_contain_text("Wat u schreef, is als notitie bewaard. De coördinator ziet dit ook.")
    assert (open_task(world, again), open_task(world, noted)) == ("open", "open")
    refused.filter(has_text="De stoep is te smal.").get_by_role("button", name="Bewaar als notitie").click()
    expect(page.get_by_text("Bij 1 stap is uw besluit nodig.")).to_be_visible()
    until(page, QUIET)
    assert open_task(world, noted) == "klaar"
    first.get_by_role("button", name="Probeer opnieuw").click()
    until(page, QUIET)
    expect(first.get_by_role("button", name="Haal weg")).to_be_visible()  # once more refused
    first.get_by_role("button", name="Haal weg").click()
    expect(page.get_by_text("Alles is verstuurd.")).to_be_visible()
    until(page, QUIET)
    assert open_task(world, again) == "klaar"
    with world.session() as session:
        said = sa.select(Note.text).where(Note.opdracht_id == noted.id, Note.kind == "notitie")
        assert session.scalars(said).all() == ["De stoep is te smal."]


def test_a_closing_is_undone_also_after_the_list_came_anew(world: World, come: Callable[..., BrowserContext]) -> None:
    """In coverage the closing is with the server, and out of the day package, long before somebody sees his mistake."""
    told, mine = new_work(world, "Losse tegel, te vroeg gedrukt")
    page = come().new_page()
    sign_in(page)
    goes_to(page, f"/opdracht/{mine.id}/afhandelingen")
    page.get_by_label("Zin voor de melder").fill("Conform de afspraak is dit afgehandeld.")
    expect(page.get_by_text("Tip voor uw tekst")).to_be_visible()
    expect(page.locator("[data-deel=tiplijst]")).to_contain_text("conform")
    page.get_by_role("button", name="Klaar").click()
    until(page, QUIET)
    until(page, f"tablet.day().then((day) => !day.opdrachten.some((one) => one.id === {mine.id}))")
    page.get_by_role("button", name="Ongedaan maken").click()
    expect(page.get_by_role("link", name="te vroeg gedrukt")).to_be_visible()
    until(page, QUIET)
    with world.session() as session:
        assert session.get_one(Opdracht, mine.id).status == "nieuw"
        assert session.scalar(sa.select(Notice.ended).where(Notice.melding_id == told.id, Notice.kind == "gereed"))
    page.locator(".voet__link", has_text="Versturen").click()
    for words in ("Afgehandeld", "Ongedaan gemaakt"):
        expect(page.locator("[data-deel=klaar] .post", has_text=words).first).to_contain_text("Losse tegel")


def test_of_which_team_how_often_moved_and_until_when(world: World, come: Callable[..., BrowserContext]) -> None:
    """Somebody of two teams chooses whose list he sees, leafs through it, and reads what stands still."""
    moved, (teller, asked) = new_work(world, "Losse tegel, ging rond")[1], new_work(world, "Losse tegel, een vraag")
    new_work(world, "Gras te hoog bij de vijver", category_slug="gras-te-hoog")
    with world.session() as session, session.begin():
        home = session.get_one(Gemeente, world.gemeente_id)
        both = factories.medewerker(session, home, TEAM, team_slug="serviceteam", username="allebei")
        groen = factories.team(session, home, "groen")
        role = {"gemeente_id": home.id, "account_id": both.account_id, "role": TEAM, "team_id": groen.id}
        session.add(AccountRole(**role))
        session.execute(sa.update(Account).values(password_hash=factories.password_hash()))
        session.execute(sa.update(Opdracht).where(Opdracht.id == moved.id).values(moves_count=2))
        past = business_now(session) - timedelta(days=2)
        session.execute(sa.update(Opdracht).where(Opdracht.id == asked.id).values(due_at=past))
    page = come().new_page()
    sign_in(page, "allebei")
    whose = page.get_by_label("Team")
    whose.select_option("Wijkteam groen")
    expect(page.locator(".regel")).to_have_count(1)
    expect(page.locator(".regel")).to_contain_text("Gras te hoog bij de vijver")
    whose.select_option("Al mijn teams")
    line = page.locator(".regel", has_text="een vraag")
    expect(line.get_by_text("Te laat: ")).to_be_visible()
    assert_accessible(page, "lijst van twee teams")
    ids = page.eval_on_selector_all(".regel a", "(all) => all.map((one) => one.hash)")
    page.locator(".regel a").first.click()
    shows(page, "Losse tegel")
    expect(page.get_by_text(f"1 van {len(ids)}")).to_be_visible()
    expect(page.get_by_text("Vorige")).to_have_attribute("aria-disabled", "true")
    page.get_by_role("link", name="Volgende").click()
    expect(page.get_by_text(f"2 van {len(ids)}")).to_be_visible()
    assert page.evaluate("location.hash") == ids[1]
    page.get_by_role("link", name="Vorige").click()
    expect(page.get_by_text(f"1 van {len(ids)}")).to_be_visible()

    goes_to(page, f"/opdracht/{moved.id}")
    expect(page.get_by_text("2 keer verplaatst")).to_be_visible()
    goes_to(page, f"/opdracht/{moved.id}/overdrachten")
    expect(page.get_by_text("Deze opdracht ging al 2 keer naar een ander.")).to_be_visible()
    page.get_by_label("Ander soort probleem").select_option("Gras te hoog")
    page.get_by_role("button", name="Overdragen").click()
    until(page, QUIET)
    goes_to(page, f"/opdracht/{moved.id}")
    expect(page.get_by_text("3 keer verplaatst")).to_be_visible()
    expect(page.locator(".opdracht__vlaggen").get_by_text("Wijkteam groen")).to_be_visible()
    with world.session() as session:
        third = sa.select(Task.words).where(Task.opdracht_id == moved.id, Task.kind == "derde_verplaatsing")
        assert session.scalars(third).one() == "Deze opdracht is al 3 keer verplaatst. Beslis welk team het doet."

    goes_to(page, f"/opdracht/{asked.id}/vragen")
    page.get_by_label("Uw vraag").fill("Bij welk huisnummer ligt het?")
    page.get_by_role("button", name="Vraag sturen").click()
    expect(page.get_by_text("De termijn staat stil sinds vandaag: de melder kreeg een vraag.")).to_be_visible()
    until(page, QUIET)
    page.locator(".voet__link", has_text="Lijst").click()
    expect(line.get_by_text("Termijn staat stil")).to_be_visible()
    expect(line.get_by_text("Te laat: ")).to_be_hidden()
    with world.session() as session, session.begin():
        told = session.get_one(Melding, teller.id)
        melder = Actor(kind="melder", melding_id=told.id, roles={told.gemeente_id: frozenset()})
        feedback.add_supplement(session, told, "Bij nummer 12.", actor=melder, now=business_now(session))
    page.evaluate("tablet.sync(true)")
    expect(line.get_by_text("Nieuw antwoord")).to_be_visible()
    line.get_by_role("link").click()
    expect(page.get_by_text("Bij nummer 12.")).to_be_visible()
