"""The commands behind `make`: run, test, lint, stop, demo-reset, db, vendor and lock."""

from __future__ import annotations

import argparse
import http.client
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from meldingen.local import claim, frontend, locks, provision, python_env, stack, testing
from meldingen.local.cluster import any_free_port, port_is_free
from meldingen.local.console import say, seconds, step
from meldingen.local.places import Places, open_places, stamp_of, stamped
from meldingen.local.problem import SetupProblem
from meldingen.local.shell import CommandFailed, problem, run
from meldingen.local.stack import Stack
from meldingen.local.supervisor import Child, Supervisor

STANDARD_PORT = 8000


def run_command(argv: Sequence[str]) -> int:
    """Do what the command line asks and return the exit code; a SetupProblem becomes its one sentence."""
    parser = argparse.ArgumentParser(prog="python3 -m meldingen.local", description="Meldingen op één machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="alles inrichten en starten (POORT=8001 kiest een andere poort)")
    test = commands.add_parser("test", help="alle controles en tests, zoals CI ze draait")
    test.add_argument("--lang", action="store_true", help="de lange tests (make test-lang)")
    commands.add_parser("lint", help="alleen opmaak, regels, types en importcontracten")
    commands.add_parser("stop", help="stoppen wat make run of make test hier startte")
    commands.add_parser("demo-reset", help="alle gegevens van deze kopie weg en opnieuw de demo vullen")
    db = commands.add_parser("db", help="testdatabase en wachtrij starten, voor één commando of tot Ctrl-C")
    db.add_argument("program", nargs=argparse.REMAINDER, help="bijvoorbeeld: pytest tests/flow -q")
    doing = commands.add_parser("meldingen", help="één commando van de toepassing die hier draait: meldingen klok +3h")
    doing.add_argument("program", nargs=argparse.REMAINDER, help="bijvoorbeeld: outbox lijst")
    commands.add_parser("vendor", help="de browserbibliotheken ophalen en klaarzetten")
    commands.add_parser("lock", help="de lijsten met vastgelegde versies opnieuw maken")
    asked = parser.parse_args(argv)
    actions = {
        "run": start,
        "stop": stop,
        "demo-reset": demo_reset,
        "db": lambda places: database(places, asked.program[asked.program[:1] == ["--"] :]),
        "meldingen": lambda places: application(places, asked.program),
        "test": lambda places: testing.run_all(places, long=asked.lang),
        "lint": testing.lint,
        "vendor": vendor,
        "lock": locks.renew,
    }
    os.umask(0o022)  # PostgreSQL's own user must be able to read its programs; what is secret gets its own mode
    try:
        return actions[asked.command](open_places())
    except SetupProblem as sentence:
        print(f"\nFOUT: {sentence}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        where = f" bij {error.filename}" if error.filename else ""
        print(f"\nFOUT: {error.strerror}{where}: los dat op en probeer het opnieuw.", file=sys.stderr, flush=True)
        return 1


def chosen_port(environ: Mapping[str, str]) -> int:
    """The port to serve on: `POORT`, else 8000. Raises SetupProblem when it is not a port."""
    text = environ.get("POORT", "") or str(STANDARD_PORT)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise SetupProblem(
            f"POORT={text} is geen poort: kies een getal van 1 tot en met 65535, bijvoorbeeld POORT=8001 make run."
        )
    return int(text)


def check_port(port: int) -> None:
    """Make sure that we can listen there. Raises SetupProblem that names a port that is free."""
    if port_is_free(port):
        return
    other = next((number for number in range(port + 1, min(port + 50, 65536)) if port_is_free(number)), any_free_port())
    raise SetupProblem(f"Poort {port} is al in gebruik: kies een andere, bijvoorbeeld POORT={other} make run.")


def start(places: Places) -> int:
    """`make run`: provision, start, migrate, seed, serve, and look after it all until someone asks to stop."""
    began = time.monotonic()
    port = chosen_port(os.environ)
    say("Meldingen starten")
    with stack.opened(places, "lokaal", f"Meldingen op http://127.0.0.1:{port}") as ground:
        check_port(port)
        provisions = provision.obtain(places, "run", wanted_major=ground.cluster.major())
        provision.show_sources(provisions)
        env = stack.app_environment(ground, ground.start(provisions), port)
        demo = fill(ground, env)
        for child in doors(places, env, port):
            ground.supervisor.start(child)  # one after the other: on a small machine the pages are there sooner
        announce(env["PUBLIC_URL"], demo, places, time.monotonic() - began)
        ground.supervisor.watch()
        say("\nStoppen …")
    say("Alles is gestopt; de gegevens staan in .lokaal.")
    return 0


def fill(ground: Stack, env: Mapping[str, str]) -> str:
    """Migrate and seed unless that is done already for this code; return what the seed says about the demo accounts."""
    places = ground.places
    told = ground.cluster.folder / "demo.txt"
    mark = ground.cluster.folder / "gevuld"
    ours = "DATABASE_URL" not in os.environ
    stamp = stamp_of(*sorted((places.root / "migrations").rglob("*.py")), *seed_sources(places.root))
    if ours and stamped(mark, stamp) and told.exists():
        return told.read_text(encoding="utf-8")
    with step("Tabellen bijwerken"):
        meldingen(places, env, "migrate")
    with step("Demo-gemeente vullen"):
        said = meldingen(places, env, "seed", "--demo").strip()
    if ours:
        told.write_text(said, encoding="utf-8")
        mark.write_text(stamp, encoding="utf-8")
    return said


def seed_sources(root: Path) -> list[Path]:
    """The files that decide what the seed puts in."""
    return sorted(
        file
        for file in (root / "meldingen" / "defaults").rglob("*")
        if file.suffix in (".toml", ".py", ".json", ".geojson")
    )


def meldingen(places: Places, env: Mapping[str, str], *arguments: str) -> str:
    """Run one command of the application to its end and return what it says. Raises SetupProblem."""
    log = places.logs / "meldingen.log"
    try:
        return run([places.venv_python, "-m", "meldingen", *arguments], env=env, cwd=places.root, log=log)
    except CommandFailed as failure:
        raise problem(f"meldingen {arguments[0]} lukt niet; alles staat in {log}", failure) from failure


def doors(places: Places, env: dict[str, str], port: int) -> list[Child]:
    """The application itself: API with pages, and the worker with relay and clock."""
    python = str(places.venv_python)
    serve = Child(
        name="website",
        argv=[python, "-m", "meldingen", "serve", "--port", str(port)],
        env=env,
        cwd=places.root,
        log=places.logs / "website.log",
        ready=lambda: healthy(port),
        ready_timeout_s=60,
    )
    worker = Child(
        name="werker",
        argv=[python, "-m", "meldingen", "worker"],
        env=env,
        cwd=places.root,
        log=places.logs / "werker.log",
        stop_timeout_s=20,
    )
    return [serve, worker]


def healthy(port: int) -> bool:
    """Whether the health page answers."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        link.request("GET", "/gezond/leeft")
        return link.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        link.close()


def announce(url: str, demo: str, places: Places, took_s: float) -> None:
    """Tell where everything is."""
    say(f"\nMeldingen draait (gestart in {seconds(took_s)}):")
    for what, path in (
        ("melden", "melden"),
        ("inloggen", "inloggen"),
        ("berichten", "postvak"),
        ("gezondheid", "gezond/klaar"),
    ):
        say(f"  {what:<11} {url}/{path}")
    if demo:
        say(f"\n{demo}")
    say(f"\nLogboeken: {places.logs}. Stoppen: Ctrl-C.")


def stop(places: Places) -> int:
    """`make stop`: end what runs here, also what a killed parent left."""
    any_stopped = False
    for kind in ("lokaal", "test"):
        if claim.stop(places, kind):
            any_stopped = True
            continue
        with claim.hold(places, kind, "make stop"):
            stack.clear_leftovers(stack.Stack(places, kind, Supervisor(claim.records(places, kind), "")))
    say("Gestopt." if any_stopped else "Er draaide hier niets meer.")
    return 0


def demo_reset(places: Places) -> int:
    """`make demo-reset`: throw the data of this clone away; the next `make run` fills the demo again."""
    if not provision.needs_database():
        raise SetupProblem(
            "DATABASE_URL wijst naar uw eigen database: die maak ik niet leeg; laat de variabele weg of doe het zelf."
        )
    with stack.opened(places, "lokaal", "make demo-reset") as ground:
        stack.forget_data(ground, places.local / "fotos", places.local / "postvak")
        provisions = provision.obtain(places, "run", wanted_major=None)
        env = stack.app_environment(ground, ground.start(provisions), chosen_port(os.environ))
        say(fill(ground, env))
    say("De demo staat weer zoals aan het begin. Starten: make run.")
    return 0


def database(places: Places, program: Sequence[str]) -> int:
    """`make db`: the test database and queue for one program, or until Ctrl-C with the lines to paste in a shell."""
    with stack.opened(places, "test", "make db") as ground:
        provisions = provision.obtain(places, "db", wanted_major=ground.cluster.major())
        env = ground.start(provisions)
        if program:
            ground.supervisor.interruptible = False
            found = shutil.which(program[0], path=env["PATH"])
            if found is None:
                raise SetupProblem(f"Het programma {program[0]} is er niet: kijk hoe het heet, bijvoorbeeld pytest.")
            return subprocess.run([found, *program[1:]], env=env, cwd=Path.cwd(), check=False).returncode
        say(f"\nexport DATABASE_URL='{env['DATABASE_URL']}'\nexport REDIS_URL='{env['REDIS_URL']}'\n\nStoppen: Ctrl-C.")
        ground.supervisor.watch()
    return 0


def application(places: Places, words: Sequence[str]) -> int:
    """One command of the application on what `make run` has running here, such as `klok +3h` or `outbox lijst`."""
    if not claim.held(places, "lokaal"):
        raise SetupProblem("Hier draait nog niets: start eerst make run, in een ander venster.")
    ground = Stack(places, "lokaal", Supervisor(claim.records(places, "lokaal"), ""))
    env = stack.app_environment(ground, ground.running_environment(), chosen_port(os.environ))
    program = [str(places.venv_python), "-m", "meldingen", *words]
    return subprocess.run(program, env=env, cwd=Path.cwd(), check=False).returncode


def vendor(places: Places) -> int:
    """Fetch the browser libraries, for an image or a package."""
    with step("Browserbibliotheken"):
        if not frontend.vendored(places):
            if not places.venv_python.exists() and frontend.system_node() is None:
                python_env.ensure(places)
            frontend.ensure(places)
    return 0
