"""Which stored fields are about a person, what happens to them and after how many days; and what is never public.

Upkeep walks this table, tests compare it with the models. Not who may look: domain/actor.py (SEES_CONTACT). The
terms are defaults of ours within the selectielijst (5 years for what was carried out, 1 year for what was broken
off); a gemeente may set others.
"""

from typing import Final, Literal, NamedTuple

Kind = Literal["contact", "tekst", "plaats", "foto", "bericht", "medewerker", "inzage"]
Then = Literal["leegmaken", "verwijderen"]
Since = Literal["afgehandeld", "gemaakt", "klaar"]

CONTACT_DAYS: Final = 90
"""Contact data go this long after the melding is afgehandeld, so that a reopening still reaches the melder."""
CONTACT_MAX_DAYS: Final = 365
MESSAGE_DAYS: Final = 365
PHOTO_DAYS: Final = 365
UNREADABLE_PHOTO_DAYS: Final = 14
MELDING_DAYS: Final = 5 * 365 + 1
WITHDRAWN_DAYS: Final = 365
IDEMPOTENCY_DAYS: Final = 30
FOLLOW_LINK_DAYS: Final = 30


class PersonalField(NamedTuple):
    """One column that may hold something about a person.

    kind: what sort of thing. days: how long it stays, counted `since` the melding was afgehandeld, the row was
    made, or its work was done. then: the column is emptied, or the row goes.
    """

    table: str
    column: str
    kind: Kind
    days: int
    since: Since = "afgehandeld"
    then: Then = "leegmaken"


PERSONAL_FIELDS: Final = (
    PersonalField("contact", "name", "contact", CONTACT_DAYS, then="verwijderen"),
    PersonalField("contact", "email", "contact", CONTACT_DAYS, then="verwijderen"),
    PersonalField("contact", "phone", "contact", CONTACT_DAYS, then="verwijderen"),
    PersonalField("melding", "description", "tekst", MELDING_DAYS, then="verwijderen"),
    PersonalField("melding", "answers", "tekst", MELDING_DAYS, then="verwijderen"),
    PersonalField("melding", "location", "plaats", MELDING_DAYS, then="verwijderen"),
    PersonalField("melding", "location_note", "plaats", MELDING_DAYS, then="verwijderen"),
    PersonalField("melding", "address", "plaats", MELDING_DAYS, then="verwijderen"),
    PersonalField("opdracht", "location_note", "plaats", MELDING_DAYS),
    PersonalField("opdracht", "address", "plaats", MELDING_DAYS),
    PersonalField("note", "text", "tekst", MELDING_DAYS),
    PersonalField("closure", "reason", "tekst", MELDING_DAYS),
    PersonalField("closure", "sentence", "tekst", MELDING_DAYS),
    PersonalField("melding_opdracht", "reason", "tekst", MELDING_DAYS),
    PersonalField("photo", "upload_key", "foto", UNREADABLE_PHOTO_DAYS, since="gemaakt"),
    PersonalField("photo", "small_key", "foto", PHOTO_DAYS, then="verwijderen"),
    PersonalField("photo", "large_key", "foto", PHOTO_DAYS, then="verwijderen"),
    PersonalField("delivery", "address", "bericht", CONTACT_DAYS, since="klaar"),
    PersonalField("delivery", "subject", "bericht", MESSAGE_DAYS, since="klaar"),
    PersonalField("delivery", "text", "bericht", MESSAGE_DAYS, since="klaar"),
    PersonalField("delivery", "html", "bericht", MESSAGE_DAYS, since="klaar"),
    PersonalField("terugbelnotitie", "words", "bericht", MESSAGE_DAYS, since="klaar"),
    PersonalField("terugbelnotitie", "result", "bericht", MESSAGE_DAYS, since="klaar"),
    PersonalField("contact_view", "account_id", "inzage", MELDING_DAYS, since="gemaakt", then="verwijderen"),
    PersonalField("account", "name", "medewerker", MELDING_DAYS, since="klaar"),
    PersonalField("account", "username", "medewerker", MELDING_DAYS, since="klaar"),
)

NEVER_PUBLIC_MAIN: Final = frozenset({"overlast"})
"""Main categories about persons and neighbours, whole."""

NEVER_PUBLIC: Final = frozenset(
    {
        "drugs-of-drank",
        "gevaarlijk-afval",
        "lichthinder-in-huis",
        "minicontainer-niet-geleegd",
        "naalden-of-spuiten",
        "overlast-van-personen",
        "ratten",
        "riool-bij-woning",
    }
)
"""Sub categories about persons, drugs, homes and neighbours in other main categories."""


def is_public_category(slug: str, main_slug: str | None, *, public: bool) -> bool:
    """Whether meldingen of this category may be on a public map or list (KLANTREIS rule 11).

    public: the gemeente's own choice; it may keep more private, never make public what is about persons.
    """
    return public and main_slug not in NEVER_PUBLIC_MAIN and slug not in NEVER_PUBLIC_MAIN | NEVER_PUBLIC
