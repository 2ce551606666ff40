"""Periods that somebody asks for: whole days in the prison's time, both included."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app import clock
from app.errors import Invalid
from app.services.working_days import local_date

LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Period:
    """Days, and the instants that they are between: `since` included, `until` not."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def since(self) -> datetime:
        return datetime.combine(self.first, time(), self.zone)

    @property
    def until(self) -> datetime:
        return datetime.combine(self.last + timedelta(days=1), time(), self.zone)


def period_of(zone: ZoneInfo, first: date | None, last: date | None, usual: timedelta) -> Period:
    """The days asked for; up to today, and as long as usual, unless told. Raises Invalid."""
    last = last or local_date(clock.now(), zone)
    first = first or last - usual
    if first > last:
        raise Invalid.field("from", "in_order", "must not be after `to`")
    if last - first > LONGEST:
        raise Invalid.field("from", "too_long", "at most 366 days are asked for at a time")
    return Period(first, last, zone)


def together(spans: Iterable[tuple[datetime, datetime]]) -> timedelta:
    """How long they are, what they share once."""
    total, reached = timedelta(), datetime.min.replace(tzinfo=UTC)
    for start, end in sorted(spans):
        total += max(end - max(start, reached), timedelta())
        reached = max(reached, end)
    return total
