"""What comes of shifts without anybody's doing: they begin and end by the clock, and a mentor who
leaves active work has none any more."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import the_system
from app.models.mentors import Mentor
from app.models.shifts import Shift, ShiftStatus
from app.scope import everything
from app.services import lifecycle
from app.services.lifecycle import Context
from app.services.shifts import alerts
from app.services.shifts.moves import SHIFT

S = ShiftStatus
A_TURN = 200
_A_MINUTE = timedelta(minutes=1)
GIVEN = (S.published, S.accepted, S.swap_requested)


async def release_shifts(db: AsyncSession, context: Context) -> None:
    """Nobody has the mentor's shifts from then on: those to come are uncovered, and of the one
    they serve now the rest."""
    mentor: Mentor = context.thing
    system, now = the_system(mentor.prison_id), clock.now()
    for shift in await _of(db, mentor, *GIVEN):
        await lifecycle.move(db, SHIFT, shift, to=S.uncovered, actor=system, reason="left_active")
    for shift in await _of(db, mentor, S.on_shift):
        ends_at, shift.ends_at = shift.ends_at, max(now, shift.starts_at + _A_MINUTE)
        await lifecycle.move(db, SHIFT, shift, to=S.ended, actor=system, reason="left_active")
        if shift.ends_at < ends_at:
            await _rest(db, shift, ends_at)


async def _of(db: AsyncSession, mentor: Mentor, *states: ShiftStatus) -> Sequence[Shift]:
    found = everything(Shift, mentor.prison_id).where(
        col(Shift.mentor_id) == mentor.id,
        col(Shift.status).in_(states),
        col(Shift.superseded_at).is_(None),
        col(Shift.ends_at) > clock.now(),
    )
    return (await db.scalars(found.order_by(col(Shift.id)).with_for_update())).all()


async def _rest(db: AsyncSession, shift: Shift, ends_at: datetime) -> None:
    """What is left of a shift that ended early, for somebody else."""
    rest = Shift(
        prison_id=shift.prison_id,
        rota_id=shift.rota_id,
        role=shift.role,
        day=shift.day,
        starts_at=shift.ends_at,
        ends_at=ends_at,
        status=S.uncovered,
    )
    await lifecycle.begin(db, SHIFT, rest, the_system(shift.prison_id))
    await alerts.uncovered(db, rest)


async def by_the_clock(db: AsyncSession, prison_id: str) -> int:
    """Begin what has begun and end what is over, and say how many. A shift that nobody accepted
    is not taken for granted: at its start it is uncovered, and that is told; also one that its
    mentor never accepted and would like to give away. Rows that someone else is changing are left
    to the next round."""
    now, system = clock.now(), the_system(prison_id)
    due = everything(Shift, prison_id).where(
        col(Shift.superseded_at).is_(None),
        or_(
            and_(col(Shift.status).in_(GIVEN), col(Shift.starts_at) <= now),
            and_(col(Shift.status) == S.on_shift, col(Shift.ends_at) <= now),
        ),
    )
    mentors = everything(Mentor, prison_id).where(
        col(Mentor.id).in_(due.with_only_columns(col(Shift.mentor_id)))
    )  # before their shifts, as whoever leaves work is locked
    ids = mentors.with_only_columns(col(Mentor.id)).with_for_update(read=True, skip_locked=True)
    held = (await db.scalars(ids)).all()
    in_order = due.where(col(Shift.mentor_id).in_(held)).order_by(
        col(Shift.starts_at), col(Shift.id)
    )
    locked = in_order.limit(A_TURN).with_for_update(skip_locked=True)
    rows = (await db.scalars(locked)).all()
    for shift in rows:
        to, reason = await _next(db, shift)
        await lifecycle.move(db, SHIFT, shift, to=to, actor=system, reason=reason)
    return len(rows)


async def _next(db: AsyncSession, shift: Shift) -> tuple[ShiftStatus, str | None]:
    if shift.status is S.published or await _never_accepted(db, shift):
        return S.uncovered, "not_accepted"
    return (S.ended if shift.status is S.on_shift else S.on_shift), None


async def _never_accepted(db: AsyncSession, shift: Shift) -> bool:
    """Whether it is offered to others by a mentor who had not accepted it."""
    if shift.status is not S.swap_requested:
        return False
    moves = await lifecycle.history_of(db, shift)
    offered = [each for each in moves if each.to_state == S.swap_requested]
    return bool(offered) and offered[-1].from_state == S.published
