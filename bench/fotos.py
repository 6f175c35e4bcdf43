"""What a photo costs a worker: CPU and memory of `adapters.images.render` per format and size, on photos made here.

Run with `python -m bench.fotos`. Each photo gets a process of its own, as in production; nothing is left behind.
The numbers decide MEMORY_BYTES and the time-out of a photo job. About two minutes, at most 1 GB.
"""

import json
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path

SIZES = {"12 MP": (4032, 3024), "48 MP": (8064, 6048)}
KINDS = ("jpeg", "jpeg cmyk", "png rgb", "png rgba", "png 16 bit", "webp", "webp lossless", "heic", "avif")


def make(kind: str, size: tuple[int, int]) -> bytes:
    """A photo-like picture: a fractal with a little noise, in the format asked for."""
    from PIL import Image
    from pillow_heif import register_heif_opener

    register_heif_opener()
    width, height = size
    base = Image.effect_mandelbrot((width // 4, height // 4), (-2.0, -1.2, 0.8, 1.2), 90).resize(size)
    noise = Image.effect_noise((width // 4, height // 4), 24).resize(size)
    picture = Image.merge("RGB", (base, noise, Image.blend(base, noise, 0.4)))
    out = BytesIO()
    if kind == "jpeg":
        exif = Image.Exif()
        exif[0x0112] = 6
        picture.save(out, "JPEG", quality=88, exif=exif)
    elif kind == "jpeg cmyk":
        picture.convert("CMYK").save(out, "JPEG", quality=88)
    elif kind == "png rgb":
        picture.save(out, "PNG", compress_level=1)
    elif kind == "png rgba":
        picture.putalpha(noise)
        picture.save(out, "PNG", compress_level=1)
    elif kind == "png 16 bit":
        base.convert("I;16").save(out, "PNG", compress_level=1)
    elif kind == "webp":
        picture.save(out, "WEBP", quality=80, method=0)
    elif kind == "webp lossless":
        picture.putalpha(noise)
        picture.save(out, "WEBP", lossless=True, quality=0, method=0)
    elif kind == "heic":
        picture.save(out, "HEIF", quality=60)
    else:
        picture.save(out, "AVIF", quality=60, speed=10)
    return out.getvalue()


def measure(data: bytes) -> dict[str, float]:
    """CPU seconds, and the extra resident memory and address space in MiB, of one `render` in this process."""
    from meldingen.adapters import images

    images._prepare()
    resident, space = _kib("VmRSS"), _kib("VmSize")
    before = time.process_time()
    kept = images.render(data)
    return {
        "cpu_s": time.process_time() - before,
        "resident": (_kib("VmHWM") - resident) / 1024,
        "space": (_kib("VmPeak") - space) / 1024,
        "large": len(kept[images.LARGE]) / 1024,
        "small": len(kept[images.SMALL]) / 1024,
    }


def _kib(word: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(word)))


def _row(name: str, kind: str) -> str:
    """Make one photo in one process and render it in another; MAX_BYTES is lifted, as noise compresses badly."""
    width, height = map(str, SIZES[name])
    command = [sys.executable, "-m", "bench.fotos"]
    made = subprocess.run([*command, "make", kind, width, height], stdout=subprocess.PIPE, check=True).stdout
    run = subprocess.run([*command, "measure"], input=made, capture_output=True, check=False)
    start = f"| {name} {kind} | {len(made) / 1e6:.1f} |"
    if run.returncode:
        return f"{start} {run.stderr.decode().splitlines()[-1]} |"
    got = json.loads(run.stdout)
    return (
        f"{start} {got['cpu_s'] * 1000:.0f} | {got['resident']:.0f} | {got['space']:.0f} |"
        f" {got['large']:.0f} | {got['small']:.0f} |"
    )


def main() -> None:
    """Print the table; with `make` or `measure` do that one thing, for `_row`."""
    if sys.argv[1:2] == ["make"]:
        kind, width, height = sys.argv[2:]
        sys.stdout.buffer.write(make(kind, (int(width), int(height))))
    elif sys.argv[1:2] == ["measure"]:
        from meldingen.adapters import images

        images.MAX_BYTES = 10**9
        print(json.dumps(measure(sys.stdin.buffer.read())))
    else:
        print("| photo | upload MB | CPU ms | resident MiB | address space MiB | 1600 px KiB | 320 px KiB |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        for name in SIZES:
            for kind in KINDS:
                print(_row(name, kind), flush=True)


if __name__ == "__main__":
    main()
