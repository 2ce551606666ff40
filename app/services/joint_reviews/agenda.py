"""What a joint review must look at, computed from the records that its reader may see."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.models.base import Output
from app.models.check_ins import CheckIn, CheckInLimit
from app.models.concerns import Concern
from app.models.joint_reviews import AgendaCode, JointReview, JointReviewStatus
from app.models.mentees import Mentee, MenteeStatus
from app.models.mentors import Mentor, MentorStatus
from app.models.moves import History
from app.models.people import Person
from app.models.prisons import Prison
from app.models.supervisions import SUPERVISION_OPEN, Supervision
from app.models.tasks import Task, TaskKind, TaskStatus
from app.models.trainings import Training, TrainingStatus
from app.scope import everything, visible
from app.services.working_days import add_calendar_months, local_date
from app.visibility import shape

EXPIRING = timedelta(days=60)
AT_WORK = (MentorStatus.active, MentorStatus.paused)
Found = list[tuple[AgendaCode, Mentor | Mentee, date | None]]
C = AgendaCode


async def agenda(db: AsyncSession, actor: Actor, review: JointReview) -> Output:
    """The agenda as this actor may see it, of the time since the review before."""
    found = shape("joint_reviews.agenda", actor.role)
    prison = await db.get_one(Prison, review.prison_id)
    since, until = await _span(db, review, prison.tz)
    mentors = await _mentors(db, actor)
    mentees = await _mentees(db, actor)
    items = [
        *await _supervisions(db, actor, mentors),
        *await _limits(db, actor, mentors, prison.tz),
        *await _expiring(db, actor, mentors, local_date(until, prison.tz)),
        *await _debriefs(db, actor, mentors, prison.tz),
        *await _waiting(db, mentees, prison, until),
        *await _stepped_up(db, mentees, prison, (since, until)),
    ]
    closed = visible(Concern, actor).where(
        col(Concern.closed_at) >= since, col(Concern.closed_at) <= until
    )
    count = select(func.count()).select_from(closed.subquery())
    shown = await _named(db, actor, items)
    concerns = (await db.execute(count)).scalar_one()
    return found.model_validate(
        {"since": since, "until": until, "items": shown, "concerns_closed": concerns}
    )


async def _span(db: AsyncSession, review: JointReview, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From the review before, or the beginning of the month before, until this one is held."""
    earlier = everything(JointReview, review.prison_id).where(
        col(JointReview.month) < review.month, col(JointReview.status) != JointReviewStatus.due
    )
    last = (await db.scalars(earlier.order_by(col(JointReview.month).desc()).limit(1))).first()
    month_before = add_calendar_months(review.month, -1)
    beginning = datetime(month_before.year, month_before.month, 1, tzinfo=zone)
    since = last.held_at if last is not None and last.held_at is not None else beginning
    return since, review.held_at or clock.now()


async def _mentors(db: AsyncSession, actor: Actor) -> dict[UUID, Mentor]:
    found = visible(Mentor, actor).where(col(Mentor.status).in_(AT_WORK))
    return {each.id: each for each in (await db.scalars(found.order_by(col(Mentor.id)))).all()}


async def _mentees(db: AsyncSession, actor: Actor) -> dict[UUID, Mentee]:
    wanted = (MenteeStatus.waiting, MenteeStatus.stepped_up)
    found = visible(Mentee, actor).where(col(Mentee.status).in_(wanted))
    return {each.id: each for each in (await db.scalars(found.order_by(col(Mentee.id)))).all()}


async def _supervisions(db: AsyncSession, actor: Actor, mentors: dict[UUID, Mentor]) -> Found:
    late = visible(Supervision, actor).where(
        col(Supervision.status).in_(SUPERVISION_OPEN), col(Supervision.due_at) < clock.now()
    )
    rows = (await db.scalars(late.order_by(col(Supervision.due_at)))).all()
    return [
        (C.supervision_overdue, mentors[each.mentor_id], each.first_due_on)
        for each in rows
        if each.mentor_id in mentors
    ]


async def _limits(
    db: AsyncSession, actor: Actor, mentors: dict[UUID, Mentor], zone: ZoneInfo
) -> Found:
    """Mentors whose last check-in left them with a limit."""
    every = visible(CheckIn, actor).where(col(CheckIn.mentor_id).in_(list(mentors)))
    rows = (await db.scalars(every.order_by(col(CheckIn.at), col(CheckIn.id)))).all()
    last = {each.mentor_id: each for each in rows}
    return [
        (C.limits, mentors[each.mentor_id], local_date(each.at, zone))
        for each in last.values()
        if each.limits != [CheckInLimit.none]
    ]


async def _expiring(
    db: AsyncSession, actor: Actor, mentors: dict[UUID, Mentor], today: date
) -> Found:
    soon = visible(Training, actor).where(
        col(Training.status) == TrainingStatus.competent,
        col(Training.expires_on) <= today + EXPIRING,
        col(Training.mentor_id).in_(list(mentors)),
    )
    first: dict[UUID, date | None] = {}
    for each in (await db.scalars(soon.order_by(col(Training.expires_on)))).all():
        first.setdefault(each.mentor_id, each.expires_on)
    return [(C.training_expiring, mentors[mentor_id], day) for mentor_id, day in first.items()]


async def _debriefs(
    db: AsyncSession, actor: Actor, mentors: dict[UUID, Mentor], zone: ZoneInfo
) -> Found:
    owed = visible(Task, actor).where(
        col(Task.kind) == TaskKind.debrief, col(Task.status) == TaskStatus.open
    )
    by_person = {each.person_id: each for each in mentors.values()}
    first: dict[UUID, date] = {}
    for each in (await db.scalars(owed.order_by(col(Task.recorded_at)))).all():
        if each.person_id in by_person:
            mentor = by_person[each.person_id]
            first.setdefault(mentor.id, local_date(each.recorded_at, zone))
    return [(C.debrief_outstanding, mentors[each], day) for each, day in first.items()]


async def _waiting(
    db: AsyncSession, mentees: dict[UUID, Mentee], prison: Prison, until: datetime
) -> Found:
    """Mentees who have waited longer than the prison lets them."""
    began = await _since(db, prison.id, mentees, MenteeStatus.waiting)
    longest = timedelta(days=prison.waiting_alert_days)
    return [
        (C.waiting_long, mentees[each], local_date(at, prison.tz))
        for each, at in began.items()
        if until - at > longest
    ]


async def _stepped_up(
    db: AsyncSession, mentees: dict[UUID, Mentee], prison: Prison, span: tuple[datetime, datetime]
) -> Found:
    """Mentees who were stepped up since the review before, and still are."""
    stepped = await _since(db, prison.id, mentees, MenteeStatus.stepped_up)
    return [
        (C.stepped_up, mentees[each], local_date(at, prison.tz))
        for each, at in stepped.items()
        if span[0] <= at <= span[1]
    ]


async def _since(
    db: AsyncSession, prison_id: str, mentees: dict[UUID, Mentee], status: MenteeStatus
) -> dict[UUID, datetime]:
    """When each of those in a state came into it last."""
    there = [each.id for each in mentees.values() if each.status is status]
    entered = everything(History, prison_id).where(
        col(History.noun) == "mentees",
        col(History.thing_id).in_(there),
        col(History.to_state) == status.value,
        col(History.from_state).is_distinct_from(status.value),
    )
    rows = (await db.scalars(entered.order_by(col(History.occurred_at)))).all()
    return {each.thing_id: each.occurred_at for each in rows}


async def _named(db: AsyncSession, actor: Actor, items: Iterable[Any]) -> list[dict[str, Any]]:
    """With the names of those whom the reader may see."""
    every = list(items)
    db.info.setdefault("touched", set()).update(each.person_id for _, each, _ in every)  # audited
    people = visible(Person, actor).where(
        col(Person.id).in_([each.person_id for _, each, _ in every])
    )
    names = {each.id: each.display_name for each in (await db.scalars(people)).all()}
    return [
        {
            "code": code,
            "mentor_id": each.id if isinstance(each, Mentor) else None,
            "mentee_id": each.id if isinstance(each, Mentee) else None,
            "display_name": names[each.person_id],
            "since": since,
        }
        for code, each, since in every
        if each.person_id in names
    ]
