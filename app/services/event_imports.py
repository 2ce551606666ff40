"""Take in the prison's own schedules, exactly as HMPPS answers them, with a report on each event.

The same file again changes nothing. An event is followed by its number where it has one; else by
what it is and when it begins. What is doubtful keeps a person busy rather than free.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.integrations.prison.schedules import EventRefused, EventRow, parse
from app.models.people import Person
from app.models.prison_events import (
    EventImportOutcome,
    EventImportReport,
    EventImportRow,
    EventOnPlans,
    EventsTakenIn,
    PrisonEvent,
    PrisonEventSource,
    check_times,
)
from app.models.prisons import Prison
from app.rights import Permission as P
from app.scope import everything
from app.services import import_reports, outbox, planned_then
from app.services.people.identities import people_lock
from app.services.people.numbers import by_numbers
from app.services.prison_events import end_of
from app.services.working_days import at_wall, at_wall_last

CHUNK = 500  # looked up and written together
TWICE = "stands in the file more than once: the longest that takes place counts"
STAFF_KNOW = "staff cancelled it, and the source says nothing new of it"
Outcome = EventImportOutcome
Key = tuple[UUID, str]
Row = EventRow | EventRefused
_told = partial(import_reports.told, EventImportRow)


@dataclass(slots=True)
class Ground:
    """What rows are held against: where and when it is, what is known, what stands more often."""

    actor: Actor
    zone: ZoneInfo
    repeated: frozenset[int]
    known: dict[Key, PrisonEvent] = field(default_factory=dict)
    told: set[Key] = field(default_factory=set)
    changed: list[PrisonEvent] = field(default_factory=list)


async def import_documents(db: AsyncSession, actor: Actor, data: bytes) -> EventImportReport:
    """Take in a file of events, and report on each in the file's order.

    Raises Invalid with the position when the file as a whole cannot be read; then nothing is
    saved.
    """
    rows = await import_reports.read(parse, data)
    await people_lock(db, actor.prison_id)
    numbers = {row.number for row in rows if isinstance(row, EventRow)}
    people = (await by_numbers(db, actor.prison_id, numbers)).values()
    await planned_then.hold(db, actor.prison_id, [person.id for person in people])
    zone = (await db.get_one(Prison, actor.prison_id)).tz
    ground = Ground(actor, zone, repeated(rows, zone))
    report: list[EventImportRow] = []
    for start in range(0, len(rows), CHUNK):
        report += await _take_in(db, ground, rows[start : start + CHUNK])
    taken = EventImportReport(counts=import_reports.counts(Outcome, report), rows=report)
    if not (actor.allowed(P.session_read) and actor.allowed(P.shift_read)):
        return taken
    return EventsTakenIn(**taken.model_dump(), on_plans=await _on_plans(db, ground))


async def _on_plans(db: AsyncSession, ground: Ground) -> list[EventOnPlans]:
    """Of the events that are new or have changed those that fall on plans, in the file's order."""
    found = await planned_then.planned_then(db, ground.actor.prison_id, ground.changed)
    return [
        EventOnPlans(prison_event_id=each.id, planned=found[each.id])
        for each in ground.changed
        if found.get(each.id)
    ]


def repeated(rows: Sequence[Row], zone: ZoneInfo) -> frozenset[int]:
    """The positions of rows that tell of an event of which another row of the file tells better.
    One that is refused for its times tells of nothing."""
    best: dict[tuple[str, str], EventRow] = {}
    lost = set()
    for row in rows:
        if isinstance(row, EventRefused) or check_times(*times(row, zone)):
            continue
        key = row.number, row.source_id
        other = best.setdefault(key, row)
        if other is row:
            continue
        better = max((other, row), key=lambda each: (not each.called_off, times(each, zone)[1]))
        lost.add((row if better is other else other).position)
        best[key] = better
    return frozenset(lost)


async def _take_in(db: AsyncSession, ground: Ground, chunk: Sequence[Row]) -> list[EventImportRow]:
    """Look everyone and every event up at once, then write what is new or has changed."""
    prison_id = ground.actor.prison_id
    good = [row for row in chunk if isinstance(row, EventRow)]
    people = await by_numbers(db, prison_id, {row.number for row in good})
    await _look_up(db, ground, good, people)
    report = []
    for row in chunk:
        if isinstance(row, EventRefused):
            report.append(_told(row, Outcome.refused, row.field, row.reason))
        elif row.number not in people:
            reason = "nobody here has this number"
            report.append(_told(row, Outcome.kept_out, "offenderNo", reason))
        else:
            report.append(_decide(db, ground, row, people[row.number].id))
    await db.flush()
    return report


async def _look_up(
    db: AsyncSession, ground: Ground, rows: Sequence[EventRow], people: Mapping[str, Person]
) -> None:
    """The events of these rows that are known, held until the commit."""
    found = everything(PrisonEvent, ground.actor.prison_id).where(
        col(PrisonEvent.person_id).in_({person.id for person in people.values()}),
        col(PrisonEvent.source_id).in_({row.source_id for row in rows}),
    )
    for event in await db.scalars(found.order_by(col(PrisonEvent.id)).with_for_update()):
        ground.known[event.person_id, event.source_id or ""] = event


def _decide(db: AsyncSession, ground: Ground, row: EventRow, person_id: UUID) -> EventImportRow:
    """Write one event, new or changed."""
    starts_at, ends_at = times(row, ground.zone)
    if wrong := check_times(starts_at, ends_at):
        return _told(row, Outcome.refused, "endTime", f"endTime {wrong}.")
    key = person_id, row.source_id
    if row.position in ground.repeated or key in ground.told:
        return _told(row, Outcome.unchanged, None, TWICE)
    ground.told.add(key)
    event = ground.known.get(key)
    if event is not None:
        told = _follow(db, row, event, (starts_at, ends_at, row.ends is None))
        if told.outcome is Outcome.updated:
            ground.changed.append(event)
        return told
    if row.called_off:
        return _told(row, Outcome.unchanged, None, "cancelled, and not known here")
    event = PrisonEvent(
        prison_id=ground.actor.prison_id,
        person_id=person_id,
        kind=row.kind,
        starts_at=starts_at,
        ends_at=ends_at,
        end_assumed=row.ends is None,
        source=PrisonEventSource.imported,
        source_id=row.source_id,
        recorded_by=ground.actor.subject,
    )
    db.add(event)
    ground.changed.append(event)
    outbox.say(db, event.prison_id, "prison_event.recorded", event.id)
    return _told(row, Outcome.created)


def _follow(
    db: AsyncSession, row: EventRow, event: PrisonEvent, said: tuple[datetime, datetime, bool]
) -> EventImportRow:
    """Take over what the source says now: cancelled, changed, or taking place after all."""
    if row.called_off:
        if event.cancelled_at is not None:
            return _told(row, Outcome.unchanged)
        event.cancelled_at = clock.now()
        outbox.say(db, event.prison_id, "prison_event.cancelled", event.id)
        return _told(row, Outcome.cancelled)
    now = (event.kind, event.starts_at, event.ends_at, event.end_assumed)
    if now == (row.kind, *said):
        if event.cancelled_at is None:
            return _told(row, Outcome.unchanged)
        if event.cancelled_by is not None:
            return _told(row, Outcome.unchanged, None, STAFF_KNOW)
    event.kind = row.kind
    event.starts_at, event.ends_at, event.end_assumed = said
    event.cancelled_at = event.cancelled_by = None
    outbox.say(db, event.prison_id, "prison_event.changed", event.id)
    return _told(row, Outcome.updated)


def times(row: EventRow, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From when to when, in UTC; an hour that comes twice counts whole."""
    starts_at = _instant(row.starts, zone, late=False)
    said = None if row.ends is None else _instant(row.ends, zone, late=True)
    return starts_at, end_of(row.kind, starts_at, said)


def _instant(said: datetime, zone: ZoneInfo, *, late: bool) -> datetime:
    if said.tzinfo is not None:
        return said.astimezone(UTC)
    wall = at_wall_last if late else at_wall
    return wall(said.date(), said.time(), zone)
