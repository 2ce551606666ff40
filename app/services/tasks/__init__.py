"""Tasks: what must be done by a time (here), its ladder (`ladder.py`), whom it reaches
(`reach.py`), its life (`moves.py`) and the sweep that never forgets it (`sweep.py`)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor, the_system
from app.errors import Invalid
from app.models.base import Output
from app.models.moves import MoveCreate
from app.models.prisons import Prison
from app.models.staff import StaffRole
from app.models.tasks import Task, TaskKind, TaskSource, TaskStatus
from app.scope import everything
from app.services import lifecycle, references
from app.services.tasks.ladder import first_step, ladder_of
from app.services.tasks.moves import MOVES, TASK
from app.visibility import shape

SOURCES = {
    "break_glass": TaskSource.break_glass,
    "complaint": TaskSource.complaints,
    "concern": TaskSource.concerns,
    "contact_request": TaskSource.contact_requests,
    "enrolment": TaskSource.enrolments,
    "duty": TaskSource.duties,
    "handover": TaskSource.handovers,
    "joint_review": TaskSource.joint_reviews,
    "match_proposal": TaskSource.match_proposals,
    "mentee": TaskSource.mentees,
    "mentor": TaskSource.mentors,
    "person": TaskSource.people,
    "placement": TaskSource.placements,
    "questionnaire": TaskSource.questionnaires,
    "session": TaskSource.sessions,
    "shift": TaskSource.shifts,
    "supervision": TaskSource.supervisions,
    "training": TaskSource.trainings,
    "webhook": TaskSource.webhooks,
    "wing": TaskSource.wings,
    "wing_place": TaskSource.wing_places,
}


# What is done only with words on what came of it.
SAY_WHAT_CAME = {
    TaskKind.debrief: "say what came of the debrief",
    TaskKind.mentor_review: "say what came of the review",
    TaskKind.answer_review: "say what came of looking at the answer",
}


async def open_task(
    db: AsyncSession,
    prison_id: str,
    kind: TaskKind,
    *,
    thing: Any,
    due_in: timedelta | None = None,
    due_at: datetime | None = None,
    person_id: UUID | None = None,
    for_role: StaffRole | None = None,
    for_staff_id: UUID | None = None,
    actor: Actor | None = None,
    told_at_once: bool = False,
) -> Task:
    """Open a task that came of `thing`, a row of one of SOURCES' tables, for a role or for one
    member of staff (the database refuses neither). KeyError for a thing of another table.

    It is due `due_in` from now, or at `due_at`. `told_at_once`: whoever it falls to is
    paged now, and again when it is due.
    """
    now = clock.now()
    due = due_at or now + (due_in or timedelta())
    zone, ladder = (await db.get_one(Prison, prison_id)).tz, ladder_of(kind, now, due)
    task = Task(
        prison_id=prison_id,
        reference=references.new("T"),
        kind=kind,
        person_id=person_id,
        thing_noun=SOURCES[thing.__tablename__],
        thing_id=thing.id,
        for_role=for_role,
        for_staff_id=for_staff_id,
        due_at=due,
        next_step_at=first_step(now, due, ladder, zone, at_once=told_at_once),
    )
    await lifecycle.begin(db, TASK, task, actor or the_system(prison_id))
    return task


async def open_of(db: AsyncSession, thing: Any, *kinds: TaskKind) -> Sequence[Task]:
    """The open tasks of these kinds that came of `thing`, locked, the oldest first."""
    waiting = everything(Task, thing.prison_id).where(
        col(Task.thing_id) == thing.id,
        col(Task.kind).in_(kinds),
        col(Task.status) == TaskStatus.open,
    )
    return (await db.scalars(waiting.order_by(col(Task.id)).with_for_update())).all()


async def finish(db: AsyncSession, thing: Any, kind: TaskKind, actor: Actor) -> None:
    """End the open tasks of one kind that came of `thing`, by the act that they asked for."""
    for task in await open_of(db, thing, kind):
        await settle(db, task, actor)


async def settle(db: AsyncSession, task: Task, actor: Actor) -> None:
    """End one task by the act that it asked for, whoever's act that was."""
    done = TaskStatus.done
    by = actor if MOVES[TaskStatus.open, done].belongs_to(actor.role) else None
    await lifecycle.move(db, TASK, task, to=done, actor=by or the_system(task.prison_id))


async def drop(
    db: AsyncSession, thing: Any, *kinds: TaskKind, reason: str = "no_longer_needed"
) -> None:
    """Cancel the open tasks of these kinds that came of `thing`: what they ask for is not so, or
    nobody needs it any more."""
    for task in await open_of(db, thing, *kinds):
        to, system = TaskStatus.cancelled, the_system(task.prison_id)
        await lifecycle.move(db, TASK, task, to=to, actor=system, reason=reason)


async def reschedule(db: AsyncSession, thing: Any, kind: TaskKind, due_at: datetime) -> None:
    """The open tasks of one kind that came of `thing` are due at another time: their clock
    follows."""
    now, zone = clock.now(), (await db.get_one(Prison, thing.prison_id)).tz
    for task in await open_of(db, thing, kind):
        task.due_at, task.step = due_at, 0
        task.next_step_at = first_step(now, due_at, ladder_of(kind, now, due_at), zone)
        await lifecycle.mark(db, TASK, task, the_system(thing.prison_id), "rescheduled")
    await db.flush()


async def hand_to(
    db: AsyncSession,
    thing: Any,
    kind: TaskKind,
    actor: Actor,
    *,
    for_role: StaffRole,
    for_staff_id: UUID | None,
) -> None:
    """The open tasks of one kind that came of `thing` fall to somebody else."""
    for task in await open_of(db, thing, kind):
        task.for_role, task.for_staff_id = for_role, for_staff_id
        await lifecycle.mark(db, TASK, task, actor, "handed_on")
    await db.flush()


async def act(db: AsyncSession, actor: Actor, task: Task, body: MoveCreate) -> None:
    """The move a caller asked for; its note is the task's outcome, which some must have."""
    ends = task.status is TaskStatus.open and body.to == TaskStatus.done
    if ends and task.kind in SAY_WHAT_CAME and body.note is None:
        raise Invalid.field("note", "outcome", SAY_WHAT_CAME[task.kind])
    task.disclosure = body.disclosure
    await lifecycle.make(db, TASK, task, actor, body)


async def shown(db: AsyncSession, task: Task, actor: Actor) -> Output:
    """The task as this actor sees it, with what they may do next."""
    late = task.status is TaskStatus.open and task.due_at < clock.now()
    moves = await lifecycle.options(db, TASK, task, actor)
    fields = {**task.model_dump(), "overdue": late, "moves": moves}
    found = shape("tasks", actor.role).model_validate(fields)
    assert isinstance(found, Output)
    return found


__all__ = [
    "TASK",
    "act",
    "drop",
    "finish",
    "hand_to",
    "open_of",
    "open_task",
    "reschedule",
    "settle",
    "shown",
]
