"""From mentee to mentor, counted."""

from datetime import date, datetime, time, timedelta

from sqlalchemy import Subquery, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access import Actor
from app.errors import Invalid
from app.models.base import Output
from app.models.mentees import Mentee, MenteeStatus
from app.models.mentors import Mentor, MentorStatus
from app.models.moves import History
from app.models.prisons import Prison
from app.visibility import shape

S = MentorStatus


async def pathway(db: AsyncSession, actor: Actor, since: date | None, until: date | None) -> Output:
    """How many of those whose support began from `since` to `until` (days of the prison's own
    zone, both included) applied after that, were approved, became active, are active today."""
    if since is not None and until is not None and until < since:
        raise Invalid.field("to", "in_order", "must not be before from")
    here = actor.prison_id
    zone = (await db.get_one(Prison, here)).tz
    began, later = _began(here), _applied(here)
    people = func.count(began.c.person_id.distinct())
    counted = select(
        people.label("mentees"),
        people.filter(later.c.id.is_not(None)).label("applied"),
        people.filter(later.c.approved).label("approved"),
        people.filter(later.c.became_active).label("became_active"),
        people.filter(later.c.active_now).label("active_now"),
    ).select_from(
        began.outerjoin(
            later,
            (later.c.person_id == began.c.person_id) & (later.c.applied_at > began.c.began_at),
        )
    )
    if since is not None:
        counted = counted.where(began.c.began_at >= datetime.combine(since, time(), zone))
    if until is not None:
        following = datetime.combine(until + timedelta(days=1), time(), zone)
        counted = counted.where(began.c.began_at < following)
    row = (await db.execute(counted)).mappings().one()
    return shape("mentors.pathway", actor.role).model_validate(dict(row))


def _began(prison_id: str) -> Subquery:
    """When each person was first supported: engaged, and not only referred."""
    return (
        select(
            col(Mentee.person_id).label("person_id"),
            func.min(col(History.occurred_at)).label("began_at"),
        )
        .join(
            History,
            (col(History.prison_id) == col(Mentee.prison_id))
            & (col(History.thing_id) == col(Mentee.id)),
        )
        .where(
            col(Mentee.prison_id) == prison_id, col(History.to_state) == MenteeStatus.engaged.value
        )
        .group_by(col(Mentee.person_id))
        .subquery()
    )


def _applied(prison_id: str) -> Subquery:
    """Every application: when it was made (on paper, perhaps, before it was entered), how far it
    ever came, and whether it is an active mentor's."""
    state = col(History.to_state)
    return (
        select(
            col(Mentor.id).label("id"),
            col(Mentor.person_id).label("person_id"),
            func.min(col(History.occurred_at)).label("applied_at"),
            func.bool_or(state == S.approved_conditionally).label("approved"),
            func.bool_or(state == S.active).label("became_active"),
            (col(Mentor.status) == S.active).label("active_now"),
        )
        .join(
            History,
            (col(History.prison_id) == col(Mentor.prison_id))
            & (col(History.thing_id) == col(Mentor.id)),
        )
        .where(col(Mentor.prison_id) == prison_id)
        .group_by(col(Mentor.prison_id), col(Mentor.id))
        .subquery()
    )
