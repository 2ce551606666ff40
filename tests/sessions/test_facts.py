"""What happened is recorded whatever was planned."""

from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.models.mentees import MenteeStatus
from tests.sessions.scene import Scene, a_mentee, a_scene
from tests.story import Wing


@pytest.fixture
async def scene(wing: Wing) -> Scene:
    return await a_scene(wing)


def an_hour_ago(scene: Scene, **fields: Any) -> dict[str, Any]:
    return scene.plan(clock.now() - timedelta(hours=1), **fields)


# -- walk-ins and night call-outs


@pytest.mark.parametrize("kind", ["one_to_one", "group", "cbt_course", "day_to_day"])
async def test_a_walk_in_of_any_kind_is_recorded_as_held_and_attended(
    scene: Scene, kind: str
) -> None:
    session = await scene.support_worker.post("sessions/held", an_hour_ago(scene, kind=kind))
    assert (session["status"], session["warnings"]) == ("held", [])
    assert [part["status"] for part in session["participations"]] == ["attended"]
    entries = (await scene.support_worker.get(f"sessions/{session['id']}/history"))["items"]
    assert [(entry["from_state"], entry["to_state"]) for entry in entries] == [(None, "held")]


async def test_what_happened_is_never_refused_for_a_clash(scene: Scene) -> None:
    planned = await scene.books(clock.now() + timedelta(seconds=30))
    clock.forward(hours=1)
    walk_in = scene.plan(clock.now() - timedelta(minutes=50), minutes=40)
    session = await scene.support_worker.post("sessions/held", walk_in)
    assert [warning["kind"] for warning in session["warnings"]] == ["room", "mentor", "mentee"]
    assert session["warnings"][0]["thing_id"] == scene.room
    entries = (await scene.support_worker.get(f"sessions/{session['id']}/history"))["items"]
    assert entries[0]["note"].startswith("Recorded in spite of: The room is taken from")
    await scene.support_worker.move(f"sessions/{planned['id']}", "held")


async def test_a_walk_in_over_capacity_with_a_paused_mentee_is_recorded_with_warnings(
    wing: Wing,
) -> None:
    scene = await a_scene(wing, mentees=1, capacity=2)
    paused = await a_mentee(wing, status=MenteeStatus.paused)
    body = an_hour_ago(scene, kind="group", mentee_ids=[*scene.mentees, paused])
    session = await scene.support_worker.post("sessions/held", body)
    kinds = [warning["kind"] for warning in session["warnings"]]
    assert kinds == ["capacity", "mentee_not_engaged"]


async def test_what_happened_takes_no_slot_from_a_plan(scene: Scene) -> None:
    await scene.support_worker.post("sessions/held", an_hour_ago(scene))
    again = await scene.support_worker.post("sessions/held", an_hour_ago(scene))
    assert again["warnings"] == []


async def test_what_happened_did_not_happen_in_the_future(scene: Scene) -> None:
    body = scene.plan(clock.now() - timedelta(minutes=10))
    problem = await scene.support_worker.post("sessions/held", body, 422)
    assert [error["field"] for error in problem["errors"]] == ["ends_at"]
    problem = await scene.support_worker.post("sessions/held", scene.plan(), 422)
    assert [error["field"] for error in problem["errors"]] == ["starts_at", "ends_at"]


async def test_a_walk_in_may_end_this_very_moment(scene: Scene) -> None:
    body = scene.plan(clock.now() - timedelta(minutes=20), minutes=20)
    assert (await scene.support_worker.post("sessions/held", body))["status"] == "held"


async def test_a_mentor_records_their_own_walk_in_and_learns_one_word(scene: Scene) -> None:
    await scene.books(clock.now() + timedelta(seconds=30))
    clock.forward(hours=1)
    body = scene.plan(clock.now() - timedelta(minutes=50), minutes=40, note="He came by himself.")
    session = await scene.mentor.post("sessions/held", body)
    assert session["warnings"] == [{"kind": "unavailable", "detail": "unavailable"}]
    assert (session["status"], session["note"]) == ("noted", "He came by himself.")
    assert session["authorised_by"] is None


async def test_a_mentor_records_nobody_elses_walk_in(scene: Scene) -> None:
    other = await scene.one_more()
    body = an_hour_ago(scene, mentor_id=str(other.mentor_id))
    await scene.mentor.post("sessions/held", body, 422)


@pytest.mark.parametrize("who", ["officer", "support_worker"])
async def test_a_night_call_out_stands_under_the_name_of_who_authorised_it(
    scene: Scene, who: str
) -> None:
    caller = getattr(scene.wing, who)
    body = an_hour_ago(scene, kind="night_callout", minutes=45)
    session = await caller.post("sessions/held", body)
    assert session["authorised_by"] == str(caller.staff_id)
    assert (session["kind"], session["status"]) == ("night_callout", "held")


async def test_a_call_out_overrides_the_guards_of_plans(scene: Scene) -> None:
    path = f"mentors/{scene.mentor.mentor_id}"
    await scene.support_worker.move(path, "suspended", reason="welfare")
    body = an_hour_ago(scene, kind="night_callout")
    session = await scene.wing.officer.post("sessions/held", body)
    assert [warning["kind"] for warning in session["warnings"]] == ["mentor_not_active"]
    assert "note" not in session


async def test_a_mentor_authorises_no_call_out(scene: Scene) -> None:
    body = an_hour_ago(scene, kind="night_callout")
    assert (await scene.mentor.post("sessions/held", body, 403))["code"] == "not_allowed"


async def test_a_recorded_session_replayed_under_its_key_is_one(scene: Scene) -> None:
    body, key = an_hour_ago(scene), {"headers": {"Idempotency-Key": "night-7"}}
    first = await scene.wing.officer.post("sessions/held", body, **key)
    assert await scene.wing.officer.post("sessions/held", body, **key) == first


async def test_the_answer_leads_to_the_session_that_was_recorded(scene: Scene) -> None:
    body = an_hour_ago(scene, kind="group")
    made = await scene.support_worker.request("POST", "sessions/held", json=body)
    there = str(made.request.url.join(made.headers["Location"]).path)
    assert (await scene.support_worker.get(there))["id"] == made.json()["id"]
