"""Working days, calendar months and 17:00 local, over bank holidays and clock changes."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.working_days import (
    LONDON,
    add_calendar_months,
    add_working_days,
    close_of_day,
    is_working_day,
    local_date,
    utc,
)

DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2026, 11, 20), True),  # Friday
        (date(2026, 11, 21), False),
        (date(2026, 11, 22), False),
        (date(2026, 12, 25), False),
        (date(2026, 12, 28), False),  # Boxing Day fell on a Saturday
        (date(2026, 12, 29), True),
        (date(2027, 1, 1), False),
        (date(2027, 1, 4), True),
        (date(2027, 3, 17), True),  # St Patrick's, Northern Ireland only
        (date(2027, 3, 26), False),  # Good Friday
        (date(2027, 3, 29), False),  # Easter Monday: not in Scotland
        (date(2027, 5, 3), False),
        (date(2027, 8, 2), True),  # Scotland only
        (date(2027, 8, 30), False),
        (date(2027, 11, 30), True),  # St Andrew's, Scotland only
        (date(2027, 12, 27), False),
        (date(2027, 12, 28), False),
    ],
)
def test_working_days_are_those_of_england_and_wales(day: date, working: bool) -> None:
    assert is_working_day(day) is working


@pytest.mark.parametrize(
    ("start", "n", "due"),
    [
        ("2026-11-16T09:00+00:00", 2, "2026-11-18T17:00+00:00"),  # Monday morning
        ("2026-11-16T23:00+00:00", 2, "2026-11-18T17:00+00:00"),  # Monday night: the same
        ("2026-11-20T09:00+00:00", 2, "2026-11-24T17:00+00:00"),  # Friday
        ("2026-11-21T09:00+00:00", 2, "2026-11-24T17:00+00:00"),  # Saturday
        ("2026-12-24T09:00+00:00", 2, "2026-12-30T17:00+00:00"),  # Christmas Eve
        ("2027-03-25T09:00+00:00", 1, "2027-03-30T16:00+00:00"),  # over Easter, into summer time
        ("2026-10-23T09:00+01:00", 1, "2026-10-26T17:00+00:00"),  # out of summer time
        ("2026-06-15T23:30+00:00", 1, "2026-06-17T16:00+00:00"),  # already Tuesday on the wall
    ],
)
def test_triage_is_due_at_17_on_the_nth_working_day_after(start: str, n: int, due: str) -> None:
    assert add_working_days(datetime.fromisoformat(start), n, LONDON) == datetime.fromisoformat(due)


@pytest.mark.parametrize("n", [0, -1])
def test_fewer_than_one_working_day_is_refused(n: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        add_working_days(datetime(2026, 11, 16, tzinfo=UTC), n, LONDON)


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        utc(datetime(2026, 11, 16))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("day", "hour"),
    [
        (date(2027, 3, 27), 17),
        (date(2027, 3, 28), 16),  # 23 hours long
        (date(2026, 10, 24), 16),
        (date(2026, 10, 25), 17),  # 25 hours long
    ],
)
def test_close_of_day_is_17_on_the_wall(day: date, hour: int) -> None:
    close = close_of_day(day)
    assert close == datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    assert close.tzinfo is UTC


def test_a_zone_may_be_named() -> None:
    assert close_of_day(date(2026, 7, 1), "Europe/London").hour == 16
    assert close_of_day(date(2026, 7, 1), ZoneInfo("UTC")).hour == 17
    assert local_date(datetime(2026, 6, 15, 23, 30, tzinfo=UTC), "Europe/London").day == 16


@pytest.mark.parametrize(
    ("day", "n", "then"),
    [
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2026, 8, 31), 3, date(2026, 11, 30)),
        (date(2026, 11, 15), 3, date(2027, 2, 15)),
        (date(2026, 1, 31), 0, date(2026, 1, 31)),
        (date(2026, 12, 31), 12, date(2027, 12, 31)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2027, 1, 31), -2, date(2026, 11, 30)),
    ],
)
def test_calendar_months_keep_the_day_or_take_the_last(day: date, n: int, then: date) -> None:
    assert add_calendar_months(day, n) == then


@given(DAYS, st.integers(1, 12))
def test_a_deadline_is_a_working_day_and_n_of_them_lie_between(day: date, n: int) -> None:
    start = close_of_day(day)
    due = local_date(add_working_days(start, n))
    span = [day + timedelta(days=i) for i in range(1, (due - day).days + 1)]
    assert is_working_day(due)
    assert sum(map(is_working_day, span)) == n


@given(DAYS, st.integers(0, 36), st.integers(0, 36))
def test_more_months_are_never_sooner(day: date, a: int, b: int) -> None:
    few, more = sorted((a, b))
    assert day <= add_calendar_months(day, few) <= add_calendar_months(day, more)
