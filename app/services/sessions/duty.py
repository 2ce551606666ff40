"""What else the scheme has planned for a mentor: their shifts, and the days of the courses they are
in. Whoever gives out shifts takes the same lock as whoever plans sessions."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.cohorts import CohortDay, CohortMember
from app.models.mentors import Mentor
from app.models.sessions import ClashKind
from app.models.shifts import Shift
from app.scope import everything
from app.services.rota.facts import COUNTS, fixed_of
from app.services.scheduling import OnDuty


async def duties(
    db: AsyncSession, mentor: Mentor, first: datetime, last: datetime, zone: ZoneInfo
) -> list[OnDuty]:
    """The shifts and course days that begin between two instants. Standing by is no work, and an
    undisturbed night of it asks for no rest."""
    served = everything(Shift, mentor.prison_id).where(
        col(Shift.mentor_id) == mentor.id,
        col(Shift.superseded_at).is_(None),
        col(Shift.status).in_(COUNTS),
        col(Shift.starts_at) >= first,
        col(Shift.starts_at) < last,
    )
    learnt = (
        everything(CohortDay, mentor.prison_id)
        .join(
            CohortMember,
            (col(CohortMember.prison_id) == col(CohortDay.prison_id))
            & (col(CohortMember.cohort_id) == col(CohortDay.cohort_id)),
        )
        .where(
            col(CohortMember.mentor_id) == mentor.id,
            col(CohortMember.left_at).is_(None),
            col(CohortDay.called_off).is_(False),
            col(CohortDay.starts_at) >= first,
            col(CohortDay.starts_at) < last,
        )
    )
    shifts = [fixed_of(each, zone) for each in await db.scalars(served)]
    return [
        *(
            OnDuty(ClashKind.shift, each.starts_at, each.ends_at, each.counts, each.rests)
            for each in shifts
        ),
        *(
            OnDuty(ClashKind.course, each.starts_at, each.ends_at)
            for each in await db.scalars(learnt)
        ),
    ]
