"""One form under way: under which key, of which gemeente, what is in it and what is wrong with it.

What was filled in lives in the concept (flow/concept.py); the browser holds its key in a cookie, and each page in a
hidden field, which wins. The key is the idempotency key of the melding it becomes.
"""

import re
import secrets
from dataclasses import dataclass, field
from typing import Any

from flask import Response, g, request

from ...auth import Visit, installation
from ...flow.concept import KEPT, end_concept, find_concept, hold_concept, save_concept, values_of
from ...store.category import Category, category_by_slug
from ...store.concept import Concept
from ..drafts import Draft, Drafts
from ..layout import Sender, page_sender, show_as
from ..melding_form import ANSWER, DEVICE, FIELDS, Filled
from .steps import Step

KEY = re.compile(r"[0-9a-f]{32}")
PREFILLED = ("categorie", "object", "lon", "lat", "adres", "toelichting", "omschrijving", "zelfde_als")
"""What a link from elsewhere may fill in."""


@dataclass
class Form:
    """What a step works with. photos: those that wait with it; refused: why others were not kept.

    kept: its row, None while nothing was sent. back: the step to return to after changing one part. remarks: names of
    things that are told without being a mistake, such as a link with a category that is no longer there. is_shell: the
    page without anything in it, that a device keeps to use without coverage. given: the fields that a link filled in.
    """

    here: Visit
    sender: Sender
    key: str
    filled: Filled
    photos: list[Draft]
    drawer: Drafts
    kept: Concept | None = None
    refused: list[str] = field(default_factory=list)
    back: str = ""
    retry_after_s: int = 0
    remarks: list[str] = field(default_factory=list)
    is_shell: bool = False
    given: tuple[str, ...] = ()
    _chosen: dict[tuple[int, str], Category | None] = field(default_factory=dict)

    @property
    def values(self) -> dict[str, str]:
        """The fields by name, as they were typed."""
        return self.filled.values

    @property
    def errors(self) -> dict[str, str]:
        """What is wrong, by field name."""
        return self.filled.errors

    @property
    def chosen(self) -> Category | None:
        """The category that was chosen, when this gemeente has it."""
        slug = self.values["categorie"]
        if not slug or "\x00" in slug:
            return None
        asked = self.sender.id, slug
        if asked not in self._chosen:
            self._chosen[asked] = category_by_slug(self.here.session, slug, scope=[self.sender.id])
        return self._chosen[asked]

    @property
    def device_facts(self) -> dict[str, Any]:
        """What the script of the page must know of what we have (static/js/melden/concept.js says whose values count).

        fields: what is kept of it; version: the last change of the device that we got; linked: a link filled it in.
        """
        values = {name: [value] for name, value in self.values.items() if value and name not in DEVICE}
        answers = {ANSWER + name: given for name, given in self.filled.answers.items()}
        return {
            "fields": {**values, **answers} if self.kept else {},
            "version": self.values["versie"] if self.values["versie"].isdigit() else "0",
            "linked": bool(self.given),
            "link_names": " ".join(PREFILLED),
        }

    @property
    def is_kept(self) -> bool:
        """Whether its row holds to the letter what was typed: not what is far too long, or no text."""
        values, answers = values_of(self.kept)
        typed = {name: value for name, value in self.values.items() if value}
        return typed.items() <= values.items() and self.filled.answers.items() <= answers.items()

    def move_to(self, gemeente_id: int) -> None:
        """Makes it a form of the gemeente the place lies in."""
        if gemeente_id != self.sender.id:
            self.sender = show_as(gemeente_id)

    def overlay(self, step: Step | None) -> None:
        """Takes over what was sent: every known field that is there, and of this step also what was left unticked."""
        sent = request.form
        self.values.update({name: sent.get(name, "") for name in FIELDS if name in sent and name != "gemeente"})
        if step is not None:
            self.values.update({name: sent.get(name, "") for name in step.switches})
        self.values["categorie"] = self.values["categorie"] or sent.get("voorstel", "")
        shown = self.chosen if sent.get("vragen_van") else None
        for question in shown.questions if shown and shown.slug == sent.get("vragen_van") else ():
            self.filled.answers[question["id"]] = []
        for name in sent:
            if name.startswith(ANSWER) and len(name) < 99:
                self.filled.answers[name.removeprefix(ANSWER)] = sent.getlist(name)
        if self.values["zelfde_als"] and self.values["nabij_van"] != self.whereabouts():
            self.values["zelfde_als"] = ""

    def whereabouts(self) -> str:
        """The place and kind for which the question "is it one of these?" was answered."""
        return "|".join(self.values[name] for name in ("lon", "lat", "buurt", "categorie"))

    def save(self) -> None:
        """Keeps it all, also what is wrong."""
        here = self.here
        kept = self.kept = self.kept or hold_concept(
            here.session, self.key, gemeente_id=self.sender.id, scope=here.public_scope, now=here.now
        )
        save_concept(
            here.session,
            kept,
            gemeente_id=self.sender.id,
            values=self.values,
            answers=self.filled.answers,
            photos=[photo.reference for photo in self.photos],
            now=here.now,
        )
        g.concept_key = self.key

    def hold(self) -> None:
        """Locks its row, made when there is none, and reads it afresh: a second tap waits here."""
        here = self.here
        self.kept = hold_concept(
            here.session, self.key, gemeente_id=self.sender.id, scope=here.public_scope, now=here.now
        )
        _read_kept(self)

    def end(self) -> None:
        """Takes it away, with its cookie."""
        if self.kept is not None:
            end_concept(self.here.session, self.kept)
        g.concept_key = ""


def look(here: Visit) -> Form | None:
    """The form of this browser to show; None when people must first choose a gemeente.

    `?leeg` shows it without anything of this browser, for who keeps the page to use it without coverage.
    """
    empty = "leeg" in request.args
    key = "" if empty else cookie_key()
    kept = find_concept(here.session, key, scope=here.public_scope, now=here.now)
    form = _form(here, key if kept else ("" if empty else new_key()), kept)
    if form is not None:
        form.is_shell = empty
    if form is not None and not empty:
        form.given = tuple(name for name in PREFILLED if request.args.get(name))
        form.values.update({name: request.args[name] for name in form.given})
        if "zelfde_als" in form.given:  # "dit heb ik ook" on the map answers for this place and kind, until one changes
            form.values["nabij_van"] = form.whereabouts()
            form.given += ("nabij_van",)
        form.back = known_back(request.args.get("terug", ""))
    return form


def take(here: Visit) -> Form | None:
    """The form that was sent, before what is new in it is taken over; None when it says for no gemeente."""
    key = field_key() or cookie_key() or new_key()
    kept = find_concept(here.session, key, scope=here.public_scope, now=here.now)
    form = _form(here, key, kept)
    if form is not None:
        form.back = known_back(request.form.get("terug", ""))
    return form


def _form(here: Visit, key: str, kept: Concept | None) -> Form | None:
    sender = show_as(kept.gemeente_id) if kept else page_sender()
    if sender is None:
        return None
    drawer = Drafts(here.adapters.photos, here.settings.secret_keys)
    form = Form(here, sender, key, Filled(dict.fromkeys(FIELDS, "")), [], drawer, kept)
    _read_kept(form)
    return form


def _read_kept(form: Form) -> None:
    values, answers = values_of(form.kept)
    form.filled = Filled({**dict.fromkeys(FIELDS, ""), **{n: v for n, v in values.items() if n in FIELDS}}, answers)
    form.photos = form.drawer.read(form.kept.photos) if form.kept else []
    if form.kept and len(form.photos) < len(form.kept.photos) and "foto_verlopen" not in form.remarks:
        form.remarks.append("foto_verlopen")


def known_back(written: str) -> str:
    """The step to go back to after a change; only the last one."""
    return written if written == "controleren" else ""


def new_key() -> str:
    """A key nobody guesses: 128 bits."""
    return secrets.token_hex(16)


def field_key() -> str:
    """The key in the form that was sent; "" when there is none of ours."""
    return _known(request.form.get("sleutel", ""))


def cookie_key() -> str:
    """The key this browser keeps."""
    return _known(request.cookies.get(cookie_name(), ""))


def _known(written: str) -> str:
    return written if KEY.fullmatch(written) else ""


def cookie_name() -> str:
    """The name of the cookie; with the prefix that ties it to this host where there is https."""
    return "__Host-concept" if installation().settings.secure else "concept"


def keep_cookie(response: Response) -> Response:
    """Gives the browser the key of what was kept, or takes it away once it was sent."""
    key = g.get("concept_key")
    if key is not None:
        secure = installation().settings.secure
        if key:
            age_s = int(KEPT.total_seconds())
            response.set_cookie(
                cookie_name(), key, max_age=age_s, path="/", secure=secure, httponly=True, samesite="Lax"
            )
        else:
            response.delete_cookie(cookie_name(), path="/", secure=secure, httponly=True, samesite="Lax")
    return response
