"""What falls due without anyone's doing: the supervisor is asked, then the support workers."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import the_system
from app.models.mentors import Mentor, MentorStatus
from app.models.prisons import Prison
from app.models.staff import StaffRole
from app.models.supervisions import SUPERVISION_OPEN, Supervision
from app.models.tasks import TaskKind
from app.scope import everything
from app.services import tasks
from app.services.supervisions import plans, rules
from app.services.supervisions.work import mentor_of
from app.services.working_days import close_of_day

MOST_AT_ONCE = 200


async def alert_due(db: AsyncSession, prison_id: str) -> int:
    """Plan what is not planned, follow commitments, and open the tasks that are due; say how many.
    Rows that someone else is changing are left to the next round."""
    await _plan_missing(db, prison_id)
    await _follow_commitments(db, prison_id)
    now = clock.now()
    due = (
        everything(Supervision, prison_id)
        .where(col(Supervision.status).in_(SUPERVISION_OPEN))
        .where(col(Supervision.next_alert_at) <= now)
        .order_by(col(Supervision.next_alert_at))
        .limit(MOST_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    zone = (await db.get_one(Prison, prison_id)).tz
    opened = 0
    for supervision in (await db.scalars(due)).all():
        alerts, at = supervision.alerts, supervision.next_alert_at
        while at is not None and at <= now:
            await _ask(db, supervision, alerts, now)
            alerts += 1
            at = rules.alert_at(alerts, supervision.due_on, zone)
            opened += 1
        # Once: a row written twice in one transaction waits for whoever holds the mentor.
        supervision.alerts, supervision.next_alert_at = alerts, at
    await db.flush()
    return opened


async def _ask(db: AsyncSession, supervision: Supervision, alerts: int, now: datetime) -> None:
    """The supervisor by the day it is overdue; then the support workers, who are told at once and
    have until it stands in the way of new pairings."""
    mentor = await mentor_of(db, supervision)
    zone = (await db.get_one(Prison, supervision.prison_id)).tz
    overdue = alerts > 0
    kind = TaskKind.supervision_overdue if overdue else TaskKind.supervision_due
    until = supervision.due_on + (rules.BLOCKS_AFTER if overdue else rules.ALERT_AFTER)
    task = await tasks.open_task(
        db,
        supervision.prison_id,
        kind,
        thing=supervision,
        person_id=mentor.person_id,
        for_role=StaffRole.support_worker,
        for_staff_id=None if overdue else supervision.supervisor_id,
        due_in=max(close_of_day(until, zone) - now, timedelta()),
    )
    if overdue:
        task.next_step_at = now


async def _plan_missing(db: AsyncSession, prison_id: str) -> None:
    """Mentors who were active before supervisions were kept here get theirs from today."""
    planned = everything(Supervision, prison_id).where(
        col(Supervision.status).in_(SUPERVISION_OPEN)
    )
    without = everything(Mentor, prison_id).where(
        col(Mentor.status) == MentorStatus.active,
        col(Mentor.id).not_in(planned.with_only_columns(col(Supervision.mentor_id))),
    )
    locked = without.order_by(col(Mentor.id)).with_for_update(skip_locked=True)
    system = the_system(prison_id)
    for mentor in (await db.scalars(locked)).all():
        await plans.plan(db, system, mentor, clock.now())


async def _follow_commitments(db: AsyncSession, prison_id: str) -> None:
    mentor = everything(Mentor, prison_id).where(col(Mentor.id) == col(Supervision.mentor_id))
    now = mentor.with_only_columns(col(Mentor.commitment)).scalar_subquery()
    changed = everything(Supervision, prison_id).where(
        col(Supervision.status).in_(SUPERVISION_OPEN), col(Supervision.commitment) != now
    )
    locked = changed.order_by(col(Supervision.id)).with_for_update(skip_locked=True)
    for supervision in (await db.scalars(locked)).all():
        await plans.follow_commitment(db, await mentor_of(db, supervision), supervision)
