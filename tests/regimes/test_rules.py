"""The next lock-up, on the prison's wall: also on the 23-hour and the 25-hour day."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from app.services.regimes import next_lock_up

LONDON = ZoneInfo("Europe/London")
EVERY_DAY = {day: time(19, 30) for day in range(1, 8)}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        ("2026-01-05T12:00", "2026-01-05T19:30"),  # winter: the wall is UTC
        ("2026-01-05T19:29:59", "2026-01-05T19:30"),
        ("2026-01-05T19:30", "2026-01-06T19:30"),  # at lock-up itself: the next one
        ("2026-07-06T12:00", "2026-07-06T18:30"),  # summer: the wall is an hour ahead
        ("2026-07-06T23:30", "2026-07-07T18:30"),  # the wall already shows the next day
        ("2026-03-28T20:00", "2026-03-29T18:30"),  # the night of 23 hours
        ("2026-10-24T19:00", "2026-10-25T19:30"),  # the night of 25 hours
    ],
)
def test_the_next_lock_up_is_read_off_the_wall(instant: str, expected: str) -> None:
    assert next_lock_up(EVERY_DAY, LONDON, at(instant)) == at(expected)


def test_a_week_with_one_lock_up_finds_the_same_weekday_again() -> None:
    monday = {1: time(17)}
    assert next_lock_up(monday, LONDON, at("2026-01-05T16:00")) == at("2026-01-05T17:00")
    assert next_lock_up(monday, LONDON, at("2026-01-05T17:00")) == at("2026-01-12T17:00")


def test_an_hour_that_comes_twice_counts_the_first_time() -> None:
    nightly = {7: time(1, 30)}
    assert next_lock_up(nightly, LONDON, at("2026-10-24T20:00")) == at("2026-10-25T00:30")


def test_an_hour_that_never_comes_is_an_hour_later_on_the_wall() -> None:
    nightly = {7: time(1, 30)}
    found = next_lock_up(nightly, LONDON, at("2026-03-28T20:00"))
    assert found == at("2026-03-29T01:30")
    assert found.astimezone(LONDON).time() == time(2, 30)


def test_without_a_regime_there_is_no_lock_up() -> None:
    assert next_lock_up({}, LONDON, at("2026-01-05T12:00")) is None


def test_a_naive_instant_is_an_error() -> None:
    with pytest.raises(ValueError, match="time zone"):
        next_lock_up(EVERY_DAY, LONDON, datetime(2026, 1, 5))  # noqa: DTZ001
