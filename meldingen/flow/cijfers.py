"""The report behind /cijfers and its CSV: the counts with their names, small ones hidden, shares and days made of them.

Reads only, for one gemeente. What each figure means: domain/cijfers.py; which counts are hidden: domain/suppression.py.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy.orm import Session

from ..domain.cijfers import COUNTS, FIGURES, Figure, Term
from ..domain.suppression import ENOUGH_TO_BLUR, hidden_in, hidden_in_both, is_small
from ..store import area, category, team
from ..store.reports_work import DESTROYED, LEVELS, count_work

REST: Final = "~"
"""After the code of a share: how many are not in it. They are hidden like any count."""
DAYS: Final = ("mediaan", "p90")


@dataclass(frozen=True)
class Shown:
    """One figure as people may see it. value None: nothing to count; hidden: a small count would be told."""

    value: int | None = None
    hidden: bool = False
    at_least: bool = False


NOTHING: Final = Shown()


@dataclass(frozen=True)
class Line:
    """One row: of a month or of the whole period (month None), at one level. code: stable, for the CSV."""

    level: str
    code: str
    name: str
    month: date | None
    values: Mapping[str, Shown]


@dataclass(frozen=True)
class Report:
    """One gemeente over one period: in all, per month, and both per level (parts, monthly) but `totaal`."""

    term: Term
    total: Line
    months: Sequence[Line]
    parts: Mapping[str, Sequence[Line]]
    monthly: Mapping[str, Sequence[Line]]

    @property
    def empty(self) -> bool:
        """Whether nothing happened in this period."""
        return all(shown == NOTHING or shown == Shown(0) for shown in self.total.values.values())


@dataclass
class _Cell:
    """The counts of one row and month, and which of them are hidden."""

    counts: dict[str, int] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)


def make_report(session: Session, gemeente_id: int, term: Term) -> Report:
    """The figures of this gemeente over these months. A fixed number of queries, whatever there is to count."""
    cells: dict[tuple[date | None, str], dict[Any, _Cell]] = defaultdict(lambda: defaultdict(_Cell))
    parents: dict[Any, Any] = {}
    for row in count_work(session, term, scope=[gemeente_id]):
        cells[row.month, row.level][row.key].counts.update(row.counts)
        if row.level == "categorie":
            parents[row.key] = row.parent
    names = _names(session, gemeente_id)
    keys: dict[str, list[Any]] = {}
    for level in LEVELS:
        found = {key for (_, at), rows in cells.items() if at == level for key in rows}
        keys[level] = sorted(found, key=lambda key: (key is None, names(level, key)[1], str(key)))
    for month in term.months:
        _protect({level: cells[month, level] for level in LEVELS}, keys, parents)

    def line(level: str, key: Any, month: date | None) -> Line:
        mine = [cells[one, level][key] for one in ([month] if month else term.months)]
        days = cells[month, level][key].counts
        code, name = names(level, key)
        return Line(level, code, name, month, {f.code: _show(f, mine, days, level) for f in FIGURES})

    divided = [level for level in LEVELS if level != "totaal"]
    return Report(
        term=term,
        total=line("totaal", None, None),
        months=[line("totaal", None, month) for month in term.months],
        parts={level: [line(level, key, None) for key in keys[level]] for level in divided},
        monthly={
            level: [
                line(level, key, month)
                for month in term.months
                for key in keys[level]
                if cells[month, level][key].counts
            ]
            for level in divided
        },
    )


def _protect(
    levels: Mapping[str, Mapping[Any, _Cell]], keys: Mapping[str, Sequence[Any]], parents: Mapping[Any, Any]
) -> None:
    """Marks what is hidden in one month. What cannot be hidden by hiding rows is hidden in the total too."""
    shares = {code: f.of[1] for f in FIGURES if f.unit == "aandeel" for code in f.of[:1]}
    for rows in levels.values():
        for cell in rows.values():
            for code, whole in shares.items():
                cell.counts[code + REST] = max(0, cell.counts.get(whole, 0) - cell.counts.get(code, 0))
    total = levels["totaal"][None]
    for code in (*COUNTS, *(code + REST for code in shares)):
        groups = {
            level: [(key, levels[level][key].counts.get(code, 0)) for key in keys[level]]
            for level in LEVELS
            if level != "totaal" and not (level == "team" and code.removesuffix(REST) in _NOT_PER_TEAM)
        }
        hidden_total = is_small(total.counts.get(code, 0))
        found = _hidden(groups, parents, hidden_total)
        if found is None:
            hidden_total, found = True, _hidden(groups, parents, True)
        assert found is not None, "behind a hidden total everything can be hidden"
        if hidden_total:
            total.hidden.add(code)
        for level, hidden in found.items():
            for key in hidden:
                levels[level][key].hidden.add(code)


_NOT_PER_TEAM: Final = {code for f in FIGURES if not f.per_team for code in (f.code, *f.of)}


def _hidden(
    groups: Mapping[str, Sequence[tuple[Any, int]]], parents: Mapping[Any, Any], hidden_total: bool
) -> dict[str, set[Any]] | None:
    """Per level the rows hidden for one figure; None when its total tells a small count whatever is hidden."""
    families: dict[Any, list[tuple[Any, int]]] = defaultdict(list)
    for key, count in groups["categorie"]:
        families[parents[key]].append((key, count))
    kinds = hidden_in_both(groups["hoofdcategorie"], families, total_hidden=hidden_total)
    if kinds is None:
        return None
    found = dict(zip(("hoofdcategorie", "categorie"), kinds, strict=True))
    for level, group in groups.items():
        if level not in found:
            hidden = hidden_in(group, total_hidden=hidden_total)
            if hidden is None:
                return None
            found[level] = hidden
    return found


def _show(figure: Figure, cells: Sequence[_Cell], days: Mapping[str, int], level: str) -> Shown:
    """One figure over these months: `days` holds the median and p90 of all of them together."""
    if level == "team" and not figure.per_team:
        return NOTHING
    if figure.unit == "aandeel":
        return _share(figure, cells)
    code = (figure.of[1] or "afgehandeld") if figure.unit == "werkdagen" else figure.code
    hidden = any(code in cell.hidden for cell in cells)
    shown = sum(cell.counts.get(code, 0) for cell in cells if code not in cell.hidden)
    if hidden and not shown:
        return Shown(hidden=True)
    if figure.unit == "werkdagen":
        return Shown(days.get(figure.code)) if shown else NOTHING
    return Shown(shown, at_least=hidden)


def _share(figure: Figure, cells: Sequence[_Cell]) -> Shown:
    """A whole percentage of the months whose count is shown; hidden when it would tell a small count."""
    part, whole = figure.of
    usable = [cell for cell in cells if whole not in cell.hidden and cell.counts.get(whole, 0)]
    below = sum(cell.counts[whole] for cell in usable)
    if not below:
        return Shown(hidden=any(whole in cell.hidden for cell in cells))
    above = sum(cell.counts.get(part, 0) for cell in usable)
    tells = any({part, part + REST} & cell.hidden for cell in usable)
    if below < ENOUGH_TO_BLUR and (tells or is_small(above) or is_small(below - above)):
        return Shown(hidden=True)
    return Shown((200 * above + below) // (2 * below))


def _names(session: Session, gemeente_id: int) -> Any:
    """A function from level and key to the stable code and the name of a row."""
    scope = [gemeente_id]
    categories = {c.id: c for c in category.all_categories_of(session, scope=scope)}
    teams = {t.id: t for t in team.every_team(session, scope=scope)}
    wijken = {a.code: a.name for a in area.every_area(session, scope=scope) if a.kind == "wijk"}

    def of(level: str, key: Any) -> tuple[str, str]:
        if level == "totaal":
            return "", "Alles"
        if key == DESTROYED:
            return DESTROYED, "Vernietigd, niet meer bekend"
        if level == "wijk":
            return key or "", wijken.get(key, key) or "In geen wijk"
        if level == "team":
            return (teams[key].slug, teams[key].name) if key else ("", "Nog geen team")
        if level == "kanaal":
            return key, CHANNEL_WORDS.get(key, key.removeprefix("partner: "))
        if key is None:
            return "", "Geen soort gekozen"
        chosen = categories[key]
        main = categories.get(chosen.parent_id) if chosen.parent_id else None
        own = f"{chosen.name} (zelf)" if level == "categorie" and main is None else chosen.name
        return chosen.slug, f"{main.name}: {chosen.name}" if main and level == "categorie" else own

    return of


CHANNEL_WORDS: Final = {
    "app": "App",
    "e_formulier": "E-formulier",
    "telefoon": "Telefoon",
    "balie": "Balie",
    "e_mail": "E-mail",
    "post": "Post",
    "social_media": "Social media",
    "eigen_waarneming": "Eigen waarneming",
    "partner": "Een andere app",
}
