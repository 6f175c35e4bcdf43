"""Only what our pages use of the design system's stylesheets: its rules by class, its tokens by reference.

The whole is 600 kB for a phone in the rain; what we use of it is a tenth. Reads CSS as nested blocks, which is all
these files need. Our own stylesheets are not touched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

NAME = re.compile(r"utrecht-[a-z0-9_-]*[a-z0-9](?![a-z0-9_-]|\{\{|\$\{)")
PREFIX = re.compile(r"(utrecht-[a-z0-9_-]+--?)(?=\{\{|\$\{|[\"'] *[~+])")
CLASS = re.compile(r"\.(utrecht-[a-zA-Z0-9_-]+)")
TOKEN = re.compile(r"(--[a-zA-Z0-9_-]+)")
NESTING = ("@media", "@supports", "@container", "@layer")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


class Block(NamedTuple):
    """One rule: what stands before its braces, and what within. A statement such as @charset has no body."""

    head: str
    body: str | None


def blocks(sheet: str) -> Iterator[Block]:
    """The outermost rules of a stylesheet without comments, in order."""
    depth, start, opened = 0, 0, 0
    for at, character in enumerate(sheet):
        if character == "{":
            depth += 1
            if depth == 1:
                opened = at
        elif character == "}":
            depth -= 1
            if depth == 0:
                yield Block(sheet[start:opened].strip(), sheet[opened + 1 : at].strip())
                start = at + 1
        elif character == ";" and depth == 0:
            yield Block(sheet[start:at].strip(), None)
            start = at + 1


def shrink(rules: Path, theme: Path, pages: Iterable[Path], own: Iterable[Path]) -> None:
    """Rewrites the design system's `rules` and its `theme` with what `pages` and our `own` stylesheets use of them."""
    names, beginnings = used_names(pages)
    sheet = rules.read_text(encoding="utf-8")
    kept = used_rules(sheet, names, beginnings)
    rules.write_text(f"{_licence(sheet)}{kept}\n", encoding="utf-8")
    asked = [kept, *(file.read_text(encoding="utf-8") for file in own)]
    tokens = theme.read_text(encoding="utf-8")
    theme.write_text(f"{_licence(tokens)}{used_tokens(tokens, asked)}\n", encoding="utf-8")


def used_names(files: Iterable[Path]) -> tuple[set[str], tuple[str, ...]]:
    """The class names of the design system in our templates and scripts, and the beginnings that a variable ends."""
    names: set[str] = set()
    beginnings: set[str] = set()
    for file in files:
        text = file.read_text(encoding="utf-8")
        names |= set(NAME.findall(text))
        beginnings |= set(PREFIX.findall(text))
    return names, tuple(sorted(beginnings))


def used_rules(sheet: str, names: set[str], beginnings: tuple[str, ...]) -> str:
    """The rules whose classes all occur in our pages; of a list of selectors only those that do.

    Without @charset, since our files are all UTF-8, and without @keyframes: our pages do not move by themselves.
    """
    kept = []
    for head, body in blocks(COMMENT.sub("", sheet)):
        if body is None:
            continue
        if head.startswith(NESTING):
            inner = used_rules(body, names, beginnings)
            if inner:
                kept.append(f"{head}{{{inner}}}")
        elif not head.startswith("@"):
            wanted = [one for one in _selectors(head) if _is_used(one, names, beginnings)]
            if wanted and body:
                kept.append(f"{','.join(wanted)}{{{_tight(body)}}}")
    return "\n".join(kept)


def used_tokens(theme: str, sheets: Iterable[str]) -> str:
    """The tokens of a theme that these stylesheets refer to, and those that they in turn are made of."""
    found = list(blocks(COMMENT.sub("", theme)))
    made_of: dict[str, set[str]] = {}
    for _head, body in found:
        for name, value in _declarations(body or ""):
            made_of.setdefault(name, set()).update(TOKEN.findall(value))
    needed: set[str] = set()
    open_ones = {name for sheet in sheets for name in TOKEN.findall(sheet)}
    while open_ones:
        needed |= open_ones
        open_ones = {one for name in open_ones for one in made_of.get(name, ())} - needed
    kept = []
    for head, body in found:
        lines = [f"{name}:{value}" for name, value in _declarations(body or "") if name in needed]
        if lines:
            kept.append(f"{head}{{{';'.join(lines)}}}")
    return "\n".join(kept)


def _licence(sheet: str) -> str:
    """The comment on top, which names the licence and the makers."""
    first = COMMENT.match(sheet.lstrip())
    return f"{first[0]}\n" if first else ""


def _selectors(head: str) -> list[str]:
    """The selectors of a list; a comma within brackets is no end."""
    parts, depth, start = [], 0, 0
    for at, character in enumerate(head):
        depth += (character in "([") - (character in ")]")
        if character == "," and depth == 0:
            parts.append(head[start:at])
            start = at + 1
    return [" ".join(part.split()) for part in [*parts, head[start:]]]


def _is_used(selector: str, names: set[str], beginnings: tuple[str, ...]) -> bool:
    return all(name in names or name.startswith(beginnings) for name in CLASS.findall(selector))


def _declarations(body: str) -> list[tuple[str, str]]:
    pairs = (line.partition(":") for line in body.split(";") if ":" in line)
    return [(name.strip(), " ".join(value.split())) for name, _, value in pairs]


def _tight(body: str) -> str:
    return " ".join(body.split()).replace("; ", ";").replace(": ", ":").removesuffix(";")
