"""Doors, by the regime and by lockdowns, without a database."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.models.regimes import Slot
from app.services.doors import Doors
from app.services.regime_days import Regimes, Times

LONDON = ZoneInfo("Europe/London")
DAY = [(Slot.am, time(8, 30), time(11, 30)), (Slot.pm, time(13, 45), time(16, 30))]
NIGHT = (Slot.night, time(20), time(7))
USUAL = Times(time(19, 30), [*DAY, NIGHT])


def doors(**exceptions: Times) -> Doors:
    """A prison with one regime for every weekday, and exceptions by date (d20261124)."""
    dated = {datetime.strptime(name, "d%Y%m%d").date(): each for name, each in exceptions.items()}  # noqa: DTZ007
    return Doors(Regimes(LONDON, dict.fromkeys(range(1, 8), USUAL), dated))


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=LONDON)


TUESDAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("when", "locked"),
    [
        (at(TUESDAY, 3), True),
        (at(TUESDAY, 8, 29), True),
        (at(TUESDAY, 8, 30), False),
        (at(TUESDAY, 12, 30), False),  # between slots they are out, by the regime
        (at(TUESDAY, 19, 29), False),
        (at(TUESDAY, 19, 30), True),
        (at(TUESDAY, 23, 59), True),
    ],
)
def test_doors_are_open_from_the_first_slot_to_lock_up(when: datetime, locked: bool) -> None:
    assert doors().locked_up(when) is locked


@pytest.mark.parametrize(
    ("when", "change"),
    [
        (at(TUESDAY, 3), at(TUESDAY, 8, 30)),
        (at(TUESDAY, 8, 30), at(TUESDAY, 19, 30)),
        (at(TUESDAY, 19, 30), at(TUESDAY + timedelta(days=1), 8, 30)),
    ],
)
def test_the_next_change_is_told(when: datetime, change: datetime) -> None:
    assert doors().change_after(when) == change


def test_on_a_day_without_a_regime_of_its_own_they_stay_locked() -> None:
    closed = doors(d20261124=Times(None))
    assert closed.locked_up(at(TUESDAY, 10)) is True
    assert closed.change_after(at(TUESDAY, 3)) == at(TUESDAY + timedelta(days=1), 8, 30)


def test_where_nobody_set_a_regime_nobody_knows() -> None:
    nothing = Doors(Regimes(LONDON))
    assert nothing.locked_up(at(TUESDAY, 10)) is None
    assert nothing.change_after(at(TUESDAY, 10)) is None


@pytest.mark.parametrize(
    ("when", "locked", "change"),
    [
        (at(TUESDAY, 3), True, at(TUESDAY, 8, 30)),
        (at(TUESDAY, 9), False, at(TUESDAY, 10)),
        (at(TUESDAY, 10), True, at(TUESDAY, 12)),
        (at(TUESDAY, 12), False, at(TUESDAY, 18)),
        (at(TUESDAY, 18), True, at(TUESDAY + timedelta(days=1), 9)),  # through the night
        (at(TUESDAY + timedelta(days=1), 8, 45), True, at(TUESDAY + timedelta(days=1), 9)),
    ],
)
def test_in_a_lockdown_they_are_locked_whatever_the_regime_says(
    when: datetime, locked: bool, change: datetime
) -> None:
    spans = [
        (at(TUESDAY, 10), at(TUESDAY, 12)),
        (at(TUESDAY, 18), at(TUESDAY + timedelta(days=1), 9)),
    ]
    closed = Doors(doors().regimes, spans)
    assert closed.locked_up(when) is locked
    assert closed.change_after(when) == change


def test_a_lockdown_is_known_where_nobody_set_a_regime() -> None:
    nothing = Doors(Regimes(LONDON), [(at(TUESDAY, 10), at(TUESDAY, 12))])
    assert [nothing.locked_up(at(TUESDAY, hour)) for hour in (9, 10, 12)] == [None, True, None]
    assert nothing.change_after(at(TUESDAY, 10)) == at(TUESDAY, 12)


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_on_days_on_which_the_clocks_change_the_wall_counts(day: date) -> None:
    assert doors().locked_up(at(day, 8, 29)) is True
    assert doors().locked_up(at(day, 8, 31)) is False
    assert doors().change_after(at(day, 0)) == at(day, 8, 30)


def test_a_lockdown_locks_them_whatever_the_regime() -> None:
    ten, noon = at(TUESDAY, 10), at(TUESDAY, 12)
    locked = Doors(doors().regimes, [(ten, noon)])
    assert (locked.locked_up(at(TUESDAY, 9)), locked.change_after(at(TUESDAY, 9))) == (False, ten)
    assert (locked.locked_up(ten), locked.change_after(ten)) == (True, noon)
    assert locked.by_regime(ten) is False
    assert locked.locked_up(noon) is False
    nothing = Doors(Regimes(LONDON), [(ten, noon)])
    assert (nothing.locked_up(ten), nothing.locked_up(noon)) == (True, None)


def test_a_lockdown_over_lock_up_changes_nothing_before_the_morning() -> None:
    locked = Doors(doors().regimes, [(at(TUESDAY, 18), at(TUESDAY, 21))])
    morning = at(TUESDAY + timedelta(days=1), 8, 30)
    assert locked.change_after(at(TUESDAY, 18)) == morning
    assert locked.change_after(at(TUESDAY, 17)) == at(TUESDAY, 18)
