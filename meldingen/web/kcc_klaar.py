"""What the desk reads aloud: before storing what was understood, and after it the number, the promise and what comes.

The berichten themselves are written and sent elsewhere (flow/notices.py); here is only which one will go where.
"""

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from ..adapters import Adapters
from ..auth import Visit, enter, visit
from ..domain import deadlines, tokens
from ..domain.contact import Contact
from ..domain.errors import InvalidInput, NotFound
from ..domain.intake import NewMelding
from ..domain.notices import Channel, ContactFacts, NoticeKind, choose_channel
from ..domain.numbers import parse_number, read_aloud, spell_digits
from ..domain.phone import show_phone
from ..flow import notice_facts, reach, texts
from ..flow.places import Placed
from ..store import category, contact, gemeente
from ..store.category import Category
from ..store.melding import Melding, melding_by_number
from .kcc_beller import DESK, desk_scope
from .kcc_contact import look
from .layout import show_as

pages = Blueprint("kcc_klaar", __name__)

NUMBER_TO_COME = "26" + "0" * 8
ROADS = {
    Channel.EMAIL: "een e-mail op {email}",
    Channel.SMS: "een sms op {phone}",
    Channel.TELEFOON: "een telefoontje op {phone}",
    Channel.BRIEF: "een brief op zijn postadres",
}


@dataclass(frozen=True)
class Told:
    """What the caller will hear of us. now: how the number reaches him at once; at_end: how the end does; "" for none.

    text: the very words of the first one, when it is written.
    """

    now: str
    at_end: str
    text: str = ""


def promise_of(here: Visit, placed: Placed, chosen: Category | None) -> date:
    """The day that a melding of this kind, received now, will have."""
    scope = [placed.gemeente.id]
    term = (chosen or category.other_category(here.session, scope=scope)).term_days
    return deadlines.promised_on(here.now, term, gemeente.closing_days(here.session, scope=scope))


def told_before(here: Visit, new: NewMelding, placed: Placed, chosen: Category | None, promised: date) -> Told:
    """What this caller would hear when it were stored now, with the words as they would be sent."""
    unstored = Melding(
        gemeente_id=placed.gemeente.id,
        number=NUMBER_TO_COME,
        category_id=chosen.id if chosen else None,
        address=new.location.address if new.location else "",
        received_at=here.now,
        promised_on=promised,
    )
    given = new.contact
    return _told(here, unstored, _facts_of(given, here.adapters), given.phone.e164 if given and given.phone else "")


def stored_panel(here: Visit, melding: Melding) -> str:
    """What to read aloud of a melding that was stored a moment ago."""
    show_as(melding.gemeente_id)
    scope = [melding.gemeente_id]
    known = contact.contact_of(here.session, melding.id, scope=scope)
    code = tokens.spoken_code(here.settings.secret_keys, melding.id, melding.token_generation)
    spoed = melding.danger or _is_spoed(here, melding)
    return render_template(
        "werk/kcc_opgeslagen.html",
        melding=melding,
        aloud=read_aloud(melding.number),
        code=f"{code[:4]} {code[4:]}",
        code_aloud=spell_digits(f"{code[:4]} {code[4:]}"),
        told=_told(here, melding, reach.contact_facts(known, adapters=here.adapters), known.phone if known else ""),
        contact=known,
        spoed=spoed,
    )


@pages.get("/kcc/nieuw/<nummer>/brief")
@enter("medewerker", roles=DESK)
def brief(nummer: str) -> ResponseReturnValue:
    """The confirmation on paper: to print and hand over or post. The look at the address is logged."""
    here = visit()
    scope = desk_scope(here)
    try:
        found = melding_by_number(here.session, parse_number(nummer), scope=scope)
    except InvalidInput:
        found = None
    if found is None:
        raise NotFound("melding_onbekend", "Deze melding kunnen wij niet vinden.")
    show_as(found.gemeente_id)
    known = look(here, found, "beller")
    code = tokens.spoken_code(here.settings.secret_keys, found.id, found.token_generation)
    chosen = found.category_id
    return render_template(
        "werk/kcc_brief.html",
        melding=found,
        contact=known,
        category=category.category_by_id(here.session, chosen, scope=[found.gemeente_id]) if chosen else None,
        code=f"{code[:4]} {code[4:]}",
        follow=f"{here.settings.public_url}/volgen",
        now=here.now,
    )


def _is_spoed(here: Visit, melding: Melding) -> bool:
    if melding.category_id is None:
        return False
    chosen = category.category_by_id(here.session, melding.category_id, scope=[melding.gemeente_id])
    return chosen is not None and chosen.urgency == "spoed"


def _facts_of(given: Contact | None, adapters: Adapters) -> ContactFacts:
    """As reach.contact_facts, for who is not stored yet."""
    if given is None:
        return ContactFacts()
    return ContactFacts(
        email=given.email,
        email_usable=adapters.mail is not None,
        phone=given.phone,
        preference=given.preference,
        only_when_done=given.only_when_done,
        sms_usable=adapters.sms is not None,
        postal=bool(given.postal_address),
        night_too=given.night_too,
    )


def _told(here: Visit, melding: Melding, facts: ContactFacts, phone: str) -> Told:
    first = choose_channel(facts, NoticeKind.ONTVANGST)
    last = choose_channel(facts, NoticeKind.GEREED)
    fill = {"email": facts.email, "phone": show_phone(phone) if phone else ""}
    text = ""
    if first in (Channel.EMAIL, Channel.SMS):
        sample = notice_facts.facts_to_preview(
            here.session, here.settings, NoticeKind.ONTVANGST, first, melding, now=here.now
        )
        text = texts.write(here.session, NoticeKind.ONTVANGST, first, sample).text
    now, at_end = (ROADS[road].format(**fill) if road in ROADS else "" for road in (first, last))
    return Told(now, at_end, text)
