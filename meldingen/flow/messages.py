"""What one message holds: the words of a bericht, and of others of the same melding that travel along with it.

They travel together when they are due at the moment the first of them begins, and go by the same channel; nothing ever
waits for more. Each keeps a delivery of its own, which goes every step with that of its carrier: so whoever reads a
bericht sees how it fared. A message that fails falls apart: each of its berichten goes on by its own next channel.
"""

from collections.abc import Sequence

from ..domain.delivery import UNFINISHED
from ..domain.notices import Channel, NoticeKind, next_channel, quiet_until
from ..store import journal, outbox, team
from ..store.melding import Melding
from ..store.notice import Delivery, Notice, deliveries_carried, deliveries_of, delivery_by_id, notices_of
from . import chain, reach
from .desk import Desk
from .notice_facts import facts_for_melder, facts_for_team
from .texts import Facts, Words, write, write_bundle

TOGETHER = (Channel.EMAIL, Channel.SMS, Channel.PUSH)
ALONE = (NoticeKind.BEL_ONS_NU, NoticeKind.INGETROKKEN)
"""What must be seen at once, and what comes after everything else."""


def gather(desk: Desk, notice: Notice, about: Melding | None, delivery: Delivery) -> list[Delivery]:
    """The deliveries that travel with this one, which begins its first try: those due now, not begun, and those whose
    tries all certainly failed, since what happened first is told first. Lock the melding first."""
    if about is None or delivery.channel not in TOGETHER or notice.kind in ALONE:
        return []
    others = {
        other.id: other
        for other in notices_of(desk.session, [about.id], scope=desk.scope)
        if other.id != notice.id and not other.ended and other.kind not in ALONE
    }
    made: dict[int, list[Delivery]] = {number: [] for number in others}
    for one in deliveries_of(desk.session, list(others), scope=desk.scope):
        made[one.notice_id].append(one)
    due = outbox.due_notices(desk.session, about.id, now=desk.now)
    facts = reach.facts_of(desk.session, [about.id], scope=desk.scope, adapters=desk.adapters)[about.id]
    along = []
    for other in others.values():
        if _quiet(desk, other, about, delivery.channel, night_too=facts.night_too):
            continue
        own = made[other.id]
        begun = next((one for one in own if one.status in UNFINISHED), None)
        if begun is None and not own and other.id in due:
            if next_channel(facts, other.kind, ()) != delivery.channel:
                continue
            begun = reach.next_delivery(desk, other, about, ())
        if begun is not None and begun.channel == delivery.channel and chain.sent_nothing(desk.session, begun):
            begun.carrier_id, other.bundled_into = delivery.id, notice.id
            along.append(begun)
    return along


def parts_of(desk: Desk, delivery: Delivery) -> Sequence[Delivery]:
    """The deliveries that travel in the message of this one."""
    return deliveries_carried(desk.session, delivery.id, scope=desk.scope)


def is_carried(desk: Desk, delivery: Delivery) -> bool:
    """Whether another bericht's message takes this one along now, so that nothing is to be done for it."""
    if delivery.carrier_id is None:
        return False
    carrier = delivery_by_id(desk.session, delivery.carrier_id, scope=desk.scope)
    return carrier is not None and carrier.status in UNFINISHED


def write_words(
    desk: Desk, notice: Notice, about: Melding | None, delivery: Delivery, parts: Sequence[Delivery] = ()
) -> None:
    """Writes what is sent, about the events and for this moment; each part keeps its own words too."""
    told = [(notice, _facts(desk, notice, about, delivery.channel))]
    if parts:
        others = {other.id: other for other in notices_of(desk.session, [notice.melding_id or 0], scope=desk.scope)}
        for part in parts:
            other = others[part.notice_id]
            told.append((other, _facts(desk, other, about, part.channel)))
            _keep(part, write(desk.session, other.kind, part.channel, told[-1][1]))
    told.sort(key=lambda one: one[0].event_id)
    _keep(delivery, write_bundle(desk.session, delivery.channel, [(one.kind, facts) for one, facts in told]))


def _keep(delivery: Delivery, words: Words) -> None:
    delivery.subject, delivery.text, delivery.html = words.subject, words.text, words.html


def _facts(desk: Desk, notice: Notice, about: Melding | None, channel: str) -> Facts:
    event = journal.event_by_id(desk.session, notice.event_id, scope=desk.scope)
    assert event is not None, "a foreign key holds the event"
    if about is not None:
        return facts_for_melder(desk.session, desk.settings, notice, event, about, channel, now=desk.now)
    to = team.team_by_id(desk.session, notice.team_id, scope=desk.scope) if notice.team_id is not None else None
    return facts_for_team(desk.session, desk.settings, notice, event, to, now=desk.now)


def _quiet(desk: Desk, notice: Notice, about: Melding, channel: str, *, night_too: bool) -> bool:
    return quiet_until(desk.now, notice.kind, channel, danger=about.danger, night_too=night_too) is not None
