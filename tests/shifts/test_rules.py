"""What must hold for a mentor to have a shift: without a database."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.models.rota_demands import RotaRole
from app.models.shifts import ShiftStatus
from app.models.staff import Role
from app.services.rota.problem import Fixed, Helper, Piece
from app.services.shifts.guards import CAN_SERVE, RULES, UNAVAILABLE, Facts, broken
from app.services.shifts.moves import MOVES, SHIFT
from app.services.working_days import LONDON, at_wall

ANN = UUID(int=1)
MONDAY = date(2026, 11, 30)


def at(day: int, hour: int) -> datetime:
    return at_wall(MONDAY + timedelta(days=day), time(hour), LONDON)


def facts(
    start: datetime, end: datetime, role: RotaRole = RotaRole.mentor_on_shift, **more: Any
) -> Facts:
    of_helper = {"weekly_minutes": 25 * 60, "nights": 2, "free": [(start, end)], **more}
    return Facts(Piece(start, end, role, ANN), Helper(ANN, **of_helper), True, LONDON)


MORNING = facts(at(0, 8), at(0, 12))
NIGHT = (at(2, 20), at(3, 8))


def test_nothing_stands_against_a_free_mentor() -> None:
    assert broken(MORNING) == []
    assert broken(None) == []  # a shift that nobody has is held against nobody


def test_a_mentor_who_is_not_active_has_no_shift() -> None:
    assert broken(replace(MORNING, active=False)) == ["mentor_active"]


@pytest.mark.parametrize("taken", ["fixed", "busy"])
def test_nobody_is_in_two_places(taken: str) -> None:
    span = (at(0, 11), at(0, 13))
    there: Any = [Fixed(*span)] if taken == "fixed" else [span]
    assert broken(facts(at(0, 8), at(0, 12), **{taken: there})) == ["no_overlap"]
    assert broken(facts(at(0, 8), at(0, 11), **{taken: there})) == []


@pytest.mark.parametrize(("hour", "rested"), [(18, False), (19, True)])
def test_there_are_eleven_hours_after_a_night_on_shift_or_a_call_out(
    hour: int, rested: bool
) -> None:
    night = Fixed(*NIGHT, night=True, rests=True)
    found = broken(facts(at(3, hour), at(3, hour + 1), fixed=[night]))
    assert found == ([] if rested else ["rested"])


def test_a_night_on_shift_with_work_in_the_morning_after_it_is_none() -> None:
    later = Fixed(at(3, 10), at(3, 11))
    assert broken(facts(*NIGHT, fixed=[later])) == ["rested"]
    on_call = facts(*NIGHT, role=RotaRole.mentor_on_call, fixed=[later])
    assert broken(on_call) == []


@pytest.mark.parametrize(("hours", "enough"), [(21, True), (22, False)])
def test_a_week_has_no_more_hours_than_the_mentor_gives(hours: int, enough: bool) -> None:
    worked = Fixed(at(1, 0), at(1, 0) + timedelta(hours=hours))
    assert broken(facts(at(0, 8), at(0, 12), fixed=[worked])) == (
        [] if enough else ["weekly_hours"]
    )
    on_call = facts(at(0, 8), at(0, 12), RotaRole.mentor_on_call, fixed=[worked])
    assert broken(on_call) == []
    before = Fixed(at(-2, 0), at(-2, 0) + timedelta(hours=hours))
    assert broken(facts(at(0, 8), at(0, 12), fixed=[before])) == []


@pytest.mark.parametrize(("day", "allowed"), [(-4, False), (-5, True)])
def test_seven_days_hold_two_nights(day: int, allowed: bool) -> None:
    nights = [
        Fixed(at(number, 20), at(number + 1, 8), counts=False, night=True) for number in (0, day)
    ]
    found = broken(facts(*NIGHT, role=RotaRole.mentor_on_call, fixed=nights))
    assert found == ([] if allowed else ["night_limit"])


def test_who_was_approved_without_nights_has_none() -> None:
    night = facts(*NIGHT, role=RotaRole.mentor_on_call, no_nights=True)
    assert broken(night) == ["approval_condition"]
    assert broken(facts(at(0, 8), at(0, 12), no_nights=True)) == []


def test_every_reason_is_named_at_once() -> None:
    tired = Fixed(at(1, 20), at(2, 12), night=True, rests=True)
    everything = facts(*NIGHT, weekly_minutes=60, nights=1, no_nights=True, fixed=[tired])
    assert broken(replace(everything, active=False)) == [
        "mentor_active", "rested", "weekly_hours", "night_limit", "approval_condition",
    ]  # fmt: skip


def test_every_shift_that_gets_a_mentor_is_held_against_all_of_it() -> None:
    """Given out, accepted, taken over, called in: the same guards."""
    S = ShiftStatus
    for moved in (
        (S.draft, S.published),
        (S.published, S.accepted),
        (S.swap_requested, S.accepted),
        (S.uncovered, S.published),
    ):
        assert set(CAN_SERVE) <= set(MOVES[moved].guards)
    assert len(CAN_SERVE) == len(RULES) + 1
    assert UNAVAILABLE == "unavailable"


def test_only_the_clock_begins_a_shift_and_nothing_moves_one_that_ended() -> None:
    S = ShiftStatus
    begins = [move for (_, to), move in MOVES.items() if to is S.on_shift]
    assert begins
    assert all(move.by == {Role.system} and not move.offered for move in begins)
    assert not [start for start, _ in SHIFT.moves if start in {S.ended, S.cancelled_regime}]
