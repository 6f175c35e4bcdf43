"""/partij: what an external party reads without account: the way in by the link of its mail, its open opdrachten, one
whole, and a new link when an old one no longer works. What it does with an opdracht: partij_werk.py.

The link carries its token once in the path and leaves a cookie. Nothing of a melder is shown but masked words, photos
and the place.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, visit
from ..domain.deadlines import last_day_of, local_day
from ..domain.errors import NotFound, NotSignedIn
from ..domain.numbers import show_number
from ..domain.privacy import LIMITED
from ..domain.sentence import say
from ..domain.text import mask_personal
from ..domain.workflow import BIJ_PARTIJ, CLOSED
from ..flow import party_mail
from ..limits import count_guess
from ..party_access import PartyLink, party_at, party_by_token, remember_party
from ..store import category, journal, party, photo
from ..store.melding import Melding
from ..store.opdracht import Opdracht, meldingen_of, opdracht_by_id
from ..store.party import PartyWork
from ..store.photo import KLAAR, Photo
from ..store.team import Team
from .layout import show_as
from .taal import _, day_words, translate
from .team import answers_in_words

pages = Blueprint("partij", __name__)
ID = "<int(max=9223372036854775807):opdracht_id>"


@dataclass
class Typed:
    """What was written in one of the forms, shown again after a mistake. refused: what holds for the whole.

    not_kept: why photos did not come through.
    """

    values: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    refused: str = ""
    not_kept: list[str] = field(default_factory=list)


@pages.get("/partij/<token>")
@enter("iedereen")
def open_link(token: str) -> ResponseReturnValue:
    """The link of a mail: keeps who it is in the cookie, and goes on to a page whose address tells nothing.

    What does not open tells why, and how to go on. Guesses are counted.
    """
    here = visit()
    link = party_by_token(here, token[:60])
    if link is None:
        count_guess("partijlink", token[:60])
        return _ask_link("onbekend", 404)
    show_as(link.team.gemeente_id)
    if not link.works:
        return _ask_link("klaar" if link.opdracht is not None and _is_done(link) else "oud", 410, token=token)
    remember_party(here, link.team)
    if link.opdracht is None:
        return redirect(url_for("partij.lijst"), 303)
    return redirect(url_for("partij.opdracht", opdracht_id=link.opdracht.id), 303)


def _is_done(link: PartyLink) -> bool:
    done = link.opdracht
    return done is not None and (done.status in CLOSED or done.team_id != link.team.id)


@pages.get("/partij/link")
@enter("iedereen")
def vraag_link() -> ResponseReturnValue:
    """Asks for a new link by e-mail address."""
    return _ask_link("kwijt", 200)


@pages.post("/partij/link")
@enter("iedereen")
def stuur_link() -> ResponseReturnValue:
    """Mails fresh links to the address on file, and only there; the answer is the same whatever was asked."""
    here = visit()
    address, token = request.form.get("email", "").replace("\x00", "")[:200], request.form.get("link", "")[:60]
    count_guess("partijmail", address or token)
    link = party_by_token(here, token) if token else None
    if link is not None:
        if link.team.is_partner and link.team.active:
            party_mail.send_links(here.session, link.team, now=here.now)
    elif "@" not in address:
        return _ask_link("kwijt", 400, errors={"email": _("Vul het e-mailadres in waarop u onze mail krijgt.")})
    else:
        party_mail.send_links_to(here.session, address, now=here.now, scope=here.public_scope)
    return render_template("partij/verstuurd.html")


@pages.get("/partij")
@enter("partij")
def lijst() -> ResponseReturnValue:
    """What is open for this party, soonest due first."""
    here = visit()
    try:
        team, _actor = party_at(here)
    except NotSignedIn:
        return _ask_link("verlopen", 401)
    show_as(team.gemeente_id)
    rows = party.open_work(here.session, team.id, scope=[team.gemeente_id])
    return render_template("partij/lijst.html", team=team, rows=[(row, _due(here, row.opdracht)) for row in rows])


@pages.get(f"/partij/opdracht/{ID}")
@enter("partij")
def opdracht(opdracht_id: int) -> ResponseReturnValue:
    """One opdracht. Looking is not having seen it: scanners of mail open links too (partij_werk.py)."""
    here = visit()
    try:
        team, _actor = party_at(here)
    except NotSignedIn:
        return _ask_link("verlopen", 401)
    row = work_of(here, team, opdracht_id)
    if row is None:
        return _ask_link("klaar", 410, signed_in=True)
    return work_page(here, team, row, Typed())


def work_of(here: Visit, team: Team, opdracht_id: int) -> PartyWork | None:
    """An open opdracht of this party; None when it is ready or went to others. Raises NotFound when it never had it."""
    scope = [team.gemeente_id]
    show_as(team.gemeente_id)
    for row in party.open_work(here.session, team.id, only=opdracht_id, scope=scope):
        return row
    known = opdracht_by_id(here.session, opdracht_id, scope=scope)
    if known is None or not party.ever_had(here.session, known, team.id, scope=scope):
        raise NotFound("opdracht_onbekend", "Deze opdracht kunnen wij niet vinden.")
    return None


def work_page(here: Visit, team: Team, row: PartyWork, typed: Typed, status: int = 200) -> ResponseReturnValue:
    """The page of one opdracht, with what the party typed when something was wrong with it."""
    work, scope = row.opdracht, [team.gemeente_id]
    meldingen = meldingen_of(here.session, work.id, scope=scope)
    readable = [m for m in meldingen if LIMITED not in m.flags and m.withdrawn_at is None]
    ids = [m.id for m in readable]
    photos = photo.photos_of(here.session, melding_ids=ids, opdracht_ids=[work.id], scope=scope)
    notes = journal.notes_of(here.session, melding_ids=ids, scope=scope)
    answers = answers_in_words(readable, category.categories_of(here.session, scope=scope))
    page = render_template(
        "partij/opdracht.html",
        team=team,
        row=row,
        work=work,
        due=_due(here, work),
        number=show_number(meldingen[0].number) if meldingen else "",
        address=mask_personal(work.address),
        place_note=mask_personal(work.location_note),
        told=[_told(m, [n.text for n in notes if n.melding_id == m.id], answers[m.id]) for m in readable],
        photos=_pictures([p for p in photos if p.melding_id is not None], _("Foto van de melder")),
        own_photos=_pictures([p for p in photos if p.opdracht_id is not None], _("Foto van het werk")),
        waiting=sum(p.opdracht_id is not None and p.status != KLAAR for p in photos),
        talk=[(n, mask_personal(n.text)) for n in party.conversation(here.session, work.id, scope=scope)],
        seen=party.seen_at(here.session, work.id, team.id, scope=scope) is not None,
        may_expect=work.status == BIJ_PARTIJ,
        today=local_day(here.now).isoformat(),
        typed=typed,
        key=secrets.token_hex(16),
        done=DONE.get(request.args.get("gedaan", ""), ""),
        tiles=here.settings.map_tiles_url,
    )
    return page, status


DONE = {
    "gezien": say("De gemeente weet nu dat u dit heeft gezien."),
    "verwacht": say("Uw datum is bewaard. De melder krijgt hem te lezen."),
    "vraag": say("Uw vraag is verstuurd. U krijgt het antwoord per mail, en het komt hier te staan."),
    "foto": say("Uw foto's zijn ontvangen. Zij staan hier zodra zij zijn nagekeken."),
}


def _told(melding: Melding, supplements: list[str], answers: list[tuple[str, str]]) -> dict[str, Any]:
    """What a melder said, masked; of abuse and threats nothing at all (WM-10)."""
    hidden = bool(melding.abuse)
    return {
        "hidden": hidden,
        "text": "" if hidden else mask_personal(melding.description),
        "more": [] if hidden else [mask_personal(text) for text in supplements],
        "answers": [] if hidden else [(translate(label), mask_personal(given)) for label, given in answers],
        "object": (melding.object_kind, melding.object_code) if melding.object_code else None,
    }


def _pictures(photos: Sequence[Photo], words: str) -> list[tuple[str, str, str]]:
    base = "/api/v1/fotos/"
    shown = [p for p in photos if p.status == KLAAR]
    return [
        (f"{base}{p.public_id}?formaat=klein", f"{base}{p.public_id}?formaat=groot", f"{words}, {n}/{len(shown)}")
        for n, p in enumerate(shown, start=1)
    ]


def _due(here: Visit, work: Opdracht) -> tuple[str, bool]:
    """The last day of the term, and whether it has passed."""
    return day_words(last_day_of(work.due_at)), work.due_at <= here.now


def _ask_link(
    why: str, status: int, *, token: str = "", signed_in: bool = False, errors: dict[str, str] | None = None
) -> ResponseReturnValue:
    page = render_template(
        "partij/link.html",
        why=why,
        token=token,
        signed_in=signed_in,
        errors=errors or {},
        email=request.form.get("email", "")[:200],
    )
    return page, status
