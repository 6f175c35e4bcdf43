"""Pages and files travel compressed, and say so."""

import gzip

from flask.testing import FlaskClient

from meldingen.web.packing import MOST_PADDING, packed


def test_a_page_travels_compressed_for_who_can_read_it(client: FlaskClient) -> None:
    plain = client.get("/privacy")
    small = client.get("/privacy", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert small.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in plain.headers["Vary"] and "Accept-Encoding" in small.headers["Vary"]
    assert "<h1" in gzip.decompress(small.data).decode()
    assert len(small.data) * 2 < len(plain.data)
    assert small.content_length == len(small.data)


def test_what_is_small_travels_as_it_is(client: FlaskClient) -> None:
    assert "Content-Encoding" not in client.get("/gezond/leeft", headers={"Accept-Encoding": "gzip"}).headers


def test_the_length_of_a_page_tells_no_secret() -> None:
    """The same page has many lengths (BREACH)."""
    lengths = {len(packed(b"x" * 2000)) for _ in range(60)}
    assert len(lengths) > 10
    assert max(lengths) - min(lengths) <= MOST_PADDING
