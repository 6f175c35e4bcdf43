"""The figures of /cijfers: what each one counts, in a sentence that stands beside it, and how it is rounded.

One list for the page, the CSV and the tests (KPI-12). Not the counting (store/reports_work.py), nor which small numbers
are hidden (suppression.py).
"""

from collections.abc import Set as AbstractSet
from datetime import date, datetime
from typing import Final, Literal, NamedTuple

from .deadlines import NO_DAYS, count_werkdagen, due_at, is_werkdag, local_day, next_werkdag, shift_due, start_of

Unit = Literal["aantal", "aandeel", "werkdagen"]


class Figure(NamedTuple):
    """One figure. of: for a share, the counts above and below the line; for days, the count they are of, else
    afgehandeld. per_team: counted per team as well."""

    code: str
    name: str
    definition: str
    unit: Unit = "aantal"
    of: tuple[str, str] = ("", "")
    per_team: bool = True


class Term(NamedTuple):
    """A period of whole months, in Europe/Amsterdam: from the first day of `first` to the end of month `last`."""

    first: date
    last: date

    @property
    def begins_at(self) -> datetime:
        """The instant at which the first month begins."""
        return start_of(self.first)

    @property
    def ends_at(self) -> datetime:
        """The instant at which the last month has ended."""
        return start_of(next_month(self.last))

    @property
    def months(self) -> list[date]:
        """The first day of each month, oldest first."""
        found = [self.first]
        while found[-1] < self.last:
            found.append(next_month(found[-1]))
        return found

    @property
    def year_before(self) -> "Term":
        """The same months a year earlier."""
        return Term(self.first.replace(year=self.first.year - 1), self.last.replace(year=self.last.year - 1))


FIGURES: Final = (
    Figure(
        "ontvangen",
        "Ontvangen",
        "Meldingen die in deze maand binnenkwamen, ook als ze later zijn ingetrokken of doorverwezen. "
        "Van vernietigde meldingen weten wij alleen nog de maand en de soort.",
        per_team=False,
    ),
    Figure(
        "afgehandeld",
        "Afgehandeld",
        "Meldingen die in deze maand voor het laatst zijn afgehandeld en aan het eind van de maand niet weer open "
        "waren. "
        "Een melding telt één keer, ook als er meer opdrachten voor waren. Ingetrokken en doorverwezen tellen "
        "niet mee. "
        "De maand is die waarin wij de afhandeling ontvingen; het team is dat van de laatste opdracht.",
    ),
    Figure(
        "op_tijd",
        "Op tijd",
        "Deel van de afgehandelde meldingen dat klaar was binnen de eigen termijn, geteld vanaf de ontvangst. "
        "Werkdagen waarop wij op een antwoord van de melder wachtten, tellen niet mee. Streven: 95 %.",
        "aandeel",
        ("op_tijd", "afgehandeld"),
    ),
    Figure(
        "op_tijd_zonder_pauze",
        "Op tijd, wachten meegeteld",
        "Hetzelfde, maar de dagen waarop wij op een antwoord van de melder wachtten, tellen wel mee.",
        "aandeel",
        ("op_tijd_zonder_pauze", "afgehandeld"),
    ),
    Figure(
        "op_tijd_zonder_partij",
        "Op tijd, tijd bij partijen niet meegeteld",
        "Hetzelfde als 'Op tijd', maar ook de werkdagen waarop een externe partij de opdracht had, tellen niet mee. "
        "Zo ziet u wat van ons is en wat van de partij. De termijn voor de melder loopt gewoon door.",
        "aandeel",
        ("op_tijd_zonder_partij", "afgehandeld"),
    ),
    Figure(
        "dagen_bij_partij",
        "Werkdagen bij partijen, de helft",
        "Van de afgehandelde meldingen die bij een externe partij waren, was de helft daar zoveel werkdagen of "
        "korter. Na elkaar bij meer partijen telt samen.",
        "werkdagen",
        ("", "doorgezet"),
    ),
    Figure(
        "mediaan",
        "Werkdagen, de helft",
        "De helft van de afgehandelde meldingen was binnen zoveel werkdagen klaar. De dag van ontvangst telt niet mee. "
        "Feestdagen en sluitingsdagen van de gemeente zijn geen werkdag.",
        "werkdagen",
    ),
    Figure(
        "p90",
        "Werkdagen, 9 van de 10",
        "Van elke tien afgehandelde meldingen waren er negen binnen zoveel werkdagen klaar.",
        "werkdagen",
    ),
    Figure(
        "spoed",
        "Spoed",
        "Afgehandelde meldingen met gevaar, of waarvan een opdracht spoed had.",
    ),
    Figure(
        "spoed_op_tijd",
        "Spoed op tijd",
        "Deel van de afgehandelde spoed dat klaar was binnen de eigen termijn, wachten op de melder niet meegeteld.",
        "aandeel",
        ("spoed_op_tijd", "spoed"),
    ),
    Figure(
        "heropend",
        "Heropend",
        "Keren dat een melding die klaar was in deze maand weer open ging, omdat het niet was opgelost.",
    ),
    Figure(
        "doorverwezen",
        "Doorverwezen",
        "Meldingen die in deze maand binnenkwamen over een plek in een andere gemeente.",
        per_team=False,
    ),
    Figure(
        "doorgezet",
        "Door een andere partij",
        "Afgehandelde meldingen waarvoor een externe partij het werk deed, of die aan een andere partij zijn "
        "overgedragen.",
    ),
    Figure(
        "terugbellen",
        "Terugbelnotities",
        "Terugbelnotities waarvan de termijn van 2 werkdagen in deze maand afliep. Wie voor die tijd niet meer gebeld "
        "hoefde te worden, telt niet mee.",
        per_team=False,
    ),
    Figure(
        "gebeld_op_tijd",
        "Gebeld op tijd",
        "Deel van deze terugbelnotities waarbij wij de melder binnen de termijn spraken. Streven: 95 %, minstens 70 %.",
        "aandeel",
        ("gebeld_op_tijd", "terugbellen"),
        per_team=False,
    ),
    Figure(
        "gevraagd_opgelost",
        "Gevraagd: is het opgelost?",
        "Melders die in deze maand hoorden dat het is opgelost, per bericht, brief of telefoon. Daarbij vragen "
        "wij of dat zo is.",
    ),
    Figure(
        "antwoord_opgelost",
        "Antwoord op die vraag",
        "Antwoorden in deze maand, ook van wie gebeld is, als deel van wie het in deze maand gevraagd is. "
        "Een antwoord kan over een vraag van de vorige maand gaan; wie het verandert, telt bij de laatste keer.",
        "aandeel",
        ("antwoord_opgelost", "gevraagd_opgelost"),
    ),
    Figure(
        "ja_opgelost",
        "Ja, het is opgelost",
        "Deel van deze antwoorden dat ja is.",
        "aandeel",
        ("ja_opgelost", "antwoord_opgelost"),
    ),
    Figure(
        "gevraagd_uitleg",
        "Gevraagd: is onze uitleg duidelijk?",
        "Melders die in deze maand hoorden dat het niet is opgelost of bij een ander ligt. Daarbij vragen wij of "
        "de uitleg "
        "duidelijk is.",
    ),
    Figure(
        "antwoord_uitleg",
        "Antwoord op die vraag (uitleg)",
        "Antwoorden in deze maand als deel van wie het in deze maand gevraagd is.",
        "aandeel",
        ("antwoord_uitleg", "gevraagd_uitleg"),
    ),
    Figure(
        "ja_uitleg",
        "Ja, de uitleg is duidelijk",
        "Deel van deze antwoorden dat ja is.",
        "aandeel",
        ("ja_uitleg", "antwoord_uitleg"),
    ),
    Figure(
        "anoniem",
        "Anoniem",
        "Deel van de afgehandelde meldingen waarbij geen e-mailadres, telefoonnummer of ander adres van de melder "
        "bekend was.",
        "aandeel",
        ("anoniem", "afgehandeld"),
    ),
)

COUNTS: Final = tuple(
    dict.fromkeys(code for f in FIGURES for code in ((f.code,) if f.unit == "aantal" else f.of) if code)
)
"""Every count that a figure shows or is made of."""

ASKED_AFTER: Final = {
    "gereed": "opgelost",
    "niet_opgelost": "uitleg",
    "overgedragen": "uitleg",
    "blijft_gesloten": "uitleg",
}
"""The berichten that tell an end, and what a melder is asked after it (KLANTREIS step 9)."""

ROUNDING: Final = (
    "Aandelen zijn afgerond op hele procenten, dagen zijn hele werkdagen. Maanden beginnen om middernacht in Amsterdam."
)
HIDDEN: Final = (
    "< 5* betekent: minder dan 5, of verborgen omdat u anders een aantal onder de 5 kunt uitrekenen. "
    "In een totaal over meer maanden tellen verborgen aantallen niet mee; dan staat er 'minstens'."
)


def next_month(first: date) -> date:
    """The first day of the month after the one that begins on `first`."""
    return first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)


def last_months(today: date, count: int = 12) -> Term:
    """The month of `today` and those before it, `count` in all."""
    months = today.year * 12 + today.month - count
    return Term(date(months // 12, months % 12 + 1, 1), today.replace(day=1))


def lead_werkdagen(received_at: datetime, closed_at: datetime, closing_days: AbstractSet[date] = NO_DAYS) -> int:
    """How many werkdagen it took. The day of receipt is day 0; for a receipt in a weekend the next werkdag is."""
    received_on = local_day(received_at)
    if not is_werkdag(received_on, closing_days):
        received_on = next_werkdag(received_on, closing_days)
    return count_werkdagen(received_on, local_day(closed_at), closing_days)


def in_term(
    received_at: datetime,
    closed_at: datetime,
    term_days: int,
    paused_days: int,
    closing_days: AbstractSet[date] = NO_DAYS,
) -> bool:
    """Whether it was closed within its own term, moved on by `paused_days` werkdagen of waiting for the melder."""
    return closed_at < shift_due(due_at(received_at, term_days, closing_days), paused_days, closing_days)
