"""Everything we keep of one person, for who asked to see it: as data (JSON), to read (PDF), with his photos (ZIP).

Only what is about this person. Not in it: other melders on the same work, names of colleagues, and what colleagues
wrote to each other about the work.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from ..adapters.failures import PermanentFailure
from ..adapters.pdf import make_pdf
from ..adapters.storage import PhotoStore
from ..domain.deadlines import AMSTERDAM
from ..domain.numbers import show_number
from ..domain.workflow import STATUS_WORDS
from ..store import callback, category, contact, gemeente, journal, notice, photo, verdict
from ..store.contact import Contact
from ..store.dossier import dossier_of
from ..store.melding import Melding
from . import timeline
from .routing import coordinates

FIXED = (2000, 1, 1, 0, 0, 0)
"""The date of each file in the ZIP, so that the same data give the same bytes."""
CALL_WORDS = {"gesproken": "gesproken", "niet_bereikt": "niet bereikt"}
NOTE_WORDS = {"aanvulling": "Aanvulling", "vraag": "Vraag aan u", "notitie": "Aantekening", "weigering": "Aantekening"}


def collect(session: Session, meldingen: Sequence[Melding], *, now: datetime) -> dict[str, Any]:
    """What we keep of the melder of these meldingen (of one gemeente), with the Dutch names of the API."""
    return {"gemaaktOp": _moment(now), "meldingen": [_melding(session, melding, now=now) for melding in meldingen]}


def pack(
    session: Session, meldingen: Sequence[Melding], *, store: PhotoStore, now: datetime
) -> tuple[bytes, str, dict[str, int]]:
    """The ZIP of JSON, PDF and photos; its sha256, and counts for the proof. `meldingen` is not empty."""
    data = collect(session, meldingen, now=now)
    home = gemeente.gemeente_by_id(session, meldingen[0].gemeente_id)
    files = {
        "gegevens.json": json.dumps(data, ensure_ascii=False, indent=2).encode(),
        "gegevens.pdf": make_pdf("inzage", document(data, home.name)),
    }
    for row in _photos(session, meldingen):
        number = next(melding.number for melding in meldingen if melding.id == row.melding_id)
        try:
            files[f"fotos/{number}-{row.id}.jpg"] = store.get(row.large_key)
        except PermanentFailure:
            continue  # the row tells of a file that is gone; the list in the data still names it
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, FIXED), content, zipfile.ZIP_DEFLATED)
    whole = packed.getvalue()
    counts = {"meldingen": len(meldingen), "fotos": len(files) - 2,
              "berichten": sum(len(one["berichten"]) for one in data["meldingen"])}  # fmt: skip
    return whole, hashlib.sha256(whole).hexdigest(), counts


def document(data: Mapping[str, Any], gemeente_name: str) -> dict[str, Any]:
    """The same data as headings, facts and lists, for the template `inzage`."""
    intro = [
        f"Dit zijn de gegevens die de gemeente {gemeente_name} over u bewaart bij uw meldingen over de buitenruimte.",
        "Wij bewaren ze om uw melding op te lossen en u daarover te berichten. Dat is een taak van algemeen belang.",
        "Klopt er iets niet? Of wilt u dat wij gegevens wissen? Vraag het ons.",
        "Bent u het niet met ons eens? Dan kunt u een klacht sturen aan de Autoriteit Persoonsgegevens.",
    ]
    parts = [_part(one) for one in data["meldingen"]]
    title = "Uw gegevens bij de gemeente"
    return {"title": title, "gemeente": f"Gemeente {gemeente_name}", "intro": intro, "parts": parts}


def _part(one: Mapping[str, Any]) -> dict[str, Any]:
    person = one["contact"] or {}
    facts = [
        ("Ontvangen", one["ontvangenOp"]),
        ("Stand", one["status"]),
        ("Soort", one["categorie"]),
        ("Uw tekst", one["omschrijving"]),
        ("Plaats", one["plaats"]["adres"] or one["plaats"]["toelichting"]),
        ("Toelichting", one["plaats"]["toelichting"]),
        ("Naam", person.get("naam", "")),
        ("E-mailadres", person.get("email", "")),
        ("Telefoonnummer", person.get("telefoon", "")),
        ("Postadres", person.get("postadres", "")),
    ]
    groups = {
        "Uw antwoorden": [f"{name}: {value}" for name, value in one["antwoorden"].items()],
        "Wat er gebeurde": [f"{line['op']}: {line['tekst']}" for line in one["verloop"]],
        "Aantekeningen": [f"{note['op']}, {note['soort']}: {note['tekst']}" for note in one["aantekeningen"]],
        "Berichten": [
            f"{sent['op']}, {sent['kanaal']} aan {sent['adres'] or 'een adres dat is gewist'}: {sent['tekst']}"
            for sent in one["berichten"]
        ],
        "Uw oordeel": [_verdict_words(said) for said in one["oordelen"]],
        "Telefoongesprekken": [line for call in one["gesprekken"] for line in _call_lines(call)],
        "Foto's": [f"{picture['op']}: {picture['bestand']}" for picture in one["fotos"]],
        "Wanneer medewerkers uw contactgegevens bekeken": [
            f"{look['op']}: {look['waarbij']}" for look in one["bekeken"]
        ],
    }
    return {
        "title": f"Melding {show_number(one['nummer'])}",
        "facts": [list(fact) for fact in facts if fact[1]],
        "groups": [{"title": name, "lines": lines} for name, lines in groups.items() if lines],
    }


def _melding(session: Session, melding: Melding, *, now: datetime) -> dict[str, Any]:
    scope = [melding.gemeente_id]
    chosen = category.category_by_id(session, melding.category_id, scope=scope) if melding.category_id else None
    lon, lat = coordinates(session, melding)
    notices = {row.id: row for row in notice.notices_of(session, [melding.id], scope=scope)}
    calls = callback.callbacks_of(session, [melding.id], scope=scope)
    tries = callback.attempts_of(session, [row.id for row in calls], scope=scope)
    labels = {question["id"]: question["label"] for question in chosen.questions} if chosen else {}
    return {
        "nummer": melding.number,
        "ontvangenOp": _moment(melding.received_at),
        "kanaal": melding.intake_channel,
        "status": STATUS_WORDS.get(melding.status, melding.status),
        "categorie": chosen.name if chosen else "",
        "omschrijving": melding.description,
        "antwoorden": {labels.get(key, key): _plain(value) for key, value in melding.answers.items()},
        "plaats": {"lengte": lon, "breedte": lat, "adres": melding.address, "toelichting": melding.location_note},
        "contact": _contact(contact.contact_of(session, melding.id, scope=scope)),
        "verloop": [
            {"op": _moment(line.at), "tekst": line.text}
            for line in timeline.timeline_of(dossier_of(session, melding), now=now)
        ],
        "aantekeningen": [
            {"op": _moment(note.at), "soort": NOTE_WORDS[note.kind], "tekst": note.text}
            for note in journal.notes_of(session, melding_ids=[melding.id], scope=scope)
        ],
        "berichten": [
            {"op": _moment(sent.sent_at or sent.created_at), "soort": notices[sent.notice_id].kind,
             "kanaal": sent.channel, "adres": sent.address, "onderwerp": sent.subject, "tekst": sent.text,
             "stand": sent.status}
            for sent in notice.deliveries_of(session, list(notices), scope=scope)
        ],
        "oordelen": [
            {"op": _moment(said.at), "vraag": said.asked, "antwoord": said.answer, "genoegGehoord": said.enough,
             "cijfer": said.mark}
            for said in verdict.verdicts_of(session, melding.id, scope=scope)
        ],
        "gesprekken": [
            {"op": _moment(row.finished_at or row.created_at), "woorden": row.words, "uitkomst": row.result,
             "pogingen": [
                 {"op": _moment(one.at), "uitkomst": CALL_WORDS[one.outcome], "woorden": one.words}
                 for one in tries[row.id]
             ]}
            for row in calls
        ],
        "fotos": [
            {"op": _moment(row.received_at), "bestand": f"fotos/{melding.number}-{row.id}.jpg"}
            for row in _photos(session, [melding])
        ],
        "bekeken": [
            {"op": _moment(look.at), "waarbij": ": ".join(filter(None, (look.context, look.words)))}
            for look in contact.views_of(session, melding.id, scope=scope)
        ],
    }  # fmt: skip


def _call_lines(call: Mapping[str, Any]) -> list[str]:
    """What we wanted to tell, and each time that we phoned."""
    tried = [f"{one['op']}, {one['uitkomst']}: {one['woorden']}".rstrip(": ") for one in call["pogingen"]]
    return [f"{call['op']}: {call['woorden']} {call['uitkomst']}", *tried]


def _verdict_words(said: Mapping[str, Any]) -> str:
    about = "is het opgelost" if said["vraag"] == "opgelost" else "is onze uitleg duidelijk"
    words = [f"{about}: {'ja' if said['antwoord'] else 'nee'}"]
    if said["genoegGehoord"] is not None:
        words.append(f"genoeg van ons gehoord: {'ja' if said['genoegGehoord'] else 'nee'}")
    if said["cijfer"]:
        words.append(f"cijfer: {said['cijfer']}")
    return f"{said['op']}: {', '.join(words)}"


def _contact(known: Contact | None) -> dict[str, Any] | None:
    if known is None:
        return None
    return {
        "naam": known.name,
        "email": known.email,
        "telefoon": known.phone,
        "postadres": known.postal_address,
        "voorkeur": known.preference or "",
        "alleenAlsHetKlaarIs": known.only_when_done,
        "ookSNachts": known.night_too,
    }


def _photos(session: Session, meldingen: Sequence[Melding]) -> list[photo.Photo]:
    """The melder's own photos that can be shown."""
    found = photo.photos_of(session, melding_ids=[m.id for m in meldingen], scope=[m.gemeente_id for m in meldingen])
    return [row for row in found if row.status == photo.KLAAR and row.large_key]


def _plain(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


def _moment(at: datetime) -> str:
    return at.astimezone(AMSTERDAM).strftime("%d-%m-%Y %H.%M uur")
