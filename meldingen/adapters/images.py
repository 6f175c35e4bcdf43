"""Turns the upload of a stranger into a picture that may be shown: checked, upright, small, without metadata.

`inspect` is the cheap look that a door takes in the request: no image library, no decoding. `render` does the
real work and belongs in a worker process that may die, after `limit_memory`. What cannot be shown is a
`PhotoRefused` with a sentence for the melder; nothing else leaves this module, whatever the bytes are.
"""

import resource
import struct
import warnings
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path

from PIL import AvifImagePlugin, Image, ImageCms
from PIL.ImageCms import PyCMSError
from pillow_heif import register_heif_opener

from .image_headers import CONTENT_TYPES, other_kind, read_gps, read_header, sniff

MAX_BYTES = 20_000_000 + 480_000
"""20 MB however one counts it: 20 × 1000² and a little, so that a phone and we agree on the last percent."""
MAX_PIXELS = 51_000_000
"""50 megapixel as makers of cameras count: what they sell as 50 is 8192 × 6144 = 50.3 million."""
LARGE, SMALL = 1600, 320
"""The longest side in pixels of the two pictures we keep."""
Render = Callable[[bytes], dict[int, bytes]]
"""As `render`: the bytes of both, or PhotoRefused."""
MEMORY_BYTES = 1_100_000_000
"""Room for the heaviest photo within the limits, a 50 megapixel WebP (bench/fotos.py measures it), and a margin."""

_QUALITY = 82
_DECODER_ERRORS = (
    *(ArithmeticError, AssertionError, AttributeError, BufferError, EOFError, LookupError, MemoryError),
    *(OSError, RuntimeError, SyntaxError, TypeError, ValueError, struct.error, zlib.error),
)
"""What decoders raise on hostile bytes. Not Exception: the time-out of a job must pass through."""
_MAX_PROFILE_BYTES = 4_000_000
_FORMATS = {"jpeg": ["JPEG"], "png": ["PNG"], "webp": ["WEBP"], "heif": ["HEIF"], "avif": ["AVIF"]}
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

REASONS = {
    "leeg": "Dit bestand is leeg. Kies de foto opnieuw.",
    "te_groot": "Deze foto is te groot. Een foto mag hoogstens 20 MB zijn. Stuur een kleinere foto.",
    "geen_foto": "Dit bestand is geen foto die wij kennen. Stuur een foto, bijvoorbeeld een JPG.",
    "te_veel_pixels": ("Deze foto is te groot: meer dan 50 megapixel. Maak een nieuwe foto met een lagere instelling."),
    "onvolledig": "Deze foto is niet helemaal aangekomen. Stuur de foto nog een keer.",
    "onleesbaar": "Deze foto kunnen we niet openen. Maak een nieuwe foto of stuur een JPG.",
}
"""Why an upload is no photo, in words for a melder; the codes are stable and stored with the photo."""


class PhotoRefused(Exception):
    """This upload cannot become a photo. `code` is stable; `detail` says in B1 why, and what to do."""

    def __init__(self, code: str, detail: str = "") -> None:
        """`detail` replaces the usual sentence of the code."""
        super().__init__(code)
        self.code = code
        self.detail = detail or REASONS[code]


@dataclass(frozen=True)
class Inspection:
    """What a door knows of an upload: media type by content, claimed size in pixels, where it was taken."""

    content_type: str
    width: int
    height: int
    gps: tuple[float, float] | None
    """(longitude, latitude) in degrees, WGS 84."""


def inspect(data: bytes) -> Inspection:
    """Look at first bytes and headers only; raises PhotoRefused for what certainly cannot be shown."""
    if not data:
        raise PhotoRefused("leeg")
    if len(data) > MAX_BYTES:
        raise PhotoRefused("te_groot")
    kind = sniff(data)
    if kind is None:
        name = other_kind(data)
        detail = f"Dit is {name} en geen foto. Stuur een foto, bijvoorbeeld een JPG." if name else ""
        raise PhotoRefused("geen_foto", detail)
    header = read_header(data)
    if header is None:
        raise PhotoRefused("onleesbaar")
    if header.width * header.height > MAX_PIXELS:
        raise PhotoRefused("te_veel_pixels")
    return Inspection(CONTENT_TYPES[kind], header.width, header.height, read_gps(header.exif))


def render(data: bytes) -> dict[int, bytes]:
    """The picture as JPEG with longest side LARGE and SMALL (never enlarged): upright, sRGB, no metadata.

    Of an animation the first frame; what is transparent becomes white. Raises PhotoRefused.
    """
    inspect(data)
    _prepare()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = _picture(data)
            large = _jpeg(picture)
            picture.thumbnail((SMALL, SMALL))
            return {LARGE: large, SMALL: _jpeg(picture)}
    except PhotoRefused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PhotoRefused("te_veel_pixels") from error
    except _DECODER_ERRORS as error:
        raise PhotoRefused("onvolledig" if "truncated" in str(error) else "onleesbaar") from error


def warm_up() -> None:
    """Loads what the first picture would load."""
    Image.init()
    out = BytesIO()
    Image.new("RGB", (16, 16)).save(out, "JPEG")
    render(out.getvalue())


def limit_memory(extra_bytes: int = MEMORY_BYTES) -> None:
    """Let this process take at most `extra_bytes` of address space more than it has now.

    Beyond that Python raises MemoryError and the libraries refuse. For a process that does one job and ends.
    Where /proc is missing (macOS) the limit is on the whole.
    """
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except OSError:
        pages = 0
    soft = pages * resource.getpagesize() + extra_bytes
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (soft if hard < 0 else min(soft, hard), hard))


@cache
def _prepare() -> None:
    """Settle once what Pillow keeps for the whole process: limits, and one thread to decode in."""
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)


def _picture(data: bytes) -> Image.Image:
    """Open, shrink to LARGE while decoding where the format can, turn upright, and bring to sRGB."""
    kind = sniff(data) or ""
    with Image.open(BytesIO(data), formats=_FORMATS[kind]) as source:
        if source.width * source.height > MAX_PIXELS:
            raise PhotoRefused("te_veel_pixels")
        turn = _TURNS.get(_orientation(source))
        profile = source.info.get("icc_profile")
        if kind == "jpeg":
            share = min(1.0, LARGE / max(source.size))
            source.draft("RGB", (round(source.width * share), round(source.height * share)))
            source.load()
            picture: Image.Image = source
        else:
            picture = _on_white(source)
        picture.thumbnail((LARGE, LARGE))
        if turn is not None:
            picture = picture.transpose(turn)
        picture = _to_srgb(picture, profile)
        picture.info.clear()
        return picture


def _orientation(source: Image.Image) -> int:
    """The EXIF orientation; 1 when there is none that can be read. HEIF has been turned already."""
    try:
        return int(source.getexif().get(0x0112, 1))
    except _DECODER_ERRORS:  # a damaged EXIF block is no reason to refuse a good picture
        return 1


def _on_white(source: Image.Image) -> Image.Image:
    """An RGB picture on white, some times LARGE at most, made in strips: no second full copy exists."""
    source.load()
    factor = max(1, max(source.size) // (2 * LARGE))
    if factor == 1 and source.mode == "RGB" and "transparency" not in source.info:
        return source
    width, height = source.size
    picture = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    rows = factor * max(1, 2_000_000 // (width * factor))
    for top in range(0, height, rows):
        strip = _flat(source.crop((0, top, width, min(top + rows, height))))
        picture.paste(strip.reduce(factor) if factor > 1 else strip, (0, top // factor))
    return picture


def _flat(strip: Image.Image) -> Image.Image:
    """One strip as RGB: transparency on white, sixteen bits to eight, palettes and greys to colours."""
    if strip.mode.startswith("I"):
        return strip.point(lambda value: value * (1 / 256), "L" if strip.mode == "I;16" else None).convert("RGB")
    if strip.has_transparency_data:
        seen_through = strip.convert("RGBA")
        white = Image.new("RGB", strip.size, "white")
        white.paste(seen_through, mask=seen_through.getchannel("A"))
        return white
    return strip.convert("RGB")


def _to_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Apply a colour profile that fits the picture; a damaged or odd profile is left out."""
    space = {"RGB": "RGB", "CMYK": "CMYK", "L": "GRAY"}.get(picture.mode)
    if profile and space and len(profile) <= _MAX_PROFILE_BYTES:
        try:
            own = ImageCms.ImageCmsProfile(BytesIO(profile))
            if own.profile.xcolor_space.strip() == space:
                turned = ImageCms.profileToProfile(picture, own, ImageCms.createProfile("sRGB"), outputMode="RGB")
                return turned if turned is not None else picture
        except (PyCMSError, *_DECODER_ERRORS):
            pass
    return picture.convert("RGB")


def _jpeg(picture: Image.Image) -> bytes:
    out = BytesIO()
    picture.save(out, "JPEG", quality=_QUALITY)  # progressive is a twentieth smaller, and a third of all the work
    return out.getvalue()
