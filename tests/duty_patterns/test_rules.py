"""On which days the duties of a pattern begin, and what the clocks do to them."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.duty_patterns.expansion import Cadence, days, instants

LONDON = ZoneInfo("Europe/London")
MONDAY = date(2026, 11, 30)
ON, BACK = date(2027, 3, 28), date(2026, 10, 25)  # 23 hours, 25 hours


def test_every_other_monday_is_counted_from_the_week_of_the_first_day() -> None:
    wednesday = MONDAY + timedelta(days=2)
    cadence = Cadence({1}, 2, wednesday)
    found = list(days(cadence, MONDAY, MONDAY + timedelta(days=35)))
    assert found == [MONDAY + timedelta(days=14), MONDAY + timedelta(days=28)]


def test_two_patterns_of_alternate_weeks_share_every_monday() -> None:
    last = MONDAY + timedelta(weeks=20)
    mine = set(days(Cadence({1}, 2, MONDAY), MONDAY, last))
    theirs = set(days(Cadence({1}, 2, MONDAY + timedelta(weeks=1)), MONDAY, last))
    assert not mine & theirs
    assert mine | theirs == set(days(Cadence({1}, 1, MONDAY), MONDAY, last))


def test_it_begins_on_its_first_day_and_ends_with_its_last() -> None:
    cadence = Cadence({1, 2, 3, 4, 5, 6, 7}, 1, MONDAY, MONDAY + timedelta(days=2))
    every = list(days(cadence, MONDAY - timedelta(days=9), MONDAY + timedelta(days=9)))
    assert every == [MONDAY + timedelta(days=n) for n in range(3)]


@given(
    st.sets(st.integers(1, 7), min_size=1),
    st.integers(1, 12),
    st.dates(date(2026, 1, 1), date(2028, 1, 1)),
    st.integers(0, 400),
    st.integers(0, 400),
)
def test_made_in_two_parts_it_is_the_same(
    weekdays: set[int], every: int, first: date, one: int, two: int
) -> None:
    cadence = Cadence(weekdays, every, first)
    since = date(2026, 12, 1)
    middle, last = since + timedelta(days=one), since + timedelta(days=one + two)
    parts = [*days(cadence, since, middle), *days(cadence, middle + timedelta(days=1), last)]
    assert parts == list(days(cadence, since, last))


def spelt(day: date, begins: str, ends: str) -> tuple[str, str] | None:
    found = instants(day, time.fromisoformat(begins), time.fromisoformat(ends), LONDON)
    return None if found is None else (f"{found[0]:%d %H:%M}", f"{found[1]:%d %H:%M}")


@pytest.mark.parametrize(
    ("day", "begins", "ends", "found"),
    [
        (MONDAY, "20:00", "08:00", ("30 20:00", "01 08:00")),
        (ON - timedelta(days=1), "20:00", "08:00", ("27 20:00", "28 07:00")),  # 11 hours
        (BACK - timedelta(days=1), "20:00", "08:00", ("24 19:00", "25 08:00")),  # 13 hours
        (ON, "08:00", "20:00", ("28 07:00", "28 19:00")),
        (ON, "08:00", "08:00", ("28 07:00", "29 07:00")),
        (ON - timedelta(days=1), "08:00", "08:00", ("27 08:00", "28 07:00")),  # 23 hours
        (BACK - timedelta(days=1), "08:00", "08:00", ("24 07:00", "25 08:00")),  # 25 hours
        (ON - timedelta(days=1), "20:00", "01:30", ("27 20:00", "28 01:30")),  # jumped over
        (ON, "01:30", "08:00", ("28 01:30", "28 07:00")),
        (ON, "01:30", "02:00", None),  # the whole of it
        (BACK - timedelta(days=1), "20:00", "01:30", ("24 19:00", "25 01:30")),  # to the last
        (BACK, "01:30", "08:00", ("25 00:30", "25 08:00")),  # from the first
    ],
)
def test_it_is_by_the_wall(
    day: date, begins: str, ends: str, found: tuple[str, str] | None
) -> None:
    assert spelt(day, begins, ends) == found


@given(
    st.lists(st.times().map(lambda t: t.replace(microsecond=0)), min_size=1, unique=True),
    st.sampled_from([MONDAY, ON, BACK]),
)
def test_duties_that_meet_on_the_wall_leave_nobody_out(edges: list[time], day: date) -> None:
    edges = sorted(edges)
    parts = list(zip(edges, [*edges[1:], edges[0]], strict=True))
    found = sorted(
        times
        for n in (-2, -1, 0, 1)
        for begins, ends in parts
        if (times := instants(day + timedelta(days=n), begins, ends, LONDON))
    )
    reached = datetime.combine(day, time(), UTC) - timedelta(hours=3)
    for begins, ends in found:
        if ends > reached:
            assert begins <= reached or begins == found[0][0]
            reached = max(reached, ends)
    assert reached >= datetime.combine(day + timedelta(days=1), time(), UTC)
