"""Photos that tests make themselves: four coloured quarters in any format, with EXIF, GPS, profiles or damage.

The quarters, seen upright: red and green above, blue and yellow below. `corners` reads them back.
"""

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image, ImageCms
from pillow_heif import register_heif_opener

RED, GREEN, BLUE, YELLOW = (220, 20, 20), (20, 180, 20), (20, 20, 220), (230, 220, 20)
UPRIGHT = ("rood", "groen", "blauw", "geel")
_NAMES = dict(zip(UPRIGHT, (RED, GREEN, BLUE, YELLOW), strict=True))
_TO_STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
BERGEN = (4.7011, 52.6697)


def quarters(size: tuple[int, int] = (800, 600)) -> Image.Image:
    """The upright picture."""
    width, height = size
    picture = Image.new("RGB", size, RED)
    picture.paste(GREEN, (width // 2, 0, width, height))
    picture.paste(BLUE, (0, height // 2, width, height))
    picture.paste(YELLOW, (width // 2, height // 2, width, height))
    return picture


def exif_of(*, orientation: int | None = None, gps: tuple[float, float] | None = None) -> Image.Exif:
    """An EXIF block with an orientation and a position (longitude, latitude)."""
    exif = Image.Exif()
    exif[0x010F] = "GEHEIM-merk"
    if orientation is not None:
        exif[0x0112] = orientation
    if gps is not None:
        lon, lat = gps
        exif.get_ifd(0x8825).update(
            {1: "N" if lat >= 0 else "S", 2: _sexagesimal(lat), 3: "E" if lon >= 0 else "W", 4: _sexagesimal(lon)}
        )
    return exif


def photo(
    kind: str = "jpeg",
    size: tuple[int, int] = (800, 600),
    *,
    orientation: int | None = None,
    gps: tuple[float, float] | None = None,
    picture: Image.Image | None = None,
    **save: Any,
) -> bytes:
    """A photo of `size` (seen upright) as `kind`: jpeg, png, webp, heif, avif, gif, tiff or bmp."""
    register_heif_opener()
    picture = picture or quarters(size)
    turn = _TO_STORED[orientation or 1]
    stored = picture.transpose(turn) if turn is not None else picture
    if orientation is not None or gps is not None:
        save["exif"] = exif_of(orientation=orientation, gps=gps).tobytes()
    out = BytesIO()
    stored.save(out, kind.upper(), **save)
    return out.getvalue()


def corners(data: bytes) -> tuple[str, ...]:
    """The names of the colours of the four quarters, left to right and top to bottom."""
    with Image.open(BytesIO(data)) as source:
        picture = source.convert("RGB")
    width, height = picture.size
    places = [(x, y) for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]
    return tuple(_nearest(picture.getpixel(place)) for place in places)


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height in pixels."""
    with Image.open(BytesIO(data)) as picture:
        return picture.size


def png_chunk(name: bytes, body: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def raw_png(
    width: int, height: int, *, depth: int = 8, colour: int = 0, extra: bytes = b"", body: bytes | None = None
) -> bytes:
    """A PNG by hand, all black, so that it may claim any size; `body` replaces the compressed rows."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    if body is None:
        row = b"\0" * (1 + (width * depth * channels + 7) // 8)
        packer = zlib.compressobj(1)
        body = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + extra + png_chunk(b"IDAT", body) + png_chunk(b"IEND", b"")
    )


def with_segment(jpeg: bytes, marker: int, body: bytes) -> bytes:
    """The JPEG with one more segment right after its start."""
    return jpeg[:2] + bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def segments(jpeg: bytes) -> list[int]:
    """The markers of the segments of a JPEG up to the first scan."""
    at, found = 2, []
    while jpeg[at] == 0xFF:
        found.append(jpeg[at + 1])
        if jpeg[at + 1] == 0xDA:
            return found
        at += 2 + struct.unpack_from(">H", jpeg, at + 2)[0]
    raise AssertionError("geen JPEG")


def swapped_profile() -> bytes:
    """A valid colour profile in which red and green have changed places, to see whether it is applied."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    count = struct.unpack_from(">I", srgb, 128)[0]
    tags = {srgb[132 + 12 * i : 136 + 12 * i]: 132 + 12 * i for i in range(count)}
    swapped = bytearray(srgb)
    red, green = tags[b"rXYZ"] + 4, tags[b"gXYZ"] + 4
    swapped[red : red + 8], swapped[green : green + 8] = srgb[green : green + 8], srgb[red : red + 8]
    return bytes(swapped)


def _sexagesimal(degrees: float) -> tuple[float, float, float]:
    degrees = abs(degrees)
    minutes = degrees % 1 * 60
    return float(int(degrees)), float(int(minutes)), round(minutes % 1 * 60, 4)


def _nearest(colour: Any) -> str:
    return min(_NAMES, key=lambda name: sum((a - b) ** 2 for a, b in zip(_NAMES[name], colour, strict=True)))
