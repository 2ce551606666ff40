"""Permission to share over HTTP: given and revoked, what that changes, and what it never stops."""

from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.models.permissions import Purpose, Recipient
from tests.mentees.test_routes import codes
from tests.story import Caller, Wing


def now(**ago: float) -> str:
    return clock.spell(clock.now() - timedelta(**ago))


def permission(person_id: str, **fields: Any) -> dict[str, Any]:
    return {
        "person_id": person_id,
        "recipient": "chaplaincy",
        "purpose": "referral",
        "how": "spoken",
        "given_at": now(),
        **fields,
    }


async def stands(wing: Wing, person_id: str, recipient: str = "mentor") -> Any:
    """The person's permission to this recipient that stands now."""
    query = f"permissions?person_id={person_id}&recipient={recipient}&status=given"
    [found] = (await wing.support_worker.get(query))["items"]
    return found


async def revokes(wing: Wing, person_id: str, recipient: str = "mentor") -> Any:
    """The person takes back what they permit to this recipient; a support worker records it."""
    found = await stands(wing, person_id, recipient)
    path = f"permissions/{found['id']}"
    return await wing.support_worker.move(path, "revoked", reason="spoken_word")


async def supported(wing: Wing) -> tuple[Caller, Any]:
    """A mentor, and the engaged mentee he is paired with."""
    mentor, mentee = await wing.active_mentor(), await wing.engaged(agreed_line="Company.")
    await wing.pairs(mentor, mentee["id"])
    return mentor, mentee


# Given and revoked


async def test_a_permission_is_given_and_revoked_on_the_persons_word(wing: Wing) -> None:
    person = await wing.person()
    made = await wing.support_worker.post("permissions", permission(person["id"]))
    assert (made["status"], made["revoked_at"]) == ("given", None)
    assert made["recorded_by"] == str(wing.support_worker.staff_id)
    path = f"permissions/{made['id']}"
    clock.forward(hours=1)
    assert codes(await wing.clinician.move(path, "revoked", 422)) == ["reason"]
    revoked = await wing.clinician.move(path, "revoked", reason="written_word")
    assert (revoked["status"], revoked["moves"]) == ("revoked", [])
    assert revoked["revoked_at"] > revoked["given_at"]
    history = (await wing.support_worker.get(f"{path}/history"))["items"]
    assert [(row["to_state"], row["reason"]) for row in history] == [
        ("given", None),
        ("revoked", "written_word"),
    ]


async def test_it_is_given_anew_after_it_was_revoked(wing: Wing) -> None:
    body = permission((await wing.person())["id"])
    made = await wing.support_worker.post("permissions", body)
    assert (await wing.clinician.post("permissions", body, 409))["code"] == "already_exists"
    path = f"permissions/{made['id']}"
    await wing.support_worker.move(path, "revoked", reason="recorded_in_error")
    again = await wing.clinician.post("permissions", body)
    query = f"permissions?person_id={body['person_id']}"
    listed = [row["id"] for row in (await wing.nurse.get(query))["items"]]
    assert listed == [again["id"], made["id"]]
    await wing.support_worker.move(path, "given", 409)


async def test_each_recipient_and_purpose_stands_for_itself(wing: Wing) -> None:
    person = await wing.person()
    for recipient in ("family", "gp"):
        for purpose in ("family_contact", "safety_plan"):
            body = permission(person["id"], recipient=recipient, purpose=purpose)
            await wing.support_worker.post("permissions", body)
    query = f"permissions?person_id={person['id']}&recipient=gp&purpose=safety_plan"
    assert len((await wing.clinician.get(query))["items"]) == 1


async def test_it_is_not_given_in_the_future_nor_by_a_stranger(wing: Wing) -> None:
    person = await wing.person()
    body = permission(person["id"], given_at=now(hours=-1))
    assert codes(await wing.clinician.post("permissions", body, 422)) == ["in_the_future"]
    refused = await wing.clinician.post("permissions", permission(str(wing.nurse.staff_id)), 422)
    assert refused["errors"][0]["field"] == "person_id"


async def test_only_those_who_support_see_permissions(wing: Wing) -> None:
    mentor, mentee = await supported(wing)
    path = f"permissions/{(await stands(wing, mentee['person_id']))['id']}"
    for caller in (mentor, wing.governor, wing.officer):
        for address in ("permissions", path, f"{path}/history"):
            await caller.get(address, 403)
        await caller.post("permissions", permission(mentee["person_id"]), 403)
        await caller.move(path, "revoked", 403, reason="spoken_word")
    assert (await wing.clinician.get(path))["recipient"] == "mentor"


# Peer support rests on it


async def test_consent_records_the_permission_to_the_mentor(wing: Wing) -> None:
    mentee = await wing.offered()
    await wing.consents(mentee["id"])
    found = await stands(wing, mentee["person_id"])
    assert (found["recipient"], found["purpose"]) == ("mentor", "peer_support")
    await wing.consents(mentee["id"])
    assert (await stands(wing, mentee["person_id"]))["id"] == found["id"]


async def test_revoking_it_pauses_support_at_once_and_the_line_is_gone(wing: Wing) -> None:
    mentor, mentee = await supported(wing)
    path = f"mentees/{mentee['id']}"
    assert (await mentor.get(path))["agreed_line"] == "Company."
    await revokes(wing, mentee["person_id"])
    seen = await mentor.get(path)
    assert (seen["agreed_line"], seen["status"]) == (None, "unavailable")
    assert (await mentor.get("mentees"))["items"] == [seen]
    shown = await wing.support_worker.get(path)
    assert (shown["status"], shown["agreed_line"]) == ("paused", "Company.")
    last = (await wing.clinician.get(f"{path}/history"))["items"][-1]
    assert (last["reason"], last["actor_subject"]) == (
        "permission_revoked",
        wing.support_worker.subject,
    )


async def test_support_begins_again_only_with_a_permission_given_anew(wing: Wing) -> None:
    mentor, mentee = await supported(wing)
    path = f"mentees/{mentee['id']}"
    await revokes(wing, mentee["person_id"])
    refused = await wing.support_worker.move(path, "engaged", 409)
    assert codes(refused) == ["permission_to_share"]
    await wing.consents(mentee["id"])
    await wing.support_worker.move(path, "engaged")
    assert (await mentor.get(path))["agreed_line"] == "Company."


async def test_what_was_revoked_before_support_began_keeps_it_from_beginning(wing: Wing) -> None:
    mentee = await wing.offered()
    await wing.consents(mentee["id"])
    await wing.checks(mentee["id"], "compatibility")
    await revokes(wing, mentee["person_id"])
    refused = await wing.support_worker.move(f"mentees/{mentee['id']}", "engaged", 409)
    assert codes(refused) == ["permission_to_share"]


async def test_revoking_another_permission_leaves_support_alone(wing: Wing) -> None:
    mentor, mentee = await supported(wing)
    body = permission(mentee["person_id"], recipient="family", purpose="family_contact")
    await wing.support_worker.post("permissions", body)
    await revokes(wing, mentee["person_id"], "family")
    seen = await mentor.get(f"mentees/{mentee['id']}")
    assert (seen["status"], seen["agreed_line"]) == ("engaged", "Company.")


# Safety never asks


async def nothing_shared(wing: Wing, person_id: str) -> None:
    """Every permission that there can be, given and revoked."""
    for recipient in Recipient:
        for purpose in Purpose:
            body = permission(person_id, recipient=recipient.value, purpose=purpose.value)
            if (recipient, purpose) != (Recipient.mentor, Purpose.peer_support):
                await wing.support_worker.post("permissions", body)
    listed = await wing.support_worker.get(f"permissions?person_id={person_id}&limit=200")
    assert len(listed["items"]) == len(Recipient) * len(Purpose)
    for each in listed["items"]:
        path = f"permissions/{each['id']}"
        await wing.support_worker.move(path, "revoked", reason="spoken_word")


@pytest.mark.parametrize("immediacy", ["right_now", "can_wait_a_day"])
async def test_with_everything_revoked_a_concern_takes_its_whole_way(
    wing: Wing, immediacy: str
) -> None:
    mentor, mentee = await supported(wing)
    await nothing_shared(wing, mentee["person_id"])
    body = {
        "immediacy": immediacy,
        "subject_person_id": mentee["person_id"],
        "account": "He said goodbye to everyone.",
        "mentions_self_harm": True,
    }
    raised = await mentor.post("concerns", body)
    path = f"concerns/{raised['id']}"
    await mentor.post(f"{path}/addenda", {"account": "He gave his radio away."})
    for caller in (wing.support_worker, wing.clinician, wing.nurse):
        shown = await caller.get(path)
        assert shown["account"] == "He said goodbye to everyone."
        assert shown["subject_person_id"] == mentee["person_id"]
    assert (await wing.officer.get(path))["subject_person_id"] == mentee["person_id"]
    await wing.clinician.post(f"{path}/acknowledgement", {}, 200)
    await wing.officer.post(f"{path}/seen", {}, 200)
    decision = {"decision": "ACCT opened.", "acct_decision": "opened"}
    await wing.clinician.post(f"{path}/decision", decision, 200)
    told = {"outcome": "acted", "text": "Thank you. He was seen."}
    await wing.clinician.post(f"{path}/feedback", told, 200)
    assert (await mentor.get(path))["feedback_text"] == "Thank you. He was seen."


async def test_with_everything_revoked_he_is_stepped_up_and_his_acct_known(wing: Wing) -> None:
    _, mentee = await supported(wing)
    await nothing_shared(wing, mentee["person_id"])
    await wing.clinician.move(f"mentees/{mentee['id']}", "stepped_up", reason="safety_need")
    body = {"person_id": mentee["person_id"], "opened_on": str(clock.now().date())}
    pointer = await wing.clinician.post("acct-pointers", body)
    assert (await wing.officer.get(f"acct-pointers/{pointer['id']}"))["status"] == "open"
