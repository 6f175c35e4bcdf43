"""The melder's doors: report, follow, add, withdraw. Staff and partner apps report at the same door.

What he says of the end: oordelen.py.
"""

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from typing import Any

from flask import request

from ..auth import Visit, enter, visit
from ..domain.abuse import words_shown
from ..domain.actor import COORDINATOR, KCC, STAFF_ON_OPDRACHTEN
from ..domain.danger import SUSPECTED
from ..domain.deadlines import local_day
from ..domain.errors import FieldError, Forbidden, InvalidInput, Unavailable
from ..domain.intake import Location, NewMelding, parse_location
from ..domain.numbers import show_number
from ..domain.text import mask_personal
from ..domain.workflow import DOORVERWEZEN, ONTVANGEN
from ..flow import feedback, standing, timeline, trail, verdict
from ..flow.intake import Registered, register_melding
from ..flow.once import done_before
from ..flow.photos import PhotoResult, Upload, add_photos, check_uploads, missing_of, place_of
from ..limits import count_melder
from ..store.category import category_by_id
from ..store.dossier import dossier_of
from ..store.melding import Melding
from .door import Door, described
from .headers import BASE
from .moving import KeyHeader
from .parsing import FILES, files_only
from .reading import author_for, follow_token, is_partner, melding_at, melding_read_at, named, object_facts, photo_facts
from .schemas.aanvulling import (
    SupplementIn,
    SupplementOut,
    WithdrawalDecisionIn,
    WithdrawalDecisionOut,
    WithdrawIn,
    WithdrawOut,
)
from .schemas.melding import MeldingIn, MeldingMade, MeldingOut, PhotoResultsOut
from .schemas.public import CrsQuery

door = Door("Meldingen", __name__, url_prefix=BASE, description="Melden, volgen, aanvullen en intrekken.")

OWN_EYES = "eigen_waarneming"
"""A medewerker who stands there himself: the place is that of his device or pin, not what a caller told the KCC."""
LOCATION = {"Location": {"description": "Het adres van wat er gemaakt is.", "schema": {"type": "string"}}}
BSN = "In uw tekst staat misschien een burgerservicenummer. Dat hebben wij niet nodig. Wij laten het aan niemand zien."
DANGER = "Is er nu gevaar voor mensen? Bel dan 112. Wij geven uw melding meteen door aan de piketdienst."
SUSPICION = (
    "Uw tekst klinkt gevaarlijk. Iemand kijkt er eerst naar. Is er nu gevaar? Bel ons. Is iemand in levensgevaar? "
    "Bel dan 112."
)


@door.post("/meldingen")
@enter("iedereen", "medewerker", "machine")
@door.arguments(KeyHeader(), location="headers")
@door.arguments(MeldingIn())
@door.response(201, MeldingMade(), headers=LOCATION)
@described(
    "Maak een melding",
    "Een plaats en een tekst of foto zijn genoeg. Stuur JSON, of multipart/form-data met het deel `melding` (JSON) en "
    "ten hoogste 5 delen `foto`. Een slechte foto houdt de melding niet tegen. `Content-Crs` zegt in welk stelsel de "
    "plaats is. Medewerkers en partner-apps melden hier ook, namens een melder. "
    "Een soort met `stopt` geeft 400 `hier_geen_melding`, met in `eerstDit` wie er wel over gaat.",
    fails=(403, 409, 410),
)
def post_melding(head: dict[str, Any], given: dict[str, Any]) -> Any:
    """A new melding, or the earlier answer to the same key."""
    here = visit()
    if here.actor.is_party:
        raise Forbidden("geen_recht", "Deze sleutel is voor het werk van een externe partij. Melden kan er niet mee.")
    uploads, refused = check_uploads(request.files.getlist(FILES))
    new = _new_melding(here, given, head.get("key"), uploads, refused)
    if not (here.actor.is_staff or here.actor.kind == "machine"):
        count_melder(new.contact)
    made = register_melding(here.session, new, photos=len(uploads), actor=here.actor, now=here.now)
    kept: list[PhotoResult] = []
    if uploads:
        kept = add_photos(
            here.session, made.melding, uploads, actor=here.actor, now=here.now, store=here.adapters.photos
        )
    if not new.description and not new.photos_expected and not any(result.kept for result in kept):
        raise Unavailable("opslag_weg", "Wij kunnen uw foto nu niet bewaren. Probeer het over een minuut opnieuw.")
    if made.replayed:
        kept = [dataclasses.replace(r, outcome="ontvangen") if r.kept else r for r in kept]
    results = sorted([*kept, *refused], key=lambda result: result.position)
    where = None if made.replayed or new.location is None else (new.location.lon, new.location.lat)
    return _made(here, made, results, where), 201, {"Location": f"{BASE}/meldingen/{made.melding.number}"}


def _new_melding(
    here: Visit, given: dict[str, Any], key: str | None, uploads: Sequence[Upload], refused: Sequence[PhotoResult]
) -> NewMelding:
    """What the flow asks of a door. Raises what only a door can know: photos that are all bad, fields for staff."""
    digest = _digest(given, uploads)
    staff = here.actor.is_staff
    if not staff and (given.get("join_opdracht_id") or given["kcc_note"]):
        raise Forbidden("alleen_medewerkers", "De velden 'opdracht' en 'notitie' zijn voor medewerkers.")
    if refused and not uploads and not given["description"] and not given["photos_expected"]:
        raise InvalidInput.gather([FieldError(f"{FILES}.{r.position}", r.code, r.detail) for r in refused])
    if staff and "intake_channel" not in given:
        raise InvalidInput.of("kanaal", "verplicht", "Kies hoe deze melding bij u kwam, bijvoorbeeld telefoon.")
    lonlat, source = given.pop("location", None), given.pop("source")
    note, address = given.pop("location_note"), given.pop("address")
    accuracy_m = given.pop("accuracy_m", None)
    heard = staff and given.get("intake_channel") != OWN_EYES and bool(here.actor.gemeenten_with(KCC, COORDINATOR))
    where = Location(lonlat[0], lonlat[1], "kcc" if heard else source, note, address, accuracy_m) if lonlat else None
    if where is None and not given.get("object") and (seen := place_of(uploads)):
        where = parse_location(seen[0], seen[1], source="foto", note=note, address=address, field="locatie")
    channel = given.pop("intake_channel", "app")
    asked = given.pop("danger_answer", "")
    given["danger"] = given["danger"] or asked == "ja"
    given["danger_denied"] = asked == "nee" and not given["danger"]
    return NewMelding(
        location=where, intake_channel=channel, idempotency_key=key, body_hash=digest if key else None, **given
    )


def _digest(given: dict[str, Any], uploads: Sequence[Upload]) -> bytes:
    """What makes two bodies the same: the parsed fields, and each file's sha256 (KLANTREIS rule 3)."""
    fields = json.dumps(given, sort_keys=True, default=dataclasses.asdict)
    return hashlib.sha256(fields.encode() + b"".join(upload.sha256 for upload in uploads)).digest()


def _made(
    here: Visit, made: Registered, results: Sequence[PhotoResult], where: tuple[float, float] | None
) -> dict[str, Any]:
    """The answer to a new melding. where: its place as it was just stored, when we still have it in hand."""
    melding = made.melding
    token = follow_token(here, melding)
    category = named(made.category) if made.category else _category(here, melding)
    warnings = [{"code": "bsn", "detail": BSN}] if "bsn" in melding.flags else []
    warnings += [{"code": "gevaar", "detail": DANGER}] if melding.danger else []
    warnings += [{"code": SUSPECTED, "detail": SUSPICION}] if SUSPECTED in melding.flags else []
    return {
        "number": melding.number,
        "shown_number": show_number(melding.number),
        "status": DOORVERWEZEN if melding.referred_to else ONTVANGEN,
        "token": token,
        "follow_url": f"{here.settings.public_url}/v/{token}",
        "promised_on": melding.first_promised_on,
        **({"referred_to": melding.referred_to} if melding.referred_to else {}),
        "gemeente": made.gemeente,
        "understood": {
            "location": where or melding.location,
            "source": melding.location_source,
            "address": melding.address,
            "location_note": melding.location_note,
            **object_facts(melding),
            "wijk": melding.wijk_code,
            "category": category,
            "description": melding.description,
            "danger": melding.danger,
            "danger_suspected": SUSPECTED in melding.flags,
        },
        "warnings": warnings,
        "photos": results,
    }


def _category(here: Visit, melding: Melding) -> dict[str, str] | None:
    if melding.category_id is None:
        return None
    return named(category_by_id(here.session, melding.category_id, scope=[melding.gemeente_id]))


@door.get("/meldingen/<nummer:nummer>")
@enter("melder", "medewerker")
@door.arguments(CrsQuery(), location="query")
@door.response(200, MeldingOut())
@described(
    "Bekijk hoe een melding ervoor staat",
    "Voor de melder met het volgToken in `Volg-Token`, en voor medewerkers die ermee werken. Zonder gegevens van de "
    "melder: die geeft `GET /meldingen/{nummer}/contactgegevens`.",
)
def get_melding(_query: dict[str, Any], nummer: str) -> dict[str, Any]:
    """Status, outcome, timeline, photos and the promised date."""
    here = visit()
    melding, actor = melding_read_at(here, nummer)
    dossier = dossier_of(here.session, melding)
    parts = standing.parts_of(dossier)
    today = local_day(here.now)
    masked = actor.is_staff and is_partner(here, melding.gemeente_id)

    def said(words: str) -> str:
        return mask_personal(words) if masked else words

    return {
        "number": melding.number,
        "shown_number": show_number(melding.number),
        "status": melding.status,
        "status_words": standing.status_words(melding.status, parts, referred_to=melding.referred_to, today=today),
        "gemeente": dossier.home,
        "received_at": melding.received_at,
        "promised_on": melding.promised_on,
        **({"referred_to": melding.referred_to} if melding.referred_to else {}),
        "location": melding.location,
        "address": said(melding.address),
        "location_note": said(melding.location_note),
        **object_facts(melding),
        "category": named(dossier.category),
        "description": said(words_shown(melding.description, melding.abuse, opened=not actor.is_staff)),
        "danger": melding.danger,
        "parts": [{**dataclasses.asdict(part), "words": part.words(today)} for part in parts],
        "timeline": [
            dataclasses.replace(line, text=said(line.text))
            for line in timeline.timeline_of(dossier, now=here.now, hide_words=bool(melding.abuse) and actor.is_staff)
        ],
        "notices": trail.told_to_melder(dossier),
        "photos": photo_facts(dossier.photos),
        "photos_missing": missing_of(melding, dossier.photos, now=here.now),
        **({"question": question} if (question := standing.open_question(dossier)) else {}),
        **({"verdict": asked} if (asked := verdict.said_in(dossier, now=here.now)) else {}),
    }


@door.post("/meldingen/<nummer:nummer>/fotos")
@enter("melder", "medewerker")
@door.response(201, PhotoResultsOut())
@described(
    "Stuur foto's na",
    "Ten hoogste 5 per melding. Dezelfde foto nog een keer sturen mag: het blijft één foto.",
    fails=(415,),
    requestBody={
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["foto"],
                    "properties": {"foto": {"type": "array", "items": {"type": "string", "format": "binary"}}},
                }
            }
        },
    },
)
def post_foto(nummer: str) -> Any:
    """Photos that follow later."""
    here = visit()
    melding, actor = melding_at(here, nummer)
    files_only(request)
    uploads, refused = check_uploads(request.files.getlist(FILES))
    kept = add_photos(here.session, melding, uploads, actor=actor, now=here.now, store=here.adapters.photos)
    if refused and not uploads:
        raise InvalidInput.gather([FieldError(f"{FILES}.{r.position}", r.code, r.detail) for r in refused])
    if kept and all(result.outcome == "opnieuw_sturen" for result in kept):
        raise Unavailable("opslag_weg", "Wij kunnen uw foto nu niet bewaren. Probeer het over een minuut opnieuw.")
    return {"photos": sorted([*kept, *refused], key=lambda result: result.position)}


@door.post("/meldingen/<nummer:nummer>/aanvullingen")
@enter("melder", "medewerker")
@door.arguments(KeyHeader(), location="headers")
@door.arguments(SupplementIn())
@door.response(201, SupplementOut())
@described(
    "Vul een melding aan",
    "Het team ziet de aanvulling. Wachtte het team op antwoord, dan gaat het werk verder.",
    fails=(409,),
)
def post_aanvulling(head: dict[str, Any], given: dict[str, Any], nummer: str) -> Any:
    """More from the melder, or from staff on the melder's behalf."""
    here = visit()
    melding, actor = melding_at(here, nummer)
    author, text = author_for(actor, melding), given["text"]
    what, digest = f"aanvullingen:{melding.id}", hashlib.sha256(text.encode()).digest()
    before = done_before(here.session, what, head.get("key"), digest, actor=author, now=here.now)
    if before is not None:
        return {"text": text, "at": before}
    return feedback.add_supplement(here.session, melding, text, actor=author, now=here.now)


WITHDRAWN = {
    "ingetrokken": "Uw melding is ingetrokken.",
    "gevraagd": "Het team is al bezig. Wij hebben gevraagd of het kan stoppen. U ziet hier wat het wordt.",
}


@door.post("/meldingen/<nummer:nummer>/intrekkingen")
@enter("melder", "medewerker")
@door.arguments(WithdrawIn())
@door.response(201, WithdrawOut())
@described(
    "Trek een melding in",
    "Voordat het werk begint gaat de melding van alle lijsten. Daarna is het een verzoek waarover het team beslist.",
    fails=(409,),
)
def post_intrekking(given: dict[str, Any], nummer: str) -> Any:
    """The melder takes it back."""
    here = visit()
    melding, actor = melding_at(here, nummer)
    result = feedback.withdraw_melding(
        here.session, melding, reason=given["reason"], actor=author_for(actor, melding), now=here.now
    )
    return {"result": result, "text": WITHDRAWN[result]}


DECIDED = {
    "ingetrokken": "De melding is ingetrokken. De melder krijgt bericht.",
    "afgewezen": "Het werk gaat door. De melder ziet dat.",
}


@door.post("/meldingen/<nummer:nummer>/intrekkingsbesluiten")
@enter("medewerker", roles=STAFF_ON_OPDRACHTEN)
@door.arguments(WithdrawalDecisionIn())
@door.response(201, WithdrawalDecisionOut())
@described(
    "Beslis over een verzoek om in te trekken",
    "De melder vroeg om intrekken terwijl het werk al begonnen was. Het team van de opdracht beslist, of KCC en "
    "coördinator.",
    fails=(409,),
)
def post_intrekkingsbesluit(given: dict[str, Any], nummer: str) -> Any:
    """The team's answer to a wish to withdraw."""
    here = visit()
    melding, actor = melding_at(here, nummer)
    result = feedback.decide_withdrawal(
        here.session, melding, given["opdracht_id"], granted=given["granted"], actor=actor, now=here.now
    )
    return {"result": result, "text": DECIDED[result]}
