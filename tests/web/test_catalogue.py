"""Every text for residents stands in the catalogue, in Dutch that people understand, and wholly in English too."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from jinja2 import Environment

from meldingen import cli_taal
from meldingen.domain.readability import hints_for
from meldingen.flow import library

TEMPLATES = Path(cli_taal.ROOT) / "web" / "templates"
STAFF = ("werk/", "onderweg/", "inloggen", "postvak.html")
SPOKEN = re.compile(r'\b(?:aria-label|alt|title|placeholder|content|value)="([^"\x00]*[^\W\d_]{2,} [^"\x00]*)"')
NAME = re.compile(r'<(code)\b.*?</code>|<a [^>]*lang="nl">.*?</a>', re.DOTALL)
"""What is the same in each language: a name of ours, and the Dutch name of an organisation, marked as Dutch."""
ALLOWED = ("light dark", " vastgelopen", " te doen", " te laat", "Uitloggen")
"""What only a browser or a medewerker reads, on a template of both."""
TAG = re.compile(r"<!?[^>]*>", re.DOTALL)
WORD = re.compile(r"[^\W\d_]{2,}")
CODE = re.compile(r'="|page--|^/|[?]\w+=|veld-|^-\w+$')
"""Parts of an attribute or an address that a macro writes."""
VALUE = re.compile(r"%\(\w+\)s|\{\w+\}|%%")
SERIOUS = ("lange_zin", "moeilijk_woord", "je_vorm")
NEEDED = ("locatie", "openbare ruimte")
"""Hard words that have to be there: what a phone calls it when it asks, and the name of this website."""
SENTENCE = re.compile(r"[A-Z][a-z]+$|[^\W\d_]+,? [^\W\d_]+")
NO_WORDS = re.compile(r"[\w./:-]+|[^A-Z]*utrecht-.*|width=.*")


def residents_templates() -> list[Path]:
    """The templates that residents see."""
    return sorted(file for file in TEMPLATES.rglob("*.html") if not str(file.relative_to(TEMPLATES)).startswith(STAFF))


@pytest.mark.parametrize("file", residents_templates(), ids=lambda file: str(file.relative_to(TEMPLATES)))
def test_no_words_stand_outside_the_catalogue(file: Path) -> None:
    assert list(_loose_words(file.read_text(encoding="utf-8"))) == []


def _loose_words(source: str) -> Iterator[str]:
    """Words of a template that nobody can translate: between tags, in an attribute that is read, or as an argument."""
    page, before, counted = [], ["", ""], False
    for _line, kind, value in Environment(extensions=["jinja2.ext.i18n"]).lex(source):
        if kind == "data":
            page.append(value)
            continue
        page.append("\x00")
        counted = kind not in ("block_end", "variable_end") and (counted or value == "ngettext")
        known = before in (["_", "("], ["gettext", "("]) or counted or value[1:-1] in ALLOWED
        spoken = kind == "string" and not known
        if spoken and SENTENCE.search(value[1:-1]) and not NO_WORDS.fullmatch(value[1:-1]):
            yield value
        if kind not in ("whitespace", "comment"):
            before = [before[1], value]
    html = "".join(page)
    yield from SPOKEN.findall(html)
    html = re.sub(r"\{%\s*trans.*?endtrans\s*%\}", "", html, flags=re.DOTALL)
    html = NAME.sub("", html)
    for text in TAG.sub("\x00", html).split("\x00"):
        if WORD.search(text) and not CODE.search(text) and text.strip() not in ALLOWED:
            yield text.strip()


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    """Every text for residents, as the project says it now."""
    return cli_taal.gather()


@pytest.fixture(scope="module")
def english() -> Catalog:
    return cli_taal.read(cli_taal.FOLDER / "en.po")


def test_the_catalogue_is_that_of_now(catalogue: Catalog) -> None:
    written = (cli_taal.FOLDER / cli_taal.TEMPLATE).read_bytes()
    assert written == cli_taal.written(catalogue), "texts changed: run `meldingen taal`, and translate what is new"


def test_every_text_is_in_english(catalogue: Catalog, english: Catalog) -> None:
    missing = [message.id for message in catalogue if message.id and message.id not in english]
    unfinished = [message.id for message in english if message.id and not cli_taal.complete(message)]
    assert missing + unfinished == []


def test_a_translation_keeps_the_values_and_the_marks_of_its_text(english: Catalog) -> None:
    """A name that is filled in, and what a script fills in, are the same in each language."""
    wrong = [
        (dutch, said)
        for message in english
        for dutch, said in zip(_said(message.id), _said(message.string), strict=True)
        if dutch and sorted(VALUE.findall(dutch)) != sorted(VALUE.findall(said))
    ]
    assert wrong == []


def _said(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def test_every_text_reads_easily(catalogue: Catalog) -> None:
    """B1 as far as a machine can tell: short sentences, no hard words, u. Names of things are no sentences."""
    hard = {word: easy for word, easy in library.hard_words().items() if word not in NEEDED}
    told = {}
    for message in catalogue:
        for text in _said(message.id):
            found = hints_for(VALUE.sub("12", text), hard_words=hard)
            if serious := [hint.words for hint in found if hint.code in SERIOUS]:
                told[text] = serious
    assert told == {}
