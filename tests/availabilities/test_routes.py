"""Availabilities over HTTP: a mentor's own word, or entered for them."""

from typing import Any

from tests.story import Wing

MONDAYS = {"kind": "available", "weekday": 1, "from_time": "08:00", "to_time": "12:00"}


def codes(problem: dict[str, Any]) -> list[tuple[str, str]]:
    return [(error["field"], error["code"]) for error in problem["errors"]]


async def test_a_mentor_says_when_they_can_serve_and_staff_enter_it_for_others(wing: Wing) -> None:
    mentor, other = await wing.active_mentor(), await wing.active_mentor()
    said = await mentor.post("availabilities", MONDAYS)
    assert (said["mentor_id"], said["recorded_by"]) == (str(mentor.mentor_id), None)
    entered = {**MONDAYS, "mentor_id": str(other.mentor_id), "kind": "prefers"}
    theirs = await wing.support_worker.post("availabilities", entered)
    assert theirs["recorded_by"] == str(wing.support_worker.staff_id)
    assert (await mentor.get("availabilities"))["items"] == [said]
    assert len((await wing.clinician.get("availabilities"))["items"]) == 2
    assert len((await wing.governor.get("availabilities?kind=prefers"))["items"]) == 1
    await mentor.get(f"availabilities/{theirs['id']}", 404)
    await mentor.post(f"availabilities/{theirs['id']}/end", expect=404)


async def test_nobody_but_mentors_and_support_workers_says_it(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    body = {**MONDAYS, "mentor_id": str(mentor.mentor_id)}
    for caller in (wing.clinician, wing.governor, wing.officer):
        await caller.post("availabilities", body, 403)
    await wing.officer.get("availabilities", 403)


async def test_to_a_mentor_another_mentor_is_not_there(wing: Wing) -> None:
    mentor, other = await wing.active_mentor(), await wing.active_mentor()
    for mentor_id in (str(other.mentor_id), "0198c0de-0000-7000-8000-000000000000"):
        refused = await mentor.post("availabilities", {**MONDAYS, "mentor_id": mentor_id}, 422)
        assert codes(refused) == [("mentor_id", "unknown")]
    refused = await wing.support_worker.post("availabilities", MONDAYS, 422)
    assert codes(refused) == [("mentor_id", "missing")]


async def test_it_is_of_a_weekday_or_of_a_day(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    for wrong in ({"weekday": 8}, {"weekday": None}, {"on_day": "2026-12-24"}):
        refused = await mentor.post("availabilities", {**MONDAYS, **wrong}, 422)
        assert refused["errors"][0]["field"] == "weekday"
    await mentor.post("availabilities", {**MONDAYS, "weekday": None, "on_day": "2026-12-24"})


async def test_what_ended_counts_no_more_and_stays_to_be_seen(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    said = await mentor.post("availabilities", MONDAYS)
    path = f"availabilities/{said['id']}"
    assert (await mentor.post(f"{path}/end", expect=200))["ended_at"] is not None
    await wing.support_worker.post(f"{path}/end", expect=409)
    assert (await mentor.get("availabilities?ended=false"))["items"] == []
    assert len((await mentor.get("availabilities?ended=true"))["items"]) == 1
