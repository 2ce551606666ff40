"""A mentor called out at night is debriefed within a day of its end."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import the_system
from app.models.mentors import Mentor
from app.models.sessions import Session, SessionKind
from app.models.staff import StaffRole
from app.models.tasks import Task, TaskKind
from app.scope import everything
from app.services import tasks
from app.services.lifecycle import Context

WITHIN = timedelta(hours=24)


async def owe(db: AsyncSession, session: Session) -> None:
    """Open the debrief of a night call-out that was held, once."""
    if session.kind is not SessionKind.night_callout:
        return
    opened = everything(Task, session.prison_id).where(
        col(Task.thing_id) == session.id, col(Task.kind) == TaskKind.debrief
    )
    if (await db.execute(opened.limit(1))).first() is not None:
        return
    found = everything(Mentor, session.prison_id).where(col(Mentor.id) == session.mentor_id)
    mentor = (await db.execute(found)).scalar_one()
    await tasks.open_task(
        db,
        session.prison_id,
        TaskKind.debrief,
        thing=session,
        person_id=mentor.person_id,
        for_role=StaffRole.support_worker,
        for_staff_id=mentor.supervisor_id,
        due_in=max(session.ends_at + WITHIN - clock.now(), timedelta()),
        actor=the_system(session.prison_id),
    )


async def owe_of_held(db: AsyncSession, context: Context) -> None:
    await owe(db, context.thing)
