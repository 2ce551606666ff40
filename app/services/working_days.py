"""Days as the prison counts them: working days, calendar months, 17:00 local. Pure."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

Zone = ZoneInfo | str
LONDON = ZoneInfo("Europe/London")
CLOSE_OF_DAY = time(17)
_SATURDAY = 5


def utc(moment: datetime) -> datetime:
    """The same instant in UTC; ValueError for a naive time.

    Arithmetic between two times of one zone is wall-clock arithmetic in Python, an hour wrong
    across a clock change. So every sum here is done in UTC.
    """
    if moment.utcoffset() is None:
        raise ValueError(f"{moment!r} has no time zone")
    return moment.astimezone(UTC)


def local_date(moment: datetime, zone: Zone = LONDON) -> date:
    """The date on the prison's wall at that instant."""
    return utc(moment).astimezone(_zone(zone)).date()


def close_of_day(day: date, zone: Zone = LONDON) -> datetime:
    """17:00 on the prison's wall that day, as UTC."""
    return at_wall(day, CLOSE_OF_DAY, zone)


def at_wall(day: date, hour: time, zone: Zone = LONDON) -> datetime:
    """That time on the prison's wall that day, as UTC."""
    return datetime.combine(day, hour, _zone(zone)).astimezone(UTC)


def at_wall_last(day: date, hour: time, zone: Zone = LONDON) -> datetime:
    """When that time comes last on the prison's wall that day, as UTC. A time that never comes is,
    as in `at_wall`, an hour later on the wall: so what ends then never ends before it began."""
    there = datetime.combine(day, hour, _zone(zone))
    return max(each.astimezone(UTC) for each in (there, there.replace(fold=1)))


def is_working_day(day: date) -> bool:
    """Monday to Friday and no bank holiday of England and Wales (`holidays`, GB-ENG)."""
    return day.weekday() < _SATURDAY and not is_bank_holiday(day)


def is_bank_holiday(day: date) -> bool:
    """Whether it is a bank holiday of England and Wales, whatever the weekday."""
    return day in _bank_holidays()


def add_working_days(start: datetime, n: int, zone: Zone = LONDON) -> datetime:
    """17:00 local on the n-th working day after the local day of `start`, as UTC.

    The day of `start` never counts, whatever the hour: triage of a referral made on Monday, at
    09:00 or at 23:00, is due on Wednesday at 17:00. ValueError if n is less than 1.
    """
    if n < 1:
        raise ValueError(f"working days to add must be at least 1, not {n}")
    day = local_date(start, zone)
    while n:
        day += timedelta(days=1)
        n -= is_working_day(day)
    return close_of_day(day, zone)


def add_calendar_months(day: date, n: int) -> date:
    """The same day n months on (n may be negative), or that month's last day if it has none.

    30 November and 3 months is 28 February, 29 in a leap year.
    """
    years, month = divmod(day.month - 1 + n, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def _zone(zone: Zone) -> ZoneInfo:
    return ZoneInfo(zone) if isinstance(zone, str) else zone


@lru_cache(maxsize=1)
def _bank_holidays() -> holidays.HolidayBase:
    return holidays.country_holidays("GB", subdiv="ENG")  # England's and Wales's are the same
