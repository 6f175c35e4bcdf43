"""Any body in parts gets an answer below 500, whatever its boundaries, names and bytes; nothing of it breaks the door.

The same examples every time; `pytest -m lang` takes others, and many more.
"""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import photos
from tests.api.conftest import BASE, World

BOUNDED = settings(max_examples=40, derandomize=True, deadline=None, database=None)
LONG = settings(BOUNDED, max_examples=3000, derandomize=False)
MELDING = json.dumps({"locatie": {"type": "Point", "coordinates": [4.7, 52.66]}, "omschrijving": "tegel"}).encode()
PHOTO = photos.photo("jpeg", (40, 30))
NAMES = st.sampled_from(["melding", "foto", "fotos", "", "x", 'a"b', "\x00", "é"]) | st.text(max_size=5)
UNCLOSED = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""A part that ends in the middle is left to the garbage collector by the parser; it was in memory only."""
BODIES = st.one_of(
    st.sampled_from(
        [MELDING, MELDING[:-3], PHOTO, PHOTO[:200], b"", b"\r\n--grens\r\n", b"--grens--", b"{}", b"[" * 3000]
    ),
    st.binary(max_size=60),
)
ODD = st.sampled_from(
    [
        "Content-Transfer-Encoding: base64",
        "Content-Type: multipart/mixed; boundary=grens",
        "X: " + "y" * 9000,
        ":",
        "\x00",
    ]
)
FILE_NAMES = st.none() | st.sampled_from(["a.jpg", "", "../../x", "a" * 5000, 'a"b.jpg'])
PARTS = st.lists(st.tuples(NAMES, FILE_NAMES, BODIES, st.none() | ODD), max_size=7)
ENDS = st.sampled_from([b"--grens--\r\n", b"--grens", b"", b"--anders--\r\n"])


def whole(parts: list[tuple[str, str | None, bytes, str | None]], end: bytes) -> bytes:
    """The parts as they go over the line."""
    lines = []
    for name, file_name, body, odd in parts:
        file = "" if file_name is None else f'; filename="{file_name}"'
        head = [f'Content-Disposition: form-data; name="{name}"{file}', *([odd] if odd else [])]
        lines.append(b"--grens\r\n" + "\r\n".join(head).encode("utf-8", "surrogatepass") + b"\r\n\r\n" + body + b"\r\n")
    return b"".join(lines) + end


def explore(world: World, bounds: settings) -> None:
    """Sends what was drawn to the door of the API and to that of the form."""

    @bounds
    @given(
        PARTS,
        ENDS,
        st.sampled_from(
            ["multipart/form-data; boundary=grens", "multipart/form-data", 'multipart/form-data; boundary=""']
        ),
    )
    def each(parts: list[tuple[str, str | None, bytes, str | None]], end: bytes, kind: str) -> None:
        for path in (f"{BASE}/meldingen", "/melden/versturen"):
            answer = world.client().post(path, data=whole(parts, end), content_type=kind)
            assert answer.status_code < 500, (path, answer.status_code)

    each()


@UNCLOSED
def test_any_parts_get_an_answer(world: World) -> None:
    explore(world, BOUNDED)


@UNCLOSED
@pytest.mark.lang
def test_any_parts_get_an_answer_for_long(world: World) -> None:
    explore(world, LONG)
