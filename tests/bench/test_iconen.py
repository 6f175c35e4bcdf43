"""The icons of the app are those of the drawing."""

from PIL import Image, ImageChops

from bench.iconen import IMG, icons


def test_the_icons_are_made_from_the_drawing() -> None:
    for name, made in icons((IMG / "icoon.svg").read_text()).items():
        with Image.open(IMG / name) as kept:
            far = ImageChops.difference(kept.convert("RGBA"), made.convert("RGBA")).getextrema()
        assert max(most for _, most in far) <= 40, f"{name}: python -m bench.iconen"
