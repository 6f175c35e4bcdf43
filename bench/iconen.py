"""The pictures of the app on a home screen, made from the one drawing static/img/icoon.svg.

Run with `python -m bench.iconen` after changing the drawing; what it makes is committed. Phones cut a "maskable" icon
to a shape of their own: there the background fills the square. The sign stands within the middle 80 %, as they ask.
"""

import io
import re
from pathlib import Path

import typst
from PIL import Image

IMG = Path(__file__).resolve().parent.parent / "meldingen" / "web" / "static" / "img"
PLAIN = {"icoon-192.png": 192, "icoon-512.png": 512}
WHOLE_SQUARE = {"icoon-masker-192.png": 192, "icoon-masker-512.png": 512, "icoon-apple.png": 180}
COLOURS = 32


def main() -> None:
    """Writes every icon beside the drawing."""
    for name, picture in icons((IMG / "icoon.svg").read_text()).items():
        picture.save(IMG / name, optimize=True)
        print(f"{name}: {(IMG / name).stat().st_size} bytes")


def icons(drawing: str) -> dict[str, Image.Image]:
    """Each icon by its file name."""
    made = {name: _picture(drawing, size) for name, size in PLAIN.items()}
    return made | {name: _picture(_without_corners(drawing), size) for name, size in WHOLE_SQUARE.items()}


def _without_corners(drawing: str) -> str:
    """The background over the whole square; the sign stands in the middle as it is."""
    return re.sub(r'(<rect[^>]*?) rx="\d+"', r"\1", drawing, count=1)


def _picture(drawing: str, size: int) -> Image.Image:
    page = (
        f"#set page(width: {size}pt, height: {size}pt, margin: 0pt, fill: none)\n"
        f'#image(bytes(sys.inputs.drawing), format: "svg", width: 100%)'
    )
    png = typst.compile(page.encode(), format="png", ppi=72, sys_inputs={"drawing": drawing})
    found = Image.open(io.BytesIO(png))
    return found.quantize(COLOURS, method=Image.Quantize.FASTOCTREE)


if __name__ == "__main__":
    main()
