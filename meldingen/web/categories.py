"""Categories as the forms of melder, KCC and team offer them. Which there are: store/category.py."""

from collections.abc import Sequence

from flask import request

from ..auth import Visit
from ..store.category import Category, category_by_slug
from .layout import Sender
from .taal import translate


def category_groups(categories: Sequence[Category]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The options of the category field: each main category with its subs; one without subs stands alone."""
    mains = [c for c in categories if c.parent_id is None]
    groups: list[tuple[str, list[tuple[str, str]]]] = []
    for main in mains:
        subs = [(c.slug, translate(c.name)) for c in categories if c.parent_id == main.id]
        name = translate(main.name)
        groups.append((name, subs) if subs else ("", [(main.slug, name)]))
    return groups


def asked_category(here: Visit, sender: Sender | None) -> Category | None:
    """The category in the address, of this gemeente."""
    slug = request.args.get("categorie", "")
    scope = [sender.id] if sender else []
    return category_by_slug(here.session, slug, scope=scope) if slug and "\x00" not in slug else None
