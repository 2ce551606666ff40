"""Prison events: entered by staff, or taken in as the prison's own system answers them and followed
there. What they keep people from is decided in `app/services/scheduling.py`."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.access import Actor
from app.errors import Conflicting, Invalid
from app.models.base import Output
from app.models.people import Person
from app.models.prison_events import (
    PrisonEvent,
    PrisonEventCreate,
    PrisonEventKind,
    PrisonEventSource,
    PrisonEventUpdate,
    check_times,
)
from app.scope import referred
from app.services import outbox, planned_then
from app.visibility import shape

K = PrisonEventKind
ASSUMED_LENGTH = {  # where nobody says when it ends: see docs/schedule.md
    K.court: timedelta(hours=8),
    K.transfer: timedelta(hours=12),
    K.visit: timedelta(hours=2),
    K.adjudication: timedelta(hours=2),
    K.appointment: timedelta(hours=1),
    K.activity: timedelta(hours=3),
}


def end_of(kind: PrisonEventKind, starts_at: datetime, ends_at: datetime | None) -> datetime:
    """When it ends, as said, or as such an event commonly does."""
    return ends_at or starts_at + ASSUMED_LENGTH[kind]


async def enter(db: AsyncSession, actor: Actor, body: PrisonEventCreate) -> PrisonEvent:
    """Record a time in which the prison needs somebody elsewhere. Raises Invalid."""
    await referred(db, Person, actor.prison_id, body.person_id, "person_id")
    await planned_then.hold(db, actor.prison_id, [body.person_id])
    event = PrisonEvent(
        prison_id=actor.prison_id,
        person_id=body.person_id,
        kind=body.kind,
        starts_at=body.starts_at,
        ends_at=end_of(body.kind, body.starts_at, body.ends_at),
        end_assumed=body.ends_at is None,
        source=PrisonEventSource.staff,
        recorded_by=actor.subject,
    )
    db.add(event)
    await db.flush()
    outbox.say(db, actor.prison_id, "prison_event.recorded", event.id)
    return event


async def change(
    db: AsyncSession, actor: Actor, event: PrisonEvent, body: PrisonEventUpdate
) -> None:
    """Change what staff entered. An end that was assumed moves with the rest until one is said.
    Raises Conflicting for one that is over or from the prison's system, Invalid for its times."""
    _standing(event)
    if event.source is PrisonEventSource.imported:
        raise Conflicting("It comes from the prison's own system and changes with it.")
    event.kind = body.kind or event.kind
    event.starts_at = body.starts_at or event.starts_at
    if body.ends_at is not None:
        event.ends_at, event.end_assumed = body.ends_at, False
    elif event.end_assumed:
        event.ends_at = end_of(event.kind, event.starts_at, None)
    if wrong := check_times(event.starts_at, event.ends_at):
        raise Invalid.field("ends_at", "order", wrong)
    await db.flush()
    outbox.say(db, event.prison_id, "prison_event.changed", event.id)


async def cancel(db: AsyncSession, actor: Actor, event: PrisonEvent) -> None:
    """It does not take place. Raises Conflicting when it was cancelled before."""
    _standing(event)
    event.cancelled_at, event.cancelled_by = clock.now(), actor.subject
    await db.flush()
    outbox.say(db, event.prison_id, "prison_event.cancelled", event.id)


def _standing(event: PrisonEvent) -> None:
    if event.cancelled_at is not None:
        raise Conflicting("It was cancelled.")


async def shown(db: AsyncSession, event: PrisonEvent, actor: Actor) -> Output:
    """The event as this actor sees it: with the plans it falls on, to those who bring people to
    it."""
    wanted, fields = shape("prison_events", actor.role), event.model_dump()
    if "planned" in wanted.model_fields:
        found = await planned_then.planned_then(db, event.prison_id, [event])
        fields["planned"] = found.get(event.id, [])
    return wanted.model_validate(fields)
