"""How often people came, in sums: the pure part, and over HTTP to those who may."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import clock
from app.models.participations import CancelReason, ParticipationStatus
from app.models.regimes import Slot
from app.models.sessions import SessionKind
from app.services.participations.figures import Parts, slot_of, summed
from app.services.regime_days import Regimes, Times
from app.services.working_days import LONDON, at_wall, is_bank_holiday, local_date
from tests.sessions.scene import Scene, a_mentee, a_scene
from tests.story import Wing

A, R = ParticipationStatus, CancelReason
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def part(status: A, reason: R | None = None, *, unplanned: bool = False, number: int = 1) -> Parts:
    return Parts(SessionKind.group, NOW, status, reason, unplanned, number)


@pytest.mark.parametrize(
    ("status", "reason", "field"),
    [
        (A.attended, None, "attended"),
        (A.dna, None, "dna"),
        (A.declined, None, "excused"),
        (A.offered, None, "open"),
        (A.accepted, None, "open"),
        (A.cancelled, R.mentee_unwell, "excused"),
        (A.cancelled, R.clash, "excused"),
        (A.cancelled, R.regime_lockdown, "cancelled_by_prison"),
        (A.cancelled, R.staff_shortage, "cancelled_by_prison"),
        (A.cancelled, R.no_room, "cancelled_by_prison"),
        (A.cancelled, R.no_escort, "cancelled_by_prison"),
        (A.cancelled, R.segregation, "cancelled_by_prison"),
        (A.cancelled, R.transfer, "cancelled_by_prison"),
        (A.cancelled, R.safety, "cancelled_by_prison"),
        (A.cancelled, R.mentor_unavailable, "cancelled_by_mentor"),
        (A.cancelled, R.other, "cancelled_otherwise"),
        (A.cancelled, None, "cancelled_otherwise"),
    ],
)
def test_what_became_of_a_part_is_one_sum(status: A, reason: R | None, field: str) -> None:
    found = summed([part(status, reason, number=3)]).model_dump()
    assert {name: sum for name, sum in found.items() if sum} == {"planned": 3, field: 3}


def test_who_walked_in_was_not_planned_and_who_was_not_there_counts_for_nothing() -> None:
    found = summed([part(A.attended, unplanned=True), part(A.cancelled, R.other, unplanned=True)])
    sums = {name: sum for name, sum in found.model_dump().items() if sum}
    assert sums == {"walked_in": 1, "attended": 1}


@given(
    st.lists(
        st.builds(
            part, st.sampled_from(A), st.none() | st.sampled_from(R), number=st.integers(1, 9)
        )
        | st.builds(part, st.just(A.attended), unplanned=st.just(True))
    )
)
def test_as_many_became_of_them_as_there_were(parts: list[Parts]) -> None:
    found = summed(parts).model_dump()
    there = found.pop("planned") + found.pop("walked_in")
    assert there == sum(found.values()) == sum(each.number for each in parts)


DAY = date(2026, 10, 25)  # the clocks go back at two
SET = Regimes(
    LONDON,
    {
        7: Times(time(21), ((Slot.am, time(9), time(12)), (Slot.night, time(21), time(7)))),
        1: Times(time(21), ((Slot.pm, time(13), time(17)),)),
    },
)


@pytest.mark.parametrize(
    ("day", "at", "slot"),
    [
        (DAY, time(9), Slot.am),
        (DAY, time(11, 59), Slot.am),
        (DAY, time(12), None),
        (DAY, time(23), Slot.night),
        (DAY + timedelta(days=1), time(6, 59), Slot.night),
        (DAY + timedelta(days=1), time(7), None),
        (DAY + timedelta(days=1), time(13), Slot.pm),
        (DAY, time(1, 30), None),
    ],
)
def test_a_night_belongs_to_the_day_on_which_it_begins(
    day: date, at: time, slot: Slot | None
) -> None:
    assert slot_of(SET, at_wall(day, at)) is slot


# -- over HTTP


@pytest.fixture
async def scene(wing: Wing) -> Scene:
    return await a_scene(wing)


def a_week() -> date:
    """A Monday to come, in whose week and the next there is no bank holiday."""
    monday = local_date(clock.now()) + timedelta(days=7)
    monday -= timedelta(days=monday.weekday())
    while any(is_bank_holiday(monday + timedelta(days=day)) for day in range(14)):
        monday += timedelta(days=7)
    return monday


async def a_group_a_day(scene: Scene, monday: date) -> list[Any]:
    return [
        await scene.group(at_wall(monday + timedelta(days=day), time(hour)))
        for day, hour in ((0, 10), (1, 14), (7, 10))
    ]


def asked(monday: date, weeks: int = 2) -> str:
    return f"participations/figures?from={monday}&to={monday + timedelta(days=7 * weeks - 1)}"


async def test_sums_by_kind_by_slot_and_by_week(scene: Scene) -> None:
    monday, worker, wing = a_week(), scene.support_worker, scene.wing
    slots = [{"slot": "AM", "starts": "09:00", "ends": "12:00"}]
    for weekday in (1, 2):
        regime = {"lock_up": "18:00", "slots": slots}
        if weekday == 2:
            regime["slots"] = [{"slot": "PM", "starts": "13:00", "ends": "17:00"}]
        await wing.governor.put(f"regimes/{weekday}", regime, 201, headers={})
    first, second, _ = await a_group_a_day(scene, monday)
    await worker.move(f"sessions/{second['id']}", "cancelled", reason="no_escort")
    clock.set_offset(at_wall(monday, time(10, 5)) - clock.real_now())
    await worker.move(f"sessions/{first['id']}", "held")
    ids = [each["id"] for each in first["participations"]]
    marks = [
        {"participation_id": ids[0], "status": "attended"},
        {"participation_id": ids[1], "status": "dna"},
        {"participation_id": ids[2], "status": "cancelled", "reason": "clash"},
    ]
    await worker.put(f"sessions/{first['id']}/attendance", {"marks": marks})
    newcomer = {"mentee_id": await a_mentee(wing)}
    await worker.post(f"sessions/{first['id']}/walk-ins", newcomer)
    found = await wing.governor.get(asked(monday))
    none = dict.fromkeys(found["all"], 0)
    held = {**none, "planned": 3, "walked_in": 1, "attended": 2, "dna": 1, "excused": 1}
    off, to_come = ({**none, "planned": 3, name: 3} for name in ("cancelled_by_prison", "open"))
    whole = {name: held[name] + off[name] + to_come[name] for name in none}
    assert found["all"] == whole
    assert found["kinds"] == [{"kind": "group", **whole}]
    both = {name: held[name] + to_come[name] for name in none}
    assert found["slots"] == [{"slot": "AM", **both}, {"slot": "PM", **off}]
    one, two = found["weeks"]
    assert one == {"monday": str(monday), **{name: held[name] + off[name] for name in none}}
    assert two == {"monday": str(monday + timedelta(days=7)), **to_come}
    later = await wing.governor.get(asked(monday + timedelta(days=14), 1))
    assert (later["all"], later["kinds"], later["weeks"]) == (none, [], [])


async def test_it_tells_of_nobody_and_is_read_by_whom_it_is_for(scene: Scene) -> None:
    monday = a_week()
    await a_group_a_day(scene, monday)
    wing = scene.wing
    said = await wing.governor.request("GET", asked(monday))
    for each in (scene.room, str(scene.mentor.mentor_id), *scene.mentees):
        assert each not in said.text
    for caller in (wing.support_worker, wing.clinician, wing.nurse):
        assert await caller.get(asked(monday)) == said.json()
    for caller in (wing.officer, scene.mentor):
        await caller.get(asked(monday), 403)


@pytest.mark.parametrize(
    ("first", "last", "field"), [(1, 13, "from"), (0, 12, "to"), (7, 6, "from"), (0, 370, "from")]
)
async def test_whole_weeks_are_asked_for(scene: Scene, first: int, last: int, field: str) -> None:
    monday = a_week()
    days = [monday + timedelta(days=each) for each in (first, last)]
    path = f"participations/figures?from={days[0]}&to={days[1]}"
    problem = await scene.wing.governor.get(path, 422)
    assert [each["field"] for each in problem["errors"]] == [field]


async def test_unless_told_it_is_of_the_last_four_weeks(scene: Scene) -> None:
    found = await scene.wing.governor.get("participations/figures")
    first, last = (date.fromisoformat(found[name]) for name in ("first_day", "last_day"))
    assert (first.isoweekday(), last.isoweekday(), (last - first).days) == (1, 7, 27)
    assert timedelta() <= local_date(clock.now()) - last < timedelta(days=7)
