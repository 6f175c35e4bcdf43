"""What the page of each step shows: the facts for its template. Checks nothing and changes nothing."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from ...domain.intake import MAX_PHOTOS, NewMelding
from ...domain.retention import Term, terms_for
from ...domain.text import looks_like_bsn, personal_kinds
from ...flow.storm import current_storm
from ...store.category import Category, categories_of
from ...store.gemeente import gemeente_by_id
from ...store.outline import bounds_of, spots_of
from ..categories import category_groups
from ..layout import senders
from ..melding_form import HONEYPOT
from ..taal import span_words
from .bekend import near_form
from .checks import check_melding, is_dangerous, known_object, sounds_dangerous
from .form import Form
from .place import place_facts
from .soorten import proposals_for
from .steps import COUNT, STEPS, Step

BEFORE = {"wat": "waar", "bekend": "wat", "foto": "wat", "contact": "foto", "controleren": "contact"}


def show(step: Step, form: Form, status: int = 200) -> ResponseReturnValue:
    """The page of a step, with everything that was filled in, right or wrong."""
    page = render_template(f"melden/{step.name}.html", **around(step, form), **FACTS[step.name](form))
    return page, status, {"Retry-After": str(form.retry_after_s)} if form.retry_after_s else {}


def around(step: Step, form: Form) -> dict[str, Any]:
    """What every step shows: which one it is, what is wrong, and what the form carries."""
    return {
        "step": step,
        "count": COUNT,
        "steps": [one for one in STEPS.values() if one.name != "bekend"],
        "step_before": BEFORE.get(step.name, ""),
        "sleutel": form.key,
        "device": form.device_facts,
        "terug": form.back,
        "carried": {name: form.values[name] for name in form.given if name not in step.fields},
        "values": form.values,
        "answers": form.filled.answers,
        "errors": form.errors,
        "remarks": form.remarks,
        "drafts": form.photos,
        "refused": form.refused,
        "honeypot": HONEYPOT,
        "several": len(senders()) > 1,
        "gemeente": form.sender.slug,
    }


def _place(form: Form) -> dict[str, Any]:
    session, scope = form.here.session, [form.sender.id]
    return {
        "spots": [("", [(spot.code, spot.name) for spot in spots_of(session, scope=scope)])],
        "tiles": form.here.settings.map_tiles_url,
        "bounds": ",".join(f"{side:.5f}" for side in bounds_of(session, scope=scope) or ()),
        "storm": current_storm(gemeente_by_id(session, form.sender.id), form.here.now),
        **place_facts(form),
    }


def _words(form: Form) -> dict[str, Any]:
    return {
        "groups": category_groups(categories_of(form.here.session, scope=[form.sender.id])),
        "chosen": form.chosen,
        "asks_danger": form.values["gevaar"] == "nee" or sounds_dangerous(form),
        "proposals": proposals_for(form) if "voorstel" in request.args else [],
    }


def show_without_person(form: Form) -> ResponseReturnValue:
    """The last step for a browser that keeps it: its script fills it with what the device holds."""
    return render_template("melden/zonder_bereik.html", **around(STEPS["controleren"], form))


def _near(form: Form) -> dict[str, Any]:
    return {
        "near": near_form(form),
        "whereabouts": form.whereabouts(),
        "tiles": form.here.settings.map_tiles_url,
    }


def _reach(form: Form) -> dict[str, Any]:
    """How long contact data are kept, for the kind that was chosen."""
    chosen = form.chosen
    days = terms_for(chosen.retention if chosen else {}, about_persons=False)
    return {"kept": span_words(days[Term.CONTACT]), "at_most": span_words(days[Term.CONTACT_MAX])}


def _review(form: Form) -> dict[str, Any]:
    found = check_melding(form)
    assert found is not None, "who sends people here looked first"
    new, placed = found
    chosen = form.chosen
    return {
        "new": new,
        "placed": placed,
        "chosen": chosen,
        "thing": known_object(form),
        "danger": is_dangerous(new, chosen),
        "asked": _asked(chosen, new),
        "bsn": looks_like_bsn(new.description),
        "personal": personal_kinds(new.description),
        "same": next((one for one in near_form(form) if str(one.opdracht_id) == new.same_as), None),
    }


FACTS: Mapping[str, Callable[[Form], dict[str, Any]]] = {
    "waar": _place,
    "wat": _words,
    "bekend": _near,
    "foto": lambda form: {"room": MAX_PHOTOS - len(form.photos)},
    "contact": _reach,
    "controleren": _review,
}


def _asked(chosen: Category | None, new: NewMelding) -> list[tuple[str, str]]:
    """Each answered question with its answer in words."""
    if chosen is None:
        return []
    rows = []
    for question in chosen.questions:
        given = new.answers.get(question["id"])
        if given is not None:
            words = ", ".join(given) if isinstance(given, list) else str(given)
            rows.append((question["label"], words.capitalize() if question["type"] == "janee" else words))
    return rows
