"""A meeting that was called off is planned anew under its number: a course of eight keeps eight."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest

from app import clock
from app.services import series as services
from app.services.working_days import at_wall, is_bank_holiday
from tests.enrolments.test_routes import asks, comes_to, moves, read
from tests.enrolments.test_together import people
from tests.series.scene import Course, a_course, on_the_wall
from tests.sessions.test_together import keeps_apart
from tests.story import Wing


@pytest.fixture
async def course(wing: Wing) -> Course:
    return await a_course(wing)


async def called_off(course: Course, made: Any, number: int = 2, reason: str = "no_room") -> Any:
    meeting = (await course.counting(made))[number - 1]
    await course.worker.move(f"sessions/{meeting['session_id']}", "cancelled", reason=reason)
    return meeting


async def anew(
    course: Course, made: Any, days: int = 1, number: int = 2, expect: int = 201, **body: Any
) -> Any:
    """At another day: so many days after it was to be."""
    day = course.first_day + timedelta(weeks=number - 1, days=days)
    path = f"series/{made['id']}/occurrences"
    return await course.worker.post(path, {"number": number, "day": str(day), **body}, expect)


async def test_it_keeps_its_number_and_those_with_a_place_come_to_it(course: Course) -> None:
    made = await course.plans()
    await moves(course, await asks(course, made), "accepted")
    old = await called_off(course, made)
    assert await comes_to(course, made) == ["accepted", "cancelled", "accepted", "accepted"]
    new = await anew(course, made, starts="10:30:00", minutes=45)
    assert (new["number"], new["supersedes_id"], new["status"]) == (2, old["id"], "planned")
    assert on_the_wall(new["starts_at"]).endswith("10:30")
    assert on_the_wall(new["ends_at"]).endswith("11:15")
    counting = await course.counting(made)
    assert [each["number"] for each in counting] == [1, 2, 3, 4]
    assert counting[1] == new
    assert await comes_to(course, made) == ["accepted"] * 4
    session = await course.session(old)  # what was called off stays as it was
    assert (session["status"], session["participations"][0]["status"]) == ("cancelled",) * 2
    problem = await anew(course, made, 2, 2, 409)
    assert problem["code"] == "not_called_off"


async def test_a_course_of_eight_still_has_eight_in_order(course: Course) -> None:
    """The week that was lost: those that follow move on by one, and the fourth takes the place of
    the fifth."""
    made = await course.plans(meetings=6, attend_at_least=6)
    await moves(course, await asks(course, made), "accepted")
    await called_off(course, made, 4)
    problem = await anew(course, made, 7, 4, 422)
    assert [(each["field"], each["code"]) for each in problem["errors"]] == [("day", "order")]
    later = {"scope": "following", "number": 5, "days_later": 7}
    await course.worker.post(f"series/{made['id']}/changes", later)
    await anew(course, made, 7, 4)
    counting = await course.counting(made)
    assert [each["number"] for each in counting] == [1, 2, 3, 4, 5, 6]
    starts = [datetime.fromisoformat(each["starts_at"]) for each in counting]
    assert starts == sorted(starts)
    assert [each["day"] for each in counting] == [
        str(course.first_day + timedelta(weeks=week)) for week in (0, 1, 2, 4, 5, 6)
    ]
    assert await comes_to(course, made) == ["accepted"] * 6


@pytest.mark.parametrize(
    ("days", "number", "body", "field"),
    [
        (7, 2, {}, "day"),
        (-7, 2, {}, "day"),
        (1, 9, {}, "number"),
        (1, 2, {"starts": None}, "starts"),
        (1, 2, {"starts": "10:30:30"}, "starts"),
        (1, 2, {"minutes": 5}, "minutes"),
        (1, 2, {"mentor_id": None}, "mentor_id"),
        (1, 2, {"room_id": "0198c0de-0000-7000-8000-000000000000"}, "room_id"),
    ],
)
async def test_what_makes_no_sense_is_refused_by_its_field(
    course: Course, days: int, number: int, body: dict[str, Any], field: str
) -> None:
    made = await course.plans()
    await called_off(course, made)
    problem = await anew(course, made, days, number, 422, **body)
    assert [each["field"] for each in problem["errors"]] == [field]


async def test_it_is_planned_on_no_bank_holiday_that_is_skipped(course: Course) -> None:
    day = course.first_day
    while not is_bank_holiday(day):
        day += timedelta(days=1)
    made = await course.plans(first_day=str(day - timedelta(days=1)), meetings=1)
    await called_off(course, made, 1)
    body = {"number": 1, "day": str(day)}
    problem = await course.worker.post(f"series/{made['id']}/occurrences", body, 422)
    assert [(each["field"], each["code"]) for each in problem["errors"]] == [
        ("day", "bank_holiday")
    ]


async def test_what_stands_against_it_is_named_and_nothing_is_kept(course: Course) -> None:
    made = await course.plans()
    await called_off(course, made)
    day = course.first_day + timedelta(weeks=1, days=1)
    await course.scene.books(at_wall(day, time(14)))
    before = await course.occurrences(made)
    problem = await anew(course, made, expect=409)
    assert {each["code"] for each in problem["errors"]} == {"room", "mentor"}
    assert await course.occurrences(made) == before
    clock.set_offset(at_wall(day, time(20)) - clock.real_now())
    late = await anew(course, made, expect=409, starts="16:00:00")
    assert ("day", "in_the_past") in [(each["field"], each["code"]) for each in late["errors"]]


async def test_whom_it_clashes_with_something_is_left_out_and_looked_at(course: Course) -> None:
    made = await course.plans(places=3)
    both = [await asks(course, made, number) for number in range(2)]
    for each in both:
        await moves(course, each, "accepted")
    await called_off(course, made)
    day = course.first_day + timedelta(weeks=1, days=1)
    other = await course.scene.one_more()
    await course.scene.books(at_wall(day, time(14)), mentor_id=str(other.mentor_id), room_id=None)
    await anew(course, made)
    assert (await comes_to(course, made, 0))[1] == "-"
    assert (await comes_to(course, made, 1))[1] == "accepted"
    assert (await read(course, both[0]))["not_in"] == [2]
    tasks = (await course.worker.get("tasks?kind=place_review&status=open"))["items"]
    assert [each["thing_id"] for each in tasks] == [both[0]["id"]]


async def test_of_two_who_are_kept_apart_only_who_was_there_first_comes(course: Course) -> None:
    made = await course.plans(places=3)
    for number in range(2):
        await moves(course, await asks(course, made, number), "accepted")
    await called_off(course, made)
    await keeps_apart(course.scene, *(await people(course))[:2])
    await anew(course, made)
    assert (await comes_to(course, made, 0))[1] == "accepted"
    assert (await comes_to(course, made, 1))[1] == "-"


async def test_the_last_meeting_may_be_planned_anew_for_a_while(course: Course) -> None:
    made = await course.plans(meetings=2, attend_at_least=1)
    first, last = await course.counting(made)
    await course.holds(first)
    await course.worker.move(f"sessions/{last['session_id']}", "cancelled", reason="no_room")
    ends = datetime.fromisoformat(last["ends_at"])
    for days, status in ((1, "running"), (13, "running"), (15, "completed")):
        clock.set_offset(ends + timedelta(days=days) - clock.real_now())
        for _ in range(2):
            async with course.wing.db.write(course.wing.prison_id) as db:
                await services.look_after(db, course.wing.prison_id)
        assert (await course.worker.get(f"series/{made['id']}"))["status"] == status
    problem = await anew(course, made, 20, 2, 409)
    assert problem["code"] == "series_over"


async def test_only_support_workers_plan_it_and_the_same_key_plans_it_once(course: Course) -> None:
    made = await course.plans()
    await called_off(course, made)
    day = course.first_day + timedelta(weeks=1, days=1)
    path, body = f"series/{made['id']}/occurrences", {"number": 2, "day": str(day)}
    wing = course.wing
    for caller in (wing.clinician, wing.governor, wing.officer, course.scene.mentor):
        await caller.post(path, body, 403)
    once = {"Idempotency-Key": "anew"}
    one = await course.worker.post(path, body, headers=once)
    assert await course.worker.post(path, body, headers=once) == one
    assert len(await course.occurrences(made)) == 5


# -- what a lockdown called off


async def locked_down(course: Course, meeting: Any) -> Any:
    begin = datetime.fromisoformat(meeting["starts_at"])
    body = {
        "from": (begin - timedelta(hours=1)).isoformat(),
        "to": (begin + timedelta(hours=3)).isoformat(),
        "reason": "regime_lockdown",
    }
    return await course.worker.post("lockdowns", body)


async def test_what_a_lockdown_re_offers_is_still_a_meeting_of_the_series_in_its_order(
    course: Course,
) -> None:
    made = await course.plans()
    await moves(course, await asks(course, made), "accepted")
    second = (await course.counting(made))[1]
    lockdown = await locked_down(course, second)
    path = f"lockdowns/{lockdown['id']}/reoffers"
    [told] = (await course.worker.post(path, {}))["items"]
    assert told["outcome"] == "planned"
    counting = await course.counting(made)
    assert [each["number"] for each in counting] == [1, 2, 3, 4]
    assert counting[1]["session_id"] == told["reoffered_as"]
    assert counting[1]["supersedes_id"] == second["id"]
    assert counting[1]["starts_at"] < counting[2]["starts_at"]
    assert await comes_to(course, made) == ["accepted"] * 4  # nobody is asked anew
    problem = await course.worker.patch(f"sessions/{told['reoffered_as']}", {"room_id": None}, 409)
    assert problem["code"] == "in_series"


async def test_what_was_planned_anew_by_hand_is_not_offered_once_more(course: Course) -> None:
    made = await course.plans()
    await moves(course, await asks(course, made), "accepted")
    lockdown = await locked_down(course, (await course.counting(made))[1])
    new = await anew(course, made)
    path = f"lockdowns/{lockdown['id']}/reoffers"
    [told] = (await course.worker.post(path, {}))["items"]
    assert (told["outcome"], told["reoffered_as"]) == ("planned_before", new["session_id"])
    assert len(await course.counting(made)) == 4


async def test_no_time_before_the_next_meeting_is_no_time(course: Course) -> None:
    made = await course.plans()
    await moves(course, await asks(course, made), "accepted")
    [_, second, *_] = await course.counting(made)
    sooner = {"scope": "this", "number": 3, "days_later": -7, "starts": "18:00:00"}
    await course.worker.post(f"series/{made['id']}/changes", sooner)
    lockdown = await locked_down(course, second)  # until an hour before the third
    path = f"lockdowns/{lockdown['id']}/reoffers"
    await course.scene.books(
        datetime.fromisoformat(second["starts_at"]) + timedelta(hours=3),
        mentee_ids=course.scene.mentees[1:2],
        minutes=30,
    )
    [told] = (await course.worker.post(path, {}))["items"]
    assert told["outcome"] == "no_free_time"
    assert (await course.counting(made))[1]["id"] == second["id"]
