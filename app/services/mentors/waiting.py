"""Applications that wait too long: somebody is asked, by a task, to take them on."""

from datetime import timedelta
from typing import Any

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.models.mentors import Mentor, MentorStatus
from app.models.moves import History
from app.models.staff import StaffRole
from app.models.tasks import Task, TaskKind
from app.scope import everything
from app.services import tasks

S = MentorStatus
A_WEEK = timedelta(days=7)
# How long an application may stay where it is, and who is asked then.
STEPS: dict[MentorStatus, tuple[timedelta, StaffRole]] = {
    S.submitted: (A_WEEK, StaffRole.support_worker),
    S.screened: (A_WEEK, StaffRole.support_worker),
    S.interviewed: (A_WEEK, StaffRole.support_worker),
    S.appealed: (timedelta(0), StaffRole.support_worker),
    S.governor_review: (A_WEEK, StaffRole.governor),
}
DUE_IN = timedelta(days=2)
MOST = 100


def _last(prison_id: str, at: Any) -> Any:
    """When a mentor came into the state they are in."""
    return (
        select(func.max(at))
        .where(
            col(History.prison_id) == prison_id,
            col(History.thing_id) == col(Mentor.id),
            col(History.to_state) == col(Mentor.status),
            col(History.from_state).is_distinct_from(col(History.to_state)),
        )
        .correlate(Mentor)
        .scalar_subquery()
    )


async def applications_due(db: AsyncSession, prison_id: str) -> int:
    """Ask for every application that has waited too long, once for each state it waits in, and say
    how many. For the worker: those that someone is moving are left to the next round."""
    came, entered = (_last(prison_id, at) for at in (History.occurred_at, History.recorded_at))
    asked = exists().where(
        col(Task.prison_id) == prison_id,
        col(Task.thing_id) == col(Mentor.id),
        col(Task.kind) == TaskKind.application_step,
        col(Task.recorded_at) >= entered,
        col(Mentor.prison_id) == prison_id,
    )
    now = clock.now()
    waited = or_(
        *(
            and_(col(Mentor.status) == state, came <= now - wait)
            for state, (wait, _) in STEPS.items()
        )
    )
    due = everything(Mentor, prison_id).where(waited, ~asked).order_by(col(Mentor.id)).limit(MOST)
    rows = (await db.scalars(due.with_for_update(skip_locked=True))).all()
    for mentor in rows:
        await tasks.open_task(
            db,
            prison_id,
            TaskKind.application_step,
            thing=mentor,
            person_id=mentor.person_id,
            for_role=STEPS[mentor.status][1],
            due_in=DUE_IN,
        )
    return len(rows)
