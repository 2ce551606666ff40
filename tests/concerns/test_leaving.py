"""Whoever a concern is about leaves in the middle: somebody by name must have it there."""

from datetime import timedelta
from typing import Any

import pytest

from app import clock
from tests.concerns.conftest import Night

THERE = {"side": "HMP Exampleton, healthcare", "received_by": "Nurse Testwell"}


async def about(night: Night, **fields: Any) -> tuple[Any, str]:
    """A person, and the path of a concern about them that was acknowledged."""
    person = await night.wing.person()
    raised = await night.raises(
        night.wing.officer, subject_person_id=person["id"], subject_as_told=None, **fields
    )
    path = f"concerns/{raised['id']}"
    await night.wing.clinician.post(f"{path}/acknowledgement", {}, 200)
    return person, path


async def asked(night: Night) -> list[Any]:
    found = await night.wing.governor.get("tasks?kind=receipt_due&status=open")
    items: list[Any] = found["items"]
    return items


async def settled(night: Night, path: str) -> None:
    """Everything that closing asks for, but for the other side's receipt."""
    await night.wing.officer.post(f"{path}/seen", {"not_seen_reason": "On the van."}, 200)
    body = {"decision": "They will see him there.", "acct_decision": "already_open"}
    await night.wing.clinician.post(f"{path}/decision", body, 200)
    await night.wing.clinician.move(path, "under_review")
    await night.wing.clinician.move(path, "ready_to_close")


async def test_whoever_leaves_is_handed_on_by_name_before_it_closes(night: Night) -> None:
    wing = night.wing
    person, path = await about(night)
    before = await wing.clinician.get(path)
    await wing.presence(person["id"], "left")
    await wing.tidies()
    await wing.tidies()
    [task] = await asked(night)
    assert f"concerns/{task['thing_id']}" == path
    assert task["for_role"] == "support_worker"
    assert task["due_at"] <= clock.spell(clock.now() + timedelta(hours=1))
    after = await wing.clinician.get(path)
    clocks = ("acknowledge_by", "seen_by", "decide_by", "next_step_at")
    assert [after[each] for each in clocks] == [before[each] for each in clocks]
    assert after["subject_left_at"] is not None
    await settled(night, path)
    refused = await wing.support_worker.move(path, "closed", 409)
    assert [each["code"] for each in refused["errors"]] == ["received_there"]
    done = await wing.support_worker.move(f"tasks/{task['id']}", "done", 409)
    assert done["errors"][0]["code"] == "thing_settled"
    here = {"not_left_reason": "He is in his cell."}
    assert (await wing.clinician.post(f"{path}/receiving-side", here, 409))["code"] == "conflict"
    received = await wing.support_worker.post(f"{path}/receiving-side", THERE, 200)
    assert received["received_there_by"] == "Nurse Testwell"
    assert await asked(night) == []
    assert (await wing.support_worker.move(path, "closed"))["status"] == "closed"
    line = (await wing.clinician.get(f"{path}/timeline"))["items"]
    assert {"subject_left", "received_there"} <= {each["code"] for each in line}


async def test_not_handed_on_it_climbs_outside(night: Night) -> None:
    wing = night.wing
    person, _ = await about(night)
    await wing.presence(person["id"], "left")
    await wing.tidies()
    [task] = await asked(night)
    await night.sweep()
    told = [each["task_id"] for each in await night.pages(wing.support_worker)]
    assert told.count(task["id"]) == 1
    clock.forward(hours=1)
    await night.sweep()
    told = [each["task_id"] for each in await night.pages(wing.support_worker)]
    assert told.count(task["id"]) == 2
    clock.forward(hours=4)
    await night.sweep()
    assert task["id"] in [each["task_id"] for each in await night.pages(wing.governor)]


@pytest.mark.parametrize("end", ["transferred", "released"])
async def test_an_episode_that_ends_so_asks_for_it_too_unless_they_are_here(
    night: Night, end: str
) -> None:
    wing = night.wing
    mentee = await wing.engaged()
    raised = await night.raises(
        wing.officer, subject_person_id=mentee["person_id"], immediacy="today"
    )
    await wing.tidies()
    assert await asked(night) == []
    await wing.support_worker.move(f"mentees/{mentee['id']}", end)
    await wing.tidies()
    assert len(await asked(night)) == 1
    path = f"concerns/{raised['id']}/receiving-side"
    await wing.clinician.post(path, {"not_left_reason": "The van was turned back."}, 200)
    await wing.tidies()
    assert await asked(night) == []


async def test_who_comes_back_needs_no_receipt_and_the_dead_none(night: Night) -> None:
    wing = night.wing
    person, path = await about(night)
    await wing.presence(person["id"], "left")
    await wing.tidies()
    await wing.presence(person["id"], "here")
    await wing.tidies()
    assert await asked(night) == []
    assert (await wing.clinician.get(path))["subject_left_at"] is None
    told = {"occurred_at": clock.spell(clock.now()), "source": "healthcare"}
    await wing.nurse.post(f"people/{person['id']}/death", told)
    await wing.tidies()
    assert await asked(night) == []


async def test_it_does_not_close_in_the_minute_before_the_leaving_is_noted(night: Night) -> None:
    person, path = await about(night)
    await settled(night, path)
    await night.wing.presence(person["id"], "left")
    refused = await night.wing.support_worker.move(path, "closed", 409)
    assert [each["code"] for each in refused["errors"]] == ["received_there"]


async def test_a_receipt_is_a_name_and_a_place(night: Night) -> None:
    _, path = await about(night)
    for body, field in (
        ({}, "side"),
        ({"side": "HMP Exampleton"}, "received_by"),
        ({**THERE, "not_left_reason": "He is here."}, "not_left_reason"),
    ):
        refused = await night.wing.clinician.post(f"{path}/receiving-side", body, 422)
        assert refused["errors"][0]["field"] == field
    for caller, status in ((night.mentor, 403), (night.wing.officer, 403)):
        await caller.post(f"{path}/receiving-side", THERE, status)
    await night.wing.governor.post(f"{path}/receiving-side", THERE, 403)


async def test_reopened_the_other_side_must_hear_anew(night: Night) -> None:
    wing = night.wing
    person, path = await about(night)
    await wing.presence(person["id"], "left")
    await wing.clinician.post(f"{path}/receiving-side", THERE, 200)
    await wing.tidies()
    assert await asked(night) == []
    await settled(night, path)
    await wing.support_worker.move(path, "closed")
    await wing.clinician.move(path, "reopened", reason="new_information")
    await wing.tidies()
    assert len(await asked(night)) == 1
