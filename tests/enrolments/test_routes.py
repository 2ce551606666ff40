"""Enrolments over HTTP: a place asked for, waited for, offered, kept, and what comes with it."""

import asyncio
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app import clock
from app.services import enrolments, series
from app.services.working_days import at_wall
from tests.series.scene import Course, a_course
from tests.sessions.scene import a_mentee
from tests.story import Caller, Wing

Codes = list[str]


@pytest.fixture
async def course(wing: Wing) -> Course:
    return await a_course(wing)


def codes(problem: Any) -> Codes:
    return [error["code"] for error in problem["errors"]]


async def asks(course: Course, made: Any, number: int = 0, expect: int = 201) -> Any:
    body = {"series_id": made["id"], "mentee_id": course.scene.mentees[number]}
    return await course.worker.post("enrolments", body, expect)


async def moves(course: Course, enrolment: Any, to: str, expect: int = 200, **body: Any) -> Any:
    return await course.worker.move(f"enrolments/{enrolment['id']}", to, expect, **body)


async def read(course: Course, enrolment: Any) -> Any:
    return await course.worker.get(f"enrolments/{enrolment['id']}")


async def states(course: Course, *every: Any) -> list[str]:
    return [(await read(course, each))["status"] for each in every]


async def housekeeping(wing: Wing) -> None:
    """What the worker does, an hour from now."""
    clock.forward(hours=1)
    for chore in (series.look_after, enrolments.lapse_due):
        async with wing.db.write(wing.prison_id) as db:
            await chore(db, wing.prison_id)


async def comes_to(course: Course, made: Any, number: int = 0) -> list[str]:
    """The mentee's state in each meeting."""
    found = []
    for each in await course.counting(made):
        session = await course.session(each)
        mine = course.scene.mentees[number]
        parts = [part for part in session["participations"] if part["mentee_id"] == mine]
        found.append(parts[0]["status"] if parts else "-")
    return found


async def test_a_free_place_is_offered_at_once_and_whoever_accepts_comes_to_all(
    course: Course,
) -> None:
    made = await course.plans()
    mine = await asks(course, made)
    assert (mine["status"], mine["not_in"]) == ("offered", [])
    assert mine["answer_by"] > mine["offered_at"]
    assert await comes_to(course, made) == ["-"] * 4
    accepted = await moves(course, mine, "accepted")
    assert (accepted["answer_by"], accepted["not_in"]) == (None, [])
    assert await comes_to(course, made) == ["accepted"] * 4
    rows = (await course.worker.get(f"enrolments/{mine['id']}/history"))["items"]
    assert [(row["to_state"], row["actor_role"]) for row in rows] == [
        ("waiting", "support_worker"), ("offered", "system"), ("accepted", "support_worker"),
    ]  # fmt: skip


async def test_who_declines_or_withdraws_comes_to_none_that_is_to_come(course: Course) -> None:
    made = await course.plans()
    mine, other = await asks(course, made), await asks(course, made, 1)
    await moves(course, mine, "accepted")
    assert (await moves(course, other, "declined"))["status"] == "declined"
    await course.holds((await course.counting(made))[0])
    session = await course.session((await course.counting(made))[0])
    part = session["participations"][0]
    await course.worker.move(f"sessions/{session['id']}/participations/{part['id']}", "attended")
    problem = await moves(course, mine, "withdrawn", 422, reason="bored")
    assert [each["field"] for each in problem["errors"]] == ["reason"]
    gone = await moves(course, mine, "withdrawn", reason="work_or_education")
    assert (gone["status"], gone["attended"]) == ("withdrawn", 1)
    assert await comes_to(course, made) == ["attended", "cancelled", "cancelled", "cancelled"]


async def test_who_comes_back_comes_to_what_is_left(course: Course) -> None:
    made = await course.plans()
    mine = await asks(course, made)
    await moves(course, mine, "accepted")
    await moves(course, mine, "withdrawn", reason="health")
    again = await asks(course, made)
    assert again["id"] != mine["id"]
    await moves(course, again, "accepted")
    assert await comes_to(course, made) == ["accepted"] * 4


async def test_one_missed_session_ends_nothing(course: Course) -> None:
    made = await course.plans()
    mine = await asks(course, made)
    await moves(course, mine, "accepted")
    first = (await course.counting(made))[0]
    await course.holds(first)
    part = (await course.session(first))["participations"][0]
    path = f"sessions/{first['session_id']}/participations/{part['id']}"
    await course.worker.move(path, "dna")
    await housekeeping(course.wing)
    assert await states(course, mine) == ["accepted"]
    assert await comes_to(course, made) == ["dna", "accepted", "accepted", "accepted"]


async def test_a_meeting_that_clashes_is_left_out_and_named(course: Course) -> None:
    made = await course.plans()
    other = await course.scene.one_more()
    second = course.first_day + timedelta(weeks=1)
    begin = at_wall(second, time(14))
    await course.scene.books(begin, mentor_id=str(other.mentor_id), room_id=None)
    mine = await moves(course, await asks(course, made), "accepted")
    assert mine["not_in"] == [2]
    assert await comes_to(course, made) == ["accepted", "-", "accepted", "accepted"]


async def test_where_every_meeting_clashes_the_place_is_refused(course: Course) -> None:
    made = await course.plans(meetings=1)
    other = await course.scene.one_more()
    [only] = await course.counting(made)
    await course.worker.post(
        "sessions",
        course.scene.plan(
            mentor_id=str(other.mentor_id),
            room_id=None,
            starts_at=datetime.fromisoformat(only["starts_at"]),
        ),
    )
    mine = await asks(course, made)
    problem = await moves(course, mine, "accepted", 409)
    assert problem["code"] == "mentee_taken"
    assert await states(course, mine) == ["offered"]


async def test_the_people_of_a_meeting_that_is_superseded_are_still_in_the_next(
    course: Course,
) -> None:
    made = await course.plans()
    mine = await asks(course, made)
    await moves(course, mine, "accepted")
    body = {"scope": "following", "number": 2, "starts": "10:00:00"}
    await course.worker.post(f"series/{made['id']}/changes", body)
    assert await comes_to(course, made) == ["accepted"] * 4
    await moves(course, mine, "withdrawn", reason="own_wish")
    assert await comes_to(course, made) == ["cancelled"] * 4


async def test_a_course_is_completed_by_who_came_often_enough(course: Course) -> None:
    made = await course.plans(meetings=2, attend_at_least=2, places=3)
    every = [await asks(course, made, number) for number in range(3)]
    for each in every:
        await moves(course, each, "accepted")
    early = await moves(course, every[0], "completed", 409)
    assert codes(early) == ["attended_enough", "nothing_to_come"]
    await attend(course, made, {0: ["attended"] * 2, 1: ["attended", "dna"], 2: ["dna"] * 2})
    await housekeeping(course.wing)
    assert await states(course, *every) == ["completed", "ended", "ended"]
    assert (await read(course, every[1]))["attended"] == 1
    late = await moves(course, every[1], "completed", 409)
    assert codes(late) == ["attended_enough"]
    # He was there after all: the count follows, and so may the enrolment.
    second = (await course.counting(made))[1]
    session = await course.session(second)
    [part] = [
        each for each in session["participations"] if each["mentee_id"] == course.scene.mentees[1]
    ]
    await course.worker.move(f"sessions/{session['id']}/participations/{part['id']}", "attended")
    assert (await moves(course, every[1], "completed"))["status"] == "completed"
    # And so it does when he was not.
    assert codes(await moves(course, every[1], "ended", 409)) == ["not_enough_after_all"]
    path = f"sessions/{session['id']}/participations/{part['id']}"
    await course.worker.move(path, "dna", reason="taken_for_another")
    assert (await moves(course, every[1], "ended"))["status"] == "ended"


async def attend(course: Course, made: Any, how: dict[int, list[str]]) -> None:
    """Each meeting is held, and each mentee marked."""
    for number, each in enumerate(await course.counting(made)):
        await course.holds(each)
        session = await course.session(each)
        for who, marks in how.items():
            mine = course.scene.mentees[who]
            [part] = [one for one in session["participations"] if one["mentee_id"] == mine]
            path = f"sessions/{session['id']}/participations/{part['id']}"
            await course.worker.move(path, marks[number])


async def test_a_series_without_a_rule_is_over_and_nobody_has_failed(course: Course) -> None:
    made = await course.plans(meetings=1)
    mine = await asks(course, made)
    await moves(course, mine, "accepted")
    await attend(course, made, {0: ["attended"]})
    await housekeeping(course.wing)
    assert await states(course, mine) == ["ended"]
    assert codes(await moves(course, mine, "completed", 409)) == ["attended_enough"]


async def test_with_the_series_that_is_ended_all_that_waits_for_it_ends(course: Course) -> None:
    made = await course.plans(places=1, attend_at_least=1)
    mine, other = await asks(course, made), await asks(course, made, 1)
    await moves(course, mine, "accepted")
    await course.worker.move(f"series/{made['id']}", "ended", reason="too_few")
    assert await states(course, mine, other) == ["ended", "ended"]
    assert await comes_to(course, made) == ["cancelled"] * 4
    problem = await asks(course, made, 2, 409)
    assert problem["code"] == "series_over"


async def test_joining_late_is_possible_up_to_a_meeting(course: Course) -> None:
    made = await course.plans(join_until=2, places=1)
    offered, waits = await asks(course, made), await asks(course, made, 1)
    first, second = (await course.counting(made))[:2]
    await course.holds(first)
    await moves(course, offered, "declined")
    assert await states(course, waits) == ["offered"]
    await course.holds(second)
    assert "joins_in_time" in codes(await moves(course, waits, "accepted", 409))
    problem = await asks(course, made, 2, 422)
    assert codes(problem) == ["joins_in_time"]


async def test_nobody_is_enrolled_for_whom_nothing_is_planned(course: Course) -> None:
    made = await course.plans()
    mine = await asks(course, made)
    await course.wing.support_worker.move(
        f"mentees/{course.scene.mentees[0]}", "paused", reason="unwell"
    )
    assert codes(await moves(course, mine, "accepted", 409)) == ["mentee_bookable"]
    await course.wing.support_worker.move(
        f"mentees/{course.scene.mentees[1]}", "paused", reason="unwell"
    )
    assert codes(await asks(course, made, 1, 422)) == ["mentee_bookable"]


async def test_who_leaves_the_scheme_leaves_the_place_to_the_next(course: Course) -> None:
    made = await course.plans(places=1)
    mine, other = await asks(course, made), await asks(course, made, 1)
    await moves(course, mine, "accepted")
    await course.worker.move(f"mentees/{course.scene.mentees[0]}", "released")
    assert await states(course, mine, other) == ["withdrawn", "offered"]
    sessions = [each["status"] for each in await course.counting(made)]
    assert sessions == ["planned"] * 4


# -- waiting


async def test_a_full_series_keeps_an_order_that_can_be_read(course: Course) -> None:
    made = await course.plans(places=1)
    urgent = await a_mentee(course.wing)
    await _safety(course.wing, urgent)
    course.scene.mentees.append(urgent)
    every = [await asks(course, made, number) for number in range(4)]
    assert await states(course, *every) == ["offered", "waiting", "waiting", "waiting"]
    path = f"series/{made['id']}/waiting-list"
    page = await course.worker.get(path)
    assert [
        (each["position"], each["mentee_id"], each["order_reason"]) for each in page["items"]
    ] == [
        (1, urgent, "safety_need"),
        (2, course.scene.mentees[1], "asked_first"),
        (3, course.scene.mentees[2], "asked_first"),
    ]  # fmt: skip
    await moves(course, every[0], "declined")
    assert await states(course, *every) == ["declined", "waiting", "waiting", "offered"]


async def _safety(wing: Wing, mentee_id: str) -> None:
    change = text("UPDATE mentee SET safety_need = true WHERE id = :id")
    async with wing.db.write(wing.prison_id) as db:
        await db.execute(change, {"id": mentee_id})


async def test_an_offer_not_answered_goes_to_the_next_and_costs_the_first_nothing(
    course: Course,
) -> None:
    made = await course.plans(places=1, answer_hours=24)
    one, two, three = [await asks(course, made, number) for number in range(3)]
    clock.forward(hours=22)
    await housekeeping(course.wing)
    assert await states(course, one, two, three) == ["offered", "waiting", "waiting"]
    clock.forward(hours=2)
    assert codes(await moves(course, one, "accepted", 409)) == ["answers_in_time"]
    await housekeeping(course.wing)
    assert await states(course, one, two, three) == ["waiting", "offered", "waiting"]
    [first, _] = (await course.worker.get(f"series/{made['id']}/waiting-list"))["items"]
    assert (first["enrolment_id"], first["waiting_since"]) == (one["id"], one["waiting_since"])
    # The place goes on along the list; then it begins again.
    for expected in (
        ["waiting", "waiting", "offered"],
        ["offered", "waiting", "waiting"],
        ["waiting", "offered", "waiting"],
    ):
        clock.forward(hours=25)
        await housekeeping(course.wing)
        assert await states(course, one, two, three) == expected
    # Another place comes free: the first is the first again.
    await course.worker.patch(f"series/{made['id']}", {"places": 2})
    assert await states(course, one, two, three) == ["offered", "offered", "waiting"]
    rows = (await course.worker.get(f"enrolments/{one['id']}/history"))["items"]
    assert [row["reason"] for row in rows if row["to_state"] == "waiting"] == [
        None, "unanswered", "unanswered",
    ]  # fmt: skip


async def test_places_are_not_taken_away_from_who_has_them(course: Course) -> None:
    made = await course.plans(places=2)
    one, two = [await asks(course, made, number) for number in range(2)]
    path = f"series/{made['id']}"
    problem = await course.worker.patch(path, {"places": 1}, 422)
    assert codes(problem) == ["taken"]
    await moves(course, two, "declined")
    assert (await course.worker.patch(path, {"places": 1}))["places"] == 1
    assert await states(course, one) == ["offered"]


async def test_the_last_place_goes_to_one_of_many_who_ask_at_once(course: Course) -> None:
    made = await course.plans(places=1)
    for _ in range(5):
        course.scene.mentees.append(await a_mentee(course.wing))
    every = await asyncio.gather(*(asks(course, made, number) for number in range(8)))
    now = await states(course, *every)
    assert sorted(now) == ["offered"] + ["waiting"] * 7
    page = await course.worker.get(f"series/{made['id']}/waiting-list")
    assert len(page["items"]) == 7


async def test_places_given_up_at_once_go_to_different_people(course: Course) -> None:
    made = await course.plans(places=3)
    for _ in range(5):
        course.scene.mentees.append(await a_mentee(course.wing))
    every = [await asks(course, made, number) for number in range(8)]

    async def declines(each: Any) -> int:
        path = f"enrolments/{each['id']}/moves"
        return (await course.worker.request("POST", path, json={"to": "declined"})).status_code

    assert await asyncio.gather(*(declines(each) for each in every[:3])) == [200] * 3
    now = await states(course, *every)
    assert now == ["declined"] * 3 + ["offered"] * 3 + ["waiting"] * 2


async def test_nobody_waits_twice_in_one_line(course: Course) -> None:
    made = await course.plans()
    await asks(course, made)
    assert (await asks(course, made, 0, 409))["code"] == "already_exists"


async def test_the_same_key_asks_once(course: Course) -> None:
    made = await course.plans()
    body = {"series_id": made["id"], "mentee_id": course.scene.mentees[0]}
    once = {"Idempotency-Key": "a-place"}
    one = await course.worker.post("enrolments", body, headers=once)
    assert await course.worker.post("enrolments", body, headers=once) == one


@pytest.mark.parametrize("who", ["clinician", "governor", "officer", "mentor"])
async def test_who_may_enrol_and_who_may_read(course: Course, who: str) -> None:
    made = await course.plans()
    mine = await asks(course, made)
    caller: Caller = course.scene.mentor if who == "mentor" else getattr(course.wing, who)
    body = {"series_id": made["id"], "mentee_id": course.scene.mentees[1]}
    await caller.post("enrolments", body, 403)
    await caller.move(f"enrolments/{mine['id']}", "accepted", 403)
    expect = 200 if who == "clinician" else 403
    for path in (
        "enrolments",
        f"enrolments/{mine['id']}",
        f"enrolments/{mine['id']}/history",
        f"series/{made['id']}/waiting-list",
    ):
        await caller.get(path, expect)


async def test_what_is_not_there_is_named(course: Course) -> None:
    made = await course.plans()
    for field in ("series_id", "mentee_id"):
        body = {"series_id": made["id"], "mentee_id": course.scene.mentees[0]}
        body[field] = made["plan"]["id"]
        problem = await course.worker.post("enrolments", body, 422)
        assert [each["field"] for each in problem["errors"]] == [field]
