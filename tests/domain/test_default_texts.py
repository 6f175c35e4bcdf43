"""Our own texts: every kind and channel can be filled, says the same in text and HTML, and may be saved."""

import re
import tomllib
from html.parser import HTMLParser

import pytest

from meldingen.domain import text_rules
from meldingen.domain.merge_fields import FIELDS, channels_of, example_values
from meldingen.domain.notices import TEAM_KINDS, NoticeKind
from meldingen.domain.sms import is_gsm7, sms_segments
from meldingen.flow import texts
from meldingen.flow.library import DEFAULTS
from meldingen.flow.texts import Facts, Words
from meldingen.store.gemeente import Gemeente

SUBS = [
    sub
    for main in tomllib.loads((DEFAULTS / "categories.toml").read_text(encoding="utf-8"))["main"]
    for sub in main["sub"]
]
KINDS = [str(kind) for kind in NoticeKind]
TO_MELDER = [kind for kind in KINDS if kind not in TEAM_KINDS]
CASES = [(kind, str(channel)) for kind in KINDS for channel in channels_of(kind)]
HOME = Gemeente(
    name="Bergen (NH)",
    phone="072 000 00 00",
    hours="maandag tot en met vrijdag van 9.00 tot 17.00 uur",
    website="https://gemeente.example.nl",
    policy={},
)
FULL = {field.name: field.example for field in FIELDS.values()} | {"storm": "", "reden": ""}
BARE = {name: value for name, value in FULL.items() if not FIELDS[name].may_be_empty}


def write(kind: str, channel: str, **values: str) -> Words:
    return texts.compose(kind, channel, texts.default_texts(kind)[channel], Facts(HOME, FULL | values))


def write_bare(kind: str, channel: str) -> Words:
    return texts.compose(kind, channel, texts.default_texts(kind)[channel], Facts(HOME, BARE))


class Page(HTMLParser):
    """The words of an HTML e-mail as its text part writes them: a link is 'words: address'."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words, self.tags, self.href, self.link, self.skip = "", list[str](), "", "", False
        self.attributes: dict[str, dict[str, str | None]] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes[tag] = dict(attrs)
        if tag == "a":
            self.href, self.link = dict(attrs)["href"] or "", ""
        self.skip = self.skip or tag == "title"

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self.words += f"{self.link}: {self.href}" if self.link != self.href else self.href
            self.href = ""
        self.skip = self.skip and tag != "title"

    def handle_data(self, data: str) -> None:
        if self.href:
            self.link += data
        elif not self.skip:
            self.words += data


def test_every_kind_has_a_text_for_every_channel_it_can_go_by() -> None:
    assert texts.kinds() == set(KINDS)
    for kind in KINDS:
        assert set(texts.default_texts(kind)) == set(channels_of(kind))


@pytest.mark.parametrize(("kind", "channel"), CASES)
def test_ours_may_be_saved_as_they_stand(kind: str, channel: str) -> None:
    text_rules.check_wording(kind, channel, texts.default_texts(kind)[channel], sender="Bergen (NH) 0720000000")


@pytest.mark.parametrize(("kind", "channel"), CASES)
def test_can_be_filled_with_all_and_with_least(kind: str, channel: str) -> None:
    for words in (write(kind, channel), write_bare(kind, channel)):
        for text in (words.subject, words.text):
            assert not re.search(r" {2,}| [.,:?]|[{}\[\]]|None|\n{3}", text), text
        assert words.text.strip()


@pytest.mark.parametrize("kind", TO_MELDER)
def test_names_the_gemeente_and_its_number(kind: str) -> None:
    mail = write(kind, "email")
    for part in ("Gemeente Bergen (NH)", "072 000 00 00", "maandag tot en met vrijdag", "26 0000 1234"):
        assert part in mail.text and part in mail.html
    for channel in set(channels_of(kind)) & {"sms", "push"}:
        text = write(kind, channel).text
        assert "Bergen (NH)" in text and "0720000000" in text.replace(" ", "")
        assert FULL["link"] in text or channel == "push"


@pytest.mark.parametrize("kind", TO_MELDER)
def test_says_when_and_what_in_the_pattern_people_like(kind: str) -> None:
    sentence = "U heeft vanmorgen om 08.47 een melding gedaan van een vernield verkeersbord."
    assert sentence in write(kind, "email").text


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"opdrachten_partij"}))  # of many opdrachten at once
def test_subject_names_number_and_what(kind: str) -> None:
    subject = write(kind, "email").subject
    assert "26 0000 1234" in subject and "een vernield verkeersbord" in subject


@pytest.mark.parametrize("kind", KINDS)
def test_text_and_html_say_the_same_on_a_plain_page(kind: str) -> None:
    for words in (write(kind, "email"), write_bare(kind, "email")):
        page = Page(words.html)
        assert page.words.split() == words.text.split()
        assert page.attributes["html"]["lang"] == "nl"
        assert page.tags.count("h1") == page.tags.count("title") == 1
        assert not {"img", "script", "link", "iframe"} & set(page.tags)


def test_what_people_wrote_is_escaped_and_never_filled_in_again() -> None:
    words = write("gereed", "email", zin="<b>x</b> {link} [Klik] {nummer}", plaats='"><script>')
    assert "<b>x</b> {link} [Klik] {nummer}" in words.text
    assert "&lt;b&gt;x&lt;/b&gt; {link} [Klik] {nummer}" in words.html
    assert "<script>" not in words.html


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "sms" in channels_of(kind)])
def test_an_sms_is_one_message_for_every_category(kind: str) -> None:
    assert len(FULL["link"]) == 40
    for category in SUBS:
        text = write(kind, "sms", wat=category["phrase"], plaats="Dorpsstraat 1").text
        assert "\n" not in text and is_gsm7(text)
        assert sms_segments(text).count == 1, text


def test_the_example_of_klantreis_is_one_sms() -> None:
    text = write("gereed", "sms", zin="Het bord is inmiddels vervangen.").text
    assert text.startswith("U meldde vanmorgen om 08.47 een vernield verkeersbord. Het bord is inmiddels vervangen.")
    assert sms_segments(text).count == 1


def test_a_long_sentence_is_shortened_kindly_and_the_rest_is_behind_the_link() -> None:
    said = (
        "Wij hebben het bord weggehaald. Het nieuwe bord staat er over drie weken. Tot dan staat er een tijdelijk bord."
    )
    text = write("gereed", "sms", zin=said).text
    assert "Wij hebben het bord weggehaald. https://" in text
    assert sms_segments(text).count == 1


def test_an_sms_in_another_script_takes_a_short_form() -> None:
    arabic = "تم إصلاح اللافتة وهي الآن في مكانها الصحيح على جانب الطريق."
    text = write("gereed", "sms", zin=arabic).text
    assert sms_segments(text).encoding == "UCS-2" and "تم" in text
    assert text.startswith("U meldde vanmorgen") and sms_segments(text).count == 3


def test_the_gereedmelding_asks_the_oordeel_and_a_refusal_asks_about_the_explanation() -> None:
    solved, not_solved = write("gereed", "email").text, write("niet_opgelost", "email").text
    assert f"Ja, het is opgelost: {FULL['link_ja']}" in solved and f"niet opgelost: {FULL['link_nee']}" in solved
    assert f"Ja, de uitleg is duidelijk: {FULL['link_ja']}" in not_solved


def test_what_each_kind_must_tell() -> None:
    assert write("bel_ons_nu", "sms").text.startswith("BEL ONS NU: 0720000000.")
    assert write("bel_ons_nu", "email").text.startswith("Bel ons nu: 072 000 00 00")
    late = write("vertraagd", "email", zin="De paal komt later.").text
    assert "De paal komt later." in late and "16 april" in late
    closed = write("blijft_gesloten", "email").text
    assert "De reden: Het is klaar." in closed and "klachten@gemeente.example.nl" in closed
    storm = write("ontvangst", "email", storm="Het stormt. Wij helpen eerst waar het gevaarlijk is.").text
    assert "Het stormt. Wij helpen eerst waar het gevaarlijk is." in storm
    busy = "Door de storm duurt het langer."
    assert busy in write("ontvangst", "sms", storm=busy).text


def test_the_examples_cover_the_fields() -> None:
    for kind, channel in CASES:
        assert set(example_values(kind, channel)) <= set(FIELDS)
