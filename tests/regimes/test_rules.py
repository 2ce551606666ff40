"""The next lock-up, on the prison's wall: also on the 23-hour and the 25-hour day."""

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.models.regimes import BANK_HOLIDAYS, RegimeSource, Slot
from app.services.regime_days import Regimes, Times, next_lock_up, open_spans, resolve

LONDON = ZoneInfo("Europe/London")


def nightly(lock_ups: dict[int, time]) -> Regimes:
    return Regimes(LONDON, {day: Times(at) for day, at in lock_ups.items()})


EVERY_DAY = nightly(dict.fromkeys(range(1, 8), time(19, 30)))


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
    assert next_lock_up(EVERY_DAY, at(instant)) == at(expected)


def test_a_week_with_one_lock_up_finds_the_same_weekday_again() -> None:
    monday = nightly({1: time(17)})
    assert next_lock_up(monday, at("2026-01-05T16:00")) == at("2026-01-05T17:00")
    assert next_lock_up(monday, at("2026-01-05T17:00")) == at("2026-01-12T17:00")


def test_an_hour_that_comes_twice_counts_the_first_time() -> None:
    sunday = nightly({7: time(1, 30)})
    assert next_lock_up(sunday, at("2026-10-24T20:00")) == at("2026-10-25T00:30")


def test_an_hour_that_never_comes_is_an_hour_later_on_the_wall() -> None:
    sunday = nightly({7: time(1, 30)})
    found = next_lock_up(sunday, at("2026-03-28T20:00"))
    assert found == at("2026-03-29T01:30")
    assert found.astimezone(LONDON).time() == time(2, 30)


def test_without_a_regime_there_is_no_lock_up() -> None:
    assert next_lock_up(nightly({}), at("2026-01-05T12:00")) is None


def test_a_naive_instant_is_an_error() -> None:
    with pytest.raises(ValueError, match="time zone"):
        next_lock_up(EVERY_DAY, datetime(2026, 1, 5))  # noqa: DTZ001


# What a day is like

DAY = ((Slot.am, time(8, 30), time(11, 30)), (Slot.pm, time(13, 45), time(16, 30)))
NIGHT = (Slot.night, time(20), time(7))
WEEK = {day: Times(time(19, 30), DAY) for day in range(1, 8)}
HOLIDAY = Times(time(17), DAY[:1])


def regimes(**fields: Any) -> Regimes:
    return Regimes(LONDON, **{"weekdays": WEEK, **fields})


def out(known: Regimes, day: str) -> tuple[RegimeSource, int, str | None]:
    found = resolve(known, date.fromisoformat(day))
    at_ = found.lock_up_at
    return found.source, len(found.slots), at_ and at_.astimezone(LONDON).strftime("%H:%M")


S = RegimeSource
CHRISTMAS, WEDNESDAY = "2026-12-25", "2026-12-23"
NOTHING = Times(None)


@pytest.mark.parametrize(
    ("fields", "day", "expected"),
    [
        ({}, WEDNESDAY, (S.weekday, 2, "19:30")),
        ({}, CHRISTMAS, (S.weekday, 2, "19:30")),  # without one of its own the weekday's stands
        ({"weekdays": {**WEEK, BANK_HOLIDAYS: HOLIDAY}}, CHRISTMAS, (S.bank_holiday, 1, "17:00")),
        ({"weekdays": {**WEEK, BANK_HOLIDAYS: HOLIDAY}}, WEDNESDAY, (S.weekday, 2, "19:30")),
        ({"weekdays": {BANK_HOLIDAYS: HOLIDAY}}, WEDNESDAY, (S.unset, 0, None)),
        ({"weekdays": {}}, WEDNESDAY, (S.unset, 0, None)),
        ({"exceptions": {date(2026, 12, 23): HOLIDAY}}, WEDNESDAY, (S.exception, 1, "17:00")),
        ({"exceptions": {date(2026, 12, 23): NOTHING}}, WEDNESDAY, (S.exception, 0, None)),
        ({"exceptions": {date(2026, 12, 24): NOTHING}}, WEDNESDAY, (S.weekday, 2, "19:30")),
        (
            {
                "weekdays": {**WEEK, BANK_HOLIDAYS: HOLIDAY},
                "exceptions": {date(2026, 12, 25): NOTHING},
            },
            CHRISTMAS,
            (S.exception, 0, None),
        ),
    ],
)
def test_an_exception_stands_before_a_bank_holiday_and_both_before_the_weekday(
    fields: dict[str, Any], day: str, expected: tuple[RegimeSource, int, str | None]
) -> None:
    assert out(regimes(**fields), day) == expected


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-10-24", 12), ("2026-03-28", 10), ("2026-11-23", 11)]
)
def test_a_night_ends_on_the_following_day_and_is_as_long_as_it_is(day: str, hours: int) -> None:
    known = regimes(weekdays=dict.fromkeys(range(1, 8), Times(time(19, 30), (NIGHT,))))
    [(slot, starts, ends)] = resolve(known, date.fromisoformat(day)).slots
    assert slot is Slot.night
    assert (ends - starts).total_seconds() == hours * 3600


def test_a_slot_in_the_hour_that_comes_twice_is_two_hours_long() -> None:
    known = regimes(weekdays={7: Times(time(19), ((Slot.am, time(1), time(1, 59)),))})
    [(_, starts, ends)] = resolve(known, date(2026, 10, 25)).slots
    assert (ends - starts).total_seconds() == 3600 + 59 * 60


@pytest.mark.parametrize(
    ("slot", "day", "minutes"),
    [
        ((Slot.night, time(22), time(1, 30)), "2026-03-28", 210),
        ((Slot.am, time(1, 15), time(1, 45)), "2026-03-29", 30),
        ((Slot.am, time(0, 30), time(1, 30)), "2026-03-29", 60),
    ],
)
def test_what_is_set_for_the_hour_that_never_comes_is_an_hour_later(
    slot: tuple[Slot, time, time], day: str, minutes: int
) -> None:
    known = regimes(weekdays=dict.fromkeys(range(1, 8), Times(time(19), (slot,))))
    [(_, starts, ends)] = resolve(known, date.fromisoformat(day)).slots
    assert (ends - starts).total_seconds() == minutes * 60


def test_a_day_without_a_lock_up_is_passed_over() -> None:
    known = regimes(exceptions={date(2026, 1, 6): NOTHING})
    assert next_lock_up(known, at("2026-01-05T20:00")) == at("2026-01-07T19:30")


@pytest.mark.parametrize(
    ("fields", "first", "last", "expected"),
    [
        (
            {},
            "2026-11-23T09:00",
            "2026-11-23T10:00",
            [("22T08:30", "22T11:30"), ("22T13:45", "22T16:30"),
             ("23T08:30", "23T11:30"), ("23T13:45", "23T16:30")],
        ),
        (
            {"weekdays": {1: Times(time(19), DAY), 7: Times(time(19), (NIGHT,))}},
            "2026-11-23T02:00",
            "2026-11-23T03:00",
            [("22T20:00", "23T07:00"), ("23T08:30", "23T11:30"), ("23T13:45", "23T16:30")],
        ),
        (
            {"weekdays": {1: Times(time(19), ((Slot.am, time(8), time(12)),
                                              (Slot.pm, time(12), time(17))))}},
            "2026-11-23T11:00",
            "2026-11-23T13:00",
            [("22T00:00", "23T00:00"), ("23T08:00", "23T17:00")],
        ),
        ({"weekdays": {}}, "2026-11-23T11:00", "2026-11-23T13:00", [("22T00:00", "24T00:00")]),
        (
            {"exceptions": {date(2026, 11, 22): NOTHING, date(2026, 11, 23): NOTHING}},
            "2026-11-23T11:00",
            "2026-11-23T13:00",
            [],
        ),
    ],
    ids=["slots", "a night of the day before", "slots that touch", "nothing set", "none"],
)  # fmt: skip
def test_when_the_regime_lets_people_meet(
    fields: dict[str, Any], first: str, last: str, expected: list[tuple[str, str]]
) -> None:
    spans = open_spans(regimes(**fields), at(first), at(last))
    assert spans == [(at(f"2026-11-{one}"), at(f"2026-11-{two}")) for one, two in expected]
