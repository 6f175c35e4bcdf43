"""What strangers and files hand over is understood or refused by a sentence, whatever its bytes: phone numbers, JSON
bodies and files with things. Photos: tests/adapters/test_hostile_images.py; areas: test_areas.py; bodies over the
line: tests/api/test_multipart.py. The same examples every time; `pytest -m lang` takes others, and many more.
"""

import contextlib
import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from meldingen.domain.errors import InvalidInput
from meldingen.domain.object_files import read_objects
from meldingen.domain.phone import parse_phone

LONG = settings(settings.get_profile("domain"), derandomize=False, max_examples=20_000)
DIGITS = st.text("0123456789+-() ./\u00a0\u0660\u06f1\u2460xXtoel\x00", max_size=30)
COLUMNS = ("soort", "code", "naam", "categorie", "lon", "lat", "x", "y", "type", "features", "geometry", "coordinates")
CELLS = st.text(max_size=6) | st.sampled_from(
    ["4.7", "52.66", "108471", "NaN", "inf", "1e999", "-0", "", '"', "9" * 400]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | CELLS | st.sampled_from(["Feature", "FeatureCollection"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(COLUMNS), inner, max_size=5),
    max_leaves=15,
)


def csv_file(rows: list[list[str]], separator: str) -> bytes:
    """Rows under the names of columns that we know."""
    return "\n".join(separator.join(row) for row in [list(COLUMNS[:8]), *rows]).encode("utf-8", "surrogatepass")


FILES = st.one_of(
    st.binary(max_size=200),
    st.builds(csv_file, st.lists(st.lists(CELLS, max_size=9), max_size=4), st.sampled_from([",", ";", "\t"])),
    st.builds(lambda value: json.dumps(value).encode(), VALUES),
    st.builds(lambda value: json.dumps({"type": "FeatureCollection", "features": [value]}).encode(), VALUES),
)


def phone(written: str) -> None:
    """A number is E.164 or refused."""
    with contextlib.suppress(InvalidInput):
        assert parse_phone(written, field="telefoon").e164.startswith("+")


def objects(data: bytes) -> None:
    """Each thing is read or refused by name; a file that is none is refused whole."""
    with contextlib.suppress(InvalidInput):
        read_objects(data)


CASES: list[tuple[Callable[..., None], SearchStrategy[object]]] = [
    (phone, st.text(max_size=60) | DIGITS),
    (objects, FILES),
]


@pytest.mark.parametrize(("read", "drawn"), CASES, ids=["phone", "objects"])
def test_anything_is_read_or_refused(read: Callable[..., None], drawn: SearchStrategy[object]) -> None:
    given(drawn)(read)()


@pytest.mark.lang
@pytest.mark.parametrize(("read", "drawn"), CASES, ids=["phone", "objects"])
def test_anything_is_read_or_refused_for_long(read: Callable[..., None], drawn: SearchStrategy[object]) -> None:
    LONG(given(drawn)(read))()
