"""/beheer/teksten: a gemeente's own text, what is refused at saving, who may, versions, and hints for a sentence."""

import re
from html import unescape

import pytest
import sqlalchemy as sa

from meldingen.flow import notices, texts
from meldingen.store.notice import Delivery
from meldingen.store.notice_text import NoticeText

from .conftest import World
from .desk import Desk, make_desk
from .forms import errors_in, fields_of, words

SMS = "U meldde {wanneer} {wat}. {zin|Klaar.} {link}"


@pytest.fixture
def desk(world: World) -> Desk:
    return make_desk(world)


def path(desk: Desk, kind: str = "gereed", channel: str = "sms") -> str:
    return f"/beheer/teksten/werkdorp{desk.number}/{kind}/{channel}"


def save(desk: Desk, who: str = "beheer", channel: str = "sms", kind: str = "gereed", **form: str) -> object:
    form = {"tekst": SMS, "versie": "0", "actie": "bewaren", **form}
    return desk.post(who, path(desk, kind, channel), **form)


def kept(desk: Desk) -> list[NoticeText]:
    with desk.world.session() as session:
        query = sa.select(NoticeText).where(NoticeText.gemeente_id == desk.gemeente_id).order_by(NoticeText.id)
        return list(session.scalars(query))


def test_the_list_says_which_texts_are_the_gemeentes_own(desk: Desk) -> None:
    page = words(desk.get("cor", "/beheer/teksten"))
    assert "Klaar E-mail Standaard" in page and "Alarm E-mail Standaard" in page and "Eigen" not in page
    assert save(desk).status_code == 303
    assert "Sms Eigen : Klaar" in words(desk.get("beheer", "/beheer/teksten"))


def test_a_text_is_kept_used_and_brought_back(desk: Desk) -> None:
    page = desk.get("beheer", path(desk))
    assert "Niet opgelost? {link}" in unescape(page) and "Er is hier nog geen eigen tekst geweest" in page
    assert save(desk).location == path(desk) + "?gedaan=bewaard"
    assert save(desk, versie="1", tekst="Nieuw. {zin} {link}").status_code == 303
    page = desk.get("beheer", path(desk))
    assert "Versie 2 (nu in gebruik)" in page and f"door <bdi>b{desk.number}</bdi>" in page
    assert desk.post("cor", path(desk), versie="2", actie="terug:1").location.endswith("gedaan=terug")
    assert [(row.version, row.body, row.retired_at is None) for row in kept(desk)] == [
        (1, SMS, False), (2, "Nieuw. {zin} {link}", False), (3, SMS, True)
    ]  # fmt: skip
    assert desk.post("cor", path(desk), versie="3", actie="standaard").location.endswith("gedaan=standaard")
    assert [row for row in kept(desk) if row.retired_at is None] == []
    assert "Standaardtekst" in desk.get("cor", path(desk))


def test_what_is_wrong_is_named_at_its_field_and_nothing_is_kept(desk: Desk) -> None:
    answer = desk.post("beheer", path(desk, channel="email"), versie="0", actie="bewaren",
                       onderwerp="Klaar", kop="", tekst="{naam} {zin} {link_ja} {link_nee")  # fmt: skip
    assert answer.status_code == 400
    errors = errors_in(answer.text)
    assert set(errors) == {"onderwerp", "kop", "tekst"} and "{nummer}" in errors["onderwerp"]
    assert "{naam} {zin}" in unescape(answer.text), "what was typed is still there"
    assert kept(desk) == []


def test_somebody_was_first(desk: Desk) -> None:
    assert save(desk).status_code == 303
    answer = save(desk, tekst="Anders. {zin} {link}")
    assert answer.status_code == 412 and "Iemand anders heeft deze tekst intussen gewijzigd" in answer.text
    assert "Anders. {zin} {link}" in answer.text and len(kept(desk)) == 1


def test_the_example_is_a_real_melding_without_anything_personal(desk: Desk) -> None:
    made, _ = desk.melding(contact={"name": "Bo Bakker", "email": "bo@example.nl"}, description="Bel Bo thuis.")
    form = {"versie": "0", "actie": "bekijken", "onderwerp": "Klaar {nummer}", "kop": "Klaar", "nummer": made.number,
            "tekst": "U meldde {wat}. {zin|Klaar.}\n\n[Ja] {link_ja}\n[Nee] {link_nee}"}  # fmt: skip
    page = desk.post("beheer", path(desk, channel="email"), **form).text
    assert "U meldde een losse tegel. Het is gemaakt." in page and kept(desk) == []
    inside = unescape(re.search(r'sandbox[^>]* srcdoc="([^"]*)"', page)[1])  # type: ignore[index]
    assert "<p>U meldde een losse tegel. Het is gemaakt.</p>" in inside and "style=" not in inside
    assert "U meldde een losse tegel. Klaar." in page, "and with as little as there can be"
    for personal in ("Bo Bakker", "bo@example.nl", "Bel Bo thuis"):
        assert personal not in page
    assert "/v/voorbeeld" in page
    strange = desk.post("beheer", path(desk), tekst=SMS, actie="bekijken", nummer="123").text
    assert "nummer" in errors_in(strange)


def test_an_sms_is_counted(desk: Desk) -> None:
    desk.melding()
    page = words(desk.post("beheer", path(desk), tekst=SMS, actie="bekijken").text)
    assert re.search(r"\d+ tekens, 1 bericht, GSM-7", page)
    long = "Wij hebben gekeken en gewerkt. " * 6
    assert re.search(
        r"tekens, [23] berichten", words(desk.post("beheer", path(desk), tekst=long + SMS, actie="bekijken").text)
    )


def test_who_may_not_and_what_is_not_there(desk: Desk) -> None:
    for who in ("team", "kcc", "partij"):
        assert desk.browsers[who].get("/beheer/teksten").status_code == 403
        assert save(desk, who).status_code == 403
    other = make_desk(desk.world)
    assert other.browsers["beheer"].get(path(desk)).status_code == 404
    assert other.post("beheer", path(desk), tekst=SMS, versie="0", actie="bewaren").status_code == 404
    for wrong in ("gereed/fax", "iets/sms", "ingepland/sms", "termijn_in_gevaar/push"):
        assert desk.browsers["beheer"].get(f"/beheer/teksten/werkdorp{desk.number}/{wrong}").status_code == 404
    assert desk.browsers["beheer"].get(path(desk) + "?categorie=bestaat-niet").status_code == 404
    assert kept(desk) == []


def test_a_text_for_one_category_goes_first_and_then_that_of_its_main(desk: Desk) -> None:
    assert notices and texts
    for slug, said in (("", "Overal."), ("straat", "Straat."), ("losse-tegel", "Tegel.")):
        assert save(desk, categorie=slug, tekst=said + " {zin} {link}").status_code == 303
    told = {}
    for slug in ("losse-tegel", "gat-in-de-weg", "gras-te-hoog"):
        made, _ = desk.melding(category_slug=slug)
        page = words(desk.get("beheer", path(desk) + f"?nummer={made.number}&categorie={slug}"))
        told[slug] = page
    assert "alleen voor Losse tegel" in told["losse-tegel"] and "Tegel. Het is gemaakt." in told["losse-tegel"]
    assert "Standaardtekst, alleen voor Gat in de weg" in told["gat-in-de-weg"]


def test_hints_for_the_sentence_of_a_team(desk: Desk) -> None:
    _, work = desk.melding()
    page = desk.post(
        "team", "/team/zinhulp", tekst="Naar aanleiding hiervan. Bel Jan op 06 12345678. Naar aanleiding van u."
    ).text
    assert "naar aanleiding van" in page and "telefoonnummer" in page
    assert desk.post("team", "/team/zinhulp", tekst="De tegel ligt weer recht.").text.strip() == ""
    assert desk.world.app.test_client().post("/team/zinhulp", data={"tekst": "x"}).status_code in (302, 400)
    form = f"/team/opdracht/{work.id}/vragen"
    fields = fields_of(desk.get("team", form), action=form)
    answer = desk.post("team", form, versie=fields["versie"][0], vraag="Welke locatie betreft het?", nakijken="ja")
    assert answer.status_code == 200 and "“locatie” is een moeilijk woord. Beter is: plek." in unescape(answer.text)
    closing = f"/team/opdracht/{work.id}/afhandelingen"
    answer = desk.post("team", closing, versie=fields["versie"][0], zin="De tegel ligt weer recht.", nakijken="ja")
    assert "Deze tekst leest goed." in answer.text
    with desk.world.session() as session:
        assert (
            session.scalar(
                sa.select(sa.func.count()).select_from(Delivery).where(Delivery.gemeente_id == desk.gemeente_id)
            )
            == 0
        )
