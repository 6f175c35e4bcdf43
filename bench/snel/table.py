"""One row of "Hoe snel", the way each is judged, and the table: for a terminal or for README."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.load import Heard

from .baselines import Yardstick
from .gauges import Cost
from .ground import Ground

HEAD = (
    "wat", "gemeten", "doel", "oordeel", "maatstaf", "verhouding", "p50 / p95 / p99 ms", "CPU ms: app + db", "queries",
    "rustig", "anderen",
)  # fmt: skip


@dataclass
class Row:
    """What was measured. figure: in `unit`; target: its least (or, with `at_most`, its most); 0: no target.

    yardstick: with what it is compared, `ratio` to be at least `ratio_target`. peers: what others reached.
    operations: how many the cost is of, when nothing was heard.
    """

    name: str
    figure: float
    unit: str
    target: float = 0.0
    at_most: bool = False
    yardstick: Yardstick | None = None
    ratio_target: float = 0.0
    heard: Heard | None = None
    cost: Cost | None = None
    queries: float = 0.0
    operations: int = 0
    p99_target: float = 0.0
    peers: str = ""
    note: str = ""
    wrong: list[str] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """The figure as a part of its yardstick."""
        return self.figure / self.yardstick.per_s if self.yardstick and self.yardstick.per_s else 0.0

    @property
    def quiet(self) -> bool:
        """Whether nobody else was on the machine, here and at the yardstick."""
        return (self.cost is None or self.cost.quiet) and (self.yardstick is None or self.yardstick.quiet)

    def verdict(self) -> str:
        """`gehaald`, or what was not; a ledger that is wrong goes before everything."""
        if self.wrong:
            return "FOUT: " + "; ".join(self.wrong)
        short = []
        if self.target and (self.figure > self.target if self.at_most else self.figure < self.target):
            short.append("cijfer")
        if self.ratio_target and self.yardstick and self.ratio < self.ratio_target:
            short.append("verhouding")
        if self.p99_target and self.heard and self.heard.percentile(99) > self.p99_target:
            short.append("p99")
        if not (self.target or self.ratio_target):
            return "–"
        return "gehaald" if not short else "niet gehaald: " + ", ".join(short)

    def cells(self) -> list[str]:
        """In the order of HEAD."""
        times = "–"
        if self.heard and self.heard.took_ms:
            times = " / ".join(f"{self.heard.percentile(which):.1f}" for which in (50, 95, 99))
        cpu, foreign = "–", "–"
        done = self.operations or (len(self.heard.took_ms) if self.heard else 0)
        if self.cost is not None and done:
            cpu = f"{self.cost.ms_per(done, 'website', 'werkers'):.2f} + {self.cost.ms_per(done, 'database'):.2f}"
        if self.cost is not None:
            foreign = f"{self.cost.foreign:.0%}"
        stick = f"{self.yardstick.name} {dutch(self.yardstick.per_s)}/s" if self.yardstick else "–"
        ratio = (
            f"{self.ratio:.3f}" + (f" (≥ {self.ratio_target})" if self.ratio_target else "") if self.yardstick else "–"
        )
        return [
            self.name + (f" ({self.note})" if self.note else ""),
            f"{dutch(self.figure)} {self.unit}",
            f"{'≤' if self.at_most else '≥'} {dutch(self.target)} {self.unit}" if self.target else "–",
            self.verdict(),
            stick,
            ratio,
            times,
            cpu,
            f"{self.queries:.1f}" if self.queries else "–",
            "ja" if self.quiet else "nee",
            foreign,
        ]


@dataclass(frozen=True)
class Plan:
    """How a run measures: seconds per row, connections, and the seed of everything drawn."""

    seconds: float
    connections: int
    seed: int


Measure = Callable[[Ground, Plan, "Sticks"], Sequence[Row]]


@dataclass
class Sticks:
    """The yardsticks of this run, each measured when it is first asked for."""

    ground: Ground
    seconds: float
    _known: dict[str, Yardstick] = field(default_factory=dict)

    def get(self, measure: Callable[[Ground, float], Yardstick]) -> Yardstick:
        """The yardstick that this function measures."""
        name = measure.__name__
        if name not in self._known:
            self._known[name] = measure(self.ground, self.seconds)
        return self._known[name]

    def all(self) -> list[Yardstick]:
        """Those that were measured."""
        return list(self._known.values())


def dutch(number: float) -> str:
    """A figure as people here write it: 1.250, 12,5, 0,14."""
    text = f"{number:,.0f}" if number >= 100 else f"{number:.1f}" if number >= 10 else f"{number:.3g}"
    return text.translate(str.maketrans(",.", ".,"))


def as_table(rows: Sequence[Sequence[str]], head: Sequence[str]) -> str:
    """Markdown, with columns lined up for who reads it in a terminal."""
    widths = [max(len(line[n]) for line in (head, *rows)) for n in range(len(head))]
    lines = [[cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in (head, *rows)]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def for_readme(rows: Sequence[Row]) -> str:
    """The four columns of README: what, target, measured, peers."""
    return as_table([_readme_line(row) for row in rows], ("wat", "doel", "gemeten", "Signalen / Amsterdam"))


def _readme_line(row: Row) -> list[str]:
    what, measured, target, verdict = row.cells()[:4]
    if row.yardstick and row.ratio_target:
        target += f"; {dutch(row.ratio_target)} van {row.yardstick.name}"
        measured += f"; {dutch(round(row.ratio, 2))} van {row.yardstick.name}"
    if row.p99_target and row.heard:
        target += f"; p99 ≤ {dutch(row.p99_target)} ms"
        measured += f"; p99 {dutch(row.heard.percentile(99))} ms"
    return [what, target, measured + ("" if verdict in ("gehaald", "–") else f" ({verdict})"), row.peers or "–"]
