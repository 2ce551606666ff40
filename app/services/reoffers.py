"""What a lockdown cancelled is planned anew: each session by itself, at the next time at which
nothing stands against it, by the rules of booking. Once planned, it is not planned again."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Clash, Invalid
from app.models.lockdowns import (
    LONGEST_SEARCH,
    Lockdown,
    LockdownSession,
    ReofferOutcome,
    ReofferRow,
    ReoffersCreate,
    ReoffersRead,
)
from app.models.mentees import Mentee
from app.models.rooms import Room
from app.models.series import Occurrence, OccurrenceCreate, Series
from app.models.sessions import ClashKind, Session, SessionCreate
from app.models.staff import Staff
from app.scope import everything
from app.services.lockdowns import sessions_of
from app.services.scheduling import BOOKABLE, Facts, Place, clashes
from app.services.series import anew
from app.services.sessions import closed
from app.services.sessions.booking import note_asked
from app.services.sessions.facts import load_facts
from app.services.sessions.free_times import Free, Wanted, free_times

Outcome = ReofferOutcome
USUAL = timedelta(days=14)
ALWAYS = {  # what no time would change
    ClashKind.mentor_not_active: Outcome.mentor_not_active,
    ClashKind.cannot_attend_together: Outcome.cannot_attend_together,
}


async def reoffer(
    db: AsyncSession, actor: Actor, lockdown: Lockdown, body: ReoffersCreate
) -> ReoffersRead:
    """Plan what the lockdown cancelled anew, the earliest first; a mentee who may be offered no
    session any more is left out. Raises Invalid for the time."""
    over = max(clock.now(), lockdown.lifted_at or lockdown.ends_at)
    until = body.until or over + USUAL
    if until <= over:
        raise Invalid.field("until", "order", "must be after the lockdown, and ahead")
    if until - over > LONGEST_SEARCH:
        raise Invalid.field("until", "too_long", "at most 31 days ahead")
    items = []
    every = await sessions_of(db, lockdown)
    await anew.hold_first(db, lockdown.prison_id, [each.session_id for each in every])
    for kept in every:
        await db.refresh(kept, with_for_update=True)
        items.append(await _one(db, actor, kept, over, until))
    return ReoffersRead(items=items)


async def _one(
    db: AsyncSession, actor: Actor, kept: LockdownSession, first: datetime, last: datetime
) -> ReofferRow:
    if kept.reoffered_as is not None:
        again = await _session(db, kept.prison_id, kept.reoffered_as)
        return _told(kept, Outcome.planned_before, again)
    gone = await _session(db, kept.prison_id, kept.session_id)
    meeting = await anew.meeting_of(db, gone)
    coming = await _may_come(db, kept.prison_id, await anew.still(db, meeting, kept.mentee_ids))
    if not coming and meeting is None:
        return _told(kept, Outcome.nobody_comes)
    first, last = await anew.between(db, meeting, first, last)
    if meeting is not None and last - first < gone.ends_at - gone.starts_at:
        return _told(kept, Outcome.no_free_time)
    wanted = Wanted(
        gone.kind,
        gone.mentor_id,
        coming,
        gone.ends_at - gone.starts_at,
        first,
        last,
        gone.lead_staff_id,
    )
    if not await _lead_is_here(db, gone):
        return _told(kept, Outcome.lead_not_active)
    for _ in range(2):  # somebody may take it between the look and the booking
        facts, free = await _next(db, actor, wanted, gone.room_id)
        if free is None:
            against = {each.kind for each in clashes(wanted.plan(first), facts)}
            if ClashKind.cannot_attend_together in against:
                note_asked(db, wanted.plan(first))
            why = [outcome for kind, outcome in ALWAYS.items() if kind in against]
            return _told(kept, why[0] if why else Outcome.no_free_time)
        try:
            made = await anew.book_again(db, actor, meeting, _body(wanted, free, meeting))
        except Clash:
            continue
        kept.reoffered_as = made.id
        await db.flush()
        return _told(kept, Outcome.planned, made)
    return _told(kept, Outcome.no_free_time)


async def _lead_is_here(db: AsyncSession, gone: Session) -> bool:
    if gone.lead_staff_id is None:
        return True
    found = everything(Staff, gone.prison_id).where(col(Staff.id) == gone.lead_staff_id)
    return (await db.execute(found)).scalar_one().active


def _body(wanted: Wanted, free: Free, meeting: tuple[Series, Occurrence] | None) -> SessionCreate:
    """A meeting of a series is planned anew even where nobody has a place in it now."""
    of = SessionCreate if meeting is None else OccurrenceCreate
    return of(
        kind=wanted.kind,
        room_id=free.room_id,
        mentor_id=wanted.mentor_id,
        lead_staff_id=wanted.lead_staff_id,
        starts_at=free.starts_at,
        ends_at=free.ends_at,
        mentee_ids=list(wanted.mentee_ids),
    )


async def _session(db: AsyncSession, prison_id: str, session_id: UUID) -> Session:
    found = everything(Session, prison_id).where(col(Session.id) == session_id)
    return (await db.execute(found)).scalar_one()


async def _may_come(
    db: AsyncSession, prison_id: str, mentee_ids: Sequence[UUID]
) -> tuple[UUID, ...]:
    """Of those who were to come, those who may be offered a session now."""
    found = everything(Mentee, prison_id).where(
        col(Mentee.id).in_(mentee_ids), col(Mentee.status).in_(BOOKABLE)
    )
    able = set(await db.scalars(found.with_only_columns(col(Mentee.id))))
    return tuple(each for each in mentee_ids if each in able)


async def _next(
    db: AsyncSession, actor: Actor, wanted: Wanted, room_id: UUID | None
) -> tuple[Facts, Free | None]:
    """The next free time on the wing it was planned on, in the room it was planned in if that is
    free then; else, where there is none there at all, in any other room. Without a room, where it
    had none. And the facts it was looked for in."""
    near, far = await _places(db, actor.prison_id, wanted, room_id)
    rooms = [place.room_id for place in (*near, *far) if place.room_id is not None]
    facts = await load_facts(
        db, actor.prison_id, wanted.whole, asker=actor.staff_id, rooms=rooms, hold=False
    )
    free = next(free_times(wanted, facts, near), None)
    return facts, free or next(free_times(wanted, facts, far), None)


async def _places(
    db: AsyncSession, prison_id: str, wanted: Wanted, room_id: UUID | None
) -> tuple[list[Place], list[Place]]:
    """The rooms of the room's wing, that room first; and all others, the smallest first."""
    if room_id is None:
        return [Place()], []
    rooms = everything(Room, prison_id)
    here = rooms.where(col(Room.id) == room_id).with_only_columns(col(Room.wing_id))
    same = rooms.where(col(Room.wing_id).in_(here)).with_only_columns(col(Room.id))
    wing = set(await db.scalars(same))
    every = await closed.places(db, prison_id, true(), wanted.first, wanted.last)
    near = [place for place in every if place.room_id in wing]
    near.sort(key=lambda place: place.room_id != room_id)
    return near, [place for place in every if place.room_id not in wing]


def _told(kept: LockdownSession, outcome: Outcome, made: Session | None = None) -> ReofferRow:
    row = ReofferRow(session_id=kept.session_id, outcome=outcome)
    if made is not None:
        row.reoffered_as, row.room_id = made.id, made.room_id
        row.starts_at, row.ends_at = made.starts_at, made.ends_at
    return row
