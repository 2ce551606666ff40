"""Tasks: what must be done by a time (here), its ladder (`ladder.py`), whom it reaches
(`reach.py`), its life (`moves.py`) and the sweep that never forgets it (`sweep.py`)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor, the_system
from app.models.base import Output
from app.models.moves import MoveCreate
from app.models.staff import StaffRole
from app.models.tasks import Task, TaskKind, TaskSource, TaskStatus
from app.scope import everything
from app.services import lifecycle, references
from app.services.tasks.ladder import first_step
from app.services.tasks.moves import MOVES, TASK
from app.visibility import shape

SOURCES = {
    "break_glass": TaskSource.break_glass,
    "campaign": TaskSource.campaigns,
    "complaint": TaskSource.complaints,
    "concern": TaskSource.concerns,
    "joint_review": TaskSource.joint_reviews,
    "match_proposal": TaskSource.match_proposals,
    "mentee": TaskSource.mentees,
    "mentor": TaskSource.mentors,
    "pairing": TaskSource.pairings,
    "person": TaskSource.people,
    "placement": TaskSource.placements,
    "session": TaskSource.sessions,
    "supervision": TaskSource.supervisions,
    "training": TaskSource.trainings,
    "wing": TaskSource.wings,
    "wing_place": TaskSource.wing_places,
}


async def open_task(
    db: AsyncSession,
    prison_id: str,
    kind: TaskKind,
    *,
    thing: Any,
    due_in: timedelta,
    person_id: UUID | None = None,
    for_role: StaffRole | None = None,
    for_staff_id: UUID | None = None,
    actor: Actor | None = None,
) -> Task:
    """Open a task that came of `thing`, a row of one of SOURCES' tables, for a role or for one
    member of staff (the database refuses neither). KeyError for a thing of another table."""
    now = clock.now()
    task = Task(
        prison_id=prison_id,
        reference=references.new("T"),
        kind=kind,
        person_id=person_id,
        thing_noun=SOURCES[thing.__tablename__],
        thing_id=thing.id,
        for_role=for_role,
        for_staff_id=for_staff_id,
        due_at=now + due_in,
        next_step_at=first_step(now, now + due_in),
    )
    await lifecycle.begin(db, TASK, task, actor or the_system(prison_id))
    return task


async def finish(db: AsyncSession, thing: Any, kind: TaskKind, actor: Actor) -> None:
    """End the open tasks of one kind that came of `thing`, by the act that they asked for."""
    waiting = everything(Task, thing.prison_id).where(
        col(Task.thing_id) == thing.id,
        col(Task.kind) == kind,
        col(Task.status) == TaskStatus.open,
    )
    done = TaskStatus.done
    whoever = actor if MOVES[TaskStatus.open, done].belongs_to(actor.role) else None
    for task in (await db.execute(waiting.with_for_update())).scalars().all():
        by = whoever or the_system(thing.prison_id)
        await lifecycle.move(db, TASK, task, to=done, actor=by)


async def act(db: AsyncSession, actor: Actor, task: Task, body: MoveCreate) -> None:
    """The move a caller asked for; its note is the task's outcome."""
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


__all__ = ["TASK", "act", "finish", "open_task", "shown"]
