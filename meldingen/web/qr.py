"""A QR code as SVG in the page itself: no picture to fetch, and nothing in it for our content policy to refuse."""

import segno
from markupsafe import Markup


def qr_code(words: str, *, scale: int = 5) -> Markup:
    """The code as an inline svg element, black on white in any colours of the page. scale: pixels per module."""
    drawn = segno.make(words, error="m", micro=False).svg_inline(
        scale=scale, border=4, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None
    )
    return Markup(drawn)  # noqa: S704  drawn by the library from modules, not from the words
