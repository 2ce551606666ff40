"""Whoever takes a place is held against those who have one: in the words of every plan, as far as
whoever asks may know, and however often it is tried."""

from typing import Any

import pytest
from fastapi import FastAPI

from app.config import Settings
from app.models.staff import StaffRole
from tests.enrolments.test_routes import asks, codes, comes_to, moves
from tests.security.serving import calling, made, over
from tests.security.test_limits import TWICE, throttled
from tests.series.scene import Course, a_course
from tests.sessions.scene import a_mentee
from tests.sessions.test_together import WORDS, accuses, keeps_apart, person_of
from tests.story import Wing


@pytest.fixture
async def course(wing: Wing) -> Course:
    return await a_course(wing)


async def people(course: Course) -> list[str]:
    return [await person_of(course.scene, each) for each in course.scene.mentees]


async def test_one_who_is_kept_apart_from_another_takes_no_place_beside_him(
    course: Course,
) -> None:
    series = await course.plans(places=3)
    await moves(course, await asks(course, series), "accepted")
    one, other, _ = await people(course)
    await keeps_apart(course.scene, one, other)
    problem = await moves(course, await asks(course, series, 1), "accepted", 409)
    assert problem["detail"] == WORDS
    assert [(each["field"], each["code"]) for each in problem["errors"]] == [
        ("to", "cannot_attend_together")
    ] * 4


async def test_two_who_are_kept_apart_already_hide_nobody_who_is_kept_from_one_of_them(
    course: Course,
) -> None:
    series = await course.plans(places=3)
    for number in range(2):
        await moves(course, await asks(course, series, number), "accepted")
    one, other, third = await people(course)
    await accuses(course.scene, one, other)
    await keeps_apart(course.scene, one, third)
    problem = await moves(course, await asks(course, series, 2), "accepted", 409)
    assert codes(problem) == ["cannot_attend_together"] * 4
    assert await comes_to(course, series, 2) == ["-"] * 4


async def test_two_who_are_kept_apart_already_keep_no_other_out(course: Course) -> None:
    series = await course.plans(places=3)
    for number in range(2):
        await moves(course, await asks(course, series, number), "accepted")
    one, other, _ = await people(course)
    await accuses(course.scene, one, other)
    await moves(course, await asks(course, series, 2), "accepted")
    assert await comes_to(course, series, 2) == ["accepted"] * 4


async def test_what_goes_past_the_mentors_supervisor_changes_no_answer_to_them(
    course: Course,
) -> None:
    scene = course.scene
    scene.mentees = [await a_mentee(scene.wing) for _ in range(2)]
    for each in await people(course):
        await accuses(scene, each, scene.mentor.person_id)
    mentor = await scene.wing.governor.get(f"mentors/{scene.mentor.mentor_id}")
    assert mentor["supervisor_id"] == str(course.worker.staff_id)
    series = await course.plans()
    await moves(course, await asks(course, series), "accepted")
    colleague = await scene.wing.hires(StaffRole.support_worker)
    other = await asks(course, series, 1)
    problem = await colleague.move(f"enrolments/{other['id']}", "accepted", 409)
    assert codes(problem) == ["cannot_attend_together"] * 4


@pytest.fixture
async def two_apart(course: Course) -> tuple[Any, Any]:
    """A series with one in it, and the enrolment of another who is kept apart from him."""
    series = await course.plans(places=3)
    await moves(course, await asks(course, series), "accepted")
    one, other, _ = await people(course)
    await keeps_apart(course.scene, one, other)
    return series, await asks(course, series, 1)


async def test_trying_whom_a_place_would_bring_together_is_limited_and_kept_in_the_audit(
    app: FastAPI, settings: Settings, course: Course, two_apart: tuple[Any, Any]
) -> None:
    path = f"enrolments/{two_apart[1]['id']}/moves"
    async with calling(made(app, settings, rate_limit_pairs=TWICE)) as client:
        worker = over(client, course.worker)
        for _ in range(2):
            await worker.post(path, {"to": "accepted"}, 409)
        again = await worker.request("POST", path, json={"to": "accepted"})
        throttled(again, "too_many_pair_checks")
    query = "operation=move_enrolment&act=refused"
    entries = (await course.wing.governor.get(f"audit?{query}"))["items"]
    asked = {str(course.scene.mentor.mentor_id), *course.scene.mentees[:2]}
    assert [asked <= set(each["ids"]) for each in entries] == [True, True]


@pytest.mark.parametrize("on_clash", ["refuse", "leave_out"])
async def test_another_mentor_is_tried_on_a_series_no_more_often(
    app: FastAPI, settings: Settings, course: Course, on_clash: str
) -> None:
    """Also where the answer is that all but one meeting was changed."""
    series = await course.plans()
    await moves(course, await asks(course, series), "accepted")
    if on_clash == "leave_out":
        [part] = (await course.session((await course.counting(series))[3]))["participations"]
        path = f"sessions/{(await course.counting(series))[3]['session_id']}"
        off = f"{path}/participations/{part['id']}"
        await course.worker.move(off, "cancelled", reason="other")
    other = await course.scene.one_more()
    await keeps_apart(course.scene, (await people(course))[0], other.person_id)
    body = {"scope": "all", "mentor_id": str(other.mentor_id), "on_clash": on_clash}
    path = f"series/{series['id']}/changes"
    async with calling(made(app, settings, rate_limit_pairs="1/day")) as client:
        worker = over(client, course.worker)
        await worker.post(path, body, 409 if on_clash == "refuse" else 201)
        again = await worker.request("POST", path, json=body)
        throttled(again, "too_many_pair_checks")
