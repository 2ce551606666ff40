"""Every active mentor has one supervision ahead: planned when they become active and whenever one
was held, moved with their commitment and their supervisor, cancelled when they leave off. What
stood in the way of new pairings then is owed still when they come back."""

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor, the_system
from app.models.mentors import Mentor, MentorStatus
from app.models.prisons import Prison
from app.models.supervisions import SUPERVISION_OPEN, Supervision, SupervisionStatus
from app.models.tasks import Task, TaskKind, TaskStatus
from app.scope import everything
from app.services import lifecycle, outbox, tasks
from app.services.lifecycle import Context
from app.services.supervisions import rules
from app.services.supervisions.moves import NOT_ACTIVE, SUPERVISION
from app.services.working_days import close_of_day, local_date

ASKING = (TaskKind.supervision_due, TaskKind.supervision_overdue)


async def open_of(db: AsyncSession, mentor: Mentor) -> Supervision | None:
    """The mentor's open supervision, locked."""
    found = everything(Supervision, mentor.prison_id).where(
        col(Supervision.mentor_id) == mentor.id, col(Supervision.status).in_(SUPERVISION_OPEN)
    )
    return (await db.execute(found.with_for_update())).scalar_one_or_none()


def set_due(supervision: Supervision, due_on: date, zone: ZoneInfo) -> None:
    """Set the day it is due, with a clock of its own; nobody was told of it yet."""
    supervision.due_on, supervision.due_at = due_on, close_of_day(due_on, zone)
    supervision.alerts, supervision.next_alert_at = 0, rules.alert_at(0, due_on, zone)


async def plan(db: AsyncSession, actor: Actor, mentor: Mentor, since: datetime) -> None:
    """Plan the mentor's next supervision, counted from `since`, unless one is open. The mentor is
    locked: two of these never meet."""
    if mentor.status is not MentorStatus.active or await open_of(db, mentor) is not None:
        return
    zone = (await db.get_one(Prison, mentor.prison_id)).tz
    counts_from = local_date(since, zone)
    first_due_on = due_on = rules.due_after(counts_from, mentor.commitment)
    if (owed := await _owed_since(db, mentor, zone)) is not None:
        first_due_on, due_on = owed, max(owed, local_date(clock.now(), zone))
    supervision = Supervision(
        prison_id=mentor.prison_id,
        mentor_id=mentor.id,
        supervisor_id=mentor.supervisor_id,
        commitment=mentor.commitment,
        counts_from=counts_from,
        first_due_on=first_due_on,
        due_on=due_on,
        due_at=close_of_day(due_on, zone),
        next_alert_at=rules.alert_at(0, due_on, zone),
    )
    await lifecycle.begin(db, SUPERVISION, supervision, actor, occurred_at=since)
    await db.flush()


async def _owed_since(db: AsyncSession, mentor: Mentor, zone: ZoneInfo) -> date | None:
    """The first day of the mentor's last supervision, where it stood in the way of new pairings
    when it was cancelled: leaving off and coming back wipes nothing out."""
    theirs = everything(Supervision, mentor.prison_id).where(
        col(Supervision.mentor_id) == mentor.id
    )
    newest = theirs.order_by(col(Supervision.recorded_at).desc(), col(Supervision.id).desc())
    last = (await db.scalars(newest.limit(1))).first()
    if last is None or last.status is not SupervisionStatus.cancelled:
        return None
    after_all = theirs.where(
        col(Supervision.first_due_on) == last.first_due_on, col(Supervision.held_at).is_not(None)
    )
    if (await db.scalars(after_all.limit(1))).first() is not None:
        return None
    cancelled_at = max(
        each.occurred_at
        for each in await lifecycle.history_of(db, last)
        if each.to_state == SupervisionStatus.cancelled
    )
    blocked = cancelled_at >= rules.blocks_at(last.first_due_on, zone)
    return last.first_due_on if blocked else None


async def follow_late_entry(
    db: AsyncSession, mentor: Mentor, held: Supervision, held_at: datetime
) -> None:
    """One that was cancelled was held after all: the open one owes it no longer, and counts from
    the day it was held."""
    supervision = await open_of(db, mentor)
    if supervision is None or supervision.first_due_on != held.first_due_on:
        return
    zone = (await db.get_one(Prison, mentor.prison_id)).tz
    supervision.counts_from = local_date(held_at, zone)
    due_on = rules.due_after(supervision.counts_from, mentor.commitment)
    supervision.first_due_on = due_on
    set_due(supervision, due_on, zone)
    await cancel_tasks(db, supervision)
    await db.flush()


async def begin(db: AsyncSession, context: Context) -> None:
    """A mentor has become active, in whatever way: a supervision is planned."""
    await plan(db, context.actor, context.thing, context.now)


async def leave_off(db: AsyncSession, context: Context) -> None:
    """A mentor is no longer active: what was planned is cancelled."""
    supervision = await open_of(db, context.thing)
    if supervision is None:
        return
    to, actor = SupervisionStatus.cancelled, context.actor
    await lifecycle.move(db, SUPERVISION, supervision, to=to, actor=actor, reason=NOT_ACTIVE)
    supervision.next_alert_at = None
    await cancel_tasks(db, supervision)


async def follow_supervisor(db: AsyncSession, mentor: Mentor) -> None:
    """The mentor was given another supervisor: the open supervision, and who is asked for it,
    follow."""
    supervision = await open_of(db, mentor)
    if supervision is None or supervision.supervisor_id == mentor.supervisor_id:
        return
    supervision.supervisor_id = mentor.supervisor_id
    outbox.say(db, mentor.prison_id, "supervision.handed_over", supervision.id)
    for task in await _asking(db, supervision):
        if task.kind is TaskKind.supervision_due:
            task.for_staff_id = mentor.supervisor_id
            handed_over = "handed_over"
            await lifecycle.mark(db, tasks.TASK, task, the_system(task.prison_id), handed_over)
    await db.flush()


async def follow_commitment(db: AsyncSession, mentor: Mentor, supervision: Supervision) -> None:
    """The mentor's commitment has changed: so does the day on which the open one is due."""
    zone = (await db.get_one(Prison, mentor.prison_id)).tz
    today = local_date(clock.now(), zone)
    before = supervision.first_due_on
    due_on = rules.due_after_change(supervision.counts_from, before, today, mentor.commitment)
    supervision.commitment = mentor.commitment
    if due_on != before:
        supervision.first_due_on = due_on
        set_due(supervision, due_on, zone)
    system = the_system(mentor.prison_id)
    await lifecycle.mark(db, SUPERVISION, supervision, system, "commitment_changed")
    await db.flush()


async def _asking(db: AsyncSession, supervision: Supervision) -> list[Task]:
    """The open tasks that ask for it, locked."""
    found = everything(Task, supervision.prison_id).where(
        col(Task.thing_id) == supervision.id,
        col(Task.kind).in_(ASKING),
        col(Task.status) == TaskStatus.open,
    )
    return list((await db.execute(found.order_by(col(Task.id)).with_for_update())).scalars())


async def cancel_tasks(db: AsyncSession, supervision: Supervision) -> None:
    """Nobody needs to hold it on that day any longer."""
    to, reason = TaskStatus.cancelled, "no_longer_needed"
    system = the_system(supervision.prison_id)
    for task in await _asking(db, supervision):
        await lifecycle.move(db, tasks.TASK, task, to=to, actor=system, reason=reason)


async def owing(db: AsyncSession, prison_id: str, mentor_ids: Collection[UUID]) -> dict[UUID, date]:
    """Of these mentors, those whose supervision is so late that it stands in the way of new
    pairings, and the day on which it was due."""
    found = everything(Supervision, prison_id).where(
        col(Supervision.mentor_id).in_(mentor_ids), col(Supervision.status).in_(SUPERVISION_OPEN)
    )
    zone = (await db.get_one(Prison, prison_id)).tz
    return {
        each.mentor_id: each.first_due_on
        for each in (await db.scalars(found)).all()
        if clock.now() >= rules.blocks_at(each.first_due_on, zone)
    }
