"""Jinja as our pages use it. What templates know by name is given by each module's `init_app`, not here."""

from collections.abc import MutableMapping
from typing import Any

from flask.templating import Environment


class PageEnvironment(Environment):
    """Every template knows the same names, given before the first page and never changed after it: one plain dict.

    Jinja would lay a ChainMap of its own over them for each template, and walk it name by name in Python at each import
    of a component: nine of them for one volgpagina.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The names of all templates; with names of its own (we have none) as Jinja does it."""
        return super().make_globals(d) if d else self.globals
