"""The same strangers, in a process with limited memory as a work-horse has: it survives them all."""

import json
import random
import subprocess
import sys
import zlib
from pathlib import Path

from PIL import Image

from tests.photos import (
    photo,
    quarters,
    raw_png,
)

KINDS = ["jpeg", "png", "webp", "heif", "avif"]
HTML = b"<!DOCTYPE html><html><script>alert(1)</script></html>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def noise(size: tuple[int, int]) -> Image.Image:
    return Image.effect_noise(size, 60).convert("RGB")


_WORKER = """
import json, pathlib, resource, sys, time
from meldingen.adapters.images import PhotoRefused, limit_memory, render
extra = int(sys.argv[2])
limit_memory(extra) if extra else limit_memory()
out = {}
for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    started = time.process_time()
    try:
        render(path.read_bytes()); code = "klaar"
    except PhotoRefused as refused:
        code = refused.code
    out[path.name] = [code, time.process_time() - started]
status = pathlib.Path("/proc/self/status")
peak = [l for l in status.read_text().splitlines() if l.startswith("VmHWM")] if status.exists() else ["x 0"]
print(json.dumps({"photos": out, "peak_mb": int(peak[0].split()[1]) / 1000}))
"""


def in_a_worker(folder: Path, extra_bytes: int = 0) -> dict[str, dict[str, tuple[str, float]]]:
    """Render every file of a folder in one process with limited memory, as a work-horse does."""
    run = subprocess.run(
        [sys.executable, "-c", _WORKER, str(folder), str(extra_bytes)],
        capture_output=True,
        timeout=120,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert run.returncode == 0, run.stderr.decode()[-2000:]
    return dict(json.loads(run.stdout))


class TestInAWorker:
    def test_one_process_survives_them_all(self, tmp_path: Path) -> None:
        cases = {
            "bom_144": raw_png(12_000, 12_000, depth=1),
            "kop_40000": raw_png(40_000, 40_000, body=b""),
            "zwaar_maar_goed": raw_png(8192, 6144, depth=16, colour=2),
            "zip_erin": raw_png(10, 10, body=zlib.compress(b"\0" * 50_000_000, 9)),
            "gif": photo("gif"),
            "svg": SVG,
            "html": HTML,
            "tiff": photo("tiff"),
            "staart": photo() + HTML,
            "kort": photo()[:400],
            "animatie": photo("png", save_all=True, append_images=[quarters()] * 50),
            "heic_kapot": photo("heif")[:300] + b"\0" * 300 + photo("heif")[600:],
            "gewoon": photo(size=(4032, 3024)),
        }
        for name, data in cases.items():
            (tmp_path / name).write_bytes(data)
        told = in_a_worker(tmp_path)
        codes = {name: code for name, (code, _) in told["photos"].items()}
        fine = ("zwaar_maar_goed", "zip_erin", "staart", "animatie", "gewoon")
        assert [codes[name] for name in fine] == ["klaar"] * 5
        assert (codes["bom_144"], codes["kop_40000"]) == ("te_veel_pixels", "te_veel_pixels")
        assert {codes[name] for name in ("gif", "svg", "html", "tiff")} == {"geen_foto"}
        assert codes["heic_kapot"] == "onleesbaar"
        assert max(seconds for _, seconds in told["photos"].values()) < 15
        assert told["peak_mb"] < 900

    def test_out_of_memory_is_a_refusal_and_the_next_photo_is_fine(self, tmp_path: Path) -> None:
        (tmp_path / "1_zwaar").write_bytes(raw_png(8192, 6144, depth=8, colour=6))
        (tmp_path / "2_gewoon").write_bytes(photo())
        told = in_a_worker(tmp_path, 120_000_000)
        assert [code for code, _ in told["photos"].values()] == ["onleesbaar", "klaar"]

    def test_random_damage(self, tmp_path: Path) -> None:
        """Never a crash: each of the decoders meets bytes turned at random (seeded, so a failure comes back)."""
        chance = random.Random(20_260_414)
        for kind in KINDS:
            whole = photo(kind, picture=noise((200, 150)), gps=(4.7, 52.67))
            for number in range(30):
                damaged = bytearray(whole)
                reach = 400 if number % 2 else len(damaged)
                for _ in range(chance.choice((1, 3, 20))):
                    damaged[chance.randrange(min(reach, len(damaged)))] = chance.randrange(256)
                (tmp_path / f"{kind}_{number}").write_bytes(bytes(damaged))
        told = in_a_worker(tmp_path)
        assert len(told["photos"]) == 150
        assert max(seconds for _, seconds in told["photos"].values()) < 10
