"""On which days the meetings of a series are, and at what instants. Pure, and by the wall.

A series is planned by the clock on the prison's wall: a meeting at two is at two in winter and in
summer. How long it lasts is counted in real minutes, also on the days with 23 and 25 hours.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from app.models.series import MEETINGS_AT_MOST
from app.services.working_days import at_wall, is_bank_holiday


@dataclass(frozen=True, slots=True)
class Cadence:
    """From which day on, every how many weeks, and until when or how often."""

    first_day: date
    every_weeks: int
    meetings: int | None = None
    last_day: date | None = None
    skip_bank_holidays: bool = True


def days(
    cadence: Cadence, is_holiday: Callable[[date], bool] = is_bank_holiday
) -> Iterator[tuple[int, date]]:
    """The days with their numbers. With a number of meetings, those skipped come at the end; with
    a last day they do not come at all. There are never more than so many."""
    most = cadence.meetings if cadence.meetings is not None else MEETINGS_AT_MOST
    number = 0
    for week in count():
        day = cadence.first_day + timedelta(weeks=week * cadence.every_weeks)
        if cadence.last_day is not None and day > cadence.last_day:
            return
        if cadence.skip_bank_holidays and is_holiday(day):
            continue
        number += 1
        yield number, day
        if number == most:
            return


def instants(day: date, starts: time, minutes: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When a meeting begins and ends. A time that the clocks jump over is an hour later on the
    wall; one that comes twice is the first of the two."""
    begin = at_wall(day, starts, zone)
    return begin, begin + timedelta(minutes=minutes)
