"""Someone stayed away: one missed session ends nothing, but somebody goes to see how they are."""

from datetime import timedelta

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.concerns import CONCERN_OPEN, Concern, ConcernKind
from app.models.mentees import Mentee, MenteeStatus
from app.models.sessions import Participation, ParticipationStatus
from app.models.staff import StaffRole
from app.models.tasks import Task, TaskKind, TaskStatus
from app.scope import everything
from app.services import tasks
from app.services.lifecycle import Context

A = ParticipationStatus
DUE_IN = timedelta(hours=24)
MISSED_IN_A_ROW = 2


async def note_absence(db: AsyncSession, context: Context) -> None:
    """Two sessions missed in a row, or one while a concern about the person is open, ask for
    outreach; a mistake put right takes it back."""
    part: Participation = context.thing
    found = everything(Mentee, part.prison_id).where(col(Mentee.id) == part.mentee_id)
    mentee = (await db.execute(found.with_for_update())).scalar_one()
    if mentee.status is not MenteeStatus.engaged:
        return
    if not await _stays_away(db, mentee):
        await tasks.drop(db, mentee, TaskKind.outreach_due, reason="opened_in_error")
    elif part.status is A.dna and not await _asked_for(db, mentee):
        await tasks.open_task(
            db,
            mentee.prison_id,
            TaskKind.outreach_due,
            thing=mentee,
            person_id=mentee.person_id,
            for_role=StaffRole.support_worker,
            due_in=DUE_IN,
        )


async def _stays_away(db: AsyncSession, mentee: Mentee) -> bool:
    counted = everything(Participation, mentee.prison_id).where(
        col(Participation.mentee_id) == mentee.id,
        col(Participation.status).in_([A.attended, A.dna]),
    )
    latest = counted.order_by(func.lower(col(Participation.during)).desc()).limit(MISSED_IN_A_ROW)
    last = [each.status for each in (await db.execute(latest)).scalars()]
    if last[:1] != [A.dna]:
        return False
    return last == [A.dna] * MISSED_IN_A_ROW or await _is_worried_about(db, mentee)


async def _is_worried_about(db: AsyncSession, mentee: Mentee) -> bool:
    """Whether a concern about the person is open, of those that everybody reads to whom the task
    falls: it must not tell of one that goes past them."""
    open_ones = everything(Concern, mentee.prison_id).where(
        col(Concern.subject_person_id) == mentee.person_id,
        col(Concern.status).in_(CONCERN_OPEN),
        col(Concern.about_mentor).is_(False),
        col(Concern.about_staff_id).is_(None),
        col(Concern.about_staff_as_told).is_(None),
        col(Concern.kind) != ConcernKind.security_matter,
    )
    return (await db.execute(open_ones.limit(1))).first() is not None


async def _asked_for(db: AsyncSession, mentee: Mentee) -> bool:
    waiting = everything(Task, mentee.prison_id).where(
        col(Task.thing_id) == mentee.id,
        col(Task.kind) == TaskKind.outreach_due,
        col(Task.status) == TaskStatus.open,
    )
    return (await db.execute(waiting.limit(1))).first() is not None
