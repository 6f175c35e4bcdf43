"""Faults of the database under pressure and of the address service: crossing locks, no connection left, silence."""

import contextlib
import http.client
import random
import threading
import time
from collections.abc import Iterator

import psycopg

from bench.chaos.door import API, Line
from bench.chaos.ground import PASSWORD
from meldingen.adapters.queue import libpq_url

from .melders import Report
from .scene import Fault, Scene

SEARCHES = 12
CROSSINGS = 3
BLOCKED = "select count(*) from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid))"
MELDINGEN = """
select m.id from melding m join melding_opdracht l on l.melding_id = m.id and l.gemeente_id = m.gemeente_id
 where l.opdracht_id = %s for update of m
"""


@contextlib.contextmanager
def no_connections(scene: Scene) -> Iterator[None]:
    """Somebody else holds every connection of the server, and takes those of ours as they fall free."""
    url, held = libpq_url(scene.ground.env["DATABASE_URL"]), []
    stop, full = threading.Event(), threading.Event()

    def take_all() -> None:
        while not stop.is_set():
            try:
                held.append(psycopg.connect(url, autocommit=True))
            except psycopg.OperationalError:
                full.set()
                with contextlib.suppress(psycopg.Error):
                    held[0].execute(
                        "select pg_terminate_backend(pid) from pg_stat_activity"
                        " where backend_type = 'client backend' and not pid = any(%s)",
                        [[one.info.backend_pid for one in held]],
                    )
                stop.wait(0.02)

    taking = threading.Thread(target=take_all)
    taking.start()
    try:
        full.wait(60)
        yield
    finally:
        stop.set()
        taking.join()
        for one in held:
            one.close()


def quick_refusals(_scene: Scene, reports: list[Report]) -> list[str]:
    """Nobody waited for a no as long as a browser does for a page that hangs."""
    slow = [one for one in reports if one.slowest_s > 15 and "503" in one.answers]
    return [f"{len(slow)} melders wachtten langer dan 15 s op een nee"] if slow else []


@contextlib.contextmanager
def locks_cross(scene: Scene) -> Iterator[None]:
    """Teams close opdrachten while somebody locks the same rows the other way round: PostgreSQL ends one of the two."""
    line = Line(scene.ground.port, random.Random(scene.seed), threading.Event(), ("coordinator", PASSWORD), drops=0.0)
    url, closed = libpq_url(scene.ground.env["DATABASE_URL"]), []
    listed = line.ask("GET", f"/opdrachten?volgorde=ontvangst&pageSize={CROSSINGS}").content["opdrachten"]
    for one in listed:
        locked = threading.Event()
        crossing = threading.Thread(target=_cross, args=(url, one["id"], locked))
        crossing.start()
        locked.wait(10)
        head = {"If_Match": f'"{one["versie"]}"', "Idempotency_Key": f"kruis-{one['id']}"}
        body = {"uitkomst": "opgelost", "zin": "Dat is nu weer heel."}
        answer = line.ask("POST", f"/opdrachten/{one['id']}/afhandelingen", body, **head)
        crossing.join()
        if answer.status != 201:
            scene.notes.append(f"afhandelen van {one['id']}: {answer.status}")
        closed.append(str(one["id"]))
        scene.said.append(f"opdracht {one['id']} afgehandeld na {answer.retries} keer opnieuw vragen")
    if not closed:
        scene.notes.append("er was geen opdracht om te kruisen")
        closed.append("0")
    yield
    closings = scene.ground.sql(f"select count(*) from closure where opdracht_id in ({', '.join(closed)})")[0]
    if closings != str(len(listed)):
        scene.notes.append(f"{closings} afhandelingen van {len(listed)} opdrachten")


def _cross(url: str, opdracht: int, locked: threading.Event) -> None:
    """The other side of one deadlock: holds the melding, and wants the opdracht as soon as somebody waits for it."""
    with psycopg.connect(url) as link:
        link.execute("set local deadlock_timeout = '20s'")  # so it is the closing that finds the deadlock
        link.execute(MELDINGEN, [opdracht])
        locked.set()
        until = time.monotonic() + 8
        while not link.execute(BLOCKED).fetchone()[0] and time.monotonic() < until:  # type: ignore[index]
            time.sleep(0.02)
        link.execute("select 1 from opdracht where id = %s for update", [opdracht])
        link.rollback()


@contextlib.contextmanager
def addresses_hang(scene: Scene) -> Iterator[None]:
    """The address service takes every question and never answers; people go on pointing at the map."""
    scene.outside.addresses.fate = "stil"
    try:
        waits = [_ask_place(scene, 4.69 + turn / 1000) for turn in range(SEARCHES)]
        scene.said.append(f"langste vraag naar een adres {max(waits):.1f} s, laatste {waits[-1]:.1f} s")
        yield
    finally:
        scene.outside.addresses.fate = "goed"


def _ask_place(scene: Scene, lon: float) -> float:
    """How long the door of the map takes; what it says is right without an address, too."""
    link, began = http.client.HTTPConnection("127.0.0.1", scene.ground.port, timeout=30), time.monotonic()
    try:
        link.request("GET", f"{API}/locaties?lon={lon:.4f}&lat=52.67")
        status = link.getresponse().status
    except (OSError, http.client.HTTPException):
        status = 0
    finally:
        link.close()
    if status != 200:
        scene.notes.append(f"de plek op de kaart gaf {status or 'geen antwoord'} zonder adreszoeker")
    return time.monotonic() - began


CROSSED = Fault("sloten kruisen (deadlock)", locks_cross, lasts_s=1.0)
FULL = Fault(
    "verbindingen op",
    no_connections,
    intake=False,
    down=frozenset({"database"}),
    check=quick_refusals,
)
SILENT = Fault("adreszoeker zwijgt", addresses_hang, lasts_s=1.0)
