"""What somebody wrote himself in an answer: without the quoted mail, the signature and "verzonden vanaf mijn iPhone".

A line is left out only when it certainly is no one's own words; in doubt it stays. Also HTML as plain text, and a long
text in portions. No I/O.
"""

import re
import unicodedata
from html import unescape
from itertools import islice
from typing import Final

_LONGEST_HEAD: Final = 400
_WROTE = re.compile(
    r"(op .{5,300} (schreef\b.{0,200}|(heeft .{0,200})?het volgende geschreven)|on .{5,300} wrote"
    r"|.{3,200} schreef op .{5,100}|.{3,200} wrote on .{5,100})\s*:$",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    r"[-_ ]{2,}\s*(oorspronkelijk|doorgestuurd|original|forwarded)\w* (bericht|message|e-?mail)\s*[-_ ]{2,}$",
    re.IGNORECASE,
)
_FROM_LINE = re.compile(r"\*?(van|from)\*?\s*:\*?\s*\S", re.IGNORECASE)
_HEADER_LINE = re.compile(r"\*?(verzonden|datum|aan|onderwerp|sent|date|to|subject|cc)\*?\s*:\*?\s*\S", re.IGNORECASE)
_SENT_BY = re.compile(
    r"((verzonden|verstuurd|sent) (vanaf|vanuit|met|via|from|with|using) (mijn |my |een )?\S.{0,60}"
    r"|outlook voor (ios|android)\b.{0,30}|get outlook for .{0,30}|download outlook voor .{0,30})$",
    re.IGNORECASE,
)


def own_words(text: str) -> str:
    """What the writer of this answer wrote; the whole text when nothing of it would be left."""
    lines = text.replace("\r\n", "\n").split("\n")
    kept: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at].strip()
        head = _head_length(lines, at)
        if head:
            following = next((one.strip() for one in islice(lines, at + head, None) if one.strip()), "")
            if not following.startswith(">"):
                break  # what follows is the quoted mail, without marks
            at += head
        elif line == "--" or _FORWARDED.match(line) or _is_header_block(lines, at):
            break
        else:
            if not line.startswith(">"):
                kept.append(lines[at].rstrip())
            at += 1
    while kept and (not kept[-1].strip() or _SENT_BY.match(kept[-1].strip())):
        kept.pop()
    if kept and set(kept[-1].strip()) == {"_"}:
        kept.pop()
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip() or text.strip()


def _head_length(lines: list[str], at: int) -> int:
    """How many lines from here are one "Op … schreef …:", which mail programs break over up to four; 0 for none."""
    first = lines[at].strip()
    if not first or first.startswith(">"):
        return 0
    for length in range(1, 5):
        joined = " ".join(line.strip() for line in lines[at : at + length])
        if len(joined) > _LONGEST_HEAD:
            return 0
        if joined.endswith(":") and _WROTE.match(joined):
            return length
        if not lines[at + length - 1 : at + length] or not lines[at + length - 1].strip():
            return 0
    return 0


def _is_header_block(lines: list[str], at: int) -> bool:
    """ "Van: … / Verzonden: … / Aan: …": at least three such lines together, as Outlook puts above a mail."""
    if not _FROM_LINE.match(lines[at].strip()[:_LONGEST_HEAD]):
        return False
    following = [line.strip()[:_LONGEST_HEAD] for line in lines[at + 1 : at + 6]]
    return sum(_HEADER_LINE.match(line) is not None for line in following) >= 2


def portions(text: str, *, max_length: int) -> list[str]:
    """The text in pieces of at most `max_length` code points, parted where a reader pauses; nothing is left out.

    Normalised (NFC), as it is counted; only the white space at a parting goes.
    """
    rest = unicodedata.normalize("NFC", text).strip()
    pieces = []
    while len(rest) > max_length:
        window = rest[: max_length + 1]
        ends = [window.rfind("\n\n"), window.rfind("\n"), max(window.rfind(f"{mark} ") + 1 for mark in ".!?"),
                window.rfind(" ")]  # fmt: skip
        end = next((end for end in ends if end > max_length // 2), max(*ends, 0)) or max_length
        pieces.append(rest[:end].strip())
        rest = rest[end:].strip()
    return [piece for piece in [*pieces, rest] if piece]


_TOKEN = re.compile(r"<!--|<(/?)([a-zA-Z][a-zA-Z0-9]*)([^<>]*)>|<[!?/][^<>]*>|[^<]+|<")
_NAMED = re.compile(r"\b(id|class)\s*=\s*[\"']?([^\"'>]*)", re.IGNORECASE)
_BREAKS = frozenset(
    ("address", "article", "blockquote", "br", "div", "dl", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li",
     "ol", "p", "pre", "section", "table", "tr", "ul")
)  # fmt: skip
_HIDDEN = frozenset(("script", "style", "head", "title", "template"))
_QUOTED_FROM = frozenset(("divrplyfwdmsg", "appendonsend", "mail-editor-reference-message-container"))
"""Outlook's marks: everything behind one of these was written before."""


def html_as_text(html: str) -> str:
    """What a reader of this HTML sees, with what it quotes behind ">".

    Our own few lines and not the standard parser: a mail comes from anyone, and that one takes minutes over a
    hundred kilobytes of half comments. Knows only what parts lines, what is not shown, and how quotes are marked.
    """
    page = _Page()
    at = 0
    while (token := _TOKEN.match(html, at)) is not None:
        at = token.end()
        closing, tag, attributes = token.groups()
        if token.group() == "<!--":
            end = html.find("-->", at)
            at = end + 3 if end >= 0 else len(html)
        elif tag:
            page.pass_tag(tag.lower(), attributes, closing=bool(closing))
        elif not token.group().startswith(("<!", "<?", "</")):
            page.say(token.group())
    return "\n".join(page.lines())


class _Page:
    """The lines so far, and within what we are."""

    def __init__(self) -> None:
        self._done: list[str] = []
        self._line: list[str] = []
        self._blocks: list[tuple[str, bool]] = []
        self._quoted = 0
        self._hidden = 0

    def pass_tag(self, tag: str, attributes: str, *, closing: bool) -> None:
        """Goes into or out of something; what was never begun is passed over."""
        if tag in _BREAKS:
            self._end_line()
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden + (-1 if closing else 1))
        elif tag == "p" and closing:
            self._done.append("> " if self._quoted else "")
        elif tag == "li" and not closing:
            self._line.append("- ")
        elif tag in ("div", "blockquote") and not closing:
            told = {name.lower(): value.strip().lower() for name, value in _NAMED.findall(attributes)}
            self._quoted += 1 if told.get("id") in _QUOTED_FROM else 0  # and nothing ends it
            quotes = tag == "blockquote" or "gmail_quote" in told.get("class", "")
            self._blocks.append((tag, quotes))
            self._quoted += quotes
        elif tag in ("div", "blockquote") and self._blocks and self._blocks[-1][0] == tag:
            self._quoted -= self._blocks.pop()[1]

    def say(self, words: str) -> None:
        """Words, when they are shown."""
        if not self._hidden:
            self._line.append(words)

    def lines(self) -> list[str]:
        """Everything read."""
        self._end_line()
        return self._done

    def _end_line(self) -> None:
        line = " ".join(unescape("".join(self._line)).split())
        self._line.clear()
        if line:
            self._done.append(f"> {line}" if self._quoted else line)
