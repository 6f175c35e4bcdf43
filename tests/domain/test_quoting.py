"""What somebody wrote himself in an answer, as mail programs send it; and a long text in portions."""
# ruff: noqa: E501  mail as it is written

import time

import pytest

from meldingen.domain.quoting import html_as_text, own_words, portions

OURS = "> Wij hebben een vraag over uw melding.\n> Staat de paal er nog?\n>\n> Gemeente Duinstede"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ja, hij staat er nog.", "Ja, hij staat er nog."),
        (
            "Ja.\n\nOp di 14 apr 2026 om 08:47 schreef Gemeente Duinstede <meldingen@duinstede.nl>:\n\n" + OURS,
            "Ja.",
        ),
        (
            "Ja.\n\nOp di 14 apr 2026 om 08:47 schreef Gemeente Duinstede\n<meldingen@duinstede.nl>:\n\n" + OURS,
            "Ja.",
        ),
        ("Ja.\n\nOp 14 apr 2026 om 08:47 heeft Gemeente <a@b.nl> het volgende geschreven:\n" + OURS, "Ja."),
        ("Ja.\n\nOp 14-04-2026 schreef Gemeente:\nWij hebben een vraag.\nGemeente Duinstede", "Ja."),
        ("Yes.\n\nOn Tue, 14 Apr 2026 at 08:47, Gemeente <a@b.nl> wrote:\n" + OURS, "Yes."),
        (
            "Gemeente schreef op 14 april:\n" + OURS + "\n\nJa, hij staat er nog.\n\nGroet, Jan",
            "Ja, hij staat er nog.\n\nGroet, Jan",
        ),
        ("> Staat de paal er nog?\nJa.\n> En is hij heel?\nNee.", "Ja.\nNee."),
        (
            "Ja.\n\nVan: Gemeente <a@b.nl>\nVerzonden: dinsdag 14 april 2026 08:47\nAan: Jan\nOnderwerp: Vraag\n\nBeste Jan",
            "Ja.",
        ),
        ("Ja.\n________________________________\nFrom: a@b.nl\nSent: Tuesday\nTo: Jan\nSubject: x\n\nBeste", "Ja."),
        ("Ja.\n\n-----Oorspronkelijk bericht-----\nVan: Gemeente\nBeste Jan", "Ja."),
        ("Ja.\n\n-------- Original message --------\nBeste Jan", "Ja."),
        ("Ja.\n-- \nJan de Vries\nDuinweg 1", "Ja."),
        ("Ja.\r\n--\r\nJan", "Ja."),
        ("Ja.\n\nVerzonden vanaf mijn iPhone", "Ja."),
        ("Ja.\n\nSent from my Galaxy\n\nOp di 14 apr 2026 08:47 schreef Gemeente:\n" + OURS, "Ja."),
        ("Ja.\nOutlook voor Android downloaden", "Ja."),
    ],
)
def test_quotes_and_signatures_go(text: str, words: str) -> None:
    assert own_words(text) == words


@pytest.mark.parametrize(
    "text",
    [
        "Bedankt, maar de paal staat nog scheef.\nEr ligt ook glas.",
        "Met vriendelijke groet aan de buitendienst: het is goed gedaan.\nJan",
        "Van: wie is deze paal?\nIk weet het niet.",
        "Op de hoek schreef iemand iets op de muur.\nHet woord is: lelijk",
        "De tekst op het bord -- die is weg.",
        "- een paal\n- een bankje",
        "Download de foto, hij staat op mijn telefoon",
        "> alles is geciteerd",
        "Op de muur schreef hij dit:\nlelijk",
    ],
)
def test_words_of_a_person_stay(text: str) -> None:
    assert own_words(text) == text


def test_html_is_read_as_people_see_it() -> None:
    html = (
        "<html><head><style>p {color: red}</style><title>x</title></head><body><p>Ja, hij&nbsp;staat er &lt;nog&gt;.</p>"
        "<ul><li>scheef<li>kapot</ul>Groet<br>Jan<script>alert(1)</script>"
        '<div class="gmail_quote"><div>Op di 14 apr 2026 schreef Gemeente:</div><blockquote>Een <b>vraag</b></blockquote></div>'
        "</body></html>"
    )
    text = html_as_text(html)
    assert text.splitlines()[:6] == ["Ja, hij staat er <nog>.", "", "- scheef", "- kapot", "Groet", "Jan"]
    assert "alert" not in text and "> Een vraag" in text
    assert own_words(text) == "Ja, hij staat er <nog>.\n\n- scheef\n- kapot\nGroet\nJan"


def test_outlook_marks_where_the_earlier_mail_begins() -> None:
    html = '<div>Ja.</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>Van:</b> Gemeente</div><div>Beste Jan</div>'
    assert own_words(html_as_text(html)) == "Ja."


@pytest.mark.parametrize(
    "html",
    [
        "<div>a" * 30_000,
        "<blockquote>" * 16_000,
        "<!--" * 40_000,
        "<a " * 60_000,
        "</" * 80_000,
        "<![CDATA[" * 20_000,
        "&#" * 90_000,
    ],
)
def test_hostile_html_takes_no_time(html: str) -> None:
    began = time.perf_counter()
    html_as_text(html)
    assert time.perf_counter() - began < 3


@pytest.mark.parametrize(
    "text", ["Op " * 60_000, "op a schreef\n" * 20_000, ">" * 100_000, "Van: x\n" * 20_000, "_" * 100_000]
)
def test_hostile_text_takes_no_time(text: str) -> None:
    began = time.perf_counter()
    own_words(text)
    assert time.perf_counter() - began < 3


class TestPortions:
    def test_what_fits_stays_whole(self) -> None:
        assert portions("é" * 500, max_length=500) == ["é" * 500]
        assert portions("e\u0301" * 500, max_length=500) == ["é" * 500]
        assert portions("  ", max_length=500) == []

    def test_it_parts_where_a_reader_pauses(self) -> None:
        first, second = "Eerste zin. " * 30, "Tweede alinea. " * 20
        pieces = portions(f"{first}\n\n{second}", max_length=500)
        assert pieces == [first.strip(), second.strip()]
        assert all(piece.endswith(".") for piece in portions(first * 3, max_length=500))

    @pytest.mark.parametrize("text", ["x" * 1700, "woord " * 700, "regel\n" * 400, "🙂" * 1201, "a b" * 900])
    def test_nothing_is_lost(self, text: str) -> None:
        pieces = portions(text, max_length=500)
        assert all(0 < len(piece) <= 500 for piece in pieces)
        assert "".join("".join(pieces).split()) == "".join(text.split())
