"""What beheer changes in a category: what is said first, advice, words to find it by, whether it is public and in use.

Terms of keeping: terms.py. What it costs and who does the work is not changed here. Old meldingen keep theirs.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy.orm import Session

from ..domain.actor import BEHEER, Actor
from ..domain.beforehand import Beforehand, check_beforehand
from ..domain.errors import FieldError, InvalidInput, NotFound, Stale, gathered
from ..domain.privacy import is_public_category
from ..domain.text import clean_text
from ..store import category, gemeente, journal
from ..store.category import OTHER, Category
from .library import category_defaults

MAX_HINT: Final = 300
MAX_SYNONYM: Final = 60
MAX_EXAMPLE: Final = 200
MOST_WORDS: Final = 200
CHANGED: Final = "categorie_gewijzigd"
NOTHING_FIRST: Final = Beforehand()


@dataclass(frozen=True)
class CategoryWords:
    """What beheer may change of one category. synonyms, examples: one per line as they are typed."""

    hint: str = ""
    synonyms: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    beforehand: Beforehand = NOTHING_FIRST
    public: bool = False
    active: bool = True


def words_of(row: Category) -> CategoryWords:
    """A category as it is now."""
    return CategoryWords(
        hint=row.hint,
        synonyms=tuple(row.synonyms),
        examples=tuple(row.examples),
        beforehand=Beforehand(**row.beforehand),
        public=row.public,
        active=row.active,
    )


def our_words(row: Category, now: CategoryWords) -> CategoryWords | None:
    """The words we ship for this category, the switches as they are now; None for one of the gemeente's own."""
    ours = category_defaults().get(row.slug)
    if ours is None:
        return None
    first = Beforehand(**ours.get("beforehand", {}))
    return replace(
        now,
        hint=ours.get("hint", ""),
        synonyms=tuple(ours["synonyms"]),
        examples=tuple(ours["examples"]),
        beforehand=first,
    )


def mark_of(words: CategoryWords) -> str:
    """A short mark of a category as somebody saw it, so that he overwrites nothing another kept meanwhile."""
    return hashlib.sha256(json.dumps(asdict(words), sort_keys=True).encode()).hexdigest()[:16]


def read_words(form: Mapping[str, Any]) -> CategoryWords:
    """What beheer typed, cleaned. Raises InvalidInput with every mistake at once, by the names of the form."""
    wrong: list[FieldError] = []
    hint = partial(clean_text, str(form.get("raad", "")), field="raad", max_length=MAX_HINT)
    first = {
        "text": form.get("tekst", ""),
        "link": form.get("link", ""),
        "link_words": form.get("link_tekst", ""),
        "phone": form.get("telefoon", ""),
        "stops": form.get("stopt") == "ja",
    }
    read = CategoryWords(
        beforehand=gathered(wrong, partial(check_beforehand, first), NOTHING_FIRST),
        hint=gathered(wrong, hint, ""),
        synonyms=gathered(wrong, partial(_lines, str(form.get("woorden", "")), "woorden", MAX_SYNONYM), ()),
        examples=gathered(wrong, partial(_lines, str(form.get("voorbeelden", "")), "voorbeelden", MAX_EXAMPLE), ()),
        public=form.get("openbaar") == "ja",
        active=form.get("in_gebruik") == "ja",
    )
    if wrong:
        raise InvalidInput.gather(wrong)
    return read


def _lines(written: str, field: str, longest: int) -> tuple[str, ...]:
    cleaned = (clean_text(line, field=field, max_length=longest) for line in written.splitlines())
    kept = tuple(dict.fromkeys(line for line in cleaned if line))
    if len(kept) > MOST_WORDS:
        raise InvalidInput.of(field, "te_veel", f"Er passen {MOST_WORDS} regels in.")
    return kept


def may_be_public(session: Session, row: Category) -> bool:
    """Whether beheer may make it public: never what is about persons, drugs or neighbours (KLANTREIS rule 11)."""
    main = category.main_of(session, row, scope=[row.gemeente_id])
    return is_public_category(row.slug, main.slug if main is not row else None, public=True)


def change_category(
    session: Session, gemeente_id: int, slug: str, words: CategoryWords, *, seen: str, actor: Actor, now: datetime
) -> Category:
    """Keeps what beheer wrote, with effect at once. seen: the mark of what was shown.

    Raises Forbidden, NotFound, Stale when somebody was first, InvalidInput for what this category may not be. The same
    words change nothing.
    """
    actor.require_role(gemeente_id, BEHEER)
    gemeente.lock_gemeente(session, scope=[gemeente_id])
    row = find_category(session, gemeente_id, slug)
    before = words_of(row)
    if mark_of(before) != seen:
        raise Stale("intussen_gewijzigd", "Iemand anders heeft deze soort intussen gewijzigd. Kijk eerst wat er staat.")
    _check_switches(session, row, words)
    told = [name for name, value in asdict(words).items() if value != asdict(before)[name]]
    if not told:
        return row
    row.hint, row.public, row.active = words.hint, words.public, words.active
    row.synonyms, row.examples = list(words.synonyms), list(words.examples)
    row.beforehand = words.beforehand.kept()
    facts = {"category_id": row.id, "fields": told}
    journal.record(session, CHANGED, gemeente_id=gemeente_id, actor=actor, now=now, facts=facts)
    session.flush()
    return row


def find_category(session: Session, gemeente_id: int, slug: str) -> Category:
    """A category of this gemeente, in use or not. Raises NotFound."""
    rows = category.all_categories_of(session, scope=[gemeente_id])
    found = next((row for row in rows if row.slug == slug), None)
    if found is None:
        raise NotFound("categorie_onbekend", "Deze soort kennen wij niet.")
    return found


def _check_switches(session: Session, row: Category, words: CategoryWords) -> None:
    wrong = []
    if words.public and not may_be_public(session, row):
        wrong.append(FieldError("openbaar", "nooit_openbaar", "Deze soort gaat over mensen en is nooit openbaar."))
    if not words.active and row.slug == OTHER:
        wrong.append(FieldError("in_gebruik", "onmisbaar", "Deze soort is nodig voor wie niets kiest."))
    family = [one for one in category.all_categories_of(session, scope=[row.gemeente_id]) if one.active]
    if not words.active and any(one.parent_id == row.id for one in family):
        wrong.append(FieldError("in_gebruik", "heeft_soorten", "Zet eerst de soorten uit die hieronder vallen."))
    if words.active and row.parent_id is not None and row.parent_id not in {one.id for one in family}:
        wrong.append(FieldError("in_gebruik", "hoofdsoort_uit", "Zet eerst de hoofdsoort aan."))
    if words.beforehand.stops and row.slug == OTHER:
        wrong.append(FieldError("stopt", "onmisbaar", "Deze soort is nodig voor wie niets kiest."))
    if wrong:
        raise InvalidInput.gather(wrong)
