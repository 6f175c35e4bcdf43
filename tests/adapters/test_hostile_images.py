"""What strangers send instead of a photo: refused in words, within bounds of time and memory, whatever the bytes."""

import struct
import time
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from meldingen.adapters import images
from meldingen.adapters.image_headers import read_gps, read_header, sniff
from meldingen.adapters.images import LARGE, PhotoRefused, inspect, render
from tests.photos import (
    UPRIGHT,
    corners,
    exif_of,
    photo,
    png_chunk,
    quarters,
    raw_png,
    segments,
    with_segment,
)

KINDS = ["jpeg", "png", "webp", "heif", "avif"]
HTML = b"<!DOCTYPE html><html><script>alert(1)</script></html>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def refusal(data: bytes) -> PhotoRefused:
    with pytest.raises(PhotoRefused) as caught:
        render(data)
    return caught.value


def at_the_door(data: bytes) -> PhotoRefused:
    with pytest.raises(PhotoRefused) as caught:
        inspect(data)
    return caught.value


def noise(size: tuple[int, int]) -> Image.Image:
    return Image.effect_noise(size, 60).convert("RGB")


class TestNoPhotoAtAll:
    @pytest.mark.parametrize(
        ("data", "word"),
        [
            (HTML, "webpagina"),
            (b"  \r\n" + SVG, "tekening"),
            (b"%PDF-1.7\n...", "pdf"),
            (b"GIF89a" + b"\x01\x00\x01\x00\x00\x00\x00;", "gif"),
            (b"\0\0\0\x18ftypmp42\0\0\0\0isommp42" + b"\0" * 50, "video"),
            (b"\0\0\0\x14ftypqt  \0\0\0\0qt  " + b"\0" * 50, "video"),
            (b"\x1a\x45\xdf\xa3" + b"\0" * 50, "video"),
        ],
    )
    def test_known_others_are_named(self, data: bytes, word: str) -> None:
        refused = at_the_door(data)
        assert refused.code == "geen_foto"
        assert word in refused.detail
        assert "<" not in refused.detail

    @pytest.mark.parametrize("kind", ["gif", "tiff", "bmp", "ico", "ppm", "jpeg2000"])
    def test_other_pictures_are_refused_whatever_their_name(self, kind: str) -> None:
        assert at_the_door(photo(kind, (64, 64))).code == "geen_foto"

    @pytest.mark.parametrize(
        "data",
        [
            *(b"hallo", b"\0" * 400, b"\xff\xd8", b"\xff\xd8\x00\x00", b"RIFF\0\0\0\0WAVE", b"MZ\0\0\0"),
            *(b"PK\x03\x04", b"8BPS\0\x01", b"\x89PNG\r\n", b"\0\0\0\x0cftyp", b"{}", b"\xef\xbb\xbf"),
        ],
    )
    def test_anything_else(self, data: bytes) -> None:
        assert at_the_door(data).code == "geen_foto"

    def test_nothing(self) -> None:
        assert at_the_door(b"").code == "leeg"

    def test_too_many_bytes(self) -> None:
        assert at_the_door(photo() + b"\0" * 21_000_000).code == "te_groot"
        assert inspect(photo() + b"\0" * 20_000_000).width == 800

    def test_every_refusal_says_what_to_do(self) -> None:
        for detail in images.REASONS.values():
            assert detail.endswith(".")
            assert any(word in detail for word in ("Stuur", "stuur", "Maak", "Kies"))


class TestTooManyPixels:
    @pytest.mark.parametrize("side", [7_200, 12_000, 40_000, 2**31 - 1])
    def test_png(self, side: int) -> None:
        data = raw_png(side, side, body=b"")
        assert at_the_door(data).code == "te_veel_pixels"
        assert refusal(data).code == "te_veel_pixels"

    def test_a_real_bomb_of_144_megapixel(self) -> None:
        data = raw_png(12_000, 12_000, depth=1)
        assert len(data) < 200_000
        assert refusal(data).code == "te_veel_pixels"

    def test_jpeg_webp_and_heif_that_claim_too_much(self) -> None:
        jpeg = bytearray(photo())
        start = jpeg.index(b"\xff\xc0") + 5
        jpeg[start : start + 4] = struct.pack(">HH", 40_000, 40_000)
        webp = bytearray(photo("webp", icc_profile=b"x" * 200))
        webp[24:30] = b"\xff\x3f\x00" * 2
        heif = photo("heif")
        size = struct.pack(">II", 800, 600)
        heif = heif.replace(size, struct.pack(">II", 40_000, 40_000))
        for data in (bytes(jpeg), bytes(webp), heif):
            assert at_the_door(data).code == "te_veel_pixels"

    def test_what_cameras_call_50_megapixel_is_welcome(self) -> None:
        assert inspect(raw_png(8192, 6144, body=b"")).width == 8192
        assert inspect(raw_png(8160, 6120, body=b"")).width == 8160

    def test_the_worker_does_not_trust_the_door(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(images, "inspect", lambda data: None)
        for side in (7_200, 12_000, 40_000):
            assert refusal(raw_png(side, side, depth=1, body=b"")).code == "te_veel_pixels"

    @pytest.mark.parametrize("size", [(0, 0), (0, 100), (100, 0)])
    def test_no_pixels_at_all(self, size: tuple[int, int]) -> None:
        assert refusal(raw_png(*size, body=b"")).code == "onleesbaar"


class TestBroken:
    @pytest.mark.parametrize("kind", KINDS)
    def test_cut_in_half(self, kind: str) -> None:
        data = photo(kind, picture=noise((400, 300)))
        assert refusal(data[: len(data) // 2]).code in ("onvolledig", "onleesbaar")

    def test_a_jpeg_cut_in_half_did_not_arrive_whole(self) -> None:
        data = photo(picture=noise((400, 300)))
        refused = refusal(data[: len(data) // 2])
        assert refused.code == "onvolledig"
        assert refused.detail == "Deze foto is niet helemaal aangekomen. Stuur de foto nog een keer."

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("length", [20, 100, 400])
    def test_only_the_first_bytes(self, kind: str, length: int) -> None:
        assert refusal(photo(kind, picture=noise((400, 300)))[:length]).code in ("onvolledig", "onleesbaar")

    def test_400_bytes_without_a_size_are_refused_at_the_door(self) -> None:
        data = with_segment(photo(), 0xE1, b"Exif\0\0" + b"x" * 1000)
        assert at_the_door(data[:400]).code == "onleesbaar"

    def test_junk_between_the_segments_is_stepped_over(self) -> None:
        data = photo()
        assert inspect(data[:2] + b"\xff\xff" + data[2:]).width == 800
        after_app0 = 4 + struct.unpack_from(">H", data, 4)[0]
        junk = data[:after_app0] + b"\xff\x00\x00\xff" + data[after_app0:]
        assert inspect(junk).width == 800
        assert corners(render(junk)[LARGE]) == UPRIGHT

    def test_a_jpeg_named_png_and_the_reverse_are_judged_by_content(self) -> None:
        assert inspect(photo("png")).content_type == "image/png"
        assert inspect(photo("jpeg")).content_type == "image/jpeg"

    def test_a_broken_checksum_in_a_png(self) -> None:
        data = bytearray(photo("png"))
        data[29] ^= 0xFF
        assert refusal(bytes(data)).code == "onleesbaar"

    def test_the_time_out_of_a_job_passes_through(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class JobTimeout(Exception):
            pass

        def ring(*_: object) -> None:
            raise JobTimeout

        for name in ("_on_white", "_orientation", "_to_srgb", "_jpeg"):
            with monkeypatch.context() as patch:
                patch.setattr(images, name, ring)
                with pytest.raises(JobTimeout):
                    render(photo("png"))


class TestTwoFilesInOne:
    @pytest.mark.parametrize("kind", KINDS)
    def test_a_tail_is_left_out(self, kind: str) -> None:
        for tail in (HTML, b"PK\x03\x04" + b"evil" * 100, b"<?php system($_GET[0]); ?>"):
            for kept in render(photo(kind) + tail).values():
                assert tail not in kept
                assert kept.endswith(b"\xff\xd9")

    def test_html_in_a_comment_is_left_out(self) -> None:
        for kept in render(with_segment(photo(), 0xFE, HTML)).values():
            assert b"script" not in kept
            assert 0xFE not in segments(kept)

    def test_html_in_the_first_bytes_of_a_png_text(self) -> None:
        data = photo("png")
        for kept in render(data[:33] + png_chunk(b"tEXt", b"x\0" + HTML) + data[33:]).values():
            assert b"script" not in kept


class TestMetadataAsAWeapon:
    def exif(self, entries: list[tuple[int, int, int, bytes]], tail: bytes = b"") -> bytes:
        """A little-endian EXIF block with one directory that points to itself as the next."""
        body = b"".join(struct.pack("<HHI", tag, kind, count) + value for tag, kind, count, value in entries)
        return b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + body + struct.pack("<I", 8) + tail

    def test_directories_that_point_to_themselves(self) -> None:
        itself = struct.pack("<I", 8)
        loop = self.exif([(0x8769, 4, 1, itself), (0x8825, 4, 1, itself), (0xA005, 4, 1, itself)])
        data = with_segment(photo(), 0xE1, b"Exif\0\0" + loop)
        assert inspect(data).gps is None
        assert corners(render(data)[LARGE]) == UPRIGHT

    @pytest.mark.parametrize("count", [0, 1, 4, 2**31, 2**32 - 1])
    def test_counts_and_offsets_beyond_the_block(self, count: int) -> None:
        block = self.exif([(tag, 5, count, b"\xff\xff\xff\x7f") for tag in (1, 2, 3, 4, 0x0112, 0x8825)])
        data = with_segment(photo(), 0xE1, b"Exif\0\0" + block)
        assert inspect(data).gps is None
        assert corners(render(data)[LARGE]) == UPRIGHT

    def test_positions_that_are_no_numbers(self) -> None:
        whole = exif_of(gps=(4.7, 52.67)).tobytes()
        block = whole.removeprefix(b"Exif\0\0")
        assert read_gps(block) == pytest.approx((4.7, 52.67), abs=1e-4)
        for at in range(len(block)):
            for value in (0, 0xFF):
                place = read_gps(block[:at] + bytes((value,)) + block[at + 1 :])
                assert place is None or (abs(place[0]) <= 180 and abs(place[1]) <= 90)
        for at in range(len(block)):
            read_gps(block[:at])

    def test_huge_exif(self) -> None:
        data = photo()
        for _ in range(150):
            data = with_segment(data, 0xE1, b"Exif\0\0II*\0" + b"\xff" * 65_000)
        assert corners(render(data)[LARGE]) == UPRIGHT
        png = photo("png")
        assert corners(render(png[:33] + png_chunk(b"eXIf", b"MM\0*" * 1_000_000) + png[33:])[LARGE]) == UPRIGHT

    @pytest.mark.parametrize("name", [b"zTXt", b"iCCP", b"iTXt"])
    def test_text_that_unpacks_to_gigabytes(self, name: bytes) -> None:
        packer = zlib.compressobj(9)
        packed = b"".join(packer.compress(b"\0" * 1_000_000) for _ in range(300)) + packer.flush()
        head = {b"zTXt": b"x\0\0", b"iCCP": b"x\0\0", b"iTXt": b"x\0\x01\0\0\0"}[name]
        data = photo("png")
        started = time.process_time()
        data = data[:33] + png_chunk(name, head + packed) + data[33:]
        try:
            assert corners(render(data)[LARGE]) == UPRIGHT
        except PhotoRefused as refused:
            assert refused.code == "onleesbaar"
        assert time.process_time() - started < 3


class TestKeepingUsBusy:
    """Headers made to be read for ever are left alone after a bounded number of parts."""

    FTYP = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"

    MADE = {
        "padding": lambda heif: b"\xff\xd8" + b"\xff" * 20_000_000,
        "junk": lambda heif: b"\xff\xd8\xff\x00" + b"\xff\x00" * 10_000_000,
        "segments": lambda heif: b"\xff\xd8" + b"\xff\xe5\0\x02" * 5_000_000,
        "no length": lambda heif: b"\xff\xd8\xff\xe0\0\x00" * 3_000_000,
        "chunks": lambda heif: raw_png(9, 9, extra=png_chunk(b"teSt", b"") * 500_000),
        "riff": lambda heif: b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0" + b"\0" * 10 + b"JUNK\0\0\0\0" * 2_000_000,
        "boxes": lambda heif: heif + b"\0\0\0\x08free" * 2_000_000,
        "meta": lambda heif: heif + b"\0\xff\xff\xffmeta\0\0\0\0" + b"\0\0\0\x08free" * 2_000_000,
        "sizes": lambda heif: (
            heif + b"\0\xff\xff\xffmeta\0\0\0\0\0\xff\xff\xf0iprp\0\xff\xff\xe8ipco" + b"\0\0\0\x08ispe" * 1_000_000
        ),
    }

    @pytest.mark.parametrize("name", MADE)
    def test_a_look_takes_no_time(self, name: str) -> None:
        data = self.MADE[name](self.FTYP)
        started = time.process_time()
        read_header(data)
        assert time.process_time() - started < 0.5

    def test_an_item_table_of_nothing(self) -> None:
        infe = b"\0\0\0\x15infe\x02\0\0\0\0\x01\0\0Exif\0"
        iinf = struct.pack(">I", 14 + len(infe)) + b"iinf\0\0\0\0\0\x01" + infe
        items = struct.pack(">HHH", 7, 0, 0xFFFF) * 10_000
        iloc = struct.pack(">I", 16 + len(items)) + b"iloc\0\0\0\0\0\0\xff\xff" + items
        ispe = b"\0\0\0\x14ispe\0\0\0\0\0\0\0\x09\0\0\0\x09"
        ipco = struct.pack(">I", 8 + len(ispe)) + b"ipco" + ispe
        iprp = struct.pack(">I", 8 + len(ipco)) + b"iprp" + ipco
        body = b"\0\0\0\0" + iinf + iloc + iprp
        data = self.FTYP + struct.pack(">I", 8 + len(body)) + b"meta" + body
        started = time.process_time()
        assert read_header(data) is not None
        assert time.process_time() - started < 0.5


SAMPLES = {kind: photo(kind, (60, 40), gps=(4.7, 52.67), picture=quarters((60, 40)).rotate(10)) for kind in KINDS}


@given(st.binary(max_size=300), st.sampled_from([b"", *(data[:40] for data in SAMPLES.values())]))
@settings(max_examples=300, deadline=None)
def test_no_bytes_break_the_look_at_the_door(tail: bytes, head: bytes) -> None:
    sniff(head + tail)
    read_gps(tail)
    try:
        inspect(head + tail)
    except PhotoRefused as refused:
        assert refused.detail


@given(st.sampled_from(KINDS), st.data())
@settings(max_examples=300, deadline=None)
def test_no_damage_breaks_the_look_at_the_door(kind: str, data: st.DataObject) -> None:
    damaged = bytearray(SAMPLES[kind])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at] = data.draw(st.integers(0, 255))
    try:
        inspect(bytes(damaged))
    except PhotoRefused as refused:
        assert refused.detail
