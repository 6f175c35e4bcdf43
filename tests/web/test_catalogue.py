"""Every text for residents stands in the catalogue, in Dutch that people understand, and wholly in English too."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment

from meldingen import cli_taal

TEMPLATES = Path(cli_taal.ROOT) / "web" / "templates"
STAFF = ("werk/", "inloggen.html", "postvak.html")
SPOKEN = re.compile(r'\b(?:aria-label|alt|title|placeholder|content|value)="([^"\x00]*[^\W\d_]{2,} [^"\x00]*)"')
NAME = re.compile(r'<(code)\b.*?</code>|<a [^>]*lang="nl">.*?</a>', re.DOTALL)
"""What is the same in each language: a name of ours, and the Dutch name of an organisation, marked as Dutch."""
ALLOWED = ("light dark", " vastgelopen", " te doen", "Uitloggen")
"""What only a browser or a medewerker reads, on a template of both."""
TAG = re.compile(r"<!?[^>]*>", re.DOTALL)
WORD = re.compile(r"[^\W\d_]{2,}")
CODE = re.compile(r'="|^/|[?]\w+=|veld-|^-\w+$')
"""Parts of an attribute or an address that a macro writes."""
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
    page, before = [], ["", ""]
    for _line, kind, value in Environment(extensions=["jinja2.ext.i18n"]).lex(source):
        if kind == "data":
            page.append(value)
            continue
        page.append("\x00")
        spoken = kind == "string" and before not in (["_", "("], ["gettext", "("]) and value[1:-1] not in ALLOWED
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
