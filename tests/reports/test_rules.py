"""What reports count, decided on facts: stays, parts of the day, age bands, whose move it is."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from app.models.mentors import MentorStatus
from app.models.regimes import Slot
from app.services.doors import Doors
from app.services.mentors.moves import MOVES
from app.services.periods import Period
from app.services.regime_days import Regimes, Times
from app.services.reports import equity, growth, mentor_pipeline
from app.services.reports.activity import Part, part_of_day
from app.services.reports.stays import Move, Stay, made, standing

LONDON = ZoneInfo("Europe/London")
ONE, TWO = UUID(int=1), UUID(int=2)
SLOTS = [
    (Slot.am, time(8, 30), time(11, 30)),
    (Slot.pm, time(13, 45), time(16, 30)),
    (Slot.ed, time(17, 30), time(19)),
]
DAY = Times(time(19), SLOTS)
OCTOBER_25 = 7  # a Sunday; the clocks go back at 01:00 UTC


def at(day: int, hour: int, minute: int = 0, month: int = 10) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def test_a_history_is_a_row_of_stays() -> None:
    moves = [
        Move(ONE, "draft", at(1, 9), None),
        Move(ONE, "active", at(3, 9), None),
        Move(TWO, "draft", at(2, 9), None),
    ]
    first, second, other = made(moves)
    assert (first.state, first.until) == ("draft", at(3, 9))
    assert first.days(at(9, 9), LONDON) == 2
    assert (second.until, second.days(at(4, 21), LONDON)) == (None, 1)
    assert {each: stay.state for each, stay in standing([first, second, other], at(3, 9)).items()
            } == {ONE: "draft", TWO: "draft"}  # fmt: skip
    assert standing([first, second, other], at(3, 10))[ONE].state == "active"


def test_a_stays_days_are_midnights_on_the_prisons_wall() -> None:
    """From 00:30 to 23:30 of the 25-hour day, and from 23:30 of the day before."""
    assert Stay(ONE, "waiting", at(24, 23, 30)).days(at(25, 23, 30), LONDON) == 0
    assert Stay(ONE, "waiting", at(24, 22, 30)).days(at(25, 23, 30), LONDON) == 1
    assert Stay(ONE, "waiting", at(24, 22, 30)).lasted(at(25, 23, 30)) == timedelta(hours=25)


def test_what_was_recorded_in_error_was_no_stay() -> None:
    moves = [
        Move(ONE, "active", at(1, 9), None),
        Move(ONE, "deceased", at(2, 9), None),
        Move(ONE, "active", at(5, 9), "recorded_in_error"),
        Move(ONE, "paused", at(7, 9), "welfare"),
    ]
    assert [(each.state, each.days(at(9, 9), LONDON)) for each in made(moves)] == [
        ("active", 6),
        ("paused", 2),
    ]


@pytest.mark.parametrize(
    ("instant", "part"),
    [
        (at(25, 0, 30), Part.night),  # 01:30, the first time
        (at(25, 1, 30), Part.night),  # 01:30, the second time
        (at(25, 7, 45), Part.night),  # it would be 08:45 had the clocks not gone back
        (at(25, 8, 30), Part.day),
        (at(25, 12), Part.day),  # between two slots
        (at(25, 17, 30), Part.evening),
        (at(25, 19), Part.night),
        (at(24, 7, 45), Part.day),  # 08:45 on the day before
        (at(26, 7, 45), Part.night),
    ],
)
def test_the_part_of_the_day_is_that_of_the_prisons_wall(instant: datetime, part: Part) -> None:
    doors = Doors(Regimes(LONDON, dict.fromkeys(range(1, 8), DAY)))
    assert part_of_day(doors, instant) is part


def test_a_lockdown_by_day_is_no_night_and_without_a_regime_nobody_knows() -> None:
    regimes = Regimes(LONDON, {OCTOBER_25: DAY, 6: Times(time(12))})
    doors = Doors(regimes, [(at(25, 10), at(25, 23))])
    assert part_of_day(doors, at(25, 9)) is Part.day
    assert part_of_day(doors, at(25, 11)) is Part.locked
    assert part_of_day(doors, at(25, 20)) is Part.night
    assert part_of_day(doors, at(24, 10)) is Part.locked  # a Saturday that opens no door
    assert part_of_day(doors, at(26, 11)) is None


def test_a_night_slot_is_night_on_both_its_days() -> None:
    nightly = Times(time(19), [*SLOTS, (Slot.night, time(20), time(9))])
    doors = Doors(Regimes(LONDON, dict.fromkeys(range(1, 8), nightly)))
    assert part_of_day(doors, at(25, 8, 45)) is Part.night
    assert part_of_day(doors, at(25, 21)) is Part.night


def test_an_age_band_begins_on_the_birthday() -> None:
    on = date(2026, 11, 26)
    assert equity.band(date(2008, 11, 27), on) == "under_18"
    assert equity.band(date(2008, 11, 26), on) == "18_to_20"
    assert equity.band(date(1966, 11, 27), on) == "50_to_59"
    assert equity.band(date(1966, 11, 26), on) == "60_and_over"
    assert equity.band(date(2008, 2, 29), date(2026, 2, 28)) == "under_18"
    assert equity.band(None, on) is None


def test_of_every_live_state_but_active_it_is_known_whose_move_it_is() -> None:
    waiting = {state for state in mentor_pipeline.LIVE if state is not MentorStatus.active}
    assert set(mentor_pipeline.NEXT) == waiting
    assert set(mentor_pipeline.NEXT.items()) <= set(MOVES)
    assert mentor_pipeline.awaited(MentorStatus.draft) == "applicant"
    assert mentor_pipeline.awaited(MentorStatus.screened) == "support_worker_or_clinician"
    assert mentor_pipeline.awaited(MentorStatus.ready_for_sign_off) == "governor"


def test_stays_that_ended_are_timed_and_open_ones_told_beside() -> None:
    period = Period(date(2026, 10, 1), date(2026, 10, 31), LONDON)
    every = [
        Stay(ONE, "submitted", at(20, 9, month=9), at(4, 9)),
        Stay(ONE, "screened", at(4, 9)),
        Stay(TWO, "submitted", at(1, 9, month=9), at(10, 9, month=9)),
        Stay(TWO, "governor_review", at(10, 9, month=9)),
    ]
    tables = {each.table: each for each in mentor_pipeline.counted(every, period, at(14, 9))}
    lasted = {row.key: (row.value, row.of) for row in tables["days_in_state"].rows}
    assert lasted["submitted"] == (14, 1)  # the other ended before the period
    assert lasted["screened"] == (None, 0)
    assert tables["days_in_state"].missing == {"still_there": 2}
    waits = {row.key: (row.value, row.of) for row in tables["awaited_days"].rows}
    assert waits["support_worker_or_clinician"] == (10, 1)
    assert waits["governor"] == (34, 1)


def test_a_month_that_the_period_cuts_ends_with_it() -> None:
    period = Period(date(2026, 9, 14), date(2026, 10, 25), LONDON)
    assert growth.months(period, date(2026, 11, 26)) == [
        ("2026-09", datetime(2026, 10, 1, tzinfo=LONDON)),
        ("2026-10", datetime(2026, 10, 26, tzinfo=LONDON)),
    ]
    begun = growth.months(period, date(2026, 9, 30))
    assert [month for month, _ in begun] == ["2026-09"]  # no figures of months to come
    assert growth.first_shown(date(2026, 11, 26)) == date(2025, 12, 1)


def test_who_lives_in_no_known_group_or_has_left_is_told_beside() -> None:
    people = [
        equity.Somebody(ONE, date(1990, 1, 1), "D", left=False),
        equity.Somebody(TWO, None, "D", left=False),
        equity.Somebody(UUID(int=3), date(1990, 1, 1), None, left=True),
        equity.Somebody(UUID(int=4), date(1990, 1, 1), "D", left=False),
    ]
    episodes = {UUID(int=10 + each): UUID(int=each) for each in (1, 2, 3)}
    every = [Stay(episode, "engaged", at(1, 9)) for episode in episodes]
    period = Period(date(2026, 10, 1), date(2026, 10, 31), LONDON)
    found = equity.counted(people, episodes, every, ["D", "E"], period)
    tables = {each.table: each for each in found}
    by_age = {row.key: (row.value, row.of) for row in tables["supported_by_age"].rows}
    assert by_age["30_to_39"] == (1, 2)
    assert tables["supported_by_age"].missing == {"left_the_prison": 1, "not_known": 1}
    by_wing = {row.key: (row.value, row.of) for row in tables["supported_by_wing"].rows}
    assert by_wing == {"D": (2, 3), "E": (0, 0)}
