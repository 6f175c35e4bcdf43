"""Do normal requests go on while slow ones hang? Real sockets that dribble, against a real `meldingen serve`.

Run with `python3 -m meldingen.local db python -m bench.traag` (about a minute; `--vol` with more connections: about
three), or with DATABASE_URL and REDIS_URL set. It makes and drops a database of its own and starts one process of the
website, without a proxy: the worst case. Per kind of slowness it opens N connections from another address (of
127.0.0.0/8, so Linux), holds them, and meanwhile asks and reports as others do. The ledger: of the normal requests each
got its answer, and what got a 201 is in the database. Ends non-zero when the ledger is wrong, never when it was slow.
"""

import argparse
import contextlib
import http.client
import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from click.testing import CliRunner

from bench.outbox import own_database
from meldingen import cli
from meldingen.local.cluster import any_free_port
from meldingen.local.commands import healthy

ROOT = Path(__file__).resolve().parent.parent
API = "/api/v1"
PATIENCE_S = 30
"""A normal request without an answer by then counts as lost."""
MELDING = {"locatie": {"type": "Point", "coordinates": [4.7, 52.66]}, "omschrijving": "Er ligt een tegel los."}
HEAD = "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n\r\n"
FORM = "multipart/form-data; boundary=x"


@dataclass(frozen=True)
class Slow:
    """One way to be slow: what each connection sends at once, and then one byte at each round. addresses: how many
    visitors do it together; normal requests come from another address."""

    name: str
    connections: int
    sends: bytes
    addresses: int = 1


def kinds(more: int) -> list[Slow]:
    """The ways, with as many connections; more: times the small numbers."""

    def body(path: str, kind: str, size: int, start: bytes = b"") -> bytes:
        return HEAD.format(path=path, kind=kind, size=size).encode() + start

    part = b'--x\r\nContent-Disposition: form-data; name="foto"; filename="a.jpg"\r\n\r\n\xff\xd8'
    return [
        Slow("kopregels, druppelend", 600 * more, b"GET / HTTP/1.1\r\nHost: x\r\nX-a: "),
        Slow("verbonden en stil", 600 * more, b""),
        Slow("JSON, druppelend", 16, body(f"{API}/meldingen", "application/json", 5000, b"{")),
        Slow("JSON, druppelend, veel", 64 * more, body(f"{API}/meldingen", "application/json", 5000, b"{")),
        Slow("hetzelfde, van veel adressen", 64 * more, body(f"{API}/meldingen", "application/json", 5000, b"{"), 50),
        Slow("foto van 20 MB, druppelend", 64 * more, body(f"{API}/meldingen", FORM, 20 * 2**20, part)),
        Slow("geweigerd, 100 MB komt nog", 64 * more, body("/melden/versturen", FORM, 100 * 2**20, part)),
        Slow("antwoord niet lezen", 200, b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 20),
    ]


@dataclass
class Row:
    """What normal requests met meanwhile."""

    name: str
    held: int
    answered: int
    asked: int
    made: int
    refused: int
    reported: int
    took_ms: list[float]


def main() -> None:
    """Prints the table and judges the ledger."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vol", action="store_true", help="met meer verbindingen")
    parser.add_argument("--keer", type=int, default=20, help="gewone verzoeken per soort")
    asked = parser.parse_args()
    _allow_files(16384)
    with own_database(os.environ["DATABASE_URL"]) as url, tempfile.TemporaryDirectory() as folder:
        with website(url, Path(folder)) as port:
            meanwhile(port, Slow("warm", 0, b""), 2)
            rows = [meanwhile(port, Slow("rust", 0, b""), asked.keer)]
            rows += [meanwhile(port, slow, asked.keer) for slow in kinds(4 if asked.vol else 1)]
            rows.append(meanwhile(port, Slow("daarna", 0, b""), asked.keer))
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            stored = connection.execute(sa.text("SELECT count(*) FROM melding")).scalar_one()
        engine.dispose()
    show(rows, stored)


def meanwhile(port: int, slow: Slow, times: int) -> Row:
    """Holds the slow connections, one byte a round, and does normal requests in between."""
    held = list(_open(port, slow))
    row = Row(slow.name, len(held), 0, times, 0, 0, times, [])
    try:
        for _ in range(times):
            for one in held:
                with contextlib.suppress(OSError):
                    one.send(b"a") if slow.sends else None
            status, took_ms = _ask(port, "GET", f"{API}/categorieen")
            row.answered += status == 200
            row.took_ms.append(took_ms)
            status, _ = _ask(port, "POST", f"{API}/meldingen", json.dumps(MELDING).encode())
            row.made += status == 201
            row.refused += status == 503
    finally:
        for one in held:
            one.close()
    time.sleep(1)  # the server notices that they are gone
    return row


def show(rows: list[Row], stored: int) -> None:
    """The table, and SystemExit when a normal request got no answer or a melding was lost."""
    print("| traag | verbindingen | GET | p50 ms | traagste ms | POST 201 | POST 503 | oordeel |")
    print("|---|---|---|---|---|---|---|---|")
    wrong = []
    for row in rows:
        lost = row.reported - row.made - row.refused
        good = row.answered == row.asked and lost == 0
        wrong += [] if good else [row.name]
        print(
            f"| {row.name} | {row.held} | {row.answered} van {row.asked} | {statistics.median(row.took_ms):.0f} | "
            f"{max(row.took_ms):.0f} | {row.made} van {row.reported} | {row.refused} | {'goed' if good else 'FOUT'} |"
        )
    made = sum(row.made for row in rows)
    print(f"\naangenomen {made}, opgeslagen {stored}, kwijt {max(0, made - stored)}")
    if wrong or made > stored or rows[-1].made != rows[-1].reported:
        raise SystemExit(f"Het kasboek klopt niet: {', '.join(wrong) or 'meldingen'}")


@contextlib.contextmanager
def website(url: str, folder: Path) -> Iterator[int]:
    """One process of the website on this database, ended afterwards; its port."""
    env = os.environ | {
        "DATABASE_URL": url,
        "REDIS_URL": os.environ.get("REDIS_URL", "redis://127.0.0.1:1"),
        "SECRET_KEYS": "alleen-voor-deze-proef-en-nergens-anders",
        "LOKALE_MODUS": "1",
        "FOTO_MAP": str(folder / "fotos"),
        "LIMIET_PUBLIEK": "1000000 per minute",
        "LIMIET_MELDER": "1000000 per minute",
        "LOG_NIVEAU": "ERROR",
    }
    for words in (["import", "gebieden", str(ROOT / "meldingen/defaults/demo/gebieden.geojson"), "--bedienen"],
                  ["seed", "--gemeente", "bergen-nh"]):  # fmt: skip
        done = CliRunner().invoke(cli.main, words, env=env)
        if done.exit_code:
            raise SystemExit(done.output[-500:])
    port = any_free_port()
    argv = [sys.executable, "-m", "meldingen", "serve", "--port", str(port)]
    with (
        (folder / "website.log").open("wb") as log,
        subprocess.Popen(argv, env=env, cwd=ROOT, stdout=log, stderr=log) as server,
    ):
        try:
            for _ in range(1200):
                if healthy(port) or server.poll() is not None:
                    break
                time.sleep(0.25)
            else:
                raise SystemExit("de website start niet")
            if server.poll() is not None:
                raise SystemExit((folder / "website.log").read_text()[-2000:])
            yield port
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


def _open(port: int, slow: Slow) -> Iterator[socket.socket]:
    for number in range(slow.connections):
        one = socket.socket()
        one.settimeout(5)
        try:
            one.bind((f"127.0.1.{number % slow.addresses + 1}", 0))
            one.connect(("127.0.0.1", port))
            one.sendall(slow.sends)
        except OSError:
            one.close()
            continue
        one.setblocking(False)
        yield one


def _ask(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, float]:
    """The status and the milliseconds of one normal request on a connection of its own; 0: no answer."""
    began = time.perf_counter()
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        link.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        status = link.getresponse().status
    except (OSError, http.client.HTTPException):
        status = 0
    finally:
        link.close()
    return status, (time.perf_counter() - began) * 1000


def _allow_files(wanted: int) -> None:
    """Room for the connections, here and in the server that inherits it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))


if __name__ == "__main__":
    main()
