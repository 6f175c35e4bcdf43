"""What a melder and staff read of the ways a bericht went."""

import pytest
from sqlalchemy.orm import Session

from meldingen.adapters.failures import AddressRefused, TemporaryFailure, UncertainFailure
from meldingen.flow import trail
from meldingen.store.dossier import dossier_of
from meldingen.store.melding import Melding
from tests.flow.berichten import JAN, LANDLINE, MAIL, MOBILE, House


def told(house: House, melding: Melding, kind: str = "gereed") -> trail.Told:
    """How the melder reads the bericht of this kind."""
    with Session(house.engine) as session:
        return next(one for one in trail.told_to_melder(dossier_of(session, melding)) if one.kind == kind)


def lines(one: trail.Told) -> list[str]:
    return [way.text for way in one.ways]


def test_under_way_sent_and_not_arrived(house: House) -> None:
    melding = house.melding(contact=JAN)
    house.owe("gereed", melding)
    assert (told(house, melding).ways, told(house, melding).end) == ([], "Dit bericht gaat zo weg.")
    house.mail.fail_with = TemporaryFailure("451")
    with pytest.raises(TemporaryFailure):
        house.work()
    assert lines(told(house, melding)) == ["Wij sturen dit bericht per e-mail naar j…@example.nl."]
    house.mail.fail_with = AddressRefused("550")
    house.work()
    one = told(house, melding)
    assert lines(one) == ["Per e-mail naar j…@example.nl: niet aangekomen.", "Per sms naar 06 … 78: verstuurd."]
    assert one.end == "" and all(way.at is not None for way in one.ways)


def test_a_call_and_who_cannot_be_reached(house: House) -> None:
    called, lost = house.melding(contact=LANDLINE), house.melding(contact=MAIL)
    house.mail.fail_with = AddressRefused("550")
    house.owe("gereed", called, lost)
    house.work()
    assert lines(told(house, called)) == ["Wij bellen u hierover."]
    assert told(house, lost).end.startswith("Wij konden u niet bereiken.")


def test_maybe_twice_is_said(house: House) -> None:
    melding = house.melding(contact=MAIL)
    house.owe("gereed", melding)
    house.mail.fail_with = UncertainFailure("stil")
    with pytest.raises(UncertainFailure):
        house.work()
    house.mail.fail_with = None
    house.work()
    assert lines(told(house, melding)) == [
        "Per e-mail naar j…@example.nl: verstuurd. Misschien kreeg u dit bericht twee keer."
    ]


def test_a_bericht_that_travelled_along_is_told_by_its_carrier(house: House) -> None:
    melding = house.melding(contact=MOBILE)
    house.owe("vertraagd", melding)
    house.owe("gereed", melding)
    house.work()
    assert (
        lines(told(house, melding, "vertraagd")) == lines(told(house, melding)) == ["Per sms naar 06 … 78: verstuurd."]
    )
    with Session(house.engine) as session:
        trails = trail.trails_of(session, [melding.id], scope=house.scope)[melding.id]
    assert [way.carrier_kind for one in trails for way in one.ways] == ["", "vertraagd"]
    assert [step.status for step in trails[-1].ways[0].steps] == ["gepland", "klaar", "verzonden"]
