"""Mentors over HTTP: evidence, and who sees what."""

from datetime import timedelta
from typing import Any

from app import clock
from tests.story import Wing, clearance


def codes(problem: dict[str, Any]) -> list[str]:
    return [error["code"] for error in problem["errors"]]


# --- evidence --------------------------------------------------------------------------------


async def test_evidence_needs_the_etag_that_was_read(wing: Wing) -> None:
    mentor = await wing.approved()
    path = f"mentors/{mentor['id']}"
    body = {"signed_at": str(clock.now())}
    refused = await wing.support_worker.put(f"{path}/agreement", body, expect=428, headers={})
    assert refused["code"] == "if_match_needed"
    read = await wing.support_worker.request("GET", path)
    match = {"If-Match": read.headers["ETag"]}
    await wing.support_worker.put(f"{path}/agreement", body, headers=match)
    refused = await wing.support_worker.put(f"{path}/agreement", body, expect=412, headers=match)
    assert refused["code"] == "stale"


async def test_a_move_may_carry_if_match(wing: Wing) -> None:
    mentor = await wing.applicant()
    body = {"to": "submitted"}
    moves = f"mentors/{mentor['id']}/moves"
    await wing.support_worker.post(moves, body, expect=412, headers={"If-Match": '"99"'})
    await wing.support_worker.post(moves, body, expect=200, headers={"If-Match": '"1"'})


async def test_a_move_that_takes_no_reason_is_given_none_and_a_reason_is_a_line(wing: Wing) -> None:
    path = f"mentors/{(await wing.applicant())['id']}"
    for reason in ("Sampleford said so", "a\x00b", ""):
        refused = await wing.support_worker.move(path, "submitted", expect=422, reason=reason)
        assert [error["field"] for error in refused["errors"]] == ["reason"]
        assert "Sampleford" not in str(refused)
    assert (await wing.support_worker.get(path))["status"] == "draft"


async def test_clearance_is_the_governors_to_record(wing: Wing) -> None:
    mentor = await wing.applicant()
    today = clock.now().date()
    body = clearance(today, today + timedelta(days=1))
    for caller in (wing.support_worker, wing.clinician, wing.as_person(mentor["person_id"])):
        await caller.put(f"mentors/{mentor['id']}/clearance", body, expect=403)


async def test_an_agreement_is_not_signed_in_the_future(wing: Wing) -> None:
    mentor = await wing.approved()
    body = {"signed_at": str(clock.now() + timedelta(minutes=1))}
    refused = await wing.support_worker.put(f"mentors/{mentor['id']}/agreement", body, expect=422)
    assert codes(refused) == ["in_the_future"]


async def test_a_supervisor_is_a_support_worker_or_a_clinician(wing: Wing) -> None:
    path = f"mentors/{(await wing.approved())['id']}/supervisor"
    for caller in (wing.governor, wing.officer):
        refused = await wing.support_worker.put(
            path, {"staff_id": str(caller.staff_id)}, expect=422
        )
        assert codes(refused) == ["supervisor"]
    unknown = {"staff_id": (await wing.person())["id"]}
    assert codes(await wing.support_worker.put(path, unknown, expect=422)) == ["unknown"]
    shown = await wing.support_worker.put(path, {"staff_id": str(wing.nurse.staff_id)})
    assert shown["supervisor_id"] == str(wing.nurse.staff_id)


def _observation(other_id: object, **fields: Any) -> dict[str, Any]:
    return {
        "observed_mentor_id": str(other_id),
        "held_at": str(clock.now()),
        "minutes": 50,
        "learnt": "To wait.",
        **fields,
    }


async def test_an_observation_is_of_another_active_mentor_while_shadowing(wing: Wing) -> None:
    other = await wing.active_mentor()
    not_active = await wing.approved()
    mentor = await wing.shadowed()
    path = f"mentors/{mentor['id']}/observations"

    async def refused(path: str, body: dict[str, Any], status: int = 422) -> dict[str, Any]:
        found: dict[str, Any] = await wing.support_worker.post(path, body, expect=status)
        return found

    assert codes(await refused(path, _observation(mentor["id"]))) == ["another_mentor"]
    assert codes(await refused(path, _observation(not_active["id"]))) == ["not_active"]
    ahead = str(clock.now() + timedelta(hours=1))
    early = str(clock.now() - timedelta(days=101))
    in_future = _observation(other.mentor_id, held_at=ahead)
    assert codes(await refused(path, in_future)) == ["in_the_future"]
    too_early = _observation(other.mentor_id, held_at=early)
    assert codes(await refused(path, too_early)) == ["before_shadowing"]
    not_his_host = await wing.active_mentor()
    assert codes(await refused(path, _observation(not_his_host.mentor_id))) == ["no_placement"]
    elsewhere = f"mentors/{not_active['id']}/observations"
    body = _observation(other.mentor_id)
    assert (await refused(elsewhere, body, 409))["code"] == "move_not_in_table"


async def test_observations_are_listed_to_staff_and_to_their_mentor(wing: Wing) -> None:
    other = await wing.active_mentor()
    mentor = await wing.shadowed()
    await wing.observes(mentor["id"], str(other.mentor_id), sessions=2)
    path = f"mentors/{mentor['id']}/observations"
    listed = (await wing.clinician.get(path))["items"]
    assert [item["assessor_id"] for item in listed] == [None, str(wing.support_worker.staff_id)]
    himself = wing.as_person(mentor["person_id"], mentor["id"])
    assert len((await himself.get(path))["items"]) == 2
    await other.get(path, expect=404)


# --- who sees what ---------------------------------------------------------------------------


async def test_a_mentor_finds_only_their_own_record(wing: Wing) -> None:
    mentor, other = await wing.active_mentor(), await wing.applicant()
    assert [item["id"] for item in (await mentor.get("mentors"))["items"]] == [
        str(mentor.mentor_id)
    ]
    for method, path in (("GET", ""), ("GET", "/history"), ("GET", "/observations")):
        reply = await mentor.request(method, f"mentors/{other['id']}{path}")
        assert reply.status_code == 404
    await mentor.move(f"mentors/{other['id']}", "submitted", expect=404)


async def test_a_prisoner_applies_for_nobody_else(wing: Wing) -> None:
    himself, other = wing.as_person((await wing.person())["id"]), await wing.person()
    refused = await himself.post("mentors", {"person_id": other["id"]}, expect=404)
    assert refused["code"] == "not_found"


async def test_a_mentors_own_record_holds_the_outcome_of_clearance_only(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    own = await mentor.get(f"mentors/{mentor.mentor_id}")
    assert own["clearance"] == "cleared"
    assert {"clearance_from", "clearance_to", "motivation", "correction_asked_by"}.isdisjoint(own)
    (row,) = (await mentor.get("mentors"))["items"]
    assert "clearance_to" not in row


async def test_clinicians_see_no_dates_of_clearance(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    for caller in (wing.clinician, wing.nurse):
        shown = await caller.get(f"mentors/{mentor.mentor_id}")
        (row,) = (await caller.get("mentors"))["items"]
        assert shown["clearance"] == row["clearance"] == "cleared"
        for each in (shown, row):
            assert {"clearance_from", "clearance_to"}.isdisjoint(each)
    for caller in (wing.support_worker, wing.governor):
        assert (await caller.get("mentors"))["items"][0]["clearance_to"] is not None
        assert "clearance_from" in await caller.get(f"mentors/{mentor.mentor_id}")


async def test_no_mentors_reply_holds_number_birth_or_cell(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    path = f"mentors/{mentor.mentor_id}"
    person = await wing.support_worker.get(f"people/{mentor.person_id}")
    for address in ("mentors", path, f"{path}/history"):
        text = (await mentor.request("GET", address)).text
        for field in ("number", "date_of_birth", "cell_location"):
            assert person[field] not in text


async def test_wing_staff_have_no_sight_of_mentors_files(wing: Wing) -> None:
    mentor = await wing.applicant()
    await wing.officer.get("mentors", expect=403)
    await wing.officer.get(f"mentors/{mentor['id']}", expect=403)


async def test_mentors_are_filtered_by_status_and_person(wing: Wing) -> None:
    draft, approved = await wing.applicant(), await wing.approved()
    listed = (await wing.governor.get("mentors?status=draft"))["items"]
    assert [item["id"] for item in listed] == [draft["id"]]
    listed = (await wing.governor.get(f"mentors?person_id={approved['person_id']}"))["items"]
    assert [item["id"] for item in listed] == [approved["id"]]
    await wing.governor.get("mentors?status=crowned", expect=422)
    await wing.governor.get("mentors?wish=1", expect=422)


async def test_an_application_sent_twice_under_one_key_is_one(wing: Wing) -> None:
    body = {"person_id": (await wing.person())["id"]}
    key = {"Idempotency-Key": "application-1"}
    first = await wing.support_worker.post("mentors", body, headers=key)
    assert await wing.support_worker.post("mentors", body, headers=key) == first


async def test_whoever_has_left_the_prison_does_not_apply(wing: Wing) -> None:
    person = await wing.person()
    await wing.presence(person["id"], "left")
    refused = await wing.support_worker.post("mentors", {"person_id": person["id"]}, expect=409)
    assert refused["code"] == "not_here"


async def test_what_was_observed_with_a_mentor_who_has_left_since_counts(wing: Wing) -> None:
    other = await wing.active_mentor()
    mentor = await wing.shadowed()
    await wing.support_worker.move(f"mentors/{other.mentor_id}", "stepped_down", reason="own_wish")
    await wing.observes(mentor["id"], str(other.mentor_id), sessions=1)
    assert len((await wing.clinician.get(f"mentors/{mentor['id']}/observations"))["items"]) == 1


async def test_a_suspended_mentor_can_still_raise_a_concern_and_read_its_receipt(
    wing: Wing,
) -> None:
    mentor = await wing.active_mentor()
    await wing.governor.move(f"mentors/{mentor.mentor_id}", "suspended", reason="welfare")
    for address in ("people", "sessions", "duties", "rooms"):
        await mentor.get(address, expect=403)
    told = {"subject_as_told": "the lad in the end cell", "account": "He gave his radio away."}
    raised = await mentor.post("concerns", told)
    assert [item["id"] for item in (await mentor.get("concerns"))["items"]] == [raised["id"]]


async def test_what_a_clinician_notes_of_a_pause_is_read_by_clinicians_alone(wing: Wing) -> None:
    mentor, note = await wing.active_mentor(), "He hears voices again."
    path = f"mentors/{mentor.mentor_id}"
    await wing.clinician.move(path, "paused", reason="welfare", note=note)
    await wing.support_worker.move(path, "active", note="Back at work.")
    assert note in str(await wing.nurse.get(f"{path}/history"))
    for caller in (wing.support_worker, wing.governor, mentor):
        found = await caller.get(f"{path}/history")
        assert note not in str(found)
        assert "paused" in str(found)
    assert "Back at work." in str(await wing.governor.get(f"{path}/history"))
    (pause,) = [
        entry
        for entry in (await wing.support_worker.get(f"{path}/history"))["items"]
        if entry["to_state"] == "paused" and entry["from_state"] == "active"
    ]
    assert (pause["reason"], "note" in pause) == ("welfare", False)
