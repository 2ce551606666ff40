"""A death in custody: what begins at once, and how a wrong report is undone."""

from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.integrations.prison.synthetic import document
from app.models.staff import StaffRole
from tests.story import Caller, Wing


def told(**fields: Any) -> dict[str, Any]:
    return {"occurred_at": str(clock.now()), "source": "healthcare", **fields}


async def dies(by: Caller, person_id: str, expect: int = 201, **fields: Any) -> Any:
    return await by.post(f"people/{person_id}/death", told(**fields), expect)


async def together(wing: Wing) -> tuple[Caller, Any]:
    """A mentor and an engaged mentee, paired."""
    mentor, mentee = await wing.active_mentor(), await wing.engaged()
    await wing.pairs(mentor, mentee["id"])
    return mentor, mentee


async def planned(wing: Wing, mentor: Caller, mentee: Any, **fields: Any) -> Any:
    start = clock.now() + timedelta(hours=2)
    body = {
        "kind": "one_to_one",
        "mentor_id": str(mentor.mentor_id),
        "mentee_ids": [mentee["id"]],
        "starts_at": str(start),
        "ends_at": str(start + timedelta(hours=1)),
        **fields,
    }
    return await wing.support_worker.post("sessions", body)


async def held(by: Caller, mentor: Caller, mentee: Any) -> Any:
    start = clock.now() - timedelta(hours=2)
    body = {
        "kind": "one_to_one",
        "mentor_id": str(mentor.mentor_id),
        "mentee_ids": [mentee["id"]],
        "starts_at": str(start),
        "ends_at": str(start + timedelta(hours=1)),
    }
    return await by.post("sessions/held", body)


@pytest.mark.parametrize("who", ["support_worker", "clinician", "nurse", "governor", "officer"])
async def test_staff_report_a_death(wing: Wing, who: str) -> None:
    person = await wing.person()
    death = await dies(getattr(wing, who), person["id"])
    assert (death["status"], death["source"]) == ("reported", "healthcare")


async def test_mentors_report_no_death(wing: Wing) -> None:
    mentor, mentee = await together(wing)
    await dies(mentor, mentee["person_id"], expect=403)
    await mentor.post(f"people/{mentee['person_id']}/death/correction", expect=403)


async def test_a_death_is_not_reported_twice_nor_ahead_of_time(wing: Wing) -> None:
    person = await wing.person()
    ahead = str(clock.now() + timedelta(minutes=5))
    refused = await dies(wing.nurse, person["id"], 422, occurred_at=ahead)
    assert refused["errors"][0]["code"] == "in_the_future"
    await dies(wing.nurse, person["id"])
    assert (await dies(wing.officer, person["id"], 409))["code"] == "already_exists"


async def test_of_a_death_elsewhere_nothing_is_known(wing: Wing) -> None:
    await dies(wing.nurse, "0198c0de-0000-7000-8000-000000000000", 404)


async def test_a_death_at_midnight_is_kept_to_the_second(wing: Wing) -> None:
    person = await wing.person()
    midnight = (clock.now() - timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    death = await dies(wing.nurse, person["id"], occurred_at=str(midnight))
    assert death["occurred_at"] == clock.spell(midnight)


async def test_a_mentees_death_holds_ends_and_stops_what_there_is_at_once(wing: Wing) -> None:
    mentor, mentee = await together(wing)
    session = await planned(wing, mentor, mentee)
    await dies(wing.officer, mentee["person_id"])
    holds = await wing.governor.get(f"legal-holds?person_id={mentee['person_id']}")
    assert [each["reason"] for each in holds["items"]] == ["death_in_custody"]
    gone = await wing.support_worker.get(f"mentees/{mentee['id']}")
    assert gone["status"] == "deceased"
    person = await wing.support_worker.get(f"people/{mentee['person_id']}")
    assert person["presence"] == "left"
    assert (await wing.support_worker.get(f"sessions/{session['id']}"))["status"] == "cancelled"
    pairings = await wing.support_worker.get("pairings")
    assert [each["status"] for each in pairings["items"]] == ["ended"]


async def test_a_mentors_death_cancels_what_they_were_to_lead(wing: Wing) -> None:
    mentor, mentee = await together(wing)
    session = await planned(wing, mentor, mentee)
    await dies(wing.nurse, str(mentor.person_id))
    assert (await wing.support_worker.get(f"sessions/{session['id']}"))["status"] == "cancelled"
    gone = await wing.support_worker.get(f"mentors/{mentor.mentor_id}")
    assert gone["status"] == "deceased"
    await mentor.get("sessions", expect=403)


@pytest.mark.parametrize("side", ["mentee", "mentor"])
async def test_an_episode_moved_to_deceased_does_the_same(wing: Wing, side: str) -> None:
    mentor, mentee = await together(wing)
    path = f"mentees/{mentee['id']}" if side == "mentee" else f"mentors/{mentor.mentor_id}"
    person_id = mentee["person_id"] if side == "mentee" else str(mentor.person_id)
    await wing.support_worker.move(path, "deceased")
    holds = await wing.governor.get(f"legal-holds?person_id={person_id}")
    assert len(holds["items"]) == 1
    assert (await wing.support_worker.get(f"people/{person_id}"))["presence"] == "left"
    assert (await dies(wing.nurse, person_id, 409))["code"] == "already_exists"


async def tasks_of(caller: Caller) -> list[tuple[str, str | None]]:
    items = (await caller.get("tasks?limit=200"))["items"]
    return [(each["kind"], each["person_id"]) for each in items if each["status"] == "open"]


async def test_those_around_a_dead_mentee_are_looked_after_within_a_day(wing: Wing) -> None:
    lead = await wing.hires(StaffRole.mental_health_lead)
    mentor, mentee = await together(wing)
    body = {
        "immediacy": "today",
        "subject_person_id": mentee["person_id"],
        "account": "Not himself.",
    }
    concern = await mentor.post("concerns", body)
    await wing.clinician.post(f"concerns/{concern['id']}/acknowledgement", {}, expect=200)
    await dies(wing.nurse, mentee["person_id"])
    everyones = await wing.governor.get("tasks")
    kinds = sorted((each["kind"], each["for_staff_id"]) for each in everyones["items"]
                   if each["for_staff_id"])  # fmt: skip
    staff = sorted([str(wing.support_worker.staff_id), str(wing.clinician.staff_id)])
    assert kinds == [("debrief", each) for each in staff]
    due = {each["due_at"] for each in everyones["items"] if each["kind"] != "triage_due"}
    assert max(due) <= clock.spell(clock.now() + timedelta(hours=24))
    assert ("debrief", str(mentor.person_id)) in await tasks_of(wing.support_worker)
    assert ("postvention", mentee["person_id"]) in await tasks_of(lead)
    still = await wing.clinician.get(f"concerns/{concern['id']}")
    assert still["status"] == "acknowledged"
    assert still["next_step_at"] is not None


async def test_whoever_was_worried_about_the_dead_is_looked_after_though_it_is_closed(
    wing: Wing,
) -> None:
    worried, person = await wing.active_mentor(), await wing.person()
    body = {"immediacy": "today", "subject_person_id": person["id"], "account": "Not himself."}
    raised = await worried.post("concerns", body)
    path = f"concerns/{raised['id']}"
    await wing.clinician.post(f"{path}/acknowledgement", {}, 200)
    await wing.officer.post(f"{path}/seen", {}, 200)
    await wing.clinician.post(f"{path}/decision", {"decision": "Talked."}, 200)
    await wing.clinician.post(f"{path}/feedback", {"outcome": "acted"}, 200)
    await wing.clinician.move(path, "under_review")
    await wing.clinician.move(path, "ready_to_close")
    await wing.support_worker.move(path, "closed")
    await dies(wing.nurse, person["id"])
    assert ("debrief", str(worried.person_id)) in await tasks_of(wing.support_worker)
    items = (await wing.governor.get("tasks?kind=debrief"))["items"]
    staff = {each["for_staff_id"] for each in items}
    assert {str(wing.clinician.staff_id), str(wing.officer.staff_id)} <= staff


async def test_a_dead_mentors_mentees_are_looked_after(wing: Wing) -> None:
    mentor, mentee = await together(wing)
    await dies(wing.nurse, str(mentor.person_id))
    assert ("postvention", mentee["person_id"]) in await tasks_of(wing.support_worker)


async def test_notes_that_touch_the_dead_lock_and_take_addenda_only(wing: Wing) -> None:
    mentor, mentee = await together(wing)
    session = await held(mentor, mentor, mentee)
    path = f"sessions/{session['id']}"
    note = {"note": "He was quiet."}
    await mentor.put(f"{path}/note", note)
    early = await mentor.post(f"{path}/addenda", {"text": "And pale."}, 409)
    assert early["code"] == "note_open"
    await dies(wing.nurse, mentee["person_id"])
    locked = await mentor.request(
        "PUT", f"/v1/prisons/{wing.prison_id}/{path}/note", json=note, headers={"If-Match": "*"}
    )
    assert locked.json()["code"] == "note_locked"
    said = await mentor.post(f"{path}/addenda", {"text": "He had asked for his sister."})
    assert said["text"] == "He had asked for his sister."
    await wing.support_worker.post(f"{path}/addenda", {"text": "His sister was told."})
    texts = [each["text"] for each in (await wing.support_worker.get(f"{path}/addenda"))["items"]]
    assert texts == ["He had asked for his sister.", "His sister was told."]
    for other in (wing.officer, wing.clinician, wing.governor):
        await other.post(f"{path}/addenda", {"text": "No."}, 403)
    assert (await wing.support_worker.get(path))["note"] == "He was quiet."


async def test_a_session_recorded_after_the_death_takes_no_new_note(wing: Wing) -> None:
    mentor, mentee = await together(wing)
    await dies(wing.nurse, mentee["person_id"])
    late = await held(wing.support_worker, mentor, mentee)
    refused = await mentor.put(f"sessions/{late['id']}/note", {"note": "Late."}, 409)
    assert refused["code"] == "note_locked"
    await mentor.post(f"sessions/{late['id']}/addenda", {"text": "Late."})


async def test_a_wrong_report_is_undone_by_a_second_person_and_the_hold_stays(wing: Wing) -> None:
    _, mentee = await together(wing)
    path = f"people/{mentee['person_id']}"
    await dies(wing.nurse, mentee["person_id"])
    refused = await wing.nurse.post(f"{path}/death/correction", expect=409)
    assert refused["code"] == "second_person_needed"
    undone = await wing.governor.post(f"{path}/death/correction", expect=200)
    assert (undone["status"], undone["corrected_by"]) == ("corrected", wing.governor.subject)
    assert (await wing.support_worker.get(path))["presence"] == "here"
    assert (await wing.support_worker.get(f"mentees/{mentee['id']}"))["status"] == "engaged"
    assert not await tasks_of(wing.governor)
    holds = await wing.governor.get(f"legal-holds?person_id={mentee['person_id']}")
    assert [each["status"] for each in holds["items"]] == ["placed"]
    again = await wing.governor.post(f"{path}/death/correction", expect=409)
    assert again["code"] == "conflict"
    await dies(wing.officer, mentee["person_id"])  # and it may be reported anew


async def test_a_dead_mentors_wrong_end_is_corrected_with_the_report(wing: Wing) -> None:
    mentor, _ = await together(wing)
    person_id = str(mentor.person_id)
    await dies(wing.nurse, person_id)
    await wing.governor.post(f"people/{person_id}/death/correction", expect=200)
    assert (await wing.governor.get(f"mentors/{mentor.mentor_id}"))["status"] == "active"
    await wing.support_worker.move(f"mentors/{mentor.mentor_id}", "deceased")
    for two in (wing.support_worker, wing.governor):
        await two.post(f"mentors/{mentor.mentor_id}/correction", expect=200)
    assert (await wing.governor.get(f"people/{person_id}"))["presence"] == "here"


async def test_a_document_that_lags_behind_brings_nobody_back(wing: Wing) -> None:
    known = document(1, prison_id=wing.prison_id)
    await wing.support_worker.post("people/import", [known])
    (person,) = (await wing.support_worker.get("people"))["items"]
    await dies(wing.nurse, person["id"])
    report = await wing.support_worker.post("people/import", [known])
    assert [row["outcome"] for row in report["rows"]] == ["kept_out"]
    assert (await wing.support_worker.get(f"people/{person['id']}"))["presence"] == "left"
