"""One step of one task's ladder: pages, history and outbox in one transaction."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access import the_system
from app.models.notifications import Urgency
from app.models.prisons import Prison
from app.models.tasks import Task, TaskStatus
from app.scope import everything
from app.services import lifecycle, notifications
from app.services.notifications import NobodyToPage
from app.services.tasks import reach
from app.services.tasks.ladder import SAFETY, TaskState, ladder_of, next_step
from app.services.tasks.moves import TASK

log = structlog.get_logger(__name__)
SOONER = timedelta(minutes=15)


async def next_due(
    db: AsyncSession, prison_id: str, now: datetime, besides: Collection[UUID] = ()
) -> Task | None:
    """The open task whose step is due longest, locked. None when none is due, or others hold
    those that are. `besides`: the ones whose step has just failed."""
    due = (
        everything(Task, prison_id)
        .where(col(Task.status) == TaskStatus.open, col(Task.next_step_at) <= now)
        .where(col(Task.id).not_in(besides))
        .order_by(col(Task.next_step_at))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return (await db.execute(due)).scalar_one_or_none()


async def take(db: AsyncSession, task: Task, now: datetime) -> None:
    """Take the step that is due: someone is always paged, if only outside the prison. Raises
    NobodyToPage where there is no one inside and no address outside: the step stays due."""
    prison = await db.get_one(Prison, task.prison_id)
    who = await reach.who(db, task, prison, now)
    empty = [each for each, there in who.items() if not there]
    ladder = ladder_of(task.kind, task.recorded_at, task.due_at)
    state = TaskState(task.due_at, task.next_step_at, task.step, ladder, prison.tz)
    step = next_step(state, now, empty)
    if step is None:
        return
    paged = dict.fromkeys(to for each in step.reaches for to in who[each])
    if not paged:
        raise NobodyToPage
    urgency = Urgency.safety if ladder is SAFETY else Urgency.ordinary
    for to in paged:  # one person reached twice: one page
        await notifications.page_task(db, task, prison, to, step.why, step.step, urgency)
    if step.passed_over:
        log.error("escalation_alarm", alarm="empty_step", prison_id=prison.id, task_id=str(task.id))
    task.step, task.next_step_at = step.new_step, step.next_step_at
    note = f"step {step.step}: {step.why}, {len(paged)} paged"
    system = the_system(task.prison_id)
    await lifecycle.mark(db, TASK, task, system, "escalated", note=note)
    await db.flush()


async def hasten(db: AsyncSession, prison_id: str, task_id: UUID, now: datetime) -> None:
    """A page about an overdue task could not be handed over: take the next step sooner."""
    found = everything(Task, prison_id).where(
        col(Task.id) == task_id,
        col(Task.status) == TaskStatus.open,
        col(Task.due_at) <= now,
        col(Task.next_step_at) > now + SOONER,
    )
    task = (await db.execute(found.with_for_update())).scalar_one_or_none()
    if task is not None:
        task.next_step_at = now + SOONER
        await lifecycle.mark(db, TASK, task, the_system(prison_id), "page_not_delivered")
