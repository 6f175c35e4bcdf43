"""Poison: photos that bite, messages that cannot be written or taken, rules that raise; and the rest goes on.

What a person has to look at is where a person looks: the reason of the photo, of the delivery that failed, and of the
opdracht of the vangnet team.
"""

import contextlib
import json
from collections.abc import Iterator

from meldingen.flow.routing import RULES_FAILED
from tests.photos import photo, raw_png

from .melders import Report, Wish, post, request
from .scene import Fault, Scene

LONE = 1_000_000
"""Numbers of meldingen that belong to no stream count from here."""
TOLD = """
select count(*) from delivery d join notice n on n.id = d.notice_id join melding m on m.id = n.melding_id
 where m.number = '{}' and d.status = 'niet_bezorgd' and d.reason <> ''
"""
PHOTOS = {
    "bom": raw_png(20_000, 20_000, body=b"x"),
    "afgebroken": photo(size=(800, 600))[:-4000],
    "geen foto": b"<html><script>alert(1)</script></html>",
}
BOW_TIE = "MULTIPOLYGON(((4.6 52.6, 4.8 52.8, 4.8 52.6, 4.6 52.8, 4.6 52.6)))"


@contextlib.contextmanager
def photos_bite(scene: Scene) -> Iterator[None]:
    """A bomb, a photo cut short and something else, each with a melding of its own."""
    first = LONE + 10 * scene.next_number
    for number, (name, data) in enumerate(PHOTOS.items(), start=first):
        status, _, _ = post(scene.ground.port, *request(scene.seed, number, Wish(photo=data)))
        if status != 201:
            scene.notes.append(f"foto ({name}): de melding kreeg {status}")
    yield


def photos_told(scene: Scene, _reports: list[Report]) -> list[str]:
    """No photo stays half done, and the bad ones have a reason."""
    done = scene.eventually(lambda: scene.ground.sql("select count(*) from photo where status = 'ontvangen'")[0] == "0")
    told = scene.ground.sql("select reason from photo where status = 'onleesbaar' order by id desc limit 3")
    scene.said.append(f"onleesbaar met reden: {', '.join(told) or 'geen'}")
    return [] if done else ["foto's zijn niet af"]


@contextlib.contextmanager
def messages_bite(scene: Scene) -> Iterator[None]:
    """An own text that is empty stands in the table, and one melder's number is one that the provider refuses."""
    ground = scene.ground
    ground.sql(
        "insert into notice_text (gemeente_id, kind, channel, version, body, made_by, at)"
        " select id, 'ontvangst', 'sms', 1, ' ', 'storingsproef', now() from gemeente where served"
    )
    number = LONE + 10 * scene.next_number
    refused = Wish({"contact": {"telefoon": f"062{number:07d}"}})
    status, answer, _ = post(ground.port, *request(scene.seed, number, refused))
    if status != 201:
        scene.notes.append(f"melding met een nummer dat niet kan: {status}")
    try:
        yield
        asked = TOLD.format(answer["nummer"])
        if not scene.eventually(lambda: ground.sql(asked)[0] != "0"):
            scene.notes.append("wie de aanbieder weigerde, staat niet met een reden bij de melding")
    finally:
        ground.sql("update notice_text set retired_at = now() where made_by = 'storingsproef'")


@contextlib.contextmanager
def rules_bite(scene: Scene) -> Iterator[None]:
    """Office hours that nobody can read, and an area that crosses itself."""
    ground = scene.ground
    before = ground.sql("select policy from gemeente where served")[0]
    kept = json.dumps(json.loads(before)).replace("'", "''")
    broken = """'{"office_hours": {"days": "altijd"}}'"""
    ground.sql(f"update gemeente set policy = policy || {broken} where served")
    ground.sql(
        "insert into area (gemeente_id, kind, code, name, shape)"
        f" select id, 'teamgebied', 'KAPOT', 'Kapot', ST_GeomFromText('{BOW_TIE}', 4326) from gemeente where served"
    )
    try:
        yield
        if not scene.eventually(lambda: _given_to_vangnet(scene)):
            scene.notes.append("geen melding ging naar het vangnetteam")
    finally:
        ground.sql(f"update gemeente set policy = '{kept}' where served; delete from area where code = 'KAPOT'")


def _given_to_vangnet(scene: Scene) -> bool:
    return scene.ground.sql(f"select count(*) from opdracht where routing_reason = '{RULES_FAILED}'")[0] != "0"


BITING_PHOTOS = Fault("giftige foto's", photos_bite, check=photos_told, lasts_s=2.0)
BITING_MESSAGES = Fault("giftig bericht", messages_bite, lasts_s=2.0)
BITING_RULES = Fault("giftige regel", rules_bite, lasts_s=2.0)
