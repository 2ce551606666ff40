"""Safety plans over HTTP: kept by clinicians, shared item by item, and nothing shows the rest."""

from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.models.staff import StaffRole
from tests.story import Caller, Wing

CANARY = "quillwort"


def soon(days: int = 14) -> str:
    return str((clock.now() + timedelta(days=days)).date())


async def begun(clinician: Caller, person_id: str) -> Any:
    """An empty plan."""
    body = {"person_id": person_id, "review_on": soon()}
    return await clinician.post("safety-plans", body)


async def added(clinician: Caller, plan: Any, text: str, **fields: Any) -> Any:
    """The plan with another item."""
    body = {"kind": "coping_strategy", "text": text, **fields}
    return await clinician.post(f"safety-plans/{plan['id']}/items", body)


async def paired(wing: Wing) -> tuple[Caller, Any]:
    mentor, mentee = await wing.active_mentor(), await wing.engaged()
    await wing.pairs(mentor, mentee["id"])
    return mentor, mentee


async def shared(wing: Wing) -> tuple[Caller, Any, str]:
    """A mentor, their mentee, and the path of a plan with an item for each pair of eyes."""
    mentor, mentee = await paired(wing)
    plan = await begun(wing.clinician, mentee["person_id"])
    await added(wing.clinician, plan, CANARY)
    await added(wing.clinician, plan, "Walk the yard.", shared_with_mentor=True)
    await added(wing.clinician, plan, "Ring my sister.", shared_with_staff=True)
    return mentor, mentee, f"safety-plans/{plan['id']}"


async def revoke(wing: Wing, person_id: str, recipient: str, purpose: str) -> str:
    """Permission to share given, and taken back again."""
    found = await wing.support_worker.get(f"permissions?person_id={person_id}")
    for given in found["items"]:
        if (given["recipient"], given["purpose"]) == (recipient, purpose):
            break
    else:
        body = {
            "person_id": person_id,
            "recipient": recipient,
            "purpose": purpose,
            "how": "spoken",
            "given_at": str(clock.now()),
        }
        given = await wing.support_worker.post("permissions", body)
    path = f"permissions/{given['id']}"
    await wing.support_worker.move(path, "revoked", reason="spoken_word")
    return path


async def test_clinicians_keep_the_plan_of_those_in_their_care(wing: Wing) -> None:
    mentee = await wing.engaged()
    plan = await begun(wing.clinician, mentee["person_id"])
    refused = {"person_id": mentee["person_id"], "review_on": soon()}
    again = await wing.nurse.post("safety-plans", refused, expect=409)
    assert again["code"] == "already_exists"
    await added(wing.nurse, plan, "I see my children again.", kind="reason_for_living")
    await added(wing.nurse, plan, "Draw.")
    shown = await added(wing.clinician, plan, "I stop eating.", kind="warning_sign")
    assert [item["text"] for item in shown["items"]] == [
        "I stop eating.",
        "Draw.",
        "I see my children again.",
    ]
    [row] = (await wing.nurse.get(f"safety-plans?mentee_id={mentee['id']}&live=true"))["items"]
    assert row["id"] == plan["id"]
    assert "items" not in row


async def test_of_someone_in_nobodys_care_there_is_no_plan(wing: Wing) -> None:
    person = await wing.person()
    body = {"person_id": person["id"], "review_on": soon()}
    await wing.clinician.post("safety-plans", body, expect=404)
    await wing.clinician.post("caseloads", {"person_id": person["id"]})
    plan = await begun(wing.clinician, person["id"])
    await wing.nurse.get(f"safety-plans/{plan['id']}", expect=404)
    assert (await wing.nurse.get("safety-plans"))["items"] == []
    glass = {"person_id": person["id"], "reason_code": "danger_to_life", "reason": "Collapsed."}
    await wing.nurse.post("break-glass", {**glass, "minutes": 30})
    assert (await wing.nurse.get(f"safety-plans/{plan['id']}"))["person_id"] == person["id"]


async def test_each_reads_what_was_ticked_for_them_and_no_more(wing: Wing) -> None:
    mentor, mentee, path = await shared(wing)
    seen = await mentor.get(path)
    assert seen == {
        "id": path.partition("/")[2],
        "mentee_id": mentee["id"],
        "items": [{"kind": "coping_strategy", "text": "Walk the yard."}],
    }
    by_staff = await wing.support_worker.get(path)
    assert set(by_staff) == {"id", "person_id", "review_on", "items"}
    assert [item["text"] for item in by_staff["items"]] == ["Ring my sister."]
    assert len((await wing.clinician.get(path))["items"]) == 3
    [row] = (await mentor.get(f"safety-plans?mentee_id={mentee['id']}"))["items"]
    assert row == {"id": seen["id"], "mentee_id": mentee["id"]}
    [row] = (await wing.support_worker.get(f"safety-plans?person_id={mentee['person_id']}"))[
        "items"
    ]
    assert set(row) == {"id", "person_id", "review_on"}


async def test_governors_officers_and_prisoners_without_a_pairing_read_nothing(wing: Wing) -> None:
    mentor, mentee, path = await shared(wing)
    other = await wing.active_mentor()
    himself = wing.as_person(mentee["person_id"])
    for caller in (wing.governor, wing.officer, himself):
        await caller.get("safety-plans", expect=403)
        await caller.get(path, expect=403)
    assert (await other.get("safety-plans"))["items"] == []
    assert (await other.get(f"safety-plans?mentee_id={mentee['id']}"))["items"] == []
    await other.get(path, expect=404)
    body = {"kind": "distraction", "text": "x"}
    for caller in (wing.governor, wing.officer, wing.support_worker, mentor):
        await caller.post(f"{path}/items", body, expect=403)
        await caller.patch(path, {"review_on": soon()}, expect=403)
        await caller.post(f"{path}/review", {"review_on": soon()}, expect=403)
        await caller.post(f"{path}/end", expect=403)
        await caller.get(f"{path}/versions", expect=403)


async def test_a_plan_without_an_item_for_them_is_not_there(wing: Wing) -> None:
    mentor, mentee = await paired(wing)
    plan = await begun(wing.clinician, mentee["person_id"])
    await added(wing.clinician, plan, CANARY)
    for caller in (mentor, wing.support_worker):
        await caller.get(f"safety-plans/{plan['id']}", expect=404)
        assert (await caller.get(f"safety-plans?mentee_id={mentee['id']}"))["items"] == []


async def test_nothing_shows_a_mentor_or_support_worker_that_other_items_change(
    wing: Wing,
) -> None:
    mentor, mentee, path = await shared(wing)
    plan = {"id": path.partition("/")[2]}
    readers = (mentor, wing.support_worker)
    lists = f"safety-plans?mentee_id={mentee['id']}"
    before = [await each.request("GET", a) for each in readers for a in (path, lists)]
    assert all("etag" not in answer.headers for answer in before)
    shown = await added(wing.clinician, plan, f"{CANARY} two", position=1)
    hidden = shown["items"][0]
    assert hidden["text"].startswith(CANARY)
    item = f"{path}/items/{hidden['id']}"
    await wing.clinician.patch(item, {"text": f"{CANARY} three"})
    await remove(wing.clinician, path, hidden["id"])
    after = [await each.request("GET", a) for each in readers for a in (path, lists)]
    assert [each.text for each in after] == [each.text for each in before]
    assert all(CANARY not in each.text for each in after)
    quiet = {"content-length", "content-type"}
    assert [{k: v for k, v in each.headers.items() if k in quiet} for each in after] == [
        {k: v for k, v in each.headers.items() if k in quiet} for each in before
    ]


async def remove(clinician: Caller, path: str, item_id: str, expect: int = 200) -> Any:
    headers = {"If-Match": "*"}
    answer = await clinician.request("DELETE", f"{path}/items/{item_id}", headers=headers)
    assert answer.status_code == expect, answer.text
    return answer.json()


async def test_a_tick_taken_back_and_an_item_removed_are_gone_and_stay_as_versions(
    wing: Wing,
) -> None:
    mentor, _, path = await shared(wing)
    items = {item["text"]: item for item in (await wing.clinician.get(path))["items"]}
    yard = items["Walk the yard."]["id"]
    await wing.clinician.patch(f"{path}/items/{yard}", {"shared_with_mentor": False})
    await mentor.get(path, expect=404)
    await wing.clinician.patch(f"{path}/items/{yard}", {"shared_with_mentor": True, "text": "Run."})
    assert [item["text"] for item in (await mentor.get(path))["items"]] == ["Run."]
    shown = await remove(wing.clinician, path, yard)
    assert len(shown["items"]) == 2
    await mentor.get(path, expect=404)
    await remove(wing.clinician, path, yard, expect=404)
    versions = (await wing.nurse.get(f"{path}/versions"))["items"]
    kept = [(each["field"], each["text"]) for each in versions if each["item_id"] == yard]
    assert kept == [
        ("text", "Walk the yard."),
        ("shared_with_mentor", "yes"),
        ("shared_with_staff", "no"),
        ("shared_with_mentor", "no"),
        ("text", "Run."),
        ("shared_with_mentor", "yes"),
        ("text", None),
    ]


async def test_the_end_of_a_pairing_a_transfer_and_a_suspension_end_it_for_the_mentor(
    wing: Wing,
) -> None:
    mentor, mentee, path = await shared(wing)
    await wing.presence(mentee["person_id"], "left")
    for caller in (mentor, wing.support_worker, wing.clinician):
        await caller.get(path, expect=404)
    await wing.presence(mentee["person_id"], "here")
    await mentor.get(path)
    await wing.governor.move(f"mentors/{mentor.mentor_id}", "suspended", reason="welfare")
    await mentor.get(path, expect=403)


async def test_the_end_of_a_pairing_ends_it(wing: Wing) -> None:
    mentor, mentee, path = await shared(wing)
    [pairing] = (await wing.support_worker.get("pairings"))["items"]
    await wing.support_worker.move(f"pairings/{pairing['id']}", "ended", reason="mentee_wish")
    await mentor.get(path, expect=404)
    assert (await mentor.get("safety-plans"))["items"] == []
    await wing.clinician.move(f"mentees/{mentee['id']}", "transferred")
    await wing.nurse.get(path, expect=404)


@pytest.mark.parametrize("purpose", ["safety_plan", "peer_support"])
async def test_permission_taken_back_from_the_mentor_hides_what_was_ticked_for_them(
    wing: Wing, purpose: str
) -> None:
    mentor, mentee, path = await shared(wing)
    await mentor.get(path)
    await revoke(wing, mentee["person_id"], "mentor", purpose)
    await mentor.get(path, expect=404)
    assert (await mentor.get("safety-plans"))["items"] == []
    await wing.support_worker.get(path)


async def test_permission_taken_back_from_support_workers_hides_it_until_it_is_given_anew(
    wing: Wing,
) -> None:
    mentor, mentee, path = await shared(wing)
    await revoke(wing, mentee["person_id"], "support_workers", "safety_plan")
    await wing.support_worker.get(path, expect=404)
    assert (await wing.support_worker.get("safety-plans"))["items"] == []
    await mentor.get(path)
    body = {
        "person_id": mentee["person_id"],
        "recipient": "support_workers",
        "purpose": "safety_plan",
        "how": "written",
        "given_at": str(clock.now()),
    }
    await wing.support_worker.post("permissions", body)
    await wing.support_worker.get(path)


async def test_a_mentor_does_not_see_a_plan_of_their_own(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    body = {"person_id": str(mentor.person_id), "referred_by": "self"}
    await wing.support_worker.post("mentees", body)
    plan = await begun(wing.clinician, str(mentor.person_id))
    await added(wing.clinician, plan, CANARY, shared_with_mentor=True, shared_with_staff=True)
    await mentor.get(f"safety-plans/{plan['id']}", expect=404)
    assert (await mentor.get("safety-plans"))["items"] == []
    assert CANARY in str(await wing.support_worker.get(f"safety-plans/{plan['id']}"))


@pytest.mark.parametrize("name", ["person_id", "live"])
async def test_mentors_filter_by_nothing_they_may_not_read(wing: Wing, name: str) -> None:
    mentor, mentee = await paired(wing)
    value = {"person_id": mentee["person_id"], "live": "true"}[name]
    refused = await mentor.get(f"safety-plans?{name}={value}", expect=422)
    assert refused["errors"][0]["field"] == name


async def test_a_plan_is_gone_through_and_ended(wing: Wing) -> None:
    lead = await wing.hires(StaffRole.mental_health_lead)
    mentor, mentee, path = await shared(wing)
    await lead.patch(path, {"review_on": soon(7)})
    reviewed = await lead.post(f"{path}/review", {"review_on": soon(30)}, expect=200)
    assert reviewed["reviewed_by"] == str(lead.staff_id)
    assert (reviewed["review_on"], reviewed["reviewed_at"] is None) == (soon(30), False)
    past = await lead.post(f"{path}/review", {"review_on": "2020-01-01"}, expect=422)
    assert past["errors"][0]["field"] == "review_on"
    ended = await lead.post(f"{path}/end", expect=200)
    assert ended["ended_at"] is not None
    body = {"kind": "distraction", "text": "x"}
    assert (await lead.post(f"{path}/items", body, expect=409))["code"] == "conflict"
    for caller in (mentor, wing.support_worker):
        await caller.get(path, expect=404)
    await begun(wing.clinician, mentee["person_id"])


async def test_changing_a_plan_needs_the_version_that_was_read(wing: Wing) -> None:
    _, _, path = await shared(wing)
    plan = await wing.clinician.get(path)
    item = f"{path}/items/{plan['items'][0]['id']}"
    read = {"If-Match": f'"{plan["version"]}"'}
    await wing.clinician.patch(item, {"text": "x"}, expect=428, headers={})
    await wing.clinician.patch(item, {"text": "x"}, headers=read)
    await wing.nurse.patch(item, {"text": "y"}, expect=412, headers=read)
    for name in ("text", "kind", "position", "shared_with_mentor"):
        await wing.clinician.patch(item, {name: None}, expect=422)
