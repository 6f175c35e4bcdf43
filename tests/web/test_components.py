"""The HTML of each component: ids, labels and aria belong together (A11Y-05, DS-03)."""

from typing import Any

import pytest
from flask import render_template_string

from .conftest import World


def html(world: World, source: str, **values: Any) -> str:
    with world.app.test_request_context("/"):
        return " ".join(render_template_string(source, **values).split())


@pytest.mark.parametrize(
    ("call", "control"),
    [
        ("text_field('naam', 'Naam', '', errors, 'Uitleg')", "<input"),
        ("text_area('naam', 'Naam', '', errors, 'Uitleg')", "<textarea"),
        ("select_field('naam', 'Naam', [('', [('a', 'A')])], '', errors, 'Uitleg')", "<select"),
        ("photo_field('naam', 'Naam', errors, 'Uitleg')", "<input"),
        ("tick_field('naam', 'Naam', False, errors, 'Uitleg')", "<input"),
    ],
)
def test_a_field_is_tied_to_its_label_hint_and_error(world: World, call: str, control: str) -> None:
    name = call.split("(")[0]
    source = "{% from 'components/form_field.html' import " + name + " %}{{ " + call + " }}"
    page = html(world, source, errors={"naam": "Vul dit in."})
    assert control in page and 'for="veld-naam"' in page and page.count('id="veld-naam"') == 1
    assert 'aria-describedby="veld-naam-fout veld-naam-uitleg" aria-invalid="true"' in page
    assert 'id="veld-naam-fout"' in page and 'id="veld-naam-uitleg"' in page
    well = html(world, source, errors={})
    assert 'aria-describedby="veld-naam-uitleg"' in well and "aria-invalid" not in well


def test_choices_are_a_named_group_and_the_summary_reaches_the_first(world: World) -> None:
    source = (
        "{% from 'components/form_field.html' import radio_field %}"
        "{{ radio_field('v', 'Vraag', [('a', 'A'), ('b', 'B')], 'b', {'v': 'Kies.'}) }}"
    )
    page = html(world, source)
    assert "<legend" in page and 'id="veld-v"' in page and 'id="veld-v-2"' in page
    assert 'value="b" checked' in page and 'value="a" checked' not in page


def test_the_error_summary_links_to_each_field(world: World) -> None:
    source = "{% from 'components/error_summary.html' import error_summary %}{{ error_summary(errors) }}"
    page = html(world, source, errors={"naam": "Vul uw naam in."})
    assert (
        'role="alert" tabindex="-1"' in page
        and '<a class="utrecht-link utrecht-link--html-a" href="#veld-naam">' in page
    )
    assert html(world, source, errors={}) == ""


def test_what_people_wrote_stays_text(world: World) -> None:
    source = "{% from 'components/form_field.html' import text_area %}{{ text_area('t', 'T', value) }}"
    page = html(world, source, value="</textarea><script>alert(1)</script> {{ 7*7 }}")
    assert "<script>" not in page and "49" not in page


def test_a_status_is_said_in_words(world: World) -> None:
    source = "{% from 'components/status_badge.html' import status_badge %}{{ status_badge('in_behandeling') }}"
    assert ">in behandeling</span>" in html(world, source)
