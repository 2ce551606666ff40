"""Two in one group whom the prison keeps apart from now on: who leaves it, and what staff know."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.enrolments.parting import Coming, who_leaves
from tests.enrolments.test_routes import asks, comes_to, moves, read
from tests.enrolments.test_together import people
from tests.series.scene import Course, a_course
from tests.sessions.scene import a_mentee, tomorrow
from tests.sessions.test_together import keeps_apart, person_of
from tests.story import Wing

# -- the pure part

MENTOR, A, B, C = (UUID(int=number) for number in range(4))
ALL = [MENTOR, A, B, C]


def both_ways(*twos: tuple[UUID, UUID]) -> set[tuple[UUID, UUID]]:
    return {*twos, *((other, one) for one, other in twos)}


@pytest.mark.parametrize(
    ("twos", "expected"),
    [
        ([], []),
        ([(A, B)], [B]),
        ([(A, C)], [C]),
        ([(A, B), (B, C)], [B]),
        ([(A, B), (A, C)], [B, C]),
        ([(MENTOR, A)], [A]),
        ([(MENTOR, A), (A, B)], [A]),
    ],
)
def test_who_joined_later_leaves_and_no_more_than_must(
    twos: list[tuple[UUID, UUID]], expected: list[UUID]
) -> None:
    coming = [Coming(each, each) for each in (A, B, C)]
    assert who_leaves(MENTOR, coming, both_ways(*twos)) == expected


@given(st.lists(st.tuples(st.sampled_from(ALL), st.sampled_from(ALL)), max_size=5))
def test_whoever_stays_is_apart_from_nobody_who_stays(twos: list[tuple[UUID, UUID]]) -> None:
    apart = both_ways(*((one, other) for one, other in twos if one != other))
    parts = {each: uuid4() for each in (A, B, C)}
    gone = who_leaves(MENTOR, [Coming(parts[each], each) for each in (A, B, C)], apart)
    stay = [MENTOR, *(each for each in (A, B, C) if parts[each] not in gone)]
    assert not any((one, other) in apart for one in stay for other in stay)


# -- over HTTP


@pytest.fixture
async def course(wing: Wing) -> Course:
    return await a_course(wing)


async def to_look_at(course: Course) -> list[Any]:
    page = await course.worker.get("tasks?kind=place_review&status=open")
    return list(page["items"])


async def two_with_places(course: Course, **fields: Any) -> tuple[Any, Any, Any]:
    series = await course.plans(places=3, **fields)
    both = [await asks(course, series, number) for number in range(2)]
    for each in both:
        await moves(course, each, "accepted")
    return series, both[0], both[1]


async def test_the_one_who_joined_later_comes_no_more_and_staff_look_at_the_place(
    course: Course,
) -> None:
    series, first, later = await two_with_places(course)
    assert await to_look_at(course) == []
    one, other, _ = await people(course)
    for _ in range(2):  # the file comes every day
        await keeps_apart(course.scene, one, other)
    assert await comes_to(course, series, 0) == ["accepted"] * 4
    assert await comes_to(course, series, 1) == ["cancelled"] * 4
    assert ((await read(course, first))["status"], (await read(course, first))["not_in"]) == (
        "accepted", [],
    )  # fmt: skip
    shown = await read(course, later)
    assert (shown["status"], shown["not_in"]) == ("accepted", [1, 2, 3, 4])
    [task] = await to_look_at(course)
    assert (task["thing_noun"], task["thing_id"]) == ("enrolments", later["id"])
    assert task["person_id"] == other
    await moves(course, later, "withdrawn", reason="other")
    assert await to_look_at(course) == []


async def test_the_task_says_the_same_of_a_visit_and_of_an_enemy(course: Course) -> None:
    series, _, later = await two_with_places(course)
    third = await asks(course, series, 2)
    second = (await course.counting(series))[1]
    other = await course.scene.one_more()
    await course.worker.post(
        "sessions",
        course.scene.plan(
            mentor_id=str(other.mentor_id),
            mentee_ids=course.scene.mentees[2:],
            room_id=None,
        )
        | {name: second[name] for name in ("starts_at", "ends_at")},
    )
    assert (await moves(course, third, "accepted"))["not_in"] == [2]
    await keeps_apart(course.scene, *(await people(course))[:2])
    tasks = {each["thing_id"]: each for each in await to_look_at(course)}
    assert set(tasks) == {later["id"], third["id"]}
    own = {"id", "reference", "thing_id", "person_id", "due_at", "recorded_at", "next_step_at"}
    said = [
        {name: value for name, value in each.items() if name not in own} for each in tasks.values()
    ]
    assert said[0] == said[1]
    await course.worker.move(f"tasks/{tasks[third['id']]['id']}", "done")
    assert [each["thing_id"] for each in await to_look_at(course)] == [later["id"]]


async def test_the_group_stays_for_its_other_places(course: Course) -> None:
    series = await course.plans(places=3)
    await moves(course, await asks(course, series), "accepted")
    await keeps_apart(course.scene, (await people(course))[0], course.scene.mentor.person_id)
    assert await comes_to(course, series) == ["cancelled"] * 4
    assert {each["status"] for each in await course.counting(series)} == {"planned"}
    assert len(await to_look_at(course)) == 1


async def test_a_group_that_is_no_series_is_looked_at_too_also_with_a_mentor_who_is_not_theirs(
    course: Course,
) -> None:
    scene = course.scene
    stranger = await a_mentee(scene.wing)
    group = await scene.books(tomorrow(9), kind="group", mentee_ids=[scene.mentees[0], stranger])
    await keeps_apart(scene, await person_of(scene, stranger), scene.mentor.person_id)
    now = await course.worker.get(f"sessions/{group['id']}")
    states = {each["mentee_id"]: each["status"] for each in now["participations"]}
    assert states == {scene.mentees[0]: "offered", stranger: "cancelled"}
    [task] = await to_look_at(course)
    assert (task["thing_noun"], task["thing_id"]) == ("sessions", group["id"])


async def test_what_was_held_stays_as_it_was(course: Course) -> None:
    series, _, _ = await two_with_places(course, meetings=2)
    await course.holds((await course.counting(series))[0])
    await keeps_apart(course.scene, *(await people(course))[:2])
    assert await comes_to(course, series, 1) == ["accepted", "cancelled"]


async def test_whoever_joins_in_the_same_instant_is_refused_or_parted(course: Course) -> None:
    for number in range(4):
        hour = f"{10 + number}:00:00"
        series = await course.plans(places=3, meetings=2, starts=hour)
        await moves(course, await asks(course, series), "accepted")
        later = await asks(course, series, 1)
        one, other, _ = await people(course)
        closing = {"id": 4711 + number, "isOpen": True}
        answer, _ = await asyncio.gather(
            course.worker.request(
                "POST", f"enrolments/{later['id']}/moves", json={"to": "accepted"}
            ),
            keeps_apart(course.scene, one, other, **closing),
        )
        assert answer.status_code in {200, 409}
        assert "accepted" not in await comes_to(course, series, 1)
        lift = {"isOpen": False, "whenUpdated": "2026-11-01T09:00:00"}
        await keeps_apart(course.scene, one, other, **(closing | lift))
