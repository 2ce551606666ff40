"""A task's life as a table of moves."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.break_glass import REVIEWED, BreakGlass
from app.models.complaints import UNANSWERED, Complaint
from app.models.concerns import CONCERN_OPEN, Action, Concern
from app.models.mentees import Mentee, MenteeStatus
from app.models.mentors import Mentor, MentorStatus
from app.models.staff import Role
from app.models.tasks import Task, TaskKind, TaskStatus
from app.scope import everything
from app.services.lifecycle import Context, Lifecycle, Move, Refusal

S = TaskStatus
UNTRIAGED = frozenset({MenteeStatus.referred, MenteeStatus.self_referred})
STAFF = frozenset({Role.support_worker, Role.clinician, Role.governor})
CANCEL_REASONS = ("no_longer_needed", "opened_in_error", "done_elsewhere", "person_gone", "other")


async def is_settled(db: AsyncSession, task: Task) -> bool:
    """Whether the task may end: a review only with what it reviews, triage and the answer to a
    complaint only by being made, what a concern asks for only by being done."""
    if task.kind is TaskKind.break_glass_review:
        glass = everything(BreakGlass, task.prison_id).where(col(BreakGlass.id) == task.thing_id)
        return (await db.execute(glass)).scalar_one().status in REVIEWED
    if task.kind is TaskKind.suspension_review:
        mentor = everything(Mentor, task.prison_id).where(col(Mentor.id) == task.thing_id)
        over = (await db.execute(mentor)).scalar_one().status is not MentorStatus.suspended
        return over or await _next_one_is_set(db, task)
    if task.kind is TaskKind.triage_due:
        mentee = everything(Mentee, task.prison_id).where(col(Mentee.id) == task.thing_id)
        return (await db.execute(mentee)).scalar_one().status not in UNTRIAGED
    if task.kind is TaskKind.complaint_due:
        complaint = everything(Complaint, task.prison_id).where(col(Complaint.id) == task.thing_id)
        return (await db.execute(complaint)).scalar_one().status not in UNANSWERED
    if task.kind is TaskKind.action_due:
        action = everything(Action, task.prison_id).where(col(Action.task_id) == task.id)
        found = (await db.scalars(action)).one_or_none()
        return found is None or found.done_at is not None
    if task.kind is TaskKind.receipt_due:
        concern = everything(Concern, task.prison_id).where(col(Concern.id) == task.thing_id)
        about = (await db.execute(concern)).scalar_one()
        return not about.receipt_owed or about.status not in CONCERN_OPEN
    return True


async def _next_one_is_set(db: AsyncSession, task: Task) -> bool:
    """Whether another of the kind is open: a review ends by setting the next."""
    another = everything(Task, task.prison_id).where(
        col(Task.thing_id) == task.thing_id,
        col(Task.kind) == task.kind,
        col(Task.status) == S.open,
        col(Task.id) != task.id,
    )
    return bool((await db.execute(select(another.exists()))).scalar())


def thing_settled(context: Context) -> Refusal | None:
    if context.facts:
        return None
    detail = "This ends with the act itself that it asks for, on what the task came from."
    return Refusal("thing_settled", detail)


async def stop_clock(db: AsyncSession, context: Context) -> None:
    task: Task = context.thing
    task.next_step_at = None
    task.done_at, task.done_by = context.now, context.actor.subject
    task.outcome = context.note


MOVES: dict[tuple[TaskStatus, TaskStatus], Move] = {
    (S.open, S.done): Move(STAFF, guards=(thing_settled,), effects=(stop_clock,)),
    (S.open, S.cancelled): Move(
        STAFF, guards=(thing_settled,), reasons=CANCEL_REASONS, effects=(stop_clock,)
    ),
}

TASK = Lifecycle("tasks", "task", TaskStatus, MOVES, is_settled)
