"""A mentor who raised a concern that could not wait is debriefed within a day."""

from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import the_system
from app.models.concerns import CONCERN_OPEN, Concern
from app.models.mentors import Mentor, MentorStatus
from app.models.staff import Staff, StaffRole
from app.models.tasks import Task, TaskKind
from app.scope import everything
from app.services import tasks
from app.services.concerns.routing import may_work
from app.services.escalation import Immediacy

log = structlog.get_logger(__name__)
WITHIN = timedelta(hours=24)
AT_WORK = (MentorStatus.active, MentorStatus.paused)
NOBODY = UUID(int=0)
SOUGHT_FOR = timedelta(days=7)
MOST_AT_ONCE = 100


async def owe(db: AsyncSession, concern: Concern) -> None:
    """Open the debrief of a concern that is, or has become, `now`. Whatever goes wrong here, the
    concern is saved: the worker opens what is missing (`owe_due`)."""
    if concern.immediacy is not Immediacy.now or concern.raised_by_person_id is None:
        return
    try:
        async with db.begin_nested():
            await _open(db, concern)
    except Exception:
        log.exception("debrief_not_opened", prison_id=concern.prison_id)


async def owe_due(db: AsyncSession, prison_id: str) -> int:
    """Open the debriefs that are missing of concerns of the last days; say how many. One that
    someone else is working on is left to the next round."""
    debriefed = everything(Task, prison_id).where(col(Task.kind) == TaskKind.debrief)
    missing = (
        everything(Concern, prison_id)
        .where(col(Concern.immediacy) == Immediacy.now, col(Concern.status).in_(CONCERN_OPEN))
        .where(col(Concern.raised_by_person_id).is_not(None))
        .where(col(Concern.recorded_at) >= clock.now() - SOUGHT_FOR)
        .where(col(Concern.id).not_in(debriefed.with_only_columns(col(Task.thing_id))))
        .limit(MOST_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    opened = 0
    for concern in (await db.scalars(missing)).all():
        opened += await _open(db, concern)
    return opened


async def _open(db: AsyncSession, concern: Concern) -> bool:
    """Open it once for each concern and mentor; answers whether it was."""
    at_work = everything(Mentor, concern.prison_id).where(
        col(Mentor.person_id) == concern.raised_by_person_id, col(Mentor.status).in_(AT_WORK)
    )
    mentor = (await db.scalars(at_work)).first()
    if mentor is None:
        return False
    opened = everything(Task, concern.prison_id).where(
        col(Task.thing_id) == concern.id,
        col(Task.kind) == TaskKind.debrief,
        col(Task.person_id) == mentor.person_id,
    )
    if (await db.execute(opened.limit(1))).first() is not None:
        return False
    supervisor = await _supervisor(db, concern, mentor)
    await tasks.open_task(
        db,
        concern.prison_id,
        TaskKind.debrief,
        thing=concern,
        person_id=mentor.person_id,
        for_role=_role(concern),
        for_staff_id=supervisor.id if supervisor else None,
        due_in=WITHIN,
        actor=the_system(concern.prison_id),
    )
    await db.flush()
    return True


async def _supervisor(db: AsyncSession, concern: Concern, mentor: Mentor) -> Staff | None:
    """The mentor's supervisor, unless the concern is kept from them."""
    found = everything(Staff, concern.prison_id).where(
        col(Staff.id) == mentor.supervisor_id, col(Staff.active)
    )
    staff = (await db.scalars(found)).first()
    return staff if staff is not None and may_work(concern, staff.role, staff.id) else None


def _role(concern: Concern) -> StaffRole:
    """Support workers, where they may know of it; else clinicians, else governors."""
    roles = (StaffRole.support_worker, StaffRole.clinician)
    return next((each for each in roles if may_work(concern, each, NOBODY)), StaffRole.governor)
