"""What patterns will make later than duties are made: known to whoever asks that far ahead, so
that no gap is named that will be filled. Nothing of it is written."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.duty_patterns import DutyPattern
from app.models.prisons import Prison
from app.services.duties.roster import Held, Roster
from app.services.duty_patterns.expansion import Cadence, days, instants
from app.services.duty_patterns.making import standing
from app.services.working_days import Zone, local_date

A_DAY = timedelta(days=1)


async def with_foreseen(
    db: AsyncSession, prison_id: str, roster: Roster, first: datetime, last: datetime
) -> Roster:
    """The roster, and between two instants what patterns have yet to make."""
    zone = (await db.get_one(Prison, prison_id)).tz
    until = local_date(last, zone)
    yet = standing(prison_id).where(col(DutyPattern.made_until) < until)
    patterns = (await db.scalars(yet.order_by(col(DutyPattern.id)))).all()
    since = local_date(first, zone) - A_DAY  # what began the day before may last into it
    held = [each for pattern in patterns for each in _held(pattern, since, until, zone)]
    return replace(roster, held=sorted([*roster.held, *held], key=lambda each: each.starts_at))


def _held(pattern: DutyPattern, since: date, until: date, zone: Zone) -> Iterator[Held]:
    cadence = Cadence(pattern.weekdays, pattern.every_weeks, pattern.first_day, pattern.last_day)
    for day in days(cadence, max(since, pattern.made_until + A_DAY), until):
        times = instants(day, pattern.from_time, pattern.to_time, zone)
        if times is not None:
            yield Held(None, pattern.post, pattern.staff_id, *times)
