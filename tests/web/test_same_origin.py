"""Whose form was sent: our own page's, another website's, or that of a browser that does not say (SEC-06)."""

import pytest

from meldingen.web.melden.same_origin import is_same_origin

HOST = "meldingen.duinstede.nl"


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "iets-nieuws"}, False),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, True),
        ({"Sec-Fetch-Site": "cross-site", "Origin": f"https://{HOST}"}, False),
        ({"Origin": f"https://{HOST}"}, True),
        ({"Origin": f"https://{HOST.upper()}"}, True),
        ({"Origin": "https://www.duinstede.nl"}, False),
        ({"Origin": f"https://{HOST}.boef.nl"}, False),
        ({"Origin": f"https://boef.nl/{HOST}"}, False),
        ({"Origin": f"https://{HOST}@boef.nl"}, False),
        ({"Origin": f"https://{HOST}:8443"}, False),
        ({"Origin": "https://[kapot"}, False),
        ({"Origin": "null"}, True),
        ({}, True),
    ],
)
def test_only_evidence_of_another_website_refuses(headers: dict[str, str], ours: bool) -> None:
    assert is_same_origin(headers, HOST) is ours


def test_our_own_port_counts() -> None:
    assert is_same_origin({"Origin": "http://127.0.0.1:8000"}, "127.0.0.1:8000")
    assert not is_same_origin({"Origin": "http://127.0.0.1:9000"}, "127.0.0.1:8000")
