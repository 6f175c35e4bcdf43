"""PDOK Locatieserver 3.1, or a service that speaks its protocol: suggest, lookup, free and reverse over HTTP.

Each answer within two seconds of all together, the name lookup and a server that drips included: the call runs in a
thread of ours, and who asked stops waiting. At most four calls at once. Redirects are not followed. Nothing is
remembered here: careful_geocoder.py does that.
"""

import json
import re
import threading
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import requests

from ..domain.areas import normal_code
from ..domain.errors import DomainError
from ..domain.intake import MAX_ADDRESS, parse_location
from .failures import TemporaryFailure
from .geocoder import MOST_FOUND, NEAR_M, Address, FoundAddress

TIMEOUT_S = 2.0
AT_ONCE = 4
LARGEST_ANSWER = 256 * 1024
KINDS: Final = "type:(adres OR weg)"
FIELDS: Final = "id,type,weergavenaam,gemeentecode,centroide_ll"
_POINT: Final = re.compile(r"POINT ?\( ?(-?[0-9.]{1,20}) +(-?[0-9.]{1,20}) ?\)")


class PdokGeocoder:
    """One Locatieserver at `base_url`: https://api.pdok.nl/bzk/locatieserver/search/v3_1 in production."""

    searches = True

    def __init__(self, base_url: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self._base = base_url.rstrip("/")
        self._timeout_s = timeout_s
        self._callers = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="adres")
        self._of_thread = threading.local()

    def address_at(self, lon: float, lat: float) -> Address | None:
        """The nearest address; TemporaryFailure on time-out, error or an answer that is not the protocol's."""
        asked = {
            "lat": f"{lat:.7f}",
            "lon": f"{lon:.7f}",
            "type": "adres",
            "rows": "1",
            "distance": str(NEAR_M),
            "fl": "weergavenaam,afstand",
        }
        found = self._ask("reverse", asked)
        if not found:
            return None
        try:
            return Address(_text(found[0]), float(found[0].get("afstand", 0)))
        except (TypeError, ValueError) as error:
            raise _strange(error) from error

    def suggest(self, words: str, *, codes: Collection[str]) -> Sequence[FoundAddress]:
        """GET /suggest; what comes without its point is looked up, for the first one only."""
        found = self._ask("suggest", self._search(words, codes))
        if found and "centroide_ll" not in found[0] and "id" in found[0]:
            found = self._ask("lookup", {"id": str(found[0]["id"]), "fl": FIELDS})
        return _places(found, codes)

    def find(self, words: str, *, codes: Collection[str]) -> Sequence[FoundAddress]:
        """GET /free."""
        return _places(self._ask("free", self._search(words, codes)), codes)

    def _search(self, words: str, codes: Collection[str]) -> dict[str, Any]:
        within = " OR ".join(sorted(code.removeprefix("GM") for code in codes))
        return {"q": words, "rows": str(MOST_FOUND), "fl": FIELDS, "fq": [KINDS, f"gemeentecode:({within})"]}

    def _ask(self, path: str, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The documents of one answer; none for a question the server refuses to understand (400)."""
        call = self._callers.submit(self._call, path, asked)
        try:
            return call.result(timeout=self._timeout_s)
        except TimeoutError as error:
            call.cancel()
            raise TemporaryFailure(f"geocoder: geen antwoord binnen {self._timeout_s:g} s") from error
        except (requests.RequestException, OSError, ValueError, LookupError, TypeError, RecursionError) as error:
            raise _strange(error) from error

    def _call(self, path: str, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
        with self._line().get(
            f"{self._base}/{path}", params=asked, timeout=self._timeout_s, allow_redirects=False, stream=True
        ) as answer:
            if answer.status_code == requests.codes.bad_request:
                return []
            if answer.status_code != requests.codes.ok:
                raise requests.HTTPError(f"status {answer.status_code}")
            body = answer.raw.read(LARGEST_ANSWER + 1, decode_content=True)
        if len(body) > LARGEST_ANSWER:
            raise ValueError("more than anyone needs")
        found = json.loads(body)["response"]["docs"]
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise ValueError("no list of documents")
        return found

    def _line(self) -> requests.Session:
        """The open connection of this thread: a suggestion per letter should not shake hands each time."""
        if not hasattr(self._of_thread, "session"):
            self._of_thread.session = requests.Session()
        session: requests.Session = self._of_thread.session
        return session


def point_of(written: object) -> tuple[float, float] | None:
    """Longitude and latitude of `POINT(lon lat)` (LOC-02); None for anything else, or for no place of ours."""
    found = _POINT.fullmatch(written.strip()) if isinstance(written, str) else None
    if found is None:
        return None
    try:
        place = parse_location(float(found[1]), float(found[2]), source="adres")
    except (ValueError, DomainError):
        return None
    return place.lon, place.lat


def _places(found: Sequence[Mapping[str, Any]], codes: Collection[str]) -> list[FoundAddress]:
    """The documents that are a place in one of our gemeenten: a server may pass over what it was asked."""
    places = []
    for one in found[:MOST_FOUND]:
        point = point_of(one.get("centroide_ll"))
        elsewhere = "gemeentecode" in one and normal_code("gemeente", one["gemeentecode"]) not in codes
        if point and not elsewhere and (text := _text(one)):
            places.append(FoundAddress(text, *point, whole_street=one.get("type") == "weg"))
    return places


def _text(found: Mapping[str, Any]) -> str:
    """What it is called; without what breaks a line."""
    return " ".join(str(found.get("weergavenaam", "")).split())[:MAX_ADDRESS]


def _strange(error: Exception) -> TemporaryFailure:
    return TemporaryFailure(f"geocoder: {type(error).__name__}")
