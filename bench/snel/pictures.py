"""The rows about photos: a burst, the backlog after it, a steady stream, and what one picture costs."""

from __future__ import annotations

import json
import subprocess
import sys
import time

from bench.fotos import make
from bench.load import MARK, Heard, request_bytes

from .gauges import metered, pss_mib
from .ground import API, Ground
from .intake import bodies, ledger, places_in_town, posts, quiet_categories
from .table import Plan, Row, Sticks

BURST_PER_S, STEADY_PER_S, TEXT_PER_S = 40.0, 5.0, 50.0
SIZE = (4032, 3024)
LINE = "grens-van-de-delen"
FLAT_MIB = 64
ONE_PICTURE = """
import json, sys, time
data = sys.stdin.buffer.read()
def kib(name): return int(open("/proc/self/status").read().partition(name + ":")[2].split()[0])
if sys.argv[1] == "vips":
    import pyvips
    def render():
        for side in (1600, 320):
            pyvips.Image.thumbnail_buffer(data, side, height=side).jpegsave_buffer(Q=82, strip=True)
else:
    from meldingen.adapters import images
    images.warm_up()
    def render(): images.render(data)
idle = kib("VmRSS")
best = 1e9
for _ in range(3):
    began = time.process_time(); render(); best = min(best, time.process_time() - began)
print(json.dumps([best, (kib("VmHWM") - idle) / 1024]))
"""


def photos(ground: Ground, plan: Plan, _sticks: Sticks) -> list[Row]:
    """POST melding with a photo of 12 MP: 40/s for six times the time of a row, the drain beside text, 5/s."""
    requests = _with_photo(ground, plan.seed + 9)
    root, stored = ground.roots()["website"], ground.stored()
    ground.fire(requests, seconds=2, per_s=STEADY_PER_S).only(201)
    stored, before = ground.stored(), pss_mib(root)
    with ground.workers():
        with metered(ground) as cost:
            heard = ground.fire(requests, seconds=plan.seconds * 6, connections=plan.connections, per_s=BURST_PER_S)
        grown = pss_mib(root) - before
        burst = Row("POST melding met foto, stoot van 40/s", heard.per_s, "/s", BURST_PER_S * 0.98, cost=cost)
        burst.heard, burst.peers, burst.note = heard, "39–43/s / 15,5/s (alleen de foto)", f"geheugen +{grown:.0f} MiB"
        burst.wrong = ledger(ground, heard.statuses[201], stored, set(heard.statuses))
        drain, text = _drain(ground, plan)
        steady = _steady(ground, plan, requests)
    return [burst, drain, text, steady]


def picture(_ground: Ground, _plan: Plan, _sticks: Sticks) -> list[Row]:
    """One picture of 12 MP to both sizes, as a worker does it and as libvips does it, one thread each."""
    data = make("jpeg", SIZE)
    ours, memory = _rendered(data, "wij")
    row = Row("foto van 12 MP naar 1600 en 320 px, t.o.v. libvips", ours * 1000, "ms CPU", note=f"+{memory:.0f} MiB")
    try:
        theirs, _ = _rendered(data, "vips")
    except RuntimeError:
        row.note += "; libvips ontbreekt: pip install '.[bench]'"
        return [row]
    row.note += f"; libvips {theirs * 1000:.0f} ms"
    row.figure, row.unit, row.target, row.at_most = ours / theirs, "×", 1.1, True
    return [row]


def _with_photo(ground: Ground, seed: int) -> list[bytes]:
    photo = make("jpeg", SIZE)
    key = {"Idempotency-Key": MARK.decode(), "Content-Type": f"multipart/form-data; boundary={LINE}"}
    requests = []
    for body in bodies(seed, places_in_town(ground, seed, 8), quiet_categories(ground), mail=False):
        words = json.dumps(body)
        form = (
            f'--{LINE}\r\nContent-Disposition: form-data; name="melding"\r\n\r\n{words}\r\n--{LINE}\r\n'
            'Content-Disposition: form-data; name="foto"; filename="f.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
        ).encode()
        requests.append(request_bytes("POST", f"{API}/meldingen", form + photo + f"\r\n--{LINE}--\r\n".encode(), key))
    return requests


def _drain(ground: Ground, plan: Plan) -> tuple[Row, Row]:
    began, waiting = time.monotonic(), _waiting(ground)
    with metered(ground) as cost:
        heard = ground.fire(posts(ground, plan.seed + 10), seconds=plan.seconds, per_s=TEXT_PER_S)
    done, seconds = waiting - _waiting(ground), time.monotonic() - began
    drain = Row("achterstand aan foto's, naast tekst van 50/s", done / seconds, "foto's/s", 10, cost=cost)
    drain.operations, drain.note = done, f"{waiting} wachtten"
    text = Row("tekst naast die achterstand, p99", heard.percentile(99), "ms", 50, at_most=True, heard=heard)
    text.wrong = [f"antwoord {status}" for status in set(heard.statuses) - {201}]
    return drain, text


def _steady(ground: Ground, plan: Plan, requests: list[bytes]) -> Row:
    ground.wait("alle foto's klaar", lambda: _waiting(ground) == 0, 3600)
    last = ground.one("SELECT coalesce(max(id), 0) FROM outbox")
    heard = ground.fire(requests, seconds=plan.seconds * 3, per_s=STEADY_PER_S)
    ground.wait("alle foto's klaar", lambda: _waiting(ground) == 0, 600)
    with ground.database() as link:
        took = link.execute(
            "SELECT extract(epoch FROM done_at - created_at)::float8 FROM outbox "
            "WHERE topic = 'foto' AND id > %s AND done_at IS NOT NULL", (last,)
        ).fetchall()  # fmt: skip
    waits = Heard(heard.seconds, took_ms=[row[0] * 1000 for row in took])
    row = Row("foto klaar bij 5/s, p95", waits.percentile(95) / 1000, "s", 10, at_most=True, heard=waits)
    row.wrong = [] if len(took) == heard.statuses[201] else [f"{len(took)} klaar van {heard.statuses[201]}"]
    return row


def _waiting(ground: Ground) -> int:
    return int(ground.one("SELECT count(*) FROM outbox WHERE topic = 'foto' AND done_at IS NULL AND parked_at IS NULL"))


def _rendered(data: bytes, who: str) -> tuple[float, float]:
    """Processor seconds of the best of three, and MiB above the idle process."""
    done = subprocess.run([sys.executable, "-c", ONE_PICTURE, who], input=data, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-300:].decode(errors="replace"))
    seconds, memory = json.loads(done.stdout)
    return seconds, memory
