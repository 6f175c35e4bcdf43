"""Pictures that must come out well: every format, upright, in the right colours and sizes, without metadata."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from meldingen.adapters.images import LARGE, SMALL, PhotoRefused, inspect, render
from tests.photos import (
    BERGEN,
    BLUE,
    GREEN,
    UPRIGHT,
    corners,
    exif_of,
    photo,
    png_chunk,
    quarters,
    raw_png,
    segments,
    size_of,
    swapped_profile,
    with_segment,
)

KINDS = ["jpeg", "png", "webp", "heif", "avif"]
REAL = sorted((Path(__file__).parents[3] / "shared" / "data" / "photos").glob("*"))


class TestInspect:
    @pytest.mark.parametrize("kind", KINDS)
    def test_tells_type_size_and_place(self, kind: str) -> None:
        found = inspect(photo(kind, (640, 480), gps=BERGEN))
        assert found.content_type == f"image/{kind}"
        assert (found.width, found.height) == (640, 480)
        assert found.gps == pytest.approx(BERGEN, abs=1e-5)

    @pytest.mark.parametrize("kind", KINDS)
    def test_no_place_when_there_is_none(self, kind: str) -> None:
        assert inspect(photo(kind)).gps is None

    @pytest.mark.parametrize("place", [(-43.2, -22.9), (151.2, -33.8), (-74.0, 40.7)])
    def test_the_other_halves_of_the_world(self, place: tuple[float, float]) -> None:
        assert inspect(photo(gps=place)).gps == pytest.approx(place, abs=1e-5)

    def test_a_place_at_zero_is_no_place(self) -> None:
        assert inspect(photo(gps=(0.0, 0.0))).gps is None

    def test_lossless_webp(self) -> None:
        assert inspect(photo("webp", (123, 45), lossless=True)).width == 123

    def test_the_size_of_an_unturned_photo(self) -> None:
        found = inspect(photo(size=(600, 800), orientation=6))
        assert (found.width, found.height) == (800, 600)


class TestRender:
    @pytest.mark.parametrize("kind", KINDS)
    def test_two_sizes_of_every_kind(self, kind: str) -> None:
        kept = render(photo(kind, (2000, 1500)))
        assert size_of(kept[LARGE]) == (1600, 1200)
        assert size_of(kept[SMALL]) == (320, 240)
        for data in kept.values():
            assert inspect(data).content_type == "image/jpeg"
            assert corners(data) == UPRIGHT

    @pytest.mark.parametrize("size", [(10, 10), (1, 1), (300, 200), (1600, 1600)])
    def test_never_enlarges(self, size: tuple[int, int]) -> None:
        assert size_of(render(photo("png", size))[LARGE]) == size

    @pytest.mark.parametrize("size", [(16_000, 100), (100, 9000), (60_000, 1), (1, 50_000), (3201, 3199)])
    def test_strange_shapes(self, size: tuple[int, int]) -> None:
        kept = render(raw_png(*size))
        assert max(size_of(kept[LARGE])) == min(1600, max(size))
        assert max(size_of(kept[SMALL])) == 320

    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("kind", KINDS)
    def test_upright(self, kind: str, orientation: int) -> None:
        kept = render(photo(kind, (900, 600), orientation=orientation))
        assert size_of(kept[LARGE]) == (900, 600)
        assert corners(kept[LARGE]) == UPRIGHT
        assert corners(kept[SMALL]) == UPRIGHT

    @pytest.mark.parametrize("orientation", [0, 9, 77, 65_535])
    def test_an_orientation_that_does_not_exist_changes_nothing(self, orientation: int) -> None:
        exif = Image.Exif()
        exif[0x0112] = orientation
        assert corners(render(photo(exif=exif))[LARGE]) == UPRIGHT


class TestColours:
    @pytest.mark.parametrize("mode", ["CMYK", "L", "1", "P", "LA", "RGBA", "PA", "I;16", "YCbCr"])
    def test_every_mode_becomes_a_colour_picture(self, mode: str) -> None:
        picture = quarters((3300, 2000))
        kind = "jpeg" if mode in ("CMYK", "YCbCr") else "png"
        if mode == "I;16":
            stored = picture.convert("L").convert("I").point(lambda value: value * 257).convert("I;16")
        elif mode == "PA":
            stored = picture.convert("P")
            stored.info["transparency"] = 255
        else:
            stored = picture.convert(mode)
        with Image.open(BytesIO(render(photo(kind, picture=stored))[LARGE])) as shown:
            assert (shown.mode, shown.size) == ("RGB", (1600, 970))
            expected = picture.convert("1" if mode == "1" else "L").convert("L")
            for x in (0.25, 0.75):
                got = shown.convert("L").getpixel((int(1600 * x), 240))
                want = expected.getpixel((int(3300 * x), 500))
                if mode != "1":
                    assert abs(got - want) < 12

    @pytest.mark.parametrize("size", [(640, 480), (4000, 3000)])
    def test_transparent_becomes_white(self, size: tuple[int, int]) -> None:
        picture = quarters(size).convert("RGBA")
        picture.paste((0, 0, 0, 0), (0, 0, size[0] // 2, size[1]))
        with Image.open(BytesIO(render(photo("png", picture=picture))[LARGE])) as shown:
            assert min(shown.getpixel((20, 20))) > 250
            assert shown.getpixel((shown.width - 20, 20)) == pytest.approx(GREEN, abs=6)

    def test_a_transparent_colour_of_a_palette_or_of_grey(self) -> None:
        palette = quarters().quantize(8)
        red = palette.getpixel((10, 10))
        for picture, key in ((palette, red), (quarters().convert("L"), quarters().convert("L").getpixel((10, 10)))):
            with Image.open(BytesIO(render(photo("png", picture=picture, transparency=key))[LARGE])) as shown:
                assert min(shown.getpixel((50, 50))) > 245

    def test_a_colour_profile_is_applied_and_left_out(self) -> None:
        data = photo(icc_profile=swapped_profile(), quality=95)
        kept = render(data)[LARGE]
        with Image.open(BytesIO(kept)) as shown:
            assert shown.info.get("icc_profile") is None
            red, green = shown.getpixel((50, 50))[:2]
        assert green > red

    def test_a_damaged_profile_or_one_for_other_colours_is_left_out(self) -> None:
        lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
        for profile in (b"\0" * 400, swapped_profile()[:300], lab):
            assert corners(render(photo(icc_profile=profile))[LARGE]) == UPRIGHT

    @pytest.mark.parametrize("kind", ["png", "webp", "avif"])
    def test_of_an_animation_the_first_frame(self, kind: str) -> None:
        others = [Image.new("RGB", (800, 600), BLUE)] * 3
        data = photo(kind, save_all=True, append_images=others, duration=50)
        assert corners(render(data)[LARGE]) == UPRIGHT

    def test_of_several_pictures_in_one_jpeg_or_heif_the_first(self) -> None:
        other = Image.new("RGB", (800, 600), BLUE)
        for kind in ("mpo", "heif"):
            assert corners(render(photo(kind, save_all=True, append_images=[other]))[LARGE]) == UPRIGHT


class TestMetadata:
    SECRET = b"GEHEIM"

    def everything(self, kind: str) -> bytes:
        """A photo with whatever metadata the format can hold."""
        xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><GEHEIM-xmp/></x:xmpmeta>'
        data = photo(kind, orientation=6, gps=BERGEN, xmp=xmp, icc_profile=swapped_profile())
        if kind == "jpeg":
            for marker, body in (
                (0xFE, b"GEHEIM-opmerking"),
                (0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x0bGEHEIM-iptc"),
                (0xEF, b"GEHEIM-maker"),
            ):
                data = with_segment(data, marker, body)
            data += b"<html>GEHEIM-staart</html>"
        return data

    @pytest.mark.parametrize("kind", KINDS)
    def test_nothing_is_left(self, kind: str) -> None:
        data = self.everything(kind)
        assert self.SECRET in data
        for kept in render(data).values():
            assert self.SECRET not in kept
            assert set(segments(kept)) <= {0xE0, 0xDB, 0xC0, 0xC2, 0xC4, 0xDA, 0xDD}
            assert kept.endswith(b"\xff\xd9")
            with Image.open(BytesIO(kept)) as shown:
                assert not shown.getexif()
                assert set(shown.info) <= {
                    "jfif",
                    "jfif_version",
                    "jfif_unit",
                    "jfif_density",
                    "progressive",
                    "progression",
                }

    def test_text_of_a_png(self) -> None:
        data = photo("png")
        for kept in render(data[:33] + png_chunk(b"tEXt", b"Comment\0GEHEIM") + data[33:]).values():
            assert self.SECRET not in kept

    def test_a_heif_is_turned_by_its_container_alone(self) -> None:
        """A HEIF turns by its own property (MIAF); an EXIF orientation beside it must not turn it again."""
        data = photo("heif", exif=exif_of(orientation=6))
        assert b"irot" not in data
        assert corners(render(data)[LARGE]) == UPRIGHT


class TestRealPhotos:
    """On top of our own: photos of real cameras, where that folder stands beside the repository."""

    def test_each_is_shown_or_refused_in_words(self) -> None:
        for path in REAL:
            data = path.read_bytes()
            if path.name == "truncated_jpeg.jpg":
                with pytest.raises(PhotoRefused) as refused:
                    render(data)
                assert refused.value.code == "onvolledig"
                continue
            assert size_of(render(data)[SMALL])[0] <= 320

    def test_four_orientations_are_one_picture(self) -> None:
        shown = [render(path.read_bytes())[SMALL] for path in REAL if path.name.startswith("portrait_")]
        for data in shown[1:]:
            with Image.open(BytesIO(shown[0])) as first, Image.open(BytesIO(data)) as other:
                assert first.size == other.size
                pixels = zip(first.convert("L").tobytes(), other.convert("L").tobytes(), strict=True)
                assert sum(abs(a - b) for a, b in pixels) / (first.width * first.height) < 12

    def test_places(self) -> None:
        places = {path.name: inspect(path.read_bytes()).gps for path in REAL}
        known = {
            "DSCN0010.jpg": (11.8851, 43.4674),
            "IMG_5195.HEIC": (-94.2888, 39.0513),
            "htc-desire-gps.webp": (9.1103, 45.5007),
        }
        for name, place in places.items():
            expected = known.get(name)
            assert place == (pytest.approx(expected, abs=1e-3) if expected else None)
