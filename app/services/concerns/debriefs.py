"""A mentor who raised a concern is asked how they are: debriefed within a day where it could not
wait, looked in on within three days otherwise."""

from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import the_system
from app.concern_scope import for_whoever_is_on_duty
from app.models.concerns import CONCERN_OPEN, Concern
from app.models.mentors import Mentor, MentorStatus
from app.models.staff import Staff, StaffRole
from app.models.tasks import Task, TaskKind, TaskSource, TaskStatus
from app.scope import everything
from app.services import tasks
from app.services.concerns.routing import may_work
from app.services.escalation import Immediacy

log = structlog.get_logger(__name__)
WITHIN = timedelta(hours=24)
LOOKED_IN_ON = timedelta(hours=72)
ASKED_AFTER = (TaskKind.debrief, TaskKind.welfare_check)
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


async def welfare_due(db: AsyncSession, prison_id: str) -> int:
    """Have somebody look in on mentors who raised a concern in the last days. One check, or a
    debrief, that is still to come or came after it, is enough for all that they raised; but one
    for what is kept from somebody here is none for what is not: that nobody looked in on them for
    the latter would tell of the former."""
    raised_by = col(Concern.raised_by_person_id)
    at_work = everything(Mentor, prison_id).where(col(Mentor.status).in_(AT_WORK))
    kept_from_nobody = (
        everything(Concern, prison_id)
        .where(for_whoever_is_on_duty())
        .with_only_columns(col(Concern.id))
        .correlate(None)
    )
    asked = everything(Task, prison_id).where(
        col(Task.kind).in_(ASKED_AFTER),
        col(Task.person_id) == raised_by,
        col(Task.thing_noun) == TaskSource.concerns,
        or_(col(Task.status) == TaskStatus.open, col(Task.done_at) >= col(Concern.recorded_at)),
        or_(~for_whoever_is_on_duty(), col(Task.thing_id).in_(kept_from_nobody)),
    )
    nobody_asked = ~asked.correlate(Concern).exists()
    missing = (
        everything(Concern, prison_id)
        .where(col(Concern.recorded_at) >= clock.now() - SOUGHT_FOR)
        .where(raised_by.in_(at_work.with_only_columns(col(Mentor.person_id))))
        .where(nobody_asked)
        .order_by(col(Concern.recorded_at), col(Concern.id))
        .limit(MOST_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    opened = set[UUID]()
    for concern in (await db.scalars(missing)).all():
        if concern.raised_by_person_id not in opened and await _look_in(db, concern):
            opened.add(concern.raised_by_person_id)  # type: ignore[arg-type]
    return len(opened)


async def _look_in(db: AsyncSession, concern: Concern) -> bool:
    mentor = await _mentor(db, concern)
    if mentor is None:
        return False
    await _owed(db, concern, mentor, TaskKind.welfare_check, LOOKED_IN_ON)
    return True


async def _mentor(db: AsyncSession, concern: Concern) -> Mentor | None:
    """The mentor at work who raised it."""
    at_work = everything(Mentor, concern.prison_id).where(
        col(Mentor.person_id) == concern.raised_by_person_id, col(Mentor.status).in_(AT_WORK)
    )
    return (await db.scalars(at_work)).first()


async def _open(db: AsyncSession, concern: Concern) -> bool:
    """Open it once for each concern and mentor; answers whether it was."""
    mentor = await _mentor(db, concern)
    if mentor is None:
        return False
    opened = everything(Task, concern.prison_id).where(
        col(Task.thing_id) == concern.id,
        col(Task.kind) == TaskKind.debrief,
        col(Task.person_id) == mentor.person_id,
    )
    if (await db.execute(opened.limit(1))).first() is not None:
        return False
    await _owed(db, concern, mentor, TaskKind.debrief, WITHIN)
    return True


async def _owed(
    db: AsyncSession, concern: Concern, mentor: Mentor, kind: TaskKind, within: timedelta
) -> None:
    supervisor = await _supervisor(db, concern, mentor)
    await tasks.open_task(
        db,
        concern.prison_id,
        kind,
        thing=concern,
        person_id=mentor.person_id,
        for_role=falls_to(concern),
        for_staff_id=supervisor.id if supervisor else None,
        due_in=within,
        actor=the_system(concern.prison_id),
    )
    await db.flush()


async def _supervisor(db: AsyncSession, concern: Concern, mentor: Mentor) -> Staff | None:
    """The mentor's supervisor, unless the concern is kept from them."""
    found = everything(Staff, concern.prison_id).where(
        col(Staff.id) == mentor.supervisor_id, col(Staff.active)
    )
    staff = (await db.scalars(found)).first()
    return staff if staff is not None and may_work(concern, staff.role, staff.id) else None


def falls_to(concern: Concern) -> StaffRole:
    """Support workers, where they may know of it; else clinicians, else governors."""
    roles = (StaffRole.support_worker, StaffRole.clinician)
    return next((each for each in roles if may_work(concern, each, NOBODY)), StaffRole.governor)
