"""The limits of a mentor's work over HTTP: plans keep them, facts are recorded with a warning."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from app import clock
from tests.sessions.scene import Scene, a_scene
from tests.story import Wing


@pytest.fixture
async def scene(wing: Wing) -> Scene:
    """A volunteer whose prison allows two hours a week, so that a week is soon full."""
    made = await a_scene(wing)
    await wing.governor.patch("", {"voluntary_weekly_hours": 2, "full_time_weekly_hours": 3})
    return made


def monday(hour: int = 9) -> datetime:
    """In the week after next, whatever today is."""
    now = clock.now()
    day = now + timedelta(days=14 - now.weekday())
    return day.replace(hour=hour, minute=0, second=0, microsecond=0)


def clash_kinds(problem: dict[str, Any]) -> list[str]:
    return [each["kind"] for each in problem["clashes"]]


async def conditions(scene: Scene, *given: str) -> None:
    """The mentor was approved on these."""
    sql = "UPDATE mentor SET conditions = :given WHERE id = :id"
    async with scene.wing.db.write(scene.wing.prison_id) as session:
        values = {"given": list(given), "id": UUID(str(scene.mentor.mentor_id))}
        await session.execute(text(sql), values)


async def test_a_week_that_is_full_takes_no_more_plans(scene: Scene) -> None:
    await scene.books(monday(9))
    last = await scene.books(monday(9) + timedelta(days=6))
    refused = await scene.refused(monday(13))
    assert (refused["code"], clash_kinds(refused)) == ("clash", ["weekly_hours"])
    assert [error["field"] for error in refused["errors"]] == ["mentor_id"]
    assert refused["clashes"][0]["thing_id"] == str(scene.mentor.mentor_id)
    assert "3 h 00 min of at most 2 h" in refused["detail"]
    await scene.books(monday(9) + timedelta(days=7))
    await scene.support_worker.move(f"sessions/{last['id']}", "cancelled", reason="no_room")
    await scene.books(monday(13))


async def test_a_mentor_learns_one_word(scene: Scene) -> None:
    await scene.books(monday(9), minutes=120)
    refused = await scene.mentor.post("sessions", scene.plan(monday(13)), 409)
    assert clash_kinds(refused) == ["unavailable"]
    assert "hours" not in str(refused)
    assert {error["message"] for error in refused["errors"]} == {"unavailable"}


async def test_full_time_mentors_have_their_own_limit(scene: Scene) -> None:
    body = {"commitment": "full_time"}
    await scene.support_worker.put(f"mentors/{scene.mentor.mentor_id}/commitment", body)
    await scene.books(monday(9), minutes=180)
    refused = await scene.refused(monday(13))
    assert clash_kinds(refused) == ["weekly_hours"]


async def test_moving_a_plan_within_its_week_counts_it_once(scene: Scene) -> None:
    planned = await scene.books(monday(9), minutes=120)
    starts = monday(14)
    body = {"starts_at": str(starts), "ends_at": str(starts + timedelta(hours=2))}
    await scene.support_worker.patch(f"sessions/{planned['id']}", body)
    longer = {**body, "ends_at": str(starts + timedelta(hours=3))}
    refused = await scene.support_worker.patch(f"sessions/{planned['id']}", longer, expect=409)
    assert clash_kinds(refused) == ["weekly_hours"]


async def test_of_bookings_at_once_only_as_many_as_fit_are_taken(scene: Scene) -> None:
    """None touches another in time: it is the week that is full."""
    plans = [scene.plan(monday(9) + timedelta(days=number)) for number in range(6)]
    answers = await asyncio.gather(
        *[scene.support_worker.request("POST", "sessions", json=plan) for plan in plans]
    )
    assert sorted(answer.status_code for answer in answers) == [201] * 2 + [409] * 4


async def test_conditions_of_approval_and_of_clearance_are_kept_in_plans(scene: Scene) -> None:
    await conditions(scene, "no_one_to_one")
    assert clash_kinds(await scene.refused(monday())) == ["approval_condition"]
    group = {"kind": "group", "mentee_ids": scene.mentees}
    today = clock.now().date()
    body = {
        "outcome": "cleared",
        "valid_from": str(today),
        "valid_to": str(today + timedelta(days=300)),
        "conditions": ["groups_with_staff_only"],
    }
    await scene.wing.governor.put(f"mentors/{scene.mentor.mentor_id}/clearance", body)
    shown = await scene.mentor.get(f"mentors/{scene.mentor.mentor_id}")
    assert shown["conditions"] == ["no_one_to_one", "groups_with_staff_only"]
    assert clash_kinds(await scene.refused(monday(), **group)) == ["approval_condition"]
    lead = {"lead_staff_id": str(scene.wing.clinician.staff_id)}
    planned = await scene.books(monday(), **group, **lead)
    change = {"lead_staff_id": None}
    refused = await scene.support_worker.patch(f"sessions/{planned['id']}", change, expect=409)
    assert clash_kinds(refused) == ["approval_condition"]


async def test_a_mentor_of_their_own_wing_only_is_planned_with_nobody_of_another(
    scene: Scene,
) -> None:
    wing = scene.wing
    mentee = await wing.support_worker.get(f"mentees/{scene.mentees[0]}")
    lives = "UPDATE person SET cell_location = :cell WHERE id = :id"

    async def moves_to(person_id: object, cell: str | None) -> None:
        async with wing.db.write(wing.prison_id) as session:
            await session.execute(text(lives), {"cell": cell, "id": UUID(str(person_id))})

    await moves_to(scene.mentor.person_id, "A-1-001")
    await moves_to(mentee["person_id"], "B-1-001")
    await scene.books(monday())
    await conditions(scene, "own_wing_only")
    refused = await scene.refused(monday(11))
    assert clash_kinds(refused) == ["approval_condition"]
    assert "own_wing_only" in refused["detail"]
    await moves_to(mentee["person_id"], "A-2-017")
    await scene.books(monday(11), minutes=30)
    await moves_to(mentee["person_id"], None)
    await moves_to(scene.mentor.person_id, None)  # two unknown cells are on no wing in common
    assert clash_kinds(await scene.refused(monday(13), minutes=15)) == ["approval_condition"]


async def test_what_happened_is_recorded_with_what_it_went_against(scene: Scene) -> None:
    wing = scene.wing
    await conditions(scene, "no_nights")
    await wing.governor.patch("", {"nights_in_seven_days": 1})
    seen = []
    for hours in (30, 6):
        body = scene.plan(clock.now() - timedelta(hours=hours), kind="night_callout", minutes=90)
        made = await wing.officer.post("sessions/held", {**body, "room_id": None})
        seen.append([each["kind"] for each in made["warnings"]])
    assert seen[0] == ["approval_condition"]
    assert set(seen[1]) >= {"night_limit", "approval_condition"}
    history = (await wing.support_worker.get(f"sessions/{made['id']}/history"))["items"]
    assert "night call-outs in seven days" in history[0]["note"]
    own = scene.plan(clock.now() - timedelta(hours=3), kind="day_to_day", minutes=150)
    made = await scene.mentor.post("sessions/held", {**own, "room_id": None})
    kinds = [each["kind"] for each in made["warnings"]]
    assert kinds in ([], ["unavailable"])  # whether the days above lie in one week or not
