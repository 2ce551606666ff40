"""The next free times that somebody asks for. Nobody learns why another time is not free."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from sqlalchemy import ColumnElement, and_, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import FieldError, Invalid
from app.models.rooms import Room
from app.models.sessions import ClashKind, FreeSlot, FreeSlots, SessionKind
from app.models.staff import Role
from app.models.wings import Wing
from app.scope import referred
from app.services.scheduling import Place, clashes
from app.services.sessions import closed
from app.services.sessions.facts import check_mentees, check_people, load_facts
from app.services.sessions.free_times import Wanted, free_times

USUAL, LONGEST = timedelta(days=14), timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: who is to meet, how long, between when, and where."""

    mentor_id: UUID
    mentee_ids: Sequence[UUID]
    kind: SessionKind
    minutes: int
    first: datetime | None
    last: datetime | None
    room_id: UUID | None
    wing_id: UUID | None
    lead_staff_id: UUID | None
    limit: int


async def find(db: AsyncSession, actor: Actor, asked: Asked) -> tuple[FreeSlots, bool]:
    """The next free times, and whether their absence tells of people who cannot meet. The rules are
    those of booking, in as many queries however many times are tried. Raises Invalid."""
    wanted = _wanted(asked)
    await check_people(db, actor, wanted.plan(wanted.first, asked.room_id))
    await check_mentees(db, actor, asked.mentee_ids)
    db.info.setdefault("touched", set()).update({asked.mentor_id, *asked.mentee_ids})
    places = await _places(db, actor, asked, wanted)
    rooms = [place.room_id for place in places if place.room_id is not None]
    facts = await load_facts(
        db, actor.prison_id, wanted.whole, asker=actor.staff_id, rooms=rooms, hold=False
    )
    found = list(islice(free_times(wanted, facts, places), asked.limit))
    against = {each.kind for each in clashes(wanted.plan(wanted.first), facts)}
    tells = ClashKind.cannot_attend_together in against
    tells = tells or (actor.family is Role.mentor and not found)  # every reason is one word to them
    items = [
        FreeSlot(starts_at=each.starts_at, ends_at=each.ends_at, room_id=each.room_id)
        for each in found
    ]
    return FreeSlots(items=items), tells


def _wanted(asked: Asked) -> Wanted:
    """Raises Invalid, naming each field that makes no sense."""
    wrong = []
    if asked.kind is SessionKind.night_callout:
        wrong.append(FieldError("kind", "not_planned", "is recorded as held, not planned"))
    if asked.kind is SessionKind.one_to_one and len(asked.mentee_ids) != 1:
        wrong.append(FieldError("mentee_ids", "one", "a one-to-one has exactly one mentee"))
    if len(set(asked.mentee_ids)) != len(asked.mentee_ids):
        wrong.append(FieldError("mentee_ids", "twice", "each mentee may stand once"))
    now = clock.now()
    first = max(asked.first or now, now)
    last = asked.last or first + USUAL
    if last <= first:
        wrong.append(FieldError("to", "order", "must be after `from`, and ahead"))
    elif last - first > LONGEST:
        wrong.append(FieldError("to", "too_long", "at most 31 days are looked through at a time"))
    if wrong:
        raise Invalid("; ".join(f"{each.field}: {each.message}" for each in wrong), errors=wrong)
    length = timedelta(minutes=asked.minutes)
    mentees = tuple(asked.mentee_ids)
    return Wanted(asked.kind, asked.mentor_id, mentees, length, first, last, asked.lead_staff_id)


async def _places(db: AsyncSession, actor: Actor, asked: Asked, wanted: Wanted) -> list[Place]:
    """The room, the rooms of the wing, or all, the smallest first; wherever there is space where
    nobody named any and there is no room at all."""
    which: list[ColumnElement[bool]] = []
    if asked.room_id is not None:
        which.append(col(Room.id) == asked.room_id)
    if asked.wing_id is not None:
        await referred(db, Wing, actor.prison_id, asked.wing_id, "wing_id")
        which.append(col(Room.wing_id) == asked.wing_id)
    here = and_(true(), *which)
    rooms = await closed.places(db, actor.prison_id, here, wanted.first, wanted.last)
    return rooms if rooms or which else [Place()]
