"""The terms of each category, what a gemeente may change, and when the archivaris is asked again."""

import pytest

from meldingen.domain.errors import InvalidInput
from meldingen.domain.privacy import PERSONAL_FIELDS
from meldingen.domain.retention import CONFIRMED_ONLY, RULES, Term, check_days, mark_of, terms_for, terms_table


@pytest.mark.parametrize(
    ("own", "about_persons", "expected"),
    [
        (
            {},
            False,
            {Term.CONTACT: 90, Term.CONTACT_MAX: 365, Term.MELDING: 1826, Term.WITHDRAWN: 365, Term.PHOTO: 365},
        ),
        ({}, True, {Term.PHOTO: 30}),
        ({"foto": 60}, True, {Term.PHOTO: 60}),
        ({"contact": 60, "melding": 3652}, False, {Term.CONTACT: 60, Term.MELDING: 3652}),
        ({"contact": 4000, "contact_hoogstens": 4000}, False, {Term.CONTACT: 365, Term.CONTACT_MAX: 365}),
        ({"contact_hoogstens": 30}, False, {Term.CONTACT: 30, Term.CONTACT_MAX: 30}),
        ({"foto": 3000}, False, {Term.PHOTO: 1826}),
        ({"contact": 0, "melding": "5 jaar", "foto": True, "onzin": 3}, False, {Term.CONTACT: 90, Term.MELDING: 1826}),
    ],
)
def test_the_terms_of_a_category(own: dict[str, object], about_persons: bool, expected: dict[Term, int]) -> None:
    found = terms_for(own, about_persons=about_persons)
    assert {term: found[term] for term in expected} == expected and set(found) == set(Term)


@pytest.mark.parametrize(("term", "days"), [("onzin", 5), ("melding", 0), ("contact", 366), ("contact_hoogstens", 400)])
def test_what_cannot_be_set(term: str, days: int) -> None:
    with pytest.raises(InvalidInput):
        check_days(term, days)


def test_another_archive_term_is_another_mark_and_others_are_not() -> None:
    plain, longer = terms_for({}, about_persons=False), terms_for({"melding": 3652}, about_persons=False)
    shorter_messages = terms_for({"bericht": 30}, about_persons=False)
    assert mark_of({"a": plain}) == mark_of({"a": shorter_messages})
    assert mark_of({"a": plain}) != mark_of({"a": longer})
    assert mark_of({"a": plain}) != mark_of({"a": plain, "b": plain}), "a new category has terms too"


def test_every_term_ends_some_column_and_the_table_tells_it() -> None:
    ended = {one.term for one in PERSONAL_FIELDS} | {Term.CONTACT_MAX, Term.WITHDRAWN}
    assert set(Term) <= ended and set(RULES) == set(Term)
    assert {Term.MELDING, Term.WITHDRAWN, Term.PHOTO} == CONFIRMED_ONLY
    assert terms_table().count("\n") == len(Term) + 2
