"""A mentor's shifts and course days: nothing else is planned in them, and they count."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.models.sessions import ClashKind, SessionKind
from app.models.shifts import ShiftStatus
from app.services.scheduling import Limits, OnDuty, Worked, clashes
from tests.cohorts.test_routes import cohort_body, day_body
from tests.sessions.scene import Scene, a_scene, a_shift, tomorrow
from tests.sessions.test_rules import at, facts, kinds, plan
from tests.story import Wing

K = ClashKind


def duty(start: float, end: float, **fields: Any) -> OnDuty:
    return OnDuty(fields.pop("kind", K.shift), at(start), at(end), **fields)


def against(*duties: OnDuty, hours: int = 25, start: float = 10, end: float = 11) -> list[K]:
    return kinds(plan(start, end), facts(limits=Limits(hours, 2, duties=duties)))


@pytest.mark.parametrize(
    ("duties", "found"),
    [
        ([], []),
        ([duty(8, 10), duty(11, 12)], []),  # it may begin the moment another ends
        ([duty(9, 10.25)], [K.shift]),
        ([duty(10.5, 15), duty(9, 10.25)], [K.shift]),
        ([duty(9, 12, kind=K.course)], [K.course]),
        ([duty(9, 12, kind=K.course), duty(8, 12)], [K.shift, K.course]),
        ([duty(0, 7, rests=True)], [K.rest]),
        ([duty(0, 7)], []),  # a night standing by
        ([duty(-20, -1, rests=True)], []),  # eleven hours ago
        ([duty(12, 20, rests=True)], []),
        ([duty(9, 12, rests=True)], [K.shift]),
    ],
)
def test_shifts_and_courses_keep_a_mentor(duties: list[OnDuty], found: list[K]) -> None:
    assert against(*duties) == found


def test_the_earliest_is_named() -> None:
    known = facts(limits=Limits(25, 2, duties=[duty(10.5, 15), duty(9, 10.25)]))
    [clash] = clashes(plan(), known)
    assert clash.field == "mentor_id"
    assert clash.detail == (
        "The mentor has a shift from 2026-11-23T09:00:00+00:00 until 2026-11-23T10:15:00+00:00."
    )


def test_hours_on_shift_count_and_standing_by_does_not() -> None:
    shift = duty(12, 16, counts=True)
    assert against(shift, hours=5) == []
    assert against(shift, hours=4) == [K.weekly_hours]
    assert against(duty(12, 16), hours=4) == []
    assert against(duty(12 - 7 * 24, 16 - 7 * 24, counts=True), hours=4) == [], "of another week"


def test_a_session_that_is_held_on_a_shift_counts_once() -> None:
    held = [Worked(SessionKind.day_to_day, at(13), at(14))]
    limits = Limits(5, 2, worked=held, duties=[duty(12, 16, counts=True)])
    assert kinds(plan(), facts(limits=limits)) == []
    other = [Worked(SessionKind.day_to_day, at(15.5), at(16.5))]
    limits = Limits(5, 2, worked=other, duties=[duty(12, 16, counts=True)])
    assert kinds(plan(), facts(limits=limits)) == [K.weekly_hours]


def test_whoever_serves_now_is_there_to_be_met() -> None:
    known = facts(now=at(10), limits=Limits(25, 2, duties=[duty(8, 12)]))
    assert kinds(plan(), known) == []


# Over HTTP


@pytest.fixture
async def scene(wing: Wing) -> Scene:
    return await a_scene(wing)


def clash_kinds(problem: Any) -> list[str]:
    return [each["kind"] for each in problem["clashes"]]


@pytest.mark.parametrize("role", ["mentor_on_shift", "mentor_on_call"])
async def test_nothing_is_planned_on_a_shift_and_a_mentor_is_told_one_word(
    scene: Scene, role: str
) -> None:
    await a_shift(scene.wing, scene.mentor, tomorrow(8), role=role)
    await a_shift(scene.wing, await scene.one_more(), tomorrow(14))
    refused = await scene.refused(tomorrow(9))
    assert clash_kinds(refused) == ["shift"]
    assert refused["errors"][0]["field"] == "mentor_id"
    own = await scene.mentor.post("sessions", scene.plan(tomorrow(9)), 409)
    assert own["clashes"] == [{"kind": "unavailable", "detail": "unavailable"}]
    assert "shift" not in str(own)
    planned = await scene.books(tomorrow(14))
    into = {"starts_at": str(tomorrow(11)), "ends_at": str(tomorrow(12))}
    again = await scene.support_worker.patch(f"sessions/{planned['id']}", into, 409)
    assert clash_kinds(again) == ["shift"]
    query = f"mentor_id={scene.mentor.mentor_id}&mentee_ids={scene.mentees[0]}&kind=one_to_one"
    first = tomorrow(8).strftime("%Y-%m-%dT%H:%M:%SZ")
    found = await scene.support_worker.get(f"sessions/slots?{query}&from={first}&limit=1")
    assert found["items"][0]["starts_at"] == clock.spell(tomorrow(12))


@pytest.mark.parametrize("status", [ShiftStatus.cancelled_regime, ShiftStatus.draft])
async def test_a_shift_that_does_not_stand_keeps_nobody(scene: Scene, status: ShiftStatus) -> None:
    await a_shift(scene.wing, scene.mentor, tomorrow(8), status=status)
    await scene.books(tomorrow(9))


async def test_what_happened_on_a_shift_is_recorded_without_a_word(scene: Scene) -> None:
    begin = clock.now() - timedelta(hours=1)
    await a_shift(scene.wing, scene.mentor, begin - timedelta(hours=1))
    session = await scene.support_worker.post("sessions/held", scene.plan(begin, minutes=30))
    assert session["warnings"] == []


async def test_a_day_of_a_course_keeps_a_mentor_until_it_is_called_off(scene: Scene) -> None:
    nurse = scene.wing.nurse
    made = await nurse.post("cohorts", cohort_body(scene.wing))
    path, member = f"cohorts/{made['id']}", {"mentor_id": str(scene.mentor.mentor_id)}
    await nurse.post(f"{path}/members", member)
    day = await nurse.post(f"{path}/days", day_body(tomorrow(8)))
    assert clash_kinds(await scene.refused(tomorrow(10))) == ["course"]
    await scene.books(tomorrow(11))
    await nurse.patch(f"{path}/days/{day['id']}", {"called_off": True})
    await scene.books(tomorrow(10))


async def test_of_a_booking_and_a_shift_given_at_once_one_is_refused(scene: Scene) -> None:
    shift = await a_shift(scene.wing, None, tomorrow(8), status=ShiftStatus.uncovered)
    give = {"mentor_id": str(scene.mentor.mentor_id)}
    answers = await asyncio.gather(
        scene.support_worker.request("POST", "sessions", json=scene.plan(tomorrow(9))),
        scene.support_worker.request("POST", f"shifts/{shift}/give", json=give),
    )
    assert [each.status_code for each in answers] in ([201, 409], [409, 200])
