"""A prison's own ladders and clocks: stricter than the domain's table, never looser."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.services.escalation import Clocks, Duty, clocks, next_step, raised
from app.services.ladders import (
    MOST,
    Hours,
    HoursDay,
    Immediacy,
    OutOfHours,
    Policy,
    Stricter,
    Target,
    default_policy,
    named,
    too_loose,
)
from tests.concerns.test_escalation import AT, EVERYONE, NOW, ROUTINE, THIS_SESSION, concern
from tests.escalation_policies.policies import policy, step, with_ladder

LAST = step("last_resort")
SOMEBODY = UUID(int=77)
TIMES = st.integers(0, 2 * 365 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


def made(**changes: Any) -> Policy:
    return Policy.from_json(policy(**changes))


def paths(one: Policy) -> list[str]:
    return [place.path for place in too_loose(one)]


def test_the_default_is_as_strict_as_the_table() -> None:
    assert too_loose(default_policy()) == []
    assert "clocks" not in default_policy().to_json()


@pytest.mark.parametrize(
    ("immediacy", "name", "most"),
    [(i, n, getattr(MOST[i], n)) for i in Immediacy for n in Stricter.model_fields],
)
def test_a_clock_may_be_stricter_or_the_same_and_never_looser(
    immediacy: Immediacy, name: str, most: int
) -> None:
    same = made(clocks={immediacy: {name: most}})
    assert too_loose(same) == []
    if most < 10_080:
        looser = made(clocks={immediacy: {name: most + 1}})
        assert paths(looser) == [f"clocks.{immediacy}.{name}"]


def test_clocks_come_in_their_order() -> None:
    crossed = made(clocks={"within_24h": {"acknowledge_minutes": 60, "seen_minutes": 30}})
    assert paths(crossed) == ["clocks.within_24h.seen_minutes"]


def test_no_pause_is_longer_than_there_is_time_to_acknowledge() -> None:
    first = step("orderly_officer", "clinician", after=16)
    assert paths(Policy.from_json(with_ladder("now", first, LAST))) == [
        "ladders.now.0.after_minutes"
    ]


@settings(max_examples=200, deadline=None)
@given(TIMES, st.sampled_from(Immediacy), *[st.integers(1, 10_080)] * 3)
def test_no_policy_whatever_makes_a_deadline_later(
    at: datetime, immediacy: Immediacy, acknowledge: int, seen: int, decided: int
) -> None:
    own = Stricter(acknowledge_minutes=acknowledge, seen_minutes=seen, decided_minutes=decided)
    table, found = clocks(immediacy, at), clocks(immediacy, at, stricter=own)
    assert found.acknowledge_by <= table.acknowledge_by
    assert found.seen_by <= table.seen_by
    assert found.decide_by <= table.decide_by
    assert found.acknowledge_by == min(table.acknowledge_by, at + timedelta(minutes=acknowledge))


def test_a_concern_raised_higher_takes_the_policys_own_clock() -> None:
    own = made(clocks={"now": {"acknowledge_minutes": 10}})
    one = raised(concern(ROUTINE, policy=own), NOW, AT + timedelta(minutes=1))
    assert one.clocks == Clocks(
        AT + timedelta(minutes=10), AT + timedelta(hours=1), AT + timedelta(hours=1)
    )


# Out of hours

OFFICE = {day: {"from_time": "08:00", "to_time": "17:00"} for day in list(HoursDay)[:5]}


def out_of_hours(**changes: Any) -> dict[str, Any]:
    return {"hours": OFFICE, "ladders": {"routine": [step("duty_governor", "last_resort")]}} | (
        changes
    )


@pytest.mark.parametrize(
    ("at", "within"),
    [
        ("2026-11-20T08:00+00:00", True),  # a Friday
        ("2026-11-20T07:59+00:00", False),
        ("2026-11-20T17:00+00:00", False),
        ("2026-11-21T10:00+00:00", False),  # a Saturday
        ("2026-07-17T07:30+00:00", True),  # 08:30 on the wall in summer
        ("2026-07-17T16:30+00:00", False),
        ("2026-12-25T10:00+00:00", False),  # a Friday, and Christmas
        ("2026-05-04T10:00+00:00", False),  # the early May bank holiday, a Monday
    ],
)
def test_hours_are_the_walls_and_a_bank_holiday_is_none_of_them(at: str, within: bool) -> None:
    hours = OutOfHours.model_validate(out_of_hours())
    assert hours.is_open(datetime.fromisoformat(at), "Europe/London") is within


def test_a_bank_holiday_may_have_hours_of_its_own() -> None:
    own = OFFICE | {"bank_holiday": {"from_time": "10:00", "to_time": "12:00"}}
    hours = OutOfHours.model_validate(out_of_hours(hours=own))
    at = datetime(2026, 12, 25, 11, tzinfo=UTC)
    assert hours.is_open(at, "Europe/London")
    assert not hours.is_open(at + timedelta(hours=2), "Europe/London")


def open_minutes(hours: dict[str, Any], day: datetime, minutes: int) -> int:
    found = OutOfHours.model_validate(out_of_hours(hours=hours))
    each = (day + timedelta(minutes=n) for n in range(minutes))
    return sum(found.is_open(at, "Europe/London") for at in each)


NIGHT = {"saturday": {"from_time": "20:00", "to_time": "08:00"}}


@pytest.mark.parametrize(
    ("saturday", "hours"),
    [
        ("2026-03-21T12:00+00:00", 12),
        ("2026-03-28T12:00+00:00", 11),  # the clocks go forward
        ("2026-10-24T12:00+00:00", 13),  # and back
    ],
)
def test_a_night_is_as_long_as_the_wall_says(saturday: str, hours: int) -> None:
    assert open_minutes(NIGHT, datetime.fromisoformat(saturday), 24 * 60) == hours * 60


def test_out_of_hours_another_ladder_is_climbed_from_the_same_rung() -> None:
    ladder = [step("duty_governor"), step("duty_governor", "last_resort")]
    own = made(out_of_hours=out_of_hours(ladders={"this_session": ladder}))
    evening = AT + timedelta(hours=10)
    one = concern(THIS_SESSION, evening, policy=own, step_index=0)
    taken = next_step(one, EVERYONE, evening)
    assert taken is not None
    assert {page.target for page in taken.pages} == {Target.duty_governor}
    later = concern(THIS_SESSION, AT, policy=own, step_index=3, next_step_at=evening)
    taken = next_step(later, EVERYONE, evening)
    assert taken is not None
    assert taken.step_index == 1  # the other ladder is shorter: its last rung


@pytest.mark.parametrize(
    "changes",
    [
        {"ladders": {"routine": [step("clinician")]}},
        {"ladders": {"now": [step("clinician"), LAST]}},
        {"ladders": {}},
        {"hours": {"monday": {"from_time": "08:00+01:00", "to_time": "17:00"}}},
    ],
)
def test_a_ladder_out_of_hours_holds_to_the_same_rules(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"out_of_hours|ladders"):
        made(out_of_hours=out_of_hours(**changes))


def test_hours_say_when_they_begin_and_end() -> None:
    assert Hours.model_validate(OFFICE[HoursDay.monday]).to_time == time(17)


# Named people


def test_somebody_named_is_paged_on_duty_or_not_but_never_about_themselves() -> None:
    own = Policy.from_json(with_ladder("routine", step(str(SOMEBODY)), LAST))
    assert list(named(own)) == [("ladders.routine.0.targets.0", SOMEBODY)]
    one = concern(ROUTINE, policy=own)

    def paged(duty: Duty) -> set[Any]:
        taken = next_step(one, duty, AT)
        assert taken is not None
        return {page.to for page in taken.pages}

    here = Duty(EVERYONE.on_duty, EVERYONE.last_resort, EVERYONE.outside, working=frozenset(
        {SOMEBODY}))  # fmt: skip
    assert paged(here) == {SOMEBODY}
    accused = Duty(
        EVERYONE.on_duty,
        EVERYONE.last_resort,
        EVERYONE.outside,
        frozenset({SOMEBODY}),
        frozenset({SOMEBODY}),
    )
    assert paged(accused) == {EVERYONE.last_resort}
    assert paged(EVERYONE) == {EVERYONE.last_resort}  # who works here no more is nobody
