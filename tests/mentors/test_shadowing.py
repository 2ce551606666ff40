"""How long shadowing lasts: calendar months, the clock stopped while suspended."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.models.moves import History
from app.services.mentors import guards as g
from app.services.working_days import add_calendar_months
from tests.mentors.facts import (
    LONDON,
    context,
    went,
)


def at(text: str) -> datetime:
    """A wall-clock time in London."""
    return datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(UTC)


def began(text: str) -> History:
    return went("approved_conditionally", "shadowing", at(text))


def suspended(start: str, end: str | None = None, state: str = "shadowing") -> list[History]:
    rows = [went(state, "suspended", at(start))]
    return [*rows, went("suspended", state, at(end))] if end else rows


@pytest.mark.parametrize(
    ("history", "until"),
    [
        ([], None),
        ([went(None, "draft", at("2027-01-01T09:00"))], None),
        ([began("2027-01-15T09:00")], "2027-04-15"),
        ([began("2027-01-31T09:00")], "2027-04-30"),  # April has no 31st
        ([began("2026-11-30T09:00")], "2027-02-28"),
        ([began("2027-11-30T09:00")], "2028-02-29"),  # a leap year
        ([began("2026-08-31T23:59")], "2026-11-30"),
        ([began("2027-07-01T00:30")], "2027-10-01"),  # still 30 June in Greenwich
        ([began("2027-01-15T09:00"), *suspended("2027-02-01T09:00", "2027-02-11T09:00")],
         "2027-04-25"),
        ([began("2027-01-15T09:00"), *suspended("2027-02-01T09:00", "2027-02-01T11:00")],
         "2027-04-16"),  # two hours: the day is lost
        ([began("2027-01-15T09:00"), *suspended("2027-02-01T09:00", "2027-02-01T11:00"),
          *suspended("2027-02-03T09:00", "2027-02-03T11:00")],
         "2027-04-16"),  # four hours in two parts: one day
        ([began("2027-01-15T09:00"), *suspended("2027-02-01T09:00", "2027-02-02T10:00")],
         "2027-04-17"),  # a day and an hour
        ([began("2027-03-01T09:00"), *suspended("2027-03-27T09:00", "2027-03-28T09:00")],
         "2027-06-02"),  # the 23-hour day
        ([began("2027-10-01T09:00"), *suspended("2027-10-30T09:00", "2027-10-31T09:00")],
         "2028-01-02"),  # the 25-hour day is one day too
        ([began("2027-01-31T09:00"), *suspended("2027-02-01T00:00", "2027-03-01T00:00")],
         "2027-05-28"),  # the end of the month first, then the 28 days
        ([*suspended("2027-01-01T09:00", "2027-01-10T09:00", "approved_conditionally"),
          began("2027-01-15T09:00")], "2027-04-15"),  # suspended before it began
        ([began("2027-01-15T09:00"),
          *suspended("2027-05-01T09:00", "2027-06-01T09:00", "ready_for_sign_off")],
         "2027-04-15"),  # suspended when it was over
        ([began("2027-01-15T09:00"), *suspended("2027-02-01T09:00", "2027-02-11T09:00"),
          *suspended("2027-04-20T09:00", "2027-04-30T09:00")],
         "2027-05-05"),  # the second lies within the ten days won by the first
        ([began("2027-01-15T09:00"), went("shadowing", "suspended", at("2027-02-01T09:00")),
          went("suspended", "suspended", at("2027-02-28T09:00")),  # upheld
          went("suspended", "shadowing", at("2027-03-03T09:00"))],
         "2027-05-15"),  # what is said of a mentor in suspension does not begin it anew
    ],
)  # fmt: skip
def test_shadowing_lasts_until(history: list[History], until: str | None) -> None:
    expected = date.fromisoformat(until) if until else None
    assert g.shadowed_until(history, 3, LONDON) == expected


TWO = [
    began("2027-01-15T09:00"),
    *suspended("2027-02-01T09:00", "2027-02-11T09:00"),
    *suspended("2027-03-01T09:00"),
]


@pytest.mark.parametrize(
    ("history", "now", "until", "stopped"),
    [
        ([began("2027-01-15T09:00")], "2027-02-01T09:00", "2027-04-15", 0),
        (TWO, "2027-03-01T09:00", "2027-04-25", 10),
        (TWO, "2027-03-06T09:00", "2027-04-30", 15),  # the second one lasts still
        (TWO, "2027-03-29T09:00", "2027-05-23", 38),  # over the night of the 23-hour day
        ([began("2027-09-01T09:00"), *suspended("2027-10-25T09:00")],
         "2027-11-04T09:00", "2027-12-11", 10),  # over the 25-hour day: ten days on the wall
        ([began("2027-01-31T09:00"), *suspended("2027-05-01T09:00", state="active")],
         "2027-06-01T09:00", "2027-04-30", 0),  # when it was complete
    ],
)  # fmt: skip
def test_the_clock_tells_what_suspensions_have_taken_so_far(
    history: list[History], now: str, until: str, stopped: int
) -> None:
    told = g.shadowing(history, 3, LONDON, at(now))
    assert told is not None
    assert (str(told.until), told.days_stopped) == (until, stopped)
    assert told.began_on == history[0].occurred_at.astimezone(LONDON).date()


def test_the_clock_has_nothing_to_tell_before_it_began() -> None:
    assert g.shadowing([], 3, LONDON, at("2027-01-01T09:00")) is None


STARTS = st.datetimes(datetime(2024, 1, 1), datetime(2034, 1, 1))  # noqa: DTZ001
GAPS = st.lists(
    st.tuples(
        st.timedeltas(timedelta(hours=1), timedelta(days=20)),
        st.timedeltas(timedelta(minutes=1), timedelta(days=40)),
    ),
    max_size=4,
)


def _lived(start: datetime, gaps: list[tuple[timedelta, timedelta]]) -> list[History]:
    """Shadowing from `start`, with suspensions: (time worked before it, its length)."""
    now = start.replace(tzinfo=UTC)
    rows = [went("approved_conditionally", "shadowing", now)]
    for worked, length in gaps:
        now += worked
        rows.append(went("shadowing", "suspended", now))
        now += length
        rows.append(went("suspended", "shadowing", now))
    return rows


@given(STARTS, st.integers(3, 12))
def test_without_suspension_shadowing_is_exactly_its_calendar_months(
    start: datetime, months: int
) -> None:
    local = start.replace(tzinfo=UTC).astimezone(LONDON).date()
    until = g.shadowed_until(_lived(start, []), months, LONDON)
    assert until == add_calendar_months(local, months)


@given(STARTS, GAPS)
def test_suspension_never_shortens_shadowing(
    start: datetime, gaps: list[tuple[timedelta, timedelta]]
) -> None:
    plain = g.shadowed_until(_lived(start, []), 3, LONDON)
    moved = g.shadowed_until(_lived(start, gaps), 3, LONDON)
    assert plain is not None
    assert moved is not None
    assert moved >= plain


@given(STARTS, GAPS)
def test_whoever_is_let_through_was_not_suspended_for_that_long(
    start: datetime, gaps: list[tuple[timedelta, timedelta]]
) -> None:
    """On the day it answers, the days worked reach the calendar months but for clock changes."""
    history = _lived(start, gaps)
    until = g.shadowed_until(history, 3, LONDON)
    plain = g.shadowed_until(history[:1], 3, LONDON)
    assert until is not None
    assert plain is not None
    stopped = timedelta()
    for out, back in zip(history[1::2], history[2::2], strict=True):
        if out.occurred_at.astimezone(LONDON).date() < until:
            stopped += back.occurred_at - out.occurred_at
    assert timedelta(days=(until - plain).days) >= stopped - timedelta(hours=len(gaps))


@given(STARTS, GAPS, st.integers(0, 90))
def test_the_guard_opens_on_the_day_and_not_before(
    start: datetime, gaps: list[tuple[timedelta, timedelta]], days: int
) -> None:
    history = _lived(start, gaps)
    until = g.shadowed_until(history, 3, LONDON)
    assert until is not None
    noon = datetime(until.year, until.month, until.day, 12, tzinfo=LONDON)
    after, before = noon + timedelta(days=days), noon - timedelta(days=days + 1)
    assert g.shadowed_three_months(context(now=after.astimezone(UTC), history=history)) is None
    assert g.shadowed_three_months(context(now=before.astimezone(UTC), history=history))


@given(STARTS, GAPS)
def test_what_is_told_of_the_clock_is_what_the_guard_decides_on(
    start: datetime, gaps: list[tuple[timedelta, timedelta]]
) -> None:
    history = _lived(start, gaps)
    told = g.shadowing(history, 3, LONDON, history[-1].occurred_at + timedelta(days=1))
    assert told is not None
    assert told.until == g.shadowed_until(history, 3, LONDON)
    plain = add_calendar_months(told.began_on, 3)
    assert told.until == plain + timedelta(days=told.days_stopped)


def test_the_site_may_ask_for_longer_shadowing() -> None:
    refusal = g.shadowed_three_months(context(shadowing_months=6))
    assert refusal is not None
    assert "6 calendar months" in refusal.detail
