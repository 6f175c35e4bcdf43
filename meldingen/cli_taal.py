"""`meldingen taal`: gathers every Dutch text for residents, and brings the catalogues in meldingen/taal/ up to date.

Texts stand in templates, in Python (`say("…")`, `_("…")`) and in defaults/. The translations themselves are made by
people, in the file of their language: docs/vertalen.md.
"""

import tomllib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import click
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent
FOLDER = ROOT / "taal"
TEMPLATE = "messages.pot"
METHODS = [
    ("web/templates/werk/**", "ignore"),
    ("web/templates/**.html", "jinja2"),
    *((f"{room}/**.py", "python") for room in ("domain", "flow", "web")),
]
KEYWORDS: dict[str, Any] = {"_": None, "say": None, "gettext": None, "ngettext": (1, 2)}
RESIDENTS = {
    "categories.toml": ("name", "hint", "label", "options", "text", "link_words"),
    "reasons.toml": ("sentence",),
    "demo/gemeente.toml": ("hours",),
}
"""Of each file of defaults/ the keys whose words residents read."""


HEADER = """# De teksten voor inwoners. Gemaakt door `meldingen taal`; vertalen: zie docs/vertalen.md.
# SPDX-License-Identifier: EUPL-1.2"""
KEPT_FACTS = (b'"Language: ', b'"Content-Type: ', b'"Plural-Forms: ')
"""Of the facts in the head of a file those that say something; not who, when and with which program."""


@click.command()
def taal() -> None:
    """Verzamel de teksten voor inwoners en werk de bestanden in meldingen/taal/ bij."""
    template = gather()
    (FOLDER / TEMPLATE).write_bytes(written(template))
    for file in sorted(FOLDER.glob("*.po")):
        translated = read(file)
        translated.update(template, no_fuzzy_matching=True)
        file.write_bytes(written(translated))
        open_ones = sum(not complete(message) for message in translated if message.id)
        click.echo(f"{file.name}: {len(translated)} teksten, {open_ones} nog te vertalen")


def gather() -> Catalog:
    """Every text for residents as it stands in the project now, without translations."""
    found = Catalog(header_comment=HEADER, charset="utf-8", fuzzy=False)
    for name, _line, words, comments, context in extract_from_dir(
        ROOT, METHODS, {"**.html": {"trimmed": "true", "silent": "false"}}, keywords=KEYWORDS
    ):
        found.add(words, locations=[(name, 0)], auto_comments=comments, context=context)
    for name, words in _defaults():
        found.add(words, locations=[(name, 0)])
    return found


def read(file: Path) -> Catalog:
    """The catalogue of one language."""
    with file.open("rb") as lines:
        found = read_po(lines, locale=file.stem.replace("-", "_"), ignore_obsolete=True)
    found.header_comment = HEADER
    return found


def written(catalogue: Catalog) -> bytes:
    """A catalogue as its file: sorted by text and without dates, so that two people seldom change the same line."""
    lines = BytesIO()
    write_po(lines, catalogue, width=110, sort_output=True, ignore_obsolete=True, include_lineno=False)
    head, empty_line, texts = lines.getvalue().partition(b"\n\n")
    facts = [line for line in head.split(b"\n") if not line.startswith(b'"') or line.startswith(KEPT_FACTS)]
    return b"\n".join(facts) + empty_line + texts


def complete(message: Any) -> bool:
    """Whether a text is wholly translated, and by a person."""
    said = message.string if isinstance(message.string, list | tuple) else (message.string,)
    return all(said) and not message.fuzzy


def _defaults() -> Iterator[tuple[str, str]]:
    for name, keys in RESIDENTS.items():
        for words in _words_of(tomllib.loads((ROOT / "defaults" / name).read_text(encoding="utf-8")), keys):
            yield f"defaults/{name}", words


def _words_of(part: Any, keys: tuple[str, ...]) -> Iterator[str]:
    """The texts under these keys, however deep."""
    if isinstance(part, list):
        for one in part:
            yield from _words_of(one, keys)
    elif isinstance(part, dict):
        for key, value in part.items():
            told = value if isinstance(value, list) else [value]
            if key in keys:
                yield from (words for words in told if isinstance(words, str) and words)
            yield from _words_of([one for one in told if not isinstance(one, str)], keys)
