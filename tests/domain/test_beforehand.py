"""What a melder reads first: links and numbers are checked when they are kept, and shown for this gemeente."""

import pytest

from meldingen.domain.beforehand import Beforehand, NotOurs, check_beforehand, read_beforehand
from meldingen.domain.errors import InvalidInput


def check(**given: object) -> Beforehand:
    return check_beforehand({"text": "Bel de netbeheerder.", **given})


@pytest.mark.parametrize(
    "phone", ["112", "144", "14 072", "0800-9009", "0900-8844", "0800-8002", "(072) 888 00 00", "+31 72 888 00 00"]
)
def test_numbers_as_people_write_them(phone: str) -> None:
    assert check(phone=phone).phone == phone
    assert check(phone=phone).phone_link.lstrip("+").isdigit()


@pytest.mark.parametrize("phone", ["12", "911", "06-1234", "0800", "bel ons", "112;rm", "0800-9009 toets 2", "00"])
def test_what_is_no_number_is_refused(phone: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check(phone=phone)
    assert [one.field for one in refused.value.fields] == ["telefoon"]


@pytest.mark.parametrize(
    "link", ["https://www.mijnafvalwijzer.nl/nl/", "https://gemeente.nl/schade?x=1#y", "website", ""]
)
def test_links_that_can_be_kept(link: str) -> None:
    assert check(link=link).link == link


@pytest.mark.parametrize(
    "link",
    ["http://gemeente.nl", "gemeente.nl", "javascript:alert(1)", "https://a b.nl", "https://x@gemeente.nl", "https://",
     "https://10.0.0.1/", "https://localhost", "https://gemeente.nl:8080/", "https://[::1",
     'https://a.nl/"x', "Website"],
)  # fmt: skip
def test_what_is_no_link_is_refused(link: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check(link=link)
    assert [one.field for one in refused.value.fields] == ["link"]


def test_all_mistakes_come_at_once_and_nothing_is_something() -> None:
    with pytest.raises(InvalidInput) as refused:
        check_beforehand({"text": "x" * 301, "link": "ftp://x", "phone": "bel"})
    assert [one.field for one in refused.value.fields] == ["tekst", "link", "telefoon"]
    with pytest.raises(InvalidInput) as refused:
        check_beforehand({"stops": True, "link_words": "Naar de site"})
    assert [one.field for one in refused.value.fields] == ["tekst", "link"]
    assert not check_beforehand({}) and check_beforehand({}).kept() == {}
    assert check(link="https://www.politie.nl/aangifte").link_words == "politie.nl"


def test_it_is_shown_for_this_gemeente() -> None:
    kept = {**check(link="website", stops=True).kept()}
    assert read_beforehand(kept, website="https://duinstede.nl").link == "https://duinstede.nl"
    assert read_beforehand(kept, website="").link_words == "", "without a website there is no link"
    assert not read_beforehand({}, website="https://duinstede.nl")
    refusal = NotOurs(read_beforehand(kept, website=""))
    assert (refusal.status, refusal.code, refusal.detail) == (400, "hier_geen_melding", "Bel de netbeheerder.")
