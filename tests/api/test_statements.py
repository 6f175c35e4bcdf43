"""How many statements a door may send: a count that does not grow with what there is is what keeps it quick."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from tests.api.conftest import BASE, World


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that go to PostgreSQL within the block, by SQLAlchemy or by the driver itself."""
    sent: list[str] = []
    execute = psycopg.Cursor.execute

    def noted(cursor: Any, statement: Any, *args: Any, **kwargs: Any) -> Any:
        sent.append(str(statement))
        return execute(cursor, statement, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", noted)
        yield sent


def test_closing(world: World) -> None:
    """Two for the key and who it is, three to lock and know what is there, one for all that changes and all it leaves;
    and the clock, which only moves in local mode."""
    _, opdracht_id = world.routed(contact={"email": "melder@voorbeeld.nl"})
    head = world.headers("duinstede:team", If_Match='"1"', Idempotency_Key=f"sluit-{opdracht_id}")
    world.client().get(f"{BASE}/opdrachten/{opdracht_id}", headers=head)
    with counted() as sent:
        body = {"uitkomst": "opgelost", "zin": "De tegel ligt weer recht."}
        closed = world.client().post(f"{BASE}/opdrachten/{opdracht_id}/afhandelingen", json=body, headers=head)
    assert closed.status_code == 201, closed.text
    assert len(sent) <= 7, "\n\n".join(sent)


def test_the_list_of_a_team(world: World) -> None:
    """The clock, who is here, and the list: however long it is, and for teams as for coordinators."""
    for _ in range(3):
        world.routed(contact={"email": "melder@voorbeeld.nl"}, adres="Kerkstraat 12")
    for who in ("duinstede:team", "duinstede:coordinator"):
        with counted() as sent:
            shown = world.client().get(f"{BASE}/opdrachten?pageSize=50", headers=world.headers(who)).json
        assert len(shown["opdrachten"]) >= 3
        told = [statement for statement in sent if not statement.startswith("UPDATE staff_session")]  # once per device
        assert len(told) <= 3, "\n\n".join(told)


def test_a_melder_looks_at_his_melding(world: World) -> None:
    """The clock, the melding by its columns, and its dossier; on the page the gemeenten around it too."""
    made, _ = world.routed(contact={"email": "melder@voorbeeld.nl"}, adres="Kerkstraat 12")
    client, token = world.client(), {"Volg-Token": made["volgToken"]}
    client.get(f"/v/{made['volgToken']}")
    for address, head, most in ((f"{BASE}/meldingen/{made['nummer']}", token, 3), (f"/volgen/{made['nummer']}", {}, 4)):
        with counted() as sent:
            shown = client.get(address, headers=head)
        assert shown.status_code == 200, shown.text
        assert len(sent) <= most, "\n\n".join(sent)
        assert not any("melding.partner_name" in statement for statement in sent), "a whole row of the ORM"


def test_the_page_of_a_team(world: World) -> None:
    """The clock, who is here, the teams, how many and which opdrachten, new answers, the kinds to choose from, and the
    gemeenten; for a coordinator also the lists to empty, what has no owner, and the three counts of the menu."""
    for _ in range(3):
        world.routed(contact={"email": "melder@voorbeeld.nl"}, adres="Kerkstraat 12")
    for who, most in (("duinstede:team", 8), ("duinstede:coordinator", 13)):
        with counted() as sent:
            shown = world.client().get("/team?team=alle", headers=world.headers(who))
        assert shown.text.count('class="work-item__link"') >= 3
        told = [statement for statement in sent if not statement.startswith("UPDATE staff_session")]
        assert len(told) <= most, "\n\n".join(told)
        assert not any("opdracht.taken_up_at AS" in one or "category.questions" in one for one in told), "whole rows"
