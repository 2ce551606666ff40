"""Changes of a series over HTTP: what is to come is superseded, what was is kept."""

from datetime import time, timedelta
from random import Random
from typing import Any

import pytest

from app.access import Actor
from app.models.sessions import ParticipationStatus, Session
from app.models.staff import Role
from app.scope import everything
from app.services import lifecycle
from app.services.sessions.booking import part_of
from app.services.sessions.moves import PARTICIPATION
from app.services.working_days import at_wall, is_bank_holiday
from tests.series.scene import Course, a_course, on_the_wall
from tests.story import Wing


@pytest.fixture
async def course(wing: Wing) -> Course:
    return await a_course(wing)


async def changed(course: Course, made: Any, expect: int = 201, **body: Any) -> Any:
    return await course.worker.post(f"series/{made['id']}/changes", body, expect)


async def with_people(course: Course, made: Any) -> list[Any]:
    """Two mentees in each meeting, of whom one has said yes."""
    found = await course.counting(made)
    for each in found:
        await _add(course, each["session_id"])
    return found


async def _add(course: Course, session_id: str) -> None:
    worker = course.worker
    actor = Actor(worker.prison_id, worker.subject, Role.support_worker, staff_id=worker.staff_id)
    async with course.wing.db.write(worker.prison_id) as db:
        found = everything(Session, worker.prison_id).where(Session.id == session_id)
        session = (await db.scalars(found)).one()
        for mentee, status in zip(
            course.scene.mentees[:2],
            (ParticipationStatus.offered, ParticipationStatus.accepted),
            strict=True,
        ):
            await lifecycle.begin(db, PARTICIPATION, part_of(session, mentee, status), actor)


async def people(course: Course, occurrence: Any) -> dict[str, tuple[str, str]]:
    session = await course.session(occurrence)
    return {each["mentee_id"]: (each["id"], each["status"]) for each in session["participations"]}


async def test_one_meeting_is_superseded_and_its_people_come_along(course: Course) -> None:
    made = await course.plans()
    before = await with_people(course, made)
    theirs = await people(course, before[1])
    shown = await changed(course, made, scope="this", number=2, days_later=1, starts="10:00:00")
    assert shown["left_out"] == []
    assert shown["plan"] == made["plan"]  # of the others nothing is otherwise
    every = await course.occurrences(made)
    old, new = [each for each in every if each["number"] == 2]
    assert (old["id"], old["status"]) == (before[1]["id"], "cancelled")
    assert old["superseded_at"] is not None
    assert (new["supersedes_id"], new["superseded_at"]) == (old["id"], None)
    assert on_the_wall(new["starts_at"]).endswith("10:00")
    assert new["day"] == str(course.first_day + timedelta(weeks=1, days=1))
    assert await people(course, new) == theirs  # the same rows, as they stood
    assert await people(course, old) == {}
    others = [each for each in every if each["number"] != 2]
    assert others == [each for each in before if each["number"] != 2]


async def test_nobody_is_offered_twice(course: Course) -> None:
    made = await course.plans()
    await with_people(course, made)
    count = "SELECT count(*) FROM outbox WHERE topic = 'participation.offered'"
    [told] = await course.wing.db.fetch(course.wing.prison_id, count)
    await changed(course, made, scope="all", starts="10:00:00")
    [now] = await course.wing.db.fetch(course.wing.prison_id, count)
    assert now["count"] == told["count"]
    rows = await course.wing.db.fetch(
        course.wing.prison_id, "SELECT count(*) FROM participation WHERE status = 'cancelled'"
    )
    assert rows[0]["count"] == 0


async def test_this_and_the_following_have_a_new_plan_that_supersedes_the_old(
    course: Course,
) -> None:
    made = await course.plans()
    shown = await changed(course, made, scope="following", number=3, minutes=90, days_later=-1)
    assert (shown["plan"]["from_number"], shown["plan"]["minutes"]) == (3, 90)
    assert shown["plan"]["supersedes_id"] == made["plan"]["id"]
    first, second = (await course.worker.get(f"series/{made['id']}/plans"))["items"]
    assert (first["id"], first["minutes"]) == (made["plan"]["id"], 60)
    assert first["superseded_at"] is not None
    assert second == shown["plan"]
    lengths = [(each["starts_at"], each["ends_at"]) for each in await course.counting(made)]
    assert [start[11:16] == end[11:16] for start, end in lengths] == [False] * 4
    days = [each["day"] for each in await course.counting(made)]
    assert days == [
        str(course.first_day + timedelta(weeks=week, days=-1 if week >= 2 else 0))
        for week in range(4)
    ]


async def test_all_may_be_moved_a_week_into_each_others_place(course: Course) -> None:
    """The old meetings are in nobody's way: they are superseded together."""
    made = await course.plans()
    await with_people(course, made)
    shown = await changed(course, made, scope="all", days_later=7)
    assert shown["left_out"] == []
    found = await course.counting(made)
    assert [each["day"] for each in found] == [
        str(course.first_day + timedelta(weeks=week + 1)) for week in range(4)
    ]
    for each in found:
        assert len(await people(course, each)) == 2


async def test_what_was_held_attended_or_called_off_is_not_touched(course: Course) -> None:
    made = await course.plans()
    before = await with_people(course, made)
    await course.worker.move(f"sessions/{before[3]['session_id']}", "cancelled", reason="no_room")
    await course.holds(before[0])
    session = await course.session(before[0])
    for part, to in zip(session["participations"], ("attended", "dna"), strict=True):
        path = f"sessions/{session['id']}/participations/{part['id']}"
        await course.worker.move(path, to)
    held, off = await people(course, before[0]), await course.session(before[3])
    await changed(course, made, scope="all", starts="10:00:00")
    after = await course.counting(made)
    assert [each["supersedes_id"] is not None for each in after] == [False, True, True, False]
    assert await people(course, after[0]) == held
    assert await course.session(after[3]) == off
    for number in (1, 4):
        problem = await changed(course, made, 409, scope="this", number=number, starts="11:00:00")
        assert problem["code"] == "nothing_to_change"


async def test_one_that_clashes_stays_as_it_was_or_the_whole_is_refused(course: Course) -> None:
    made = await course.plans()
    before = await with_people(course, made)
    second = course.first_day + timedelta(weeks=1)
    other = await course.scene.one_more()
    await course.scene.books(
        at_wall(second, time(10)),
        mentor_id=str(other.mentor_id),
        mentee_ids=course.scene.mentees[:1],
        room_id=None,
    )
    body = {"scope": "all", "starts": "10:00:00"}
    problem = await changed(course, made, 409, **body)
    assert {each["code"] for each in problem["errors"]} == {"mentee"}
    assert await course.occurrences(made) == before
    shown = await changed(course, made, on_clash="leave_out", **body)
    assert [each["day"] for each in shown["left_out"]] == [str(second)]
    after = await course.counting(made)
    assert [on_the_wall(each["starts_at"])[4:] for each in after] == [
        "10:00", "14:00", "10:00", "10:00",
    ]  # fmt: skip
    assert after[1] == before[1]
    assert [len(await people(course, each)) for each in after] == [2] * 4


async def test_the_order_of_a_course_is_kept(course: Course) -> None:
    made = await course.plans()
    before = await course.occurrences(made)
    problem = await changed(course, made, 422, scope="this", number=2, days_later=7)
    assert [each["field"] for each in problem["errors"]] == ["days_later"]
    assert await course.occurrences(made) == before


async def test_it_is_not_moved_to_a_bank_holiday(course: Course) -> None:
    day = course.first_day
    while not is_bank_holiday(day):
        day += timedelta(days=1)
    made = await course.plans(first_day=str(day - timedelta(days=1)), meetings=1)
    problem = await changed(course, made, 422, scope="all", days_later=1)
    assert [each["code"] for each in problem["errors"]] == ["bank_holiday"]
    free = await course.plans(
        first_day=str(day - timedelta(days=1)),
        meetings=1,
        starts="17:00:00",
        skip_bank_holidays=False,
    )
    await changed(course, free, scope="all", days_later=1)


async def test_a_meeting_of_a_series_is_changed_through_the_series(course: Course) -> None:
    made = await course.plans()
    [first, *_] = await course.occurrences(made)
    path = f"sessions/{first['session_id']}"
    problem = await course.worker.patch(path, {"room_id": None}, 409)
    assert problem["code"] == "in_series"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scope": "this", "minutes": 30}, "number"),
        ({"scope": "all", "number": 2, "minutes": 30}, "number"),
        ({"scope": "all"}, "scope"),
        ({"scope": "all", "mentor_id": None}, "mentor_id"),
        ({"scope": "all", "starts": None}, "starts"),
        ({"scope": "all", "days_later": 28}, "days_later"),
        ({"scope": "some", "minutes": 30}, "scope"),
    ],
)
async def test_what_makes_no_sense_is_refused_by_its_field(
    course: Course, body: dict[str, Any], field: str
) -> None:
    made = await course.plans(meetings=1)
    problem = await changed(course, made, 422, **body)
    assert [each["field"] for each in problem["errors"]] == [field]


async def test_only_support_workers_change_it(course: Course) -> None:
    made = await course.plans(meetings=1)
    wing, path = course.wing, f"series/{made['id']}/changes"
    for caller in (wing.clinician, wing.governor, wing.officer, course.scene.mentor):
        await caller.post(path, {"scope": "all", "minutes": 30}, 403)


async def test_another_mentor_takes_over_and_the_one_before_sees_it_no_more(
    course: Course,
) -> None:
    made = await course.plans()
    other = await course.scene.one_more()
    await changed(course, made, scope="following", number=2, mentor_id=str(other.mentor_id))
    assert (await other.get(f"series/{made['id']}"))["id"] == made["id"]
    await course.scene.mentor.get(f"series/{made['id']}", 404)
    first = (await course.counting(made))[0]
    await course.session(first, course.scene.mentor)


async def test_whatever_is_changed_every_number_stands_once_and_nobody_is_lost(
    course: Course,
) -> None:
    made = await course.plans()
    await with_people(course, made)
    random = Random(5)
    for turn in range(8):
        scope = random.choice(["this", "following", "all"])
        body: dict[str, Any] = {
            "scope": scope,
            "starts": f"{random.randrange(9, 17):02}:00:00",
            "days_later": random.choice([-1, 0, 0, 1]),
            "on_clash": "leave_out",
        }
        if scope != "all":
            body["number"] = random.randrange(1, 5)
        if turn == 4:
            await course.holds((await course.counting(made))[0])
        path = f"series/{made['id']}/changes"
        answer = await course.worker.request("POST", path, json=body)
        assert answer.status_code in {201, 409, 422}, answer.text
        counting = await course.counting(made)
        assert [each["number"] for each in counting] == [1, 2, 3, 4]
        for each in counting:
            assert {status for _, status in (await people(course, each)).values()} == {
                "offered",
                "accepted",
            }


# -- what is no part of the plan


async def test_a_one_to_one_keeps_its_one_place(course: Course) -> None:
    made = await course.plans(kind="one_to_one", places=1)
    problem = await course.worker.patch(f"series/{made['id']}", {"places": 2}, 422)
    assert [(each["field"], each["code"]) for each in problem["errors"]] == [("places", "alone")]


async def test_nobody_is_to_come_more_often_than_there_are_meetings(course: Course) -> None:
    made = await course.plans(attend_at_least=4)
    problem = await course.worker.patch(f"series/{made['id']}", {"attend_at_least": 5}, 422)
    assert [each["field"] for each in problem["errors"]] == ["attend_at_least"]
    last_day = str(course.first_day + timedelta(weeks=2))
    refused = await course.plans(
        422, meetings=None, last_day=last_day, attend_at_least=4, starts="10:00:00"
    )
    assert [each["field"] for each in refused["errors"]] == ["attend_at_least"]
    await course.plans(meetings=None, last_day=last_day, attend_at_least=3, starts="10:00:00")


# -- how many weeks apart


async def test_from_one_meeting_on_they_are_another_number_of_weeks_apart(course: Course) -> None:
    made = await course.plans()
    await with_people(course, made)
    shown = await changed(course, made, scope="following", number=2, every_weeks=2)
    assert (shown["every_weeks"], shown["plan"]["every_weeks"]) == (2, 2)
    assert shown["plan"]["from_number"] == 3  # the second stays where it is
    counting = await course.counting(made)
    weeks = [(0, 0), (1, 0), (3, 0), (5, 0)]
    expected = [course.first_day + timedelta(weeks=week, days=day) for week, day in weeks]
    found = [each["day"] for each in counting]
    assert found[:2] == [str(each) for each in expected[:2]]
    if not any(is_bank_holiday(each) for each in expected):
        assert found == [str(each) for each in expected]
    for each in counting:
        assert len(await people(course, each)) == 2
    first, second = (await course.worker.get(f"series/{made['id']}/plans"))["items"]
    assert (first["every_weeks"], second["every_weeks"]) == (1, 2)
    [row] = (await course.worker.get("series"))["items"]
    assert row["every_weeks"] == 2


async def test_back_to_every_week_none_is_in_the_way_of_another(course: Course) -> None:
    made = await course.plans(every_weeks=2, skip_bank_holidays=False)
    await changed(course, made, scope="all", every_weeks=1, starts="10:00:00")
    assert [each["day"] for each in await course.counting(made)] == [
        str(course.first_day + timedelta(weeks=week)) for week in range(4)
    ]


async def test_a_series_is_not_stretched_beyond_its_last_day(course: Course) -> None:
    last_day = course.first_day + timedelta(weeks=3)
    made = await course.plans(meetings=None, last_day=str(last_day))
    problem = await changed(course, made, 422, scope="all", every_weeks=2)
    assert [(each["field"], each["code"]) for each in problem["errors"]] == [
        ("every_weeks", "last_day")
    ]
    for each in (await course.counting(made))[2:]:
        await course.worker.move(f"sessions/{each['session_id']}", "cancelled", reason="other")
    await changed(course, made, scope="all", every_weeks=2)


async def test_one_meeting_alone_is_no_number_of_weeks_apart(course: Course) -> None:
    made = await course.plans()
    problem = await changed(course, made, 422, scope="this", number=2, every_weeks=2)
    assert [each["field"] for each in problem["errors"]] == ["every_weeks"]
