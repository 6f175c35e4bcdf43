"""How many statements a door may send: a count that does not grow with what there is is what keeps it quick."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from tests.api.conftest import BASE, World


@contextmanager
def counted(world: World) -> Iterator[list[str]]:
    """The statements that the doors send within the block."""
    sent: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    engine = world.app.extensions["meldingen"].engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


def test_the_list_of_a_team(world: World) -> None:
    """The clock, who is here, and the list: however long it is, and for teams as for coordinators."""
    for _ in range(3):
        world.routed(contact={"email": "melder@voorbeeld.nl"}, adres="Kerkstraat 12")
    for who in ("duinstede:team", "duinstede:coordinator"):
        with counted(world) as sent:
            shown = world.client().get(f"{BASE}/opdrachten?pageSize=50", headers=world.headers(who)).json
        assert len(shown["opdrachten"]) >= 3
        told = [statement for statement in sent if not statement.startswith("UPDATE staff_session")]  # once per device
        assert len(told) <= 3, "\n\n".join(told)
