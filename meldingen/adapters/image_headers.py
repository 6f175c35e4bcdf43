"""What the first bytes of an upload say: which kind of file, how many pixels, where it was taken.

Plain Python over bytes, without an image library: a door may run it in the request on whatever a stranger
sends. It never decodes a picture, never raises on its input, and looks at a bounded number of parts. Whether a
picture can really be shown is for `adapters/images.py`, in a worker.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

MAX_PARTS = 10_000
"""More segments, chunks or boxes than this is no photo but an attempt to keep us busy."""
MAX_EXTENTS = 64
"""More pieces than this for one item of a HEIF, likewise."""

_FTYP_AVIF = {b"avif", b"avis"}
_FTYP_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_FTYP_HEIF = {b"mif1", b"msf1", b"mif2"}
_SOF = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_EXIF = b"Exif\0\0"

CONTENT_TYPES = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "heif": "image/heif",
    "avif": "image/avif",
}
"""The kinds we accept, each with the media type that its bytes prove."""


@dataclass(frozen=True)
class Header:
    """Width and height in pixels as the file claims them, unturned, and its EXIF block when it has one."""

    width: int
    height: int
    exif: bytes | None


def sniff(data: bytes) -> str | None:
    """One of CONTENT_TYPES by the first bytes (64 are enough), None for anything else; names play no part."""
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[4:8] == b"ftyp":
        length = min(int.from_bytes(data[:4], "big"), 64, len(data))
        brands = [data[8:12], *(data[at : at + 4] for at in range(16, length - 3, 4))]
        for kind, known in (("avif", _FTYP_AVIF), ("heif", _FTYP_HEIC), ("heif", _FTYP_HEIF)):
            if brands[0] in known:
                if brands[0] in _FTYP_HEIF and _FTYP_AVIF.intersection(brands):
                    return "avif"
                return kind
    return None


def other_kind(data: bytes) -> str | None:
    """The Dutch name of a well-known file that is no photo, to tell the melder what went wrong; else None."""
    start = data[:512].lstrip().lower()
    if data[4:8] == b"ftyp" or data.startswith(b"\x1a\x45\xdf\xa3"):
        return "een video"
    if data.startswith(b"%PDF-"):
        return "een pdf"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "een gif"
    if start.startswith((b"<svg", b"<?xml", b"<!doctype", b"<html")):
        return "een webpagina of tekening"
    return None


def read_header(data: bytes) -> Header | None:
    """Size and EXIF of a file of an accepted kind; None when it is of no such kind or tells no size."""
    readers = {"jpeg": _jpeg, "png": _png, "webp": _webp, "heif": _heif, "avif": _heif}
    reader = readers.get(sniff(data) or "")
    try:
        header = reader(data) if reader else None
    except (struct.error, IndexError, ValueError):
        return None
    return header if header and header.width > 0 and header.height > 0 else None


def read_gps(exif: bytes | None) -> tuple[float, float] | None:
    """(longitude, latitude) in degrees from an EXIF block; None when absent, damaged, 0/0 or impossible."""
    try:
        return _gps(exif) if exif else None
    except (struct.error, IndexError, ValueError, ZeroDivisionError, OverflowError):
        return None


def _jpeg(data: bytes) -> Header | None:
    """Walk the segments to the frame header; stray bytes between them are stepped over, as decoders do."""
    at, exif = 2, None
    for _ in range(MAX_PARTS):
        at = data.find(b"\xff", at)
        if at < 0:
            return None
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        at += 2
        if marker in _SOF:
            height, width = struct.unpack_from(">HH", data, at + 3)
            return Header(width, height, exif)
        if marker in (0xD9, 0xDA):
            return None
        if marker == 0x00 or marker == 0x01 or 0xD0 <= marker <= 0xD8:
            continue
        (length,) = struct.unpack_from(">H", data, at)
        if marker == 0xE1 and exif is None and data[at + 2 : at + 8] == _EXIF:
            exif = data[at + 8 : at + length]
        at += max(length, 2)
    return None


def _png(data: bytes) -> Header | None:
    """Size from IHDR, which must come first, and the eXIf chunk wherever it is."""
    if data[12:16] != b"IHDR":
        return None
    width, height = struct.unpack_from(">II", data, 16)
    at, exif = 8, None
    for _ in range(MAX_PARTS):
        if at + 8 > len(data):
            break
        length, name = struct.unpack_from(">I4s", data, at)
        if name == b"eXIf":
            exif = data[at + 8 : at + 8 + length]
            break
        at += 12 + length
    return Header(width, height, exif)


def _webp(data: bytes) -> Header | None:
    """Size from the first chunk of each of the three sorts of WebP, EXIF from its own chunk."""
    kind = data[12:16]
    if kind == b"VP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        height = int.from_bytes(data[27:30], "little") + 1
    elif kind == b"VP8L" and data[20] == 0x2F:
        bits = int.from_bytes(data[21:25], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    else:
        return None
    at, exif = 12, None
    for _ in range(MAX_PARTS):
        if at + 8 > len(data):
            break
        name, length = struct.unpack_from("<4sI", data, at)
        if name == b"EXIF":
            exif = data[at + 8 : at + 8 + length].removeprefix(_EXIF)
            break
        at += 8 + length + (length & 1)
    return Header(width, height, exif)


def _boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """The boxes of an ISO media file between two offsets: name, begin and end of the content."""
    for _ in range(MAX_PARTS):
        if at + 8 > end:
            return
        length, name = struct.unpack_from(">I4s", data, at)
        begin = at + 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, begin)
            begin += 8
        until = end if length == 0 else at + length
        if until < begin:
            return
        yield name, begin, min(until, end)
        at = until


def _heif(data: bytes) -> Header | None:
    """The largest size any image in the file claims (tiles and thumbnails are smaller), and the EXIF item."""
    meta = next(((b + 4, e) for name, b, e in _boxes(data, 0, len(data)) if name == b"meta"), None)
    if meta is None:
        return None
    parts = {name: (begin, end) for name, begin, end in _boxes(data, *meta)}
    sizes = [
        struct.unpack_from(">II", data, b + 4)
        for name, begin, end in _boxes(data, *parts.get(b"iprp", (0, 0)))
        if name == b"ipco"
        for name, b, _ in _boxes(data, begin, end)
        if name == b"ispe"
    ]
    if not sizes:
        return None
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    try:
        exif = _heif_exif(data, parts)
    except (struct.error, IndexError, ValueError):
        exif = None
    return Header(width, height, exif)


def _heif_exif(data: bytes, parts: dict[bytes, tuple[int, int]]) -> bytes | None:
    """The EXIF item, found by its number in `iinf` and its place in `iloc` (ISO 14496-12, 8.11)."""
    if b"iinf" not in parts or b"iloc" not in parts:
        return None
    begin, end = parts[b"iinf"]
    begin += 6 if data[begin] == 0 else 8
    wanted = None
    for name, at, _ in _boxes(data, begin, end):
        wide = data[at] == 3
        kind_at = at + (10 if wide else 8)
        if name == b"infe" and data[kind_at : kind_at + 4] == b"Exif":
            wanted = int.from_bytes(data[at + 4 : at + (8 if wide else 6)], "big")
            break
    if wanted is None:
        return None
    place = _item_place(data, parts[b"iloc"][0], wanted)
    if place is None:
        return None
    from_idat, at, length = place
    if from_idat:
        at += parts.get(b"idat", (len(data), 0))[0]
    block = data[at : at + length]
    skip = 4 + int.from_bytes(block[:4], "big")  # a HEIF says first how far the TIFF header is
    return block[skip:].removeprefix(_EXIF)


def _item_place(data: bytes, at: int, wanted: int) -> tuple[bool, int, int] | None:
    """Where the first extent of an item is: counted from `idat` or from the file, offset, length."""
    version, sizes = data[at], struct.unpack_from(">BB", data, at + 4)
    offset_size, length_size, base_size = sizes[0] >> 4, sizes[0] & 15, sizes[1] >> 4
    index_size = sizes[1] & 15 if version else 0
    id_size = 4 if version == 2 else 2
    at += 6

    def number(size: int) -> int:
        nonlocal at
        at += size
        if at > len(data):
            raise ValueError
        return int.from_bytes(data[at - size : at], "big")

    for _ in range(min(number(id_size), MAX_PARTS)):
        item = number(id_size)
        method = number(2) & 15 if version else 0
        number(2)
        base = number(base_size)
        extents = []
        pieces = number(2)
        if pieces > MAX_EXTENTS:
            return None
        for _ in range(pieces):
            number(index_size)
            extents.append((number(offset_size), number(length_size)))
        if item == wanted and extents and method in (0, 1):
            return method == 1, base + extents[0][0], extents[0][1]
    return None


def _gps(exif: bytes) -> tuple[float, float] | None:
    """Read only the way to the position and the position itself; nothing else in an EXIF block is of use."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return None
    pointer = _entries(exif, struct.unpack_from(order + "I", exif, 4)[0], order).get(0x8825)
    if pointer is None:
        return None
    found = _entries(exif, struct.unpack(order + "I", pointer[2])[0], order)
    lat = _degrees(exif, found.get(2), found.get(1), order, b"NS")
    lon = _degrees(exif, found.get(4), found.get(3), order, b"EW")
    if lat is None or lon is None or (lat == 0 and lon == 0) or abs(lat) > 90 or abs(lon) > 180:
        return None
    return lon, lat


_Entry = tuple[int, int, bytes]


def _entries(exif: bytes, at: int, order: str) -> dict[int, _Entry]:
    """The entries of one directory: tag to type, count and the four bytes of value or offset."""
    (count,) = struct.unpack_from(order + "H", exif, at)
    found: dict[int, _Entry] = {}
    for place in range(at + 2, at + 2 + 12 * min(count, 1000), 12):
        tag, kind, number, value = struct.unpack_from(order + "HHI4s", exif, place)
        found.setdefault(tag, (kind, number, value))
    return found


def _degrees(exif: bytes, value: _Entry | None, half: _Entry | None, order: str, halves: bytes) -> float | None:
    """Degrees from one to three rationals and the letter of the half of the world, which must be there."""
    if value is None or half is None or value[0] not in (5, 10) or not 1 <= value[1] <= 3:
        return None
    letter = half[2][:1].upper()
    if not letter or letter not in halves:
        return None
    code = "I" if value[0] == 5 else "i"
    (offset,) = struct.unpack(order + "I", value[2])
    parts = struct.unpack_from(order + code * 2 * value[1], exif, offset)
    degrees = 0.0
    for number, (above, below) in enumerate(zip(parts[::2], parts[1::2], strict=True)):
        if below == 0 and above == 0 and number > 0:
            continue  # phones write 0/0 for seconds they leave out
        degrees += above / below / 60**number
    degrees = -degrees if letter == halves[1:] else degrees
    return degrees if isfinite(degrees) else None
