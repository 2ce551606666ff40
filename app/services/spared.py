"""What a mentor is spared for now, by the limits set when they were last asked how they are.

They stand until the mentor is asked again; a week's rest, a week. `shorter_sessions` and
`lighter_load` are for whoever plans to judge, and bind no plan.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.check_ins import CheckIn, CheckInLimit
from app.scope import everything
from app.services.working_days import utc

A_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Spared:
    """No nights, no groups, nothing at all until then."""

    nights: bool = False
    groups: bool = False
    rests_until: datetime | None = None

    def binds(self, starts_at: datetime, *, night: bool, group: bool) -> bool:
        """Whether it stands against what begins then."""
        return (night and self.nights) or (group and self.groups) or self.rests(starts_at)

    def rests(self, starts_at: datetime) -> bool:
        """Whether what begins then falls into their rest."""
        return self.rests_until is not None and utc(starts_at) < utc(self.rests_until)


NOTHING = Spared()


def spared(check_in: CheckIn | None) -> Spared:
    """What a check-in spares a mentor."""
    if check_in is None:
        return NOTHING
    rest = CheckInLimit.rest_this_week in check_in.limits
    return Spared(
        CheckInLimit.no_nights in check_in.limits,
        CheckInLimit.no_groups in check_in.limits,
        check_in.at + A_WEEK if rest else None,
    )


async def of(
    db: AsyncSession, prison_id: str, mentor_ids: Collection[UUID]
) -> Mapping[UUID, Spared]:
    """What each of the mentors is spared now."""
    last = (
        everything(CheckIn, prison_id)
        .where(col(CheckIn.mentor_id).in_(mentor_ids))
        .ext(distinct_on(col(CheckIn.mentor_id)))
        .order_by(col(CheckIn.mentor_id), col(CheckIn.at).desc(), col(CheckIn.id).desc())
    )
    found = {each.mentor_id: spared(each) for each in await db.scalars(last)}
    return defaultdict(lambda: NOTHING, found)
