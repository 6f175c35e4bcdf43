"""Whose place is it: which gemeente a melding belongs to, what is odd about it (KLANTREIS rule 6), and its address."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from ..adapters.failures import TemporaryFailure
from ..adapters.geocoder import FoundAddress, Geocoder
from ..domain.actor import KCC, Actor
from ..domain.errors import InvalidInput
from ..domain.intake import Location
from ..domain.sentence import say
from ..store import gemeente
from ..store.homes import AreaAt, GemeenteAt, Home, home_of, homes_at

BORDER_CASE = "grensgeval"
OUTSIDE = "buiten_grens"
DEFAULT_MARGIN_M = 100


@dataclass(frozen=True)
class Placed:
    """A place in the gemeente that takes the melding. referred_to: the neighbour it really lies in, not served here.

    flags: `grensgeval` on or just over a border, `buiten_grens` when no border covers the place at all.
    """

    home: Home
    flags: tuple[str, ...] = ()
    referred_to: str = ""

    @property
    def gemeente(self) -> GemeenteAt:
        """The one that takes it."""
        return self.home.gemeente

    @property
    def wijk(self) -> AreaAt | None:
        """The wijk at the place."""
        return self.home.wijk

    @property
    def buurt(self) -> AreaAt | None:
        """The buurt at the place."""
        return self.home.buurt


def place_melding(
    session: Session,
    location: Location,
    named: str | None,
    *,
    actor: Actor,
    note: str = "",
    category_slug: str | None = None,
    draw: bool = False,
) -> Placed:
    """Decides the gemeente of a place, and finds what it says of this category, when one was chosen.

    named: slug of the one the request addressed. draw: a number too, for a melding that is to be stored. Raises
    InvalidInput on field `gemeente` (unknown) or `locatie` (too far out). The KCC may, with a note.
    """
    here = homes_at(session, location.lon, location.lat, category_slug=category_slug, draw=draw)
    served = [home for home in here if home.gemeente.served]
    mine = next((home for home in served if home.gemeente.slug == named), served[0] if served else None)
    addressed: gemeente.Gemeente | None = None
    if named and (mine is None or mine.gemeente.slug != named):
        addressed = gemeente.gemeente_by_slug(session, named)
        if addressed is None:
            raise InvalidInput.of("gemeente", "onbekend", "Deze gemeente kennen wij niet.")
    if mine is not None:
        return Placed(mine, flags=(BORDER_CASE,) if len(here) > 1 else ())
    nearest = gemeente.nearest_served(session, location.lon, location.lat)
    if nearest is None:
        raise InvalidInput.of("locatie", "geen_gebied", "Wij weten nog niet welk gebied bij onze gemeente hoort.")
    closest, metres = nearest

    def taken_by(owner: gemeente.Gemeente, *flags: str, referred_to: str = "") -> Placed:
        return Placed(home_of(session, owner.id, category_slug=category_slug, draw=draw), flags, referred_to)

    if here:
        return taken_by(addressed or closest, referred_to=here[0].gemeente.name)
    if metres <= int(closest.policy.get("border_margin_m", DEFAULT_MARGIN_M)):
        return taken_by(closest, BORDER_CASE, OUTSIDE)
    owner = addressed or closest
    if actor.has_role(owner.id, KCC):
        if not note:
            raise InvalidInput.of(
                "notitie",
                "notitie_nodig",
                "Deze plaats ligt buiten de gemeente. Schrijf erbij waarom u hem toch opslaat.",
            )
        return taken_by(owner, OUTSIDE)
    names = " of ".join(g.name for g in gemeente.served_gemeenten(session))
    raise InvalidInput.of(
        "locatie",
        "buiten_gebied",
        say(
            "Deze plaats ligt niet in %(gemeenten)s. Meld het bij de gemeente waar het is, of kies de plaats opnieuw.",
            gemeenten=names,
        ),
    )


def address_at(geocoder: Geocoder, lon: float, lat: float) -> str:
    """The address at a place when a geocoder is configured and in a good mood; never a reason to fail (LOC-01).

    Ask before the first query of a request: no connection should wait for it. Never asked at intake.
    """
    try:
        found = geocoder.address_at(lon, lat)
    except TemporaryFailure:
        return ""
    return found.text if found else ""


def suggest_addresses(geocoder: Geocoder, words: str, *, codes: Collection[str]) -> Sequence[FoundAddress] | None:
    """What somebody may mean who is typing `words` (domain/address.py), in the gemeenten with these CBS codes.

    None: nobody can tell now, so let people give the place in another way (LOC-01). As address_at: before the first
    query.
    """
    return _asked(geocoder, geocoder.suggest, words, codes)


def find_addresses(geocoder: Geocoder, words: str, *, codes: Collection[str]) -> Sequence[FoundAddress] | None:
    """As suggest_addresses, for who is done typing."""
    return _asked(geocoder, geocoder.find, words, codes)


def _asked(
    geocoder: Geocoder, ask: Callable[..., Sequence[FoundAddress]], words: str, codes: Collection[str]
) -> Sequence[FoundAddress] | None:
    if not geocoder.searches:
        return None
    if not words or not codes:
        return ()
    try:
        return ask(words, codes=codes)
    except TemporaryFailure:
        return None
