"""Categories as the forms of melder, KCC and team offer them. Which there are: store/category.py."""

from collections.abc import Sequence

from flask import request

from ..auth import Visit
from ..store.category import Category, CategoryName, category_by_slug
from .layout import Sender
from .taal import translate


def category_groups(
    categories: Sequence[Category] | Sequence[CategoryName],
) -> list[tuple[str, list[tuple[str, str]]]]:
    """The options of the category field: each main category with its subs; one without subs stands alone."""
    options: dict[int | None, list[tuple[int, tuple[str, str]]]] = {}
    for one in categories:
        options.setdefault(one.parent_id, []).append((one.id, (one.slug, translate(one.name))))
    groups: list[tuple[str, list[tuple[str, str]]]] = []
    for main_id, main in options.get(None, []):
        subs = [option for _, option in options.get(main_id, [])]
        groups.append((main[1], subs) if subs else ("", [main]))
    return groups


def asked_category(here: Visit, sender: Sender | None) -> Category | None:
    """The category in the address, of this gemeente."""
    slug = request.args.get("categorie", "")
    scope = [sender.id] if sender else []
    return category_by_slug(here.session, slug, scope=scope) if slug and "\x00" not in slug else None
