"""That nobody has a shift is told at once: to support workers, and to governors."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.access import Actor
from app.models.shifts import Shift, ShiftStatus
from app.models.staff import StaffRole
from app.models.tasks import TaskKind
from app.services import tasks

TOLD = (StaffRole.support_worker, StaffRole.governor)


async def uncovered(db: AsyncSession, shift: Shift, *, at_once: bool = True) -> None:
    """A task each for support workers and governors, due when the shift begins. `at_once`: it was
    not known before, so whoever it falls to is paged now, whatever the hour."""
    if await tasks.open_of(db, shift, TaskKind.shift_uncovered):
        return
    for role in TOLD:
        await tasks.open_task(
            db,
            shift.prison_id,
            TaskKind.shift_uncovered,
            thing=shift,
            due_at=_due(shift, clock.now()),
            for_role=role,
            told_at_once=at_once,
        )


def _due(shift: Shift, now: datetime) -> datetime:
    return max(now, shift.starts_at)


async def settled(db: AsyncSession, shift: Shift, actor: Actor) -> None:
    """Somebody has it, or nobody needs to any more."""
    if shift.superseded_at is not None or shift.status is ShiftStatus.cancelled_regime:
        await tasks.drop(db, shift, TaskKind.shift_uncovered)
    else:
        await tasks.finish(db, shift, TaskKind.shift_uncovered, actor)
