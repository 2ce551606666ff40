"""The review of a mentor's work: once a year, and first after three months where the approval was
on that condition. Support workers are asked by a task, and say what came of it."""

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.models.mentors import ApprovalCondition, Mentor, MentorStatus
from app.models.moves import History
from app.models.prisons import Prison
from app.models.staff import StaffRole
from app.models.tasks import Task, TaskKind, TaskStatus
from app.scope import everything
from app.services import tasks
from app.services.working_days import add_calendar_months, close_of_day, local_date

EVERY_MONTHS, FIRST_AFTER_MONTHS = 12, 3
OPENS_BEFORE = timedelta(days=28)
TIME_AT_LEAST = timedelta(days=7)
"""For a review that is found to be due already: a condition that came later, say."""
ASKED_AGAIN_AFTER = timedelta(days=7)
KIND = TaskKind.mentor_review


def due_on(active_since: date, reviewed_on: date | None, *, first_after_three: bool) -> date:
    """The day by which a mentor's work is reviewed: twelve calendar months after they became
    active or were reviewed last; three for the first one, where that is a condition."""
    if reviewed_on is None and first_after_three:
        return add_calendar_months(active_since, FIRST_AFTER_MONTHS)
    return add_calendar_months(max(active_since, reviewed_on or active_since), EVERY_MONTHS)


async def reviews_due(db: AsyncSession, prison_id: str) -> int:
    """Open the review of every active mentor whose day is near, unless it is open or was put aside
    within the week; say how many. For the worker: mentors whom someone else is changing are left
    to the next round."""
    zone = (await db.get_one(Prison, prison_id)).tz
    today = local_date(clock.now(), zone)
    active = everything(Mentor, prison_id).where(col(Mentor.status) == MentorStatus.active)
    mentors = (await db.scalars(active.order_by(col(Mentor.id)))).all()
    # In this order: a review that is done in this instant is seen as open, as done, or as both.
    asked = await _asked(db, prison_id)
    began, reviewed = await _began(db, prison_id), await _reviewed(db, prison_id)
    due: dict[UUID, date] = {}
    for mentor in mentors:
        last = reviewed.get(mentor.id)
        day = due_on(
            local_date(began.get(mentor.id, mentor.recorded_at), zone),
            local_date(last, zone) if last else None,
            first_after_three=ApprovalCondition.review_after_three_months in mentor.limits,
        )
        if day - OPENS_BEFORE <= today and mentor.id not in asked:
            due[mentor.id] = day
    if not due:
        return 0
    locked = active.where(col(Mentor.id).in_(due)).order_by(col(Mentor.id))
    free = locked.with_for_update(key_share=True, skip_locked=True)
    fresh = (await db.scalars(free.execution_options(populate_existing=True))).all()
    opened = [
        await _open(db, mentor, close_of_day(max(due[mentor.id], today + TIME_AT_LEAST), zone))
        for mentor in fresh
    ]
    return sum(opened)


async def _open(db: AsyncSession, mentor: Mentor, due_at: datetime) -> bool:
    """Open the review of a mentor, who is locked, unless another worker just has."""
    if await tasks.open_of(db, mentor, KIND):
        return False
    await tasks.open_task(
        db,
        mentor.prison_id,
        KIND,
        thing=mentor,
        person_id=mentor.person_id,
        for_role=StaffRole.support_worker,
        due_at=due_at,
    )
    return True


async def _asked(db: AsyncSession, prison_id: str) -> Collection[UUID]:
    """Of which mentors a review is open, or was put aside within the week."""
    aside = and_(
        col(Task.status) == TaskStatus.cancelled,
        col(Task.done_at) > clock.now() - ASKED_AGAIN_AFTER,
    )
    found = everything(Task, prison_id).where(
        col(Task.kind) == KIND, or_(col(Task.status) == TaskStatus.open, aside)
    )
    return set(await db.scalars(found.with_only_columns(col(Task.thing_id))))


async def _began(db: AsyncSession, prison_id: str) -> Mapping[UUID, datetime]:
    """When each mentor first became active in this episode: a pause begins nothing anew."""
    found = (
        select(col(History.thing_id), func.min(col(History.occurred_at)))
        .where(
            col(History.prison_id) == prison_id,
            col(History.noun) == "mentors",
            col(History.to_state) == MentorStatus.active.value,
        )
        .group_by(col(History.thing_id))
    )
    return {mentor_id: at for mentor_id, at in (await db.execute(found)).all()}


async def _reviewed(db: AsyncSession, prison_id: str) -> Mapping[UUID, datetime]:
    """When each mentor's work was reviewed last."""
    found = (
        select(col(Task.thing_id), func.max(col(Task.done_at)))
        .where(
            col(Task.prison_id) == prison_id,
            col(Task.kind) == KIND,
            col(Task.status) == TaskStatus.done,
        )
        .group_by(col(Task.thing_id))
    )
    return {mentor_id: at for mentor_id, at in (await db.execute(found)).all() if at}
