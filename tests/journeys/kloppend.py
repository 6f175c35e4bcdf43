"""Whether the books balance after people worked at once (door_elkaar.py): each function names what does not.

No lost step, no double step, no double bericht, no status that does not follow from the journal, nobody without owner.
"""

from collections import Counter
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.domain.delivery import BEZORGD, VERZONDEN
from meldingen.domain.workflow import AFGEHANDELD, OpdrachtFacts, melding_status
from meldingen.store.ending import Ending
from meldingen.store.journal import Event, Note
from meldingen.store.melding import Melding
from meldingen.store.notice import Delivery, Notice
from meldingen.store.opdracht import Closure, Link, Opdracht
from meldingen.store.photo import Photo
from meldingen.store.task import Task

from .door_elkaar import Played

EVENT_OF = {
    "planningen": "ingepland",
    "afhandelingen": "afgehandeld",
    "terugdraaiingen": "teruggedraaid",
    "overdrachten": "overgedragen",
    "splitsingen": "gesplitst_van",
    "samenvoegingen": "samengevoegd_met",
}
DONE = ("gedaan", "intussen_gewijzigd")
WORDS = {"notities": "tekst", "afhandelingen": "zin", "overdrachten": "reden", "splitsingen": "reden"}


def what_is_wrong(played: Played) -> list[str]:
    """Everything that does not add up; an empty list is a good day."""
    with Session(played.engine) as session:
        return [
            *played.wrong,
            *_steps(session, played),
            *_words(session, played),
            *_photos(session, played),
            *_statuses(session),
            *_versions(session),
            *_owners(session),
            *_berichten(session),
            *_lists(session),
        ]


def _steps(session: Session, played: Played) -> list[str]:
    """Each step of a tablet came to an end that a person saw, and what was done was done once."""
    wrong = [
        f"no end: {step['actie']} {step['id']} is {step['staat']}"
        for _, step in played.ledger
        if step["staat"] not in DONE and not (step["staat"] == "geweigerd" and step["decided"])
    ]
    events = Counter((e.opdracht_id, e.kind, e.actor) for e in session.scalars(sa.select(Event)))
    done = Counter(
        (step["opdracht"], EVENT_OF[step["actie"]], actor.label)
        for actor, step in played.ledger
        if step["actie"] in EVENT_OF and step["staat"] in DONE
    )
    kinds = set(EVENT_OF.values())
    labels = {actor.label for actor, _ in played.ledger}
    happened = Counter({key: n for key, n in events.items() if key[1] in kinds and key[2] in labels})
    return wrong + [f"{key}: {done[key]} done on the tablet, {happened[key]} in the journal"
                    for key in done.keys() | happened.keys() if done[key] != happened[key]]  # fmt: skip


def _words(session: Session, played: Played) -> list[str]:
    """What somebody wrote is there once, as what it was or as the note of a step that was refused."""
    kept = Counter(session.scalars(sa.select(Note.text)).all())
    kept.update(text for text in session.scalars(sa.select(Closure.sentence)) if text)
    wrong = []
    seen: Counter[str] = Counter()
    for _, step in played.ledger:
        if step["actie"] in WORDS and step["staat"] in DONE:
            seen[step["velden"][WORDS[step["actie"]]]] += 1
        if step["actie"] == "afhandelingen" and step["staat"] == "geweigerd":
            words = step["velden"]["zin"]
            if not kept[words]:
                wrong.append(f"words lost: {words} ({step['code']})")
    for words, times in seen.items():
        if words.startswith(("Opgelost", "Notitie")) and not kept[words]:
            wrong.append(f"words gone: {words}")
        if words.startswith("Notitie") and kept[words] != times:
            wrong.append(f"{kept[words]} times: {words}")
    return wrong


def _photos(session: Session, played: Played) -> list[str]:
    """Each photo that a tablet took is there, once."""
    found = Counter((photo.opdracht_id, photo.sha256.hex()) for photo in session.scalars(sa.select(Photo)))
    taken = {
        (step["opdracht"], step["sha256"]) for _, step in played.ledger if step["sha256"] and step["staat"] in DONE
    }
    return [f"photo {key}: {found[key]} times" for key in taken | found.keys() if found[key] != 1 or key not in taken]


def _statuses(session: Session) -> list[str]:
    """The status of an opdracht is that of its last event; that of a melding follows from its opdrachten."""
    wrong = []
    last: dict[int, str] = {}
    for event in session.scalars(sa.select(Event).where(Event.opdracht_id.is_not(None)).order_by(Event.id)):
        if "version" in event.facts and event.opdracht_id is not None:
            last[event.opdracht_id] = event.facts["status"]
    works = {o.id: o for o in session.scalars(sa.select(Opdracht))}
    for work in works.values():
        if work.id in last and last[work.id] != work.status:
            wrong.append(f"opdracht {work.id} is {work.status}, its journal says {last[work.id]}")
    linked = _linked(session, works)
    ends = Counter(session.scalars(sa.select(Ending.melding_id).where(Ending.reopened_at.is_(None))))
    for melding in session.scalars(sa.select(Melding)):
        facts = [
            OpdrachtFacts(o.status, reopened=o.reopened_from_id is not None, taken_up=o.taken_up_at is not None)
            for o in linked.get(melding.id, [])
        ]
        status = melding_status(facts, withdrawn=melding.withdrawn_at is not None, referred=bool(melding.referred_to))
        if status != melding.status:
            wrong.append(f"melding {melding.id} is {melding.status}, it follows {status}")
        if melding.status == AFGEHANDELD and ends[melding.id] != 1:
            wrong.append(f"melding {melding.id} is afgehandeld with {ends[melding.id]} ends for the figures")
        if melding.status != AFGEHANDELD and melding.withdrawn_at is None and ends[melding.id]:
            wrong.append(f"melding {melding.id} is {melding.status} and still counts as ended")
    return wrong


def _versions(session: Session) -> list[str]:
    """Each move raised the version by one, and none was lost under another."""
    wrong = []
    seen: dict[int, list[int]] = {}
    for event in session.scalars(sa.select(Event).where(Event.opdracht_id.is_not(None)).order_by(Event.id)):
        if "version" in event.facts and event.opdracht_id is not None:
            seen.setdefault(event.opdracht_id, []).append(event.facts["version"])
    for opdracht_id, versions in seen.items():
        if sorted(set(versions)) != versions:
            wrong.append(f"opdracht {opdracht_id}: versions {versions}")
    return wrong


def _owners(session: Session) -> list[str]:
    """Every melding that was not withdrawn is at some team."""
    linked = _linked(session, {o.id: o for o in session.scalars(sa.select(Opdracht))})
    return [
        f"melding {melding.id} has no owner"
        for melding in session.scalars(sa.select(Melding).where(Melding.withdrawn_at.is_(None)))
        if not linked.get(melding.id)
    ]


def _berichten(session: Session) -> list[str]:
    """At most one bericht per event and melding left; what was undone was never told; what was told happened."""
    left = Counter(
        session.scalars(sa.select(Delivery.notice_id).where(Delivery.status.in_((VERZONDEN, BEZORGD)))).all()
    )
    wrong = [f"bericht {notice_id} left {times} times" for notice_id, times in left.items() if times > 1]
    owed = session.scalars(sa.select(Notice).where(Notice.melding_id.is_not(None))).all()
    pairs = Counter((n.event_id, n.melding_id) for n in owed)
    wrong += [f"{pair}: {times} berichten" for pair, times in pairs.items() if times > 1]
    wrong += [f"bericht {n.id} was undone, and told" for n in owed if n.ended == "ongedaan" and left[n.id]]
    undone = {e.facts["event_id"] for e in session.scalars(sa.select(Event).where(Event.kind == "teruggedraaid"))}
    return wrong + [f"bericht {n.id} is about a closing that was undone" for n in owed if n.event_id in undone
                    and n.ended != "ongedaan"]  # fmt: skip


def _lists(session: Session) -> list[str]:
    """What was decided on the tablet is off the coordinator's list."""
    open_tasks = session.scalars(sa.select(Task).where(Task.kind == "tablet_conflict", Task.status == "open")).all()
    return [f"still on the list: {task.words} {task.key}" for task in open_tasks]


def _linked(session: Session, works: dict[int, Opdracht]) -> dict[int, list[Opdracht]]:
    found: dict[int, list[Opdracht]] = {}
    links: Sequence[Link] = session.scalars(sa.select(Link).where(Link.until_at.is_(None))).all()
    for link in links:
        found.setdefault(link.melding_id, []).append(works[link.opdracht_id])
    return found
