"""What each step asks of what was filled in. Mistakes go to the form, under the name of their field, all at once."""

from collections.abc import Callable, Mapping

from ...domain.actor import ANONYMOUS
from ...domain.danger import hear
from ...domain.errors import InvalidInput
from ...domain.intake import Answer, Location, NewMelding, check_answers, danger_answered
from ...domain.objects import ObjectRef, read_ref
from ...domain.text import clean_text, whole_number
from ...flow.danger import words_of
from ...flow.objects import find_object
from ...flow.places import Placed, place_melding
from ...store.category import Category
from ...store.gemeente import gemeente_by_id
from ...store.outline import spots_of
from ...store.public_object import ObjectRow
from ..layout import says_first
from ..melding_form import raw_answers, read_contact, read_location
from ..taal import _
from .form import Form
from .steps import step_of

MAX_HEARD = 2000
"""Characters in which words of danger are looked for; what is longer is refused anyway."""


def check_place(form: Form) -> tuple[Location, Placed] | None:
    """The place and whose it is; the form moves along to that gemeente."""
    spots = spots_of(form.here.session, scope=[form.sender.id])
    location = read_location(form.filled, spots)
    if location is None:
        return None
    session, named = form.here.session, form.sender.slug
    placed = form.filled.attempt(lambda: place_melding(session, location, named, actor=ANONYMOUS), None)
    if placed is None:
        return None
    form.move_to(placed.gemeente.id)
    return location, placed


def check_words(form: Form) -> tuple[str, Category | None, dict[str, Answer]]:
    """The text, the category and the answers to its questions. A text may still be missing: a photo may come."""
    filled, values = form.filled, form.values
    description = filled.attempt(lambda: clean_text(values["omschrijving"], field="omschrijving"), "")
    chosen = form.chosen
    if values["categorie"] and chosen is None:
        filled.errors["categorie"] = _("Deze soort kennen wij niet. Kies een andere, of 'Ik weet het niet'.")
    if chosen is None:
        return description, None, {}
    if says_first(chosen).stops:
        filled.errors["categorie"] = _(
            "Hiervoor nemen wij geen melding aan. Lees wat u wel kunt doen, of kies een andere soort."
        )
    before = len(filled.errors)
    answers: dict[str, Answer] = {}
    answers = filled.attempt(lambda: check_answers(chosen.questions, raw_answers(filled, chosen)), answers)
    if len(filled.errors) > before and _asked_in(form, chosen) not in (None, chosen.questions_version):
        filled.errors["formulier"] = _("Bij deze soort zijn de vragen intussen veranderd. Kijk ze nog eens na.")
    return description, chosen, answers


def must_be_shown(form: Form) -> bool:
    """Whether the chosen category says or asks something that this melder has not seen yet."""
    chosen = form.chosen
    return chosen is not None and bool(chosen.questions or chosen.beforehand) and not was_shown(form, chosen)


def sounds_dangerous(form: Form) -> bool:
    """Whether the text holds words of danger, so that the melder is asked."""
    home = gemeente_by_id(form.here.session, form.sender.id)
    return hear(form.values["omschrijving"][:MAX_HEARD], words_of(home.policy)).suspected


def must_ask_danger(form: Form) -> bool:
    """Whether to ask "Is het nu gevaarlijk?": once, and only who did not say so himself. No answer is allowed too."""
    return not form.values["gevaar"] and not form.values["gevaar_gevraagd"] and sounds_dangerous(form)


def was_shown(form: Form, chosen: Category) -> bool:
    """Whether the page showed what belongs to this category."""
    return form.values["vragen_van"] == chosen.slug


def _asked_in(form: Form, chosen: Category) -> int | None:
    """The version of the questions as they were asked; None when they were not asked."""
    written = form.values["vragen_versie"]
    version = whole_number(written) or 0
    return version if was_shown(form, chosen) and 1 <= version <= chosen.questions_version else None


def check_photos(form: Form) -> None:
    """Words or a photo: one of the two. A photo may still be in the device only."""
    if not form.photos and not form.values["fotos_volgen"] and not form.values["omschrijving"].strip():
        form.errors.setdefault("foto", _("Stuur een foto mee, of ga terug en vertel in woorden wat u ziet."))


def check_melding(form: Form) -> tuple[NewMelding, Placed] | None:
    """The whole melding and whose it is; None when something in it is wrong, whatever else was told before."""
    told, form.filled.errors = form.filled.errors, {}
    found = check_place(form)
    description, chosen, answers = check_words(form)
    check_photos(form)
    contact = form.filled.attempt(lambda: read_contact(form.values), None)
    mistakes = form.filled.errors
    form.filled.errors = {**told, **mistakes}
    if found is None or mistakes:
        return None
    location, placed = found
    values = form.values
    thing = known_object(form)
    new = NewMelding(
        location=location,
        description=description,
        category_slug=chosen.slug if chosen else None,
        answers=answers,
        questions_version=_asked_in(form, chosen) if chosen else None,
        danger=values["gevaar"] == "ja",
        danger_denied=values["gevaar"] == "nee",
        contact=contact,
        intake_channel="e_formulier",
        gemeente_slug=form.sender.slug,
        same_as=values["zelfde_als"] if values["zelfde_als"].isdigit() else None,
        object=ObjectRef(thing.object.kind, thing.object.code) if thing else None,
    )
    return new, placed


def known_object(form: Form) -> ObjectRow | None:
    """The lamp post or container that was named, by `kind:code` or by its code alone; None when we know none."""
    named = read_ref(form.values["object"])
    if named is None:
        return None
    try:
        return find_object(form.here.session, named, scope=[form.sender.id])
    except InvalidInput:
        return None


def is_dangerous(new: NewMelding, chosen: Category | None) -> bool:
    """Whether the melder says that it is dangerous, himself or by an answer."""
    return new.danger or danger_answered(chosen.questions if chosen else (), new.answers)


CHECKS: Mapping[str, Callable[[Form], object]] = {
    "waar": check_place,
    "wat": check_words,
    "bekend": lambda _form: None,
    "foto": check_photos,
    "contact": lambda form: form.filled.attempt(lambda: read_contact(form.values), None),
}
"""By step; what each gives back is for who sends it all."""


def first_wrong(form: Form) -> str:
    """The first step with a mistake in it."""
    steps = [step_of(name) for name in form.errors]
    return min(steps, key=lambda step: step.number).name
