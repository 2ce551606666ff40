"""Series over HTTP: planned with all their meetings, and carried to their end."""

from datetime import date, time, timedelta
from typing import Any

import pytest

from app import clock
from app.services import series as service
from app.services.working_days import at_wall
from tests.series.scene import Course, a_course, on_the_wall
from tests.story import Wing


@pytest.fixture
async def course(wing: Wing) -> Course:
    return await a_course(wing)


async def test_a_course_is_planned_with_all_its_meetings_numbered(course: Course) -> None:
    made = await course.plans(meetings=8)
    assert (made["status"], made["left_out"]) == ("planned", [])
    assert made["plan"]["starts"] == "14:00:00"
    assert (made["plan"]["from_number"], made["plan"]["supersedes_id"]) == (1, None)
    found = await course.occurrences(made)
    assert [each["number"] for each in found] == list(range(1, 9))
    assert [each["day"] for each in found] == [
        str(course.first_day + timedelta(weeks=week)) for week in range(8)
    ]
    assert {on_the_wall(each["starts_at"]) for each in found} == {
        course.first_day.strftime("%a 14:00")
    }
    session = await course.session(found[0])
    assert (session["kind"], session["participations"]) == ("cbt_course", [])


async def test_at_two_on_the_wall_in_winter_and_in_summer(course: Course) -> None:
    year = clock.now().year + 1
    friday = next(date(year, 3, day) for day in range(1, 8) if date(year, 3, day).weekday() == 4)
    made = await course.plans(first_day=str(friday), meetings=8)
    found = await course.occurrences(made)
    assert {on_the_wall(each["starts_at"]) for each in found} == {"Fri 14:00"}
    assert len({each["starts_at"][11:16] for each in found}) == 2


async def test_a_meeting_that_clashes_is_left_out_and_named(course: Course) -> None:
    second = course.first_day + timedelta(weeks=1)
    begin = at_wall(second, time(14, 30))
    await course.scene.books(begin)
    made = await course.plans(on_clash="leave_out")
    [left] = made["left_out"]
    assert left["day"] == str(second)
    assert {each["kind"] for each in left["clashes"]} == {"room", "mentor"}
    found = await course.occurrences(made)
    assert [each["number"] for each in found] == [1, 2, 3]
    assert str(second) not in [each["day"] for each in found]


async def test_or_the_whole_is_refused_with_every_reason_of_every_meeting(course: Course) -> None:
    days = [course.first_day + timedelta(weeks=week) for week in (1, 3)]
    for day in days:
        await course.scene.books(at_wall(day, time(14, 30)))
    problem = await course.plans(409)
    assert problem["code"] == "clash"
    assert {(each["field"], each["code"]) for each in problem["errors"]} == {
        (f"meetings.{day}", kind) for day in days for kind in ("room", "mentor")
    }
    assert [each["day"] for each in problem["left_out"]] == [str(day) for day in days]
    assert (await course.worker.get("series"))["items"] == []
    assert len((await course.worker.get("sessions"))["items"]) == 2


async def test_where_nothing_would_be_left_it_is_refused_either_way(course: Course) -> None:
    await course.scene.books(at_wall(course.first_day, time(14, 0)))
    problem = await course.plans(409, meetings=1, on_clash="leave_out")
    assert problem["code"] == "clash"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"kind": "night_callout"}, "kind"),
        ({"kind": "art_therapy"}, "lead_staff_id"),
        ({"kind": "one_to_one"}, "places"),
        ({"meetings": None}, "meetings"),
        ({"last_day": "2030-01-01"}, "meetings"),
        ({"meetings": None, "last_day": "2020-01-01"}, "last_day"),
        ({"starts": "14:00:30"}, "starts"),
        ({"starts": "14:00:00+01:00"}, "starts"),
        ({"minutes": 5}, "minutes"),
        ({"every_weeks": 0}, "every_weeks"),
        ({"places": 0}, "places"),
        ({"status": "running"}, "status"),
    ],
)
async def test_what_makes_no_sense_is_refused_by_its_field(
    course: Course, fields: dict[str, Any], field: str
) -> None:
    problem = await course.plans(422, **fields)
    assert [each["field"] for each in problem["errors"]] == [field]


async def test_only_support_workers_plan_and_only_those_who_care_read(course: Course) -> None:
    made = await course.plans()
    path = f"series/{made['id']}"
    wing, other = course.wing, await course.scene.one_more()
    for caller in (wing.clinician, wing.governor, wing.officer, course.scene.mentor):
        await caller.post("series", course.body(), 403)
        await caller.move(path, "ended", 403, reason="other")
    for caller in (wing.clinician, wing.nurse, course.scene.mentor):
        shown = await caller.get(path)
        assert (shown["title"], shown["moves"]) == ("Sleeping better", [])
        assert len((await caller.get(f"{path}/occurrences"))["items"]) == 4
    for caller in (wing.governor, wing.officer):
        await caller.get(path, 403)
    for rest in ("", "/occurrences", "/plans", "/history"):
        await other.get(f"{path}{rest}", 404)
    assert (await other.get("series"))["items"] == []


async def test_a_list_is_narrowed_to_a_mentor_a_kind_a_state(course: Course) -> None:
    made = await course.plans()
    mentor = course.scene.mentor.mentor_id
    for query, expected in (
        (f"mentor_id={mentor}", [made["id"]]),
        (f"mentor_id={made['id']}", []),
        ("kind=cbt_course&status=planned", [made["id"]]),
        ("kind=group", []),
    ):
        page = await course.worker.get(f"series?{query}")
        assert [each["id"] for each in page["items"]] == expected
    [row] = (await course.scene.mentor.get("series"))["items"]
    assert row["plan"] == made["plan"]


async def test_a_series_runs_from_its_first_meeting_and_is_completed_after_its_last(
    course: Course,
) -> None:
    made = await course.plans(meetings=2)
    path = f"series/{made['id']}"

    async def after_housekeeping() -> str:
        async with course.wing.db.write(course.wing.prison_id) as db:
            await service.look_after(db, course.wing.prison_id)
        return str((await course.worker.get(path))["status"])

    assert await after_housekeeping() == "planned"
    early = await course.worker.move(path, "running", 409)
    assert [each["code"] for each in early["errors"]] == ["has_begun"]
    one, two = await course.occurrences(made)
    await course.holds(one)
    assert await after_housekeeping() == "running"
    early = await course.worker.move(path, "completed", 409)
    assert [each["code"] for each in early["errors"]] == ["nothing_to_come"]
    await course.holds(two)
    assert await after_housekeeping() == "running"  # it is not over yet
    clock.forward(hours=1)
    assert await after_housekeeping() == "completed"
    rows = (await course.worker.get(f"{path}/history"))["items"]
    assert [row["to_state"] for row in rows] == ["planned", "running", "completed"]
    assert rows[-1]["actor_role"] == "system"


async def test_a_series_whose_mentor_is_gone_is_not_taken_for_completed(course: Course) -> None:
    made = await course.plans(meetings=2)
    one, two = await course.occurrences(made)
    await course.holds(one)
    off = f"sessions/{two['session_id']}"
    await course.worker.move(off, "cancelled", reason="mentor_unavailable")
    async with course.wing.db.write(course.wing.prison_id) as db:
        await service.look_after(db, course.wing.prison_id)
    assert (await course.worker.get(f"series/{made['id']}"))["status"] == "running"
    clock.forward(days=8 + 14)  # for so long it may be planned anew
    async with course.wing.db.write(course.wing.prison_id) as db:
        await service.look_after(db, course.wing.prison_id)
    assert (await course.worker.get(f"series/{made['id']}"))["status"] == "completed"


async def test_ending_calls_off_what_is_still_planned_and_nothing_else(course: Course) -> None:
    made = await course.plans()
    found = await course.occurrences(made)
    await course.holds(found[0])
    path = f"series/{made['id']}"
    problem = await course.worker.move(path, "ended", 422)
    assert [each["field"] for each in problem["errors"]] == ["reason"]
    # It begins by its first meeting; the move is made by hand where the worker has not passed yet.
    await course.worker.move(path, "running")
    await course.worker.move(path, "ended", reason="too_few")
    states = [each["status"] for each in await course.occurrences(made)]
    assert states == ["held", "cancelled", "cancelled", "cancelled"]
    problem = await course.worker.patch(path, {"title": "Other"}, 409)
    assert problem["code"] == "series_over"


async def test_it_is_called_otherwise_under_its_version(course: Course) -> None:
    made = await course.plans()
    path = f"series/{made['id']}"
    await course.worker.patch(path, {"title": "Sleep"}, 428, headers={})
    await course.worker.patch(path, {"title": "Sleep"}, 412, headers={"If-Match": '"7"'})
    assert (await course.worker.patch(path, {"title": "Sleep"}))["title"] == "Sleep"
    await course.worker.patch(path, {"title": None}, 422)


async def test_the_same_key_plans_once(course: Course) -> None:
    once = {"Idempotency-Key": "a-course"}
    one = await course.worker.post("series", course.body(), headers=once)
    two = await course.worker.post("series", course.body(), headers=once)
    assert one == two
    assert len((await course.worker.get("series"))["items"]) == 1
