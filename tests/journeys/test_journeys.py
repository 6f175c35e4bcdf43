"""The klantreis as stories. Nobody here touches the database: people use the doors and read what they get."""

from tests import photos

from .town import API, Town


def test_a_melder_with_sms_hears_the_end(town: Town) -> None:
    """KLANTREIS steps 1–8, and the notice people like: when, what, what was done."""
    bo = town.visitor()
    made = bo.reports("Het verkeersbord is vernield.", photo=photos.photo("jpeg", (640, 480)),
                      contact={"telefoon": "06 12 34 56 78"})  # fmt: skip
    assert made["status"] == "ontvangen" and made["beloofdeDatum"] == "2026-04-21"
    town.settle()
    assert len(town.messages_to("+31612345678")) == 1
    assert [photo["van"] for photo in bo.looks()["fotos"]] == ["melder"]

    service = town.staff("serviceteam")
    (work,) = service.opdrachten()
    work = service.does("inbehandelingnames", work)
    assert bo.looks()["status"] == "in_behandeling"
    service.does("afhandelingen", work, uitkomst="opgelost", zin="Het bord is vervangen.")
    town.settle()

    receipt, closing = town.messages_to("+31612345678")
    assert made["toonNummer"] in receipt
    assert "vanmorgen om 08.4" in closing and "Het bord is vervangen." in closing
    assert bo.looks()["status"] == "afgehandeld"
    assert any(
        "Het bord is vervangen." in line for line in [*bo.story(), *(p["tekst"] for p in bo.looks()["opdrachten"])]
    )


def test_an_anonymous_melder_follows_by_number_and_link(town: Town) -> None:
    """No contact at all: no bericht, but the volgpagina tells it."""
    somebody = town.visitor()
    somebody.reports()
    town.settle()
    service = town.staff("serviceteam")
    service.does("afhandelingen", service.opdrachten()[0], uitkomst="opgelost", zin="De tegel ligt recht.")
    town.settle()
    assert town.letters() == []
    assert "De tegel ligt recht." in somebody.opens_page()
    assert town.visitor().client.get(f"/api/v1/meldingen/{somebody.answer['nummer']}").status_code == 404


def test_a_caller_without_email_or_mobile_is_phoned(town: Town) -> None:
    """The KCC reads the receipt aloud; the end becomes a terugbelnotitie, due in two werkdagen."""
    kcc, caller = town.staff("kcc"), town.visitor()
    kcc.reports_for(caller, contact={"naam": "Mevrouw De Vries", "telefoon": "072 888 00 00"})
    town.settle()
    assert town.letters() == [] and kcc.callbacks() == []
    service = town.staff("serviceteam")
    service.does("afhandelingen", service.opdrachten()[0], uitkomst="opgelost", zin="De tegel ligt recht.")
    town.settle()
    (call,) = kcc.callbacks()
    assert call["telefoon"] == "+31728880000" and "De tegel ligt recht." in call["tekst"]
    assert call["uiterlijkOp"].startswith("2026-04-16")


def test_spoed_at_night_wakes_the_piket_and_the_melder_hears_it(town: Town) -> None:
    """Danger at night goes to the piketdienst at once, and this melder too hears the end."""
    town.clock("2026-04-15 01:55")
    bo = town.visitor()
    bo.reports(
        "Er ligt een boom op de weg.", categorie="boom-omgevallen", gevaar=True, contact={"email": "bo@example.nl"}
    )
    town.settle()
    assert len(town.messages_to("piket@example.nl")) == 1, "one alarm"
    assert len(town.messages_to("bo@example.nl")) == 1, "the receipt does not wait for the morning"
    piket = town.staff("piket")
    (work,) = piket.opdrachten()
    assert work["urgentie"] == "spoed" and work["gevaar"]
    piket.does("afhandelingen", work, uitkomst="opgelost", zin="De boom is weg.")
    town.settle()
    (mail,) = [m for m in town.letters() if m.to == "bo@example.nl" and "De boom is weg." in m.text]
    assert "vannacht om 01.5" in mail.text
    assert len(town.messages_to("piket@example.nl")) == 1


def test_two_opdrachten_on_one_melding_are_two_parts_of_one_end(town: Town) -> None:
    """A tile and grass: first "deels klaar", then one gereedmelding."""
    bo = town.visitor()
    bo.reports("De tegel ligt los en het gras is te hoog.", contact={"email": "bo@example.nl"})
    town.settle()
    service = town.staff("serviceteam")
    service.does("splitsingen", service.opdrachten()[0], categorie="gras-te-hoog", reden="Ook gras.")
    town.settle()
    service.does("afhandelingen", service.opdrachten()[0], uitkomst="opgelost", zin="De tegel ligt recht.")
    town.settle()
    assert bo.looks()["status"] == "in_behandeling"
    green = town.staff("groen")
    green.does("afhandelingen", green.opdrachten()[0], uitkomst="opgelost", zin="Het gras is gemaaid.")
    town.settle()
    assert bo.looks()["status"] == "afgehandeld" and len(bo.looks()["opdrachten"]) == 2
    told = [m.text for m in town.letters() if m.to == "bo@example.nl"]
    assert sum("De tegel ligt recht." in text for text in told) == 1
    assert sum("Het gras is gemaaid." in text for text in told) == 1


def test_thirty_meldingen_about_one_tree_are_one_opdracht_and_thirty_ends(town: Town) -> None:
    """A storm: thirty melders, one fallen tree, thirty gereedmeldingen, and melders do not see each other."""
    melders = [town.visitor() for _ in range(30)]
    for number, melder in enumerate(melders):
        melder.reports(
            "Er ligt een boom.", categorie="boom-omgevallen", contact={"email": f"melder{number}@example.nl"}
        )
    town.settle()
    chief = town.staff("coordinator")
    (work,) = chief.opdrachten()
    assert work["aantalMeldingen"] == 30
    chief.does("afhandelingen", work, uitkomst="opgelost", zin="De boom is opgeruimd.")
    town.settle()
    for number, melder in enumerate(melders):
        told = [m for m in town.letters() if m.to == f"melder{number}@example.nl"]
        assert len(told) == 2 and "De boom is opgeruimd." in told[1].text
        assert not any(f"melder{other}@" in told[1].text for other in range(30))
        assert melder.looks()["status"] == "afgehandeld"
    latecomer = town.visitor()
    latecomer.reports("Er ligt weer een boom.", categorie="boom-omgevallen")
    town.settle()
    assert len(chief.opdrachten()) == 1 and chief.opdrachten()[0]["id"] != work["id"], (
        "after closing a new opdracht is made"
    )


def test_a_tablet_without_coverage_loses_nothing_and_doubles_nothing(town: Town) -> None:
    """Closed in the dune at 10.05, sent twice at 11.30; meanwhile the phone desk moved the work on."""
    bo = town.visitor()
    bo.reports(contact={"email": "bo@example.nl"})
    town.settle()
    service, chief = town.staff("serviceteam"), town.staff("coordinator")
    (seen,) = service.opdrachten()
    chief.does("planningen", seen, plandatum="2026-04-16")
    town.clock("2026-04-14 11:30")
    closing = {
        "uitkomst": "opgelost",
        "zin": "De tegel ligt recht.",
        "basisversie": seen["versie"],
        "apparaattijd": "2026-04-14T10:05:00+02:00",
    }
    path, head = f"{API}/opdrachten/{seen['id']}/afhandelingen", {**service.head, "Idempotency-Key": "tablet-7-42"}
    first = service.client.post(path, json=closing, headers=head)
    again = service.client.post(path, json=closing, headers=head)
    assert (first.status_code, again.status_code) == (201, 201), first.text
    assert first.json["intussenGewijzigd"] and again.json["alGedaan"]
    town.settle()
    assert len([m for m in town.letters() if "De tegel ligt recht." in m.text]) == 1
    late = service.client.post(
        path, json={**closing, "zin": "Nog wat."}, headers={**head, "Idempotency-Key": "tablet-7-43"}
    )
    assert late.status_code == 409 and "notities" in late.json["mogelijk"]
    detail = service.client.get(f"{API}/opdrachten/{seen['id']}", headers=service.head).json
    assert "Nog wat." in [note["tekst"] for note in detail["notities"]], "what a refused operation said is kept"


def test_a_question_waits_for_the_melder_and_the_answer_brings_the_work_back(town: Town) -> None:
    """The team asks, one melder is asked, the answer sets the opdracht going again."""
    bo = town.visitor()
    bo.reports(contact={"email": "bo@example.nl"})
    town.settle()
    service = town.staff("serviceteam")
    service.does("vragen", service.opdrachten()[0], vraag="Bij welk huisnummer ligt de tegel?")
    town.settle()
    assert bo.looks()["status"] == "wacht_op_melder"
    assert any("Bij welk huisnummer ligt de tegel?" in m.text for m in town.letters())
    bo.adds("Voor nummer 12.")
    assert bo.looks()["status"] == "ontvangen"


def test_withdrawing_with_danger_takes_the_person_away_and_leaves_the_work(town: Town) -> None:
    """One confirmation, then the contact data go; the team still goes there, and nobody hears of it afterwards."""
    bo = town.visitor()
    bo.reports("Er hangt een losse tak boven het pad.", gevaar=True, contact={"naam": "Bo", "email": "bo@example.nl"})
    town.settle()
    path = f"{API}/meldingen/{bo.answer['nummer']}/intrekkingen"
    assert bo.client.post(path, json={}, headers=bo.token).json["resultaat"] == "ingetrokken"
    town.settle()
    assert len(town.messages_to("bo@example.nl")) == 2, "receipt and confirmation"
    kcc = town.staff("kcc")
    seen = kcc.client.get(f"{API}/meldingen/{bo.answer['nummer']}", headers=kcc.head)
    assert "contact" not in seen.json or not seen.json["contact"]
    service = town.staff("serviceteam")
    (work,) = service.opdrachten()
    service.does("afhandelingen", work, uitkomst="opgelost", zin="De tak is weg.")
    town.settle()
    assert len(town.messages_to("bo@example.nl")) == 2
