"""What must be done about a mentee by a time, as tasks: triage, a long wait, an offer unanswered.

A task ends with the state it is about. One that was ended by hand comes again, as long as the
state lasts; triage ends by triage alone.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.models.mentees import Mentee, MenteeStatus
from app.models.prisons import Prison
from app.models.staff import StaffRole
from app.models.tasks import Task, TaskKind, TaskStatus
from app.scope import everything
from app.services import tasks
from app.services.lifecycle import Context

S = MenteeStatus
AWAITING_TRIAGE = (S.referred, S.self_referred)
DUE_IN = timedelta(hours=24)
OFFER_OPEN_AFTER = timedelta(days=7)
ENDED_BY_LEAVING = {
    S.referred: TaskKind.triage_due,
    S.self_referred: TaskKind.triage_due,
    S.waiting: TaskKind.waiting_long,
    S.offered: TaskKind.offer_open,
    S.engaged: TaskKind.outreach_due,
}


async def open_triage(db: AsyncSession, mentee: Mentee) -> None:
    """Somebody must triage it by the time that stands on it."""
    await tasks.open_task(
        db,
        mentee.prison_id,
        TaskKind.triage_due,
        thing=mentee,
        person_id=mentee.person_id,
        for_role=StaffRole.support_worker,
        due_at=mentee.triage_by,
    )


async def follow_triage(db: AsyncSession, mentee: Mentee) -> None:
    """The time for triage was drawn nearer: so is the task."""
    await tasks.reschedule(db, mentee, TaskKind.triage_due, mentee.triage_by)


async def settle_tasks(db: AsyncSession, context: Context) -> None:
    """The mentee has left the state that a task was about."""
    assert isinstance(context.came_from, MenteeStatus)
    kind = ENDED_BY_LEAVING[context.came_from]
    await tasks.finish(db, context.thing, kind, context.actor)


async def note_waiting(db: AsyncSession, context: Context) -> None:
    context.thing.waiting_since = context.now


async def note_offer(db: AsyncSession, context: Context) -> None:
    context.thing.offered_at = context.now


@dataclass(frozen=True, slots=True)
class Lasting:
    """A state that must not last: since when it does, and after how long someone is told, again
    and again."""

    kind: TaskKind
    states: tuple[MenteeStatus, ...]
    since: str
    after: timedelta


def _lasting(prison: Prison) -> tuple[Lasting, ...]:
    alert = timedelta(days=prison.waiting_alert_days)
    return (
        Lasting(TaskKind.waiting_long, (S.waiting,), "waiting_since", alert),
        Lasting(TaskKind.offer_open, (S.offered,), "offered_at", OFFER_OPEN_AFTER),
    )


async def tasks_due(db: AsyncSession, prison_id: str) -> int:
    """Open a task for every mentee who has waited, or was offered support, for too long, and for
    triage that has none. Answers how many. For the worker: rows that someone else is changing are
    left to the next round."""
    prison = await db.get_one(Prison, prison_id)
    opened = 0
    for each in _lasting(prison):
        for mentee in await _untold(db, prison_id, each, clock.now() - each.after):
            await tasks.open_task(
                db,
                prison_id,
                each.kind,
                thing=mentee,
                person_id=mentee.person_id,
                for_role=StaffRole.support_worker,
                due_in=DUE_IN,
            )
            opened += 1
    triage = Lasting(TaskKind.triage_due, AWAITING_TRIAGE, "recorded_at", timedelta())
    for mentee in await _untold(db, prison_id, triage, clock.now()):
        await open_triage(db, mentee)
        opened += 1
    return opened


async def _untold(
    db: AsyncSession, prison_id: str, what: Lasting, before: datetime
) -> list[Mentee]:
    """Those in the state since before then, locked, of whom nobody was told since."""
    told = everything(Task, prison_id).where(
        col(Task.kind) == what.kind,
        or_(col(Task.status) == TaskStatus.open, col(Task.recorded_at) > before),
    )
    lasting = everything(Mentee, prison_id).where(
        col(Mentee.status).in_(what.states),
        getattr(Mentee, what.since) <= before,
        col(Mentee.id).not_in(told.with_only_columns(col(Task.thing_id))),
    )
    locked = lasting.order_by(col(Mentee.id)).with_for_update(skip_locked=True)
    found = (await db.execute(locked)).scalars().all()
    if not found:
        return []
    # Another round may have told someone before the rows were locked: ask again, under the lock.
    late = told.where(col(Task.thing_id).in_([each.id for each in found]))
    known = set((await db.execute(late.with_only_columns(col(Task.thing_id)))).scalars())
    return [each for each in found if each.id not in known]
