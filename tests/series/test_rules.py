"""On which days meetings are, and at what instants: the pure part, by the wall."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.models.series import MEETINGS_AT_MOST
from app.services.series.expansion import Cadence, days, instants
from app.services.working_days import LONDON, is_bank_holiday

TUESDAY = date(2026, 12, 1)


def listed(cadence: Cadence) -> list[str]:
    return [f"{number} {day:%m-%d}" for number, day in days(cadence)]


@pytest.mark.parametrize(
    ("cadence", "expected"),
    [
        (Cadence(TUESDAY, 1, meetings=3), ["1 12-01", "2 12-08", "3 12-15"]),
        (Cadence(TUESDAY, 2, meetings=3), ["1 12-01", "2 12-15", "3 12-29"]),
        (Cadence(TUESDAY, 1, last_day=date(2026, 12, 15)), ["1 12-01", "2 12-08", "3 12-15"]),
        (Cadence(TUESDAY, 1, last_day=date(2026, 12, 14)), ["1 12-01", "2 12-08"]),
        (Cadence(TUESDAY, 1, last_day=TUESDAY), ["1 12-01"]),
        # Christmas and New Year's Day of 2026 are Fridays: what is skipped comes at the end.
        (
            Cadence(date(2026, 12, 18), 1, meetings=3),
            ["1 12-18", "2 01-08", "3 01-15"],
        ),
        (
            Cadence(date(2026, 12, 18), 1, meetings=3, skip_bank_holidays=False),
            ["1 12-18", "2 12-25", "3 01-01"],
        ),
        # With a last day it does not come at all.
        (
            Cadence(date(2026, 12, 18), 1, last_day=date(2027, 1, 8)),
            ["1 12-18", "2 01-08"],
        ),
        (Cadence(date(2026, 12, 25), 1, last_day=date(2026, 12, 31)), []),
        # Boxing Day of 2026 is a Saturday: its substitute is the Monday after.
        (Cadence(date(2026, 12, 21), 1, meetings=2), ["1 12-21", "2 01-04"]),
    ],
)
def test_meetings_are_so_many_weeks_apart(cadence: Cadence, expected: list[str]) -> None:
    assert listed(cadence) == expected


def test_a_series_without_end_is_not_planned_for_ever() -> None:
    found = list(days(Cadence(TUESDAY, 1, last_day=date(2099, 1, 1))))
    assert len(found) == MEETINGS_AT_MOST


@given(
    first=st.dates(date(2020, 1, 1), date(2040, 1, 1)),
    every=st.integers(1, 8),
    meetings=st.integers(1, MEETINGS_AT_MOST),
)
def test_there_are_as_many_as_asked_for_on_one_weekday_and_on_no_holiday(
    first: date, every: int, meetings: int
) -> None:
    found = list(days(Cadence(first, every, meetings=meetings)))
    assert [number for number, _ in found] == list(range(1, meetings + 1))
    assert {day.weekday() for _, day in found} == {first.weekday()}
    assert not any(is_bank_holiday(day) for _, day in found)
    gaps = [(b - a).days for (_, a), (_, b) in pairwise(found)]
    assert all(gap > 0 and gap % (7 * every) == 0 for gap in gaps)


@pytest.mark.parametrize(
    ("day", "starts", "begins", "ends"),
    [
        ("2026-03-22", "14:00", "2026-03-22T14:00Z", "2026-03-22T15:30Z"),
        ("2026-03-29", "14:00", "2026-03-29T13:00Z", "2026-03-29T14:30Z"),
        ("2026-10-18", "14:00", "2026-10-18T13:00Z", "2026-10-18T14:30Z"),
        ("2026-10-25", "14:00", "2026-10-25T14:00Z", "2026-10-25T15:30Z"),
        # Over the change itself it lasts as long as it lasts.
        ("2026-03-29", "00:30", "2026-03-29T00:30Z", "2026-03-29T02:00Z"),
        ("2026-10-25", "00:30", "2026-10-24T23:30Z", "2026-10-25T01:00Z"),
        # Half past one does not exist on the one day, and comes twice on the other.
        ("2026-03-29", "01:30", "2026-03-29T01:30Z", "2026-03-29T03:00Z"),
        ("2026-10-25", "01:30", "2026-10-25T00:30Z", "2026-10-25T02:00Z"),
    ],
)
def test_a_meeting_is_by_the_wall_and_lasts_real_minutes(
    day: str, starts: str, begins: str, ends: str
) -> None:
    found = instants(date.fromisoformat(day), time.fromisoformat(starts), 90, LONDON)
    assert found == (datetime.fromisoformat(begins), datetime.fromisoformat(ends))


@given(
    day=st.dates(date(2020, 1, 1), date(2040, 1, 1)),
    minute=st.integers(3 * 60, 24 * 60 - 1),
    minutes=st.integers(10, 720),
)
def test_whatever_the_day_the_wall_says_what_was_asked(
    day: date, minute: int, minutes: int
) -> None:
    starts = time(minute // 60, minute % 60)
    begin, end = instants(day, starts, minutes, LONDON)
    on_the_wall = begin.astimezone(LONDON)
    assert (on_the_wall.date(), on_the_wall.time()) == (day, starts)
    assert begin.tzinfo is UTC
    assert end - begin == timedelta(minutes=minutes)
