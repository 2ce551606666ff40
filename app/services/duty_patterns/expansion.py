"""On which days the duties of a pattern begin, and from when until when. Pure, and by the wall."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from app.services.working_days import Zone, at_wall, at_wall_last

_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Cadence:
    """Which days of the week (1 is Monday), every how many weeks, from and until which day."""

    weekdays: Collection[int]
    every_weeks: int
    first_day: date
    last_day: date | None = None


def days(cadence: Cadence, since: date, until: date) -> Iterator[date]:
    """The days of a pattern between two others, both included. Weeks begin on Monday, and are
    counted from that of its first day."""
    day = max(since, cadence.first_day)
    last = min(until, cadence.last_day or until)
    first_week = _monday(cadence.first_day)
    while day <= last:
        week = (_monday(day) - first_week) // _WEEK
        if week % cadence.every_weeks == 0 and day.isoweekday() in cadence.weekdays:
            yield day
        day += timedelta(days=1)


def instants(
    day: date, from_time: time, to_time: time, zone: Zone
) -> tuple[datetime, datetime] | None:
    """When the duty of a day begins and ends; one that ends at or before it begins on the wall
    ends on the next day. None where the clocks jump over the whole of it.

    A time that the clocks jump over is an hour later on the wall. Of one that comes twice a duty
    begins at the first and ends at the last: rather two on duty for an hour than nobody.
    """
    last = day + timedelta(days=to_time <= from_time)
    begins, ends = at_wall(day, from_time, zone), at_wall_last(last, to_time, zone)
    return (begins, ends) if begins < ends else None


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
