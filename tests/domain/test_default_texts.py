"""The texts of defaults/: every kind and channel renders, says the same in text and HTML, and stays plain and short."""

import re
import tomllib
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined, UndefinedError, select_autoescape

import meldingen
from meldingen.domain.notices import TEAM_KINDS, NoticeKind
from meldingen.domain.sms import is_gsm7

DEFAULTS = Path(meldingen.__file__).parent / "defaults"
TEXTS = DEFAULTS / "texts"
SUBS = [
    sub
    for main in tomllib.loads((DEFAULTS / "categories.toml").read_text(encoding="utf-8"))["main"]
    for sub in main["sub"]
]

KINDS = (
    "ontvangst", "doorgezet", "ingepland", "vraag", "deels_klaar", "gereed", "niet_opgelost", "overgedragen",
    "heropend", "ingetrokken", "doorverwezen", "vertraagd", "veiliggesteld", "bel_ons_nu",
    "blijft_gesloten", "storm", "alarm", "termijn_in_gevaar", "antwoord_ontvangen",
)  # fmt: skip
TO_MELDER = [kind for kind in KINDS if kind not in TEAM_KINDS]
FILES = ("subject.txt", "email.txt", "email.html", "sms.txt")
FULL: dict[str, Any] = {
    "gemeente": {
        "name": "Bergen (NH)",
        "phone": "072 000 00 00",
        "hours": "maandag tot en met vrijdag van 9.00 tot 17.00 uur",
        "website": "https://gemeente.example.nl",
    },
    "number": "26 0000 1234",
    "when": "vanmorgen om 08.47",
    "what": "een vernield verkeersbord",
    "place": "Dorpsstraat 1, Bergen",
    "sentence": "Het is klaar.",
    "reason_text": "De boom is gezond.",
    "promised_on": "16 april",
    "link": "https://meldingen.example.nl/v/abcdefghi",
    "spoken_code": "4 7 1",
    "has_photo": True,
    "complaint": "klachten@gemeente.example.nl",
}
BARE = FULL | {"place": "", "reason_text": "", "promised_on": "", "spoken_code": "", "has_photo": False}


@cache
def environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEXTS),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=select_autoescape(["html"]),
    )


def render(kind: str, file: str, facts: dict[str, Any]) -> str:
    return environment().get_template(f"{kind}/{file}").render(facts)


class Page(HTMLParser):
    """The words of an HTML e-mail as its text part writes them: a link is 'words: address'."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words, self.tags, self.href, self.link = "", [], "", ""
        self.attributes: dict[str, dict[str, str | None]] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes[tag] = dict(attrs)
        if tag == "a":
            self.href, self.link = dict(attrs)["href"] or "", ""
        if tag == "title":
            self.skip = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self.words += f"{self.link}: {self.href}" if self.link != self.href else self.href
            self.href = ""
        if tag == "title":
            self.skip = False

    skip = False

    def handle_data(self, data: str) -> None:
        if self.href:
            self.link += data
        elif not self.skip:
            self.words += data


class TestTexts:
    def test_every_kind_has_every_file(self) -> None:
        assert set(KINDS) == {str(kind) for kind in NoticeKind}
        assert sorted(path.name for path in TEXTS.iterdir() if path.is_dir()) == sorted(KINDS)
        for kind in KINDS:
            assert sorted(path.name for path in (TEXTS / kind).iterdir()) == sorted(FILES)

    @pytest.mark.parametrize("file", FILES)
    @pytest.mark.parametrize("kind", KINDS)
    def test_renders_with_all_and_with_least(self, kind: str, file: str) -> None:
        for facts in (FULL, BARE):
            text = render(kind, file, facts)
            assert text == text.strip()
            assert "None" not in text
            assert "\n\n\n\n" not in text
            assert not re.search(r" {2,}| [.,:?]", text) or file == "email.html"

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_missing_variable_is_an_error(self, kind: str) -> None:
        without = {name: value for name, value in FULL.items() if name != "what"}
        with pytest.raises(UndefinedError):
            render(kind, "sms.txt", without)

    @pytest.mark.parametrize("kind", TO_MELDER)
    def test_names_the_gemeente_and_its_number(self, kind: str) -> None:
        for file in ("email.txt", "email.html"):
            text = render(kind, file, FULL)
            for part in ("Gemeente Bergen (NH)", "072 000 00 00", "maandag tot en met vrijdag", "26 0000 1234"):
                assert part in text
        sms = render(kind, "sms.txt", FULL)
        assert "Bergen (NH)" in sms
        assert "0720000000" in sms
        assert FULL["link"] in sms

    @pytest.mark.parametrize("kind", TO_MELDER)
    def test_says_when_and_what_in_the_pattern_people_like(self, kind: str) -> None:
        sentence = "U heeft vanmorgen om 08.47 een melding gedaan van een vernield verkeersbord."
        assert sentence in render(kind, "email.txt", FULL)

    @pytest.mark.parametrize("kind", TO_MELDER)
    def test_subject_names_number_and_what(self, kind: str) -> None:
        subject = render(kind, "subject.txt", FULL)
        assert "26 0000 1234" in subject
        assert "een vernield verkeersbord" in subject
        assert "\n" not in subject

    @pytest.mark.parametrize("kind", KINDS)
    def test_text_and_html_say_the_same(self, kind: str) -> None:
        for facts in (FULL, BARE):
            page = Page(render(kind, "email.html", facts))
            assert page.words.split() == render(kind, "email.txt", facts).split()

    @pytest.mark.parametrize("kind", KINDS)
    def test_html_is_a_plain_page(self, kind: str) -> None:
        page = Page(render(kind, "email.html", FULL))
        assert page.attributes["html"]["lang"] == "nl"
        assert page.tags.count("h1") == page.tags.count("title") == 1
        assert not {"img", "script", "link", "iframe"} & set(page.tags)

    def test_html_escapes_what_people_wrote(self) -> None:
        html = render("gereed", "email.html", FULL | {"sentence": "<b>x</b>", "place": '"><script>'})
        assert "<b>x</b>" not in html
        assert "<script>" not in html
        assert "<b>x</b>" in render("gereed", "email.txt", FULL | {"sentence": "<b>x</b>"})

    @pytest.mark.parametrize("kind", KINDS)
    def test_plain_dutch(self, kind: str) -> None:
        text = render(kind, "email.txt", FULL)
        body = text.split("Met vriendelijke groet")[0]
        sentences = [part for part in re.split(r"[.?!:]\s|\n\n", body) if part.strip()]
        lengths = [len(sentence.split()) for sentence in sentences]
        assert max(lengths) <= 20, sentences[lengths.index(max(lengths))]
        assert sum(lengths) / len(lengths) <= 12
        assert not re.search(r"\b(je|jij|jouw|jullie|worden afgehandeld|betreffende|teneinde|middels)\b", text)

    @pytest.mark.parametrize("kind", KINDS)
    def test_sms_is_one_message_where_the_text_allows(self, kind: str) -> None:
        assert len(FULL["link"]) == 40
        for category in SUBS:
            facts = BARE | {"what": category["phrase"], "place": "Dorpsstraat 1", "promised_on": "16 april"}
            sms = render(kind, "sms.txt", facts)
            assert "\n" not in sms
            assert is_gsm7(sms)
            assert len(sms) <= 160, sms

    def test_sms_of_the_example_in_klantreis_is_one_message(self) -> None:
        sms = render("gereed", "sms.txt", BARE | {"sentence": "Het bord is inmiddels vervangen."})
        assert sms.startswith("U meldde vanmorgen om 08.47 een vernield verkeersbord. Het bord is inmiddels vervangen.")
        assert len(sms) <= 160

    def test_sms_that_cannot_be_one_message_is_whole(self) -> None:
        long = (
            "Wij hebben het bord weggehaald. Het nieuwe bord staat er over drie weken.\n"
            "Tot dan staat er een tijdelijk bord."
        )
        sms = render("gereed", "sms.txt", FULL | {"sentence": long})
        assert sms.startswith("U heeft vanmorgen om 08.47 een melding gedaan van een vernield verkeersbord. Wij hebben")
        assert "Niet opgelost?" in sms
        assert "\n" not in sms

    def test_gereed_asks_and_links(self) -> None:
        text = render("gereed", "email.txt", FULL)
        assert "Is het niet opgelost?" in text
        assert FULL["link"] in text
