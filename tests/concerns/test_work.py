"""Working a concern: who may do what, what closes it, and what the mentor is told."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.models.staff import StaffRole
from tests.concerns.conftest import Night

DECISION = {"decision": "Plan.", "acct_decision": "already_open"}


def codes(problem: Any) -> set[str]:
    return {error["code"] for error in problem["errors"]}


async def acknowledged(night: Night, **fields: Any) -> str:
    """The path of a concern that a clinician on duty has taken up."""
    raised = await night.raises(**fields)
    path = f"concerns/{raised['id']}"
    await night.wing.clinician.post(f"{path}/acknowledgement", {}, 200)
    return path


async def test_from_raised_to_closed(night: Night) -> None:
    raised = await night.raises()
    closed = await night.closes(raised["id"])
    assert closed["status"] == "closed"
    assert closed["next_step_at"] is None


async def test_closing_names_every_unmet_condition_at_once(night: Night) -> None:
    path = await acknowledged(night, mentions_self_harm=True)
    await night.wing.clinician.move(path, "under_review")
    refused = await night.wing.clinician.move(path, "ready_to_close", 409)
    assert refused["code"] == "guards_unmet"
    assert codes(refused) == {"person_seen", "decided"}
    shown = await night.wing.clinician.get(path)
    option = next(move for move in shown["moves"] if move["to"] == "ready_to_close")
    assert option["allowed"] is False
    assert {each["code"] for each in option["refusals"]} == {"person_seen", "decided"}


async def test_the_mentor_must_be_told_before_it_closes(night: Night) -> None:
    path = await acknowledged(night)
    await night.wing.officer.post(f"{path}/seen", {}, 200)
    await night.wing.clinician.post(f"{path}/decision", DECISION, 200)
    await night.wing.clinician.move(path, "under_review")
    await night.wing.clinician.move(path, "ready_to_close")
    refused = await night.wing.support_worker.move(path, "closed", 409)
    assert codes(refused) == {"mentor_told"}
    await night.wing.clinician.post(
        f"{path}/feedback", {"outcome": "impossible", "text": "Released."}, 200
    )
    assert (await night.wing.support_worker.move(path, "closed"))["status"] == "closed"


async def test_who_raised_it_does_not_close_it(night: Night) -> None:
    raised = await night.raises(night.wing.support_worker, immediacy="routine")
    path = f"concerns/{raised['id']}"
    await night.wing.clinician.post(f"{path}/acknowledgement", {}, 200)
    await night.wing.officer.post(f"{path}/seen", {"not_seen_reason": "At court."}, 200)
    await night.wing.clinician.post(f"{path}/decision", {"decision": "Talked."}, 200)
    await night.wing.clinician.move(path, "under_review")
    await night.wing.clinician.move(path, "ready_to_close")
    refused = await night.wing.support_worker.move(path, "closed", 409)
    assert codes(refused) == {"closed_by_another"}
    assert (await night.wing.clinician.move(path, "closed"))["closed_at"]


async def test_self_harm_asks_for_an_acct_decision(night: Night) -> None:
    path = await acknowledged(night, kind="self_harm_or_suicide")
    refused = await night.wing.clinician.post(f"{path}/decision", {"decision": "Talked."}, 422)
    assert refused["errors"][0]["field"] == "acct_decision"
    body = {"decision": "Talked.", "acct_decision": "not_opened"}
    refused = await night.wing.clinician.post(f"{path}/decision", body, 422)
    assert refused["errors"][0]["field"] == "acct_reason"
    body["acct_reason"] = "Safety plan agreed, reviewed tomorrow."
    decided = await night.wing.clinician.post(f"{path}/decision", body, 200)
    assert decided["acct_decision"] == "not_opened"


async def test_not_being_seen_does_not_stop_the_clock(night: Night) -> None:
    path = await acknowledged(night)
    shown = await night.wing.officer.post(f"{path}/seen", {"not_seen_reason": "At court."}, 200)
    assert shown["seen_at"] is None


async def test_lowering_needs_a_second_person(night: Night) -> None:
    path = await acknowledged(night)
    body = {"immediacy": "within_24h", "reason": "He is with the chaplain."}
    proposed = await night.wing.clinician.put(f"{path}/immediacy", body)
    assert proposed["immediacy"] == "now"
    assert proposed["lower_to"] == "within_24h"
    again = await night.wing.clinician.put(f"{path}/immediacy", body)
    assert again["immediacy"] == "now"
    lowered = await night.wing.support_worker.put(f"{path}/immediacy", body)
    assert lowered["immediacy"] == "within_24h"
    assert lowered["lower_to"] is None


async def test_two_who_propose_differently_have_not_agreed(night: Night) -> None:
    path = await acknowledged(night)
    first = {"immediacy": "routine", "reason": "Calm."}
    second = {"immediacy": "within_24h", "reason": "Calm."}
    await night.wing.clinician.put(f"{path}/immediacy", first)
    shown = await night.wing.support_worker.put(f"{path}/immediacy", second)
    assert shown["immediacy"] == "now"


async def test_a_governor_cannot_lower(night: Night) -> None:
    path = await acknowledged(night)
    body = {"immediacy": "routine", "reason": "Quiet now."}
    await night.wing.governor.put(f"{path}/immediacy", body, 403)


async def test_raising_the_immediacy_holds_at_once_and_pages(night: Night) -> None:
    raised = await night.raises(immediacy="within_24h")
    path = f"concerns/{raised['id']}"
    await night.sweep()
    body = {"immediacy": "now", "reason": "He has stopped answering."}
    shown = await night.wing.support_worker.put(f"{path}/immediacy", body)
    assert shown["immediacy"] == "now"
    assert await night.sweep() == 1
    assert await night.pages(night.wing.officer)


async def test_the_immediacy_is_changed_only_by_who_read_it(night: Night) -> None:
    path = await acknowledged(night)
    body = {"immediacy": "routine", "reason": "Calm."}
    await night.wing.clinician.put(f"{path}/immediacy", body, 428, headers={})
    await night.wing.clinician.put(f"{path}/immediacy", body, 412, headers={"If-Match": '"1"'})


async def test_an_action_is_settled_when_done_or_accepted_by_another(night: Night) -> None:
    path = await acknowledged(night)
    await night.wing.officer.post(f"{path}/seen", {}, 200)
    await night.wing.clinician.post(f"{path}/decision", DECISION, 200)
    await night.wing.clinician.move(path, "under_review")
    due = clock.spell(clock.now() + timedelta(days=1))
    body = {"what": "Ring his sister.", "owner_id": str(night.wing.clinician.staff_id)}
    shown = await night.wing.clinician.post(f"{path}/actions", {**body, "due_at": due})
    assert shown["status"] == "actions_open"
    refused = await night.wing.clinician.move(path, "ready_to_close", 409)
    assert codes(refused) == {"actions_settled"}
    action = f"{path}/actions/{shown['actions'][0]['id']}"
    to = {"to_staff_id": str(night.wing.support_worker.staff_id)}
    await night.wing.clinician.post(f"{action}/handover", to, 200)
    await night.wing.clinician.move(path, "ready_to_close", 409)
    await night.wing.nurse.post(f"{action}/acceptance", None, 403)
    await night.wing.support_worker.post(f"{action}/acceptance", None, 200)
    await night.wing.clinician.move(path, "ready_to_close")


async def test_an_action_done_keeps_its_outcome(night: Night) -> None:
    path = await acknowledged(night)
    due = clock.spell(clock.now() + timedelta(days=1))
    body = {"what": "Ring.", "owner_id": str(night.wing.clinician.staff_id), "due_at": due}
    shown = await night.wing.clinician.post(f"{path}/actions", body)
    action = f"{path}/actions/{shown['actions'][0]['id']}"
    done = await night.wing.clinician.post(f"{action}/outcome", {"outcome": "Rang."}, 200)
    assert done["actions"][0]["outcome"] == "Rang."
    await night.wing.clinician.post(f"{action}/outcome", {"outcome": "Again."}, 409)
    past = {**body, "due_at": clock.spell(clock.now() - timedelta(days=1))}
    refused = await night.wing.clinician.post(f"{path}/actions", past, 422)
    assert refused["errors"][0]["field"] == "due_at"


async def test_a_merge_keeps_the_strictest_of_both(night: Night) -> None:
    slow = await night.raises(immediacy="within_24h")
    urgent = await night.raises(immediacy="now")
    survivor = await night.wing.clinician.post(
        f"concerns/{urgent['id']}/merge", {"survivor_id": slow["id"]}, 200
    )
    assert survivor["id"] == slow["id"]
    assert survivor["immediacy"] == "now"
    merged = await night.wing.clinician.get(f"concerns/{urgent['id']}")
    assert merged["status"] == "merged_duplicate"
    assert merged["merged_into"] == slow["id"]
    await night.wing.clinician.post(
        f"concerns/{slow['id']}/merge", {"survivor_id": urgent["id"]}, 409
    )


async def test_whoever_takes_up_a_merged_one_is_sent_to_the_one_that_stays(night: Night) -> None:
    one, other = await night.raises(), await night.raises()
    path, clinician = f"concerns/{one['id']}", night.wing.clinician
    await clinician.post(f"{path}/merge", {"survivor_id": other["id"]}, 200)
    refused = await clinician.post(f"{path}/acknowledgement", {}, 409)
    assert "merged into another" in refused["detail"]
    assert "reopen" not in refused["detail"]


async def test_reopened_it_has_new_clocks_and_pages_again(night: Night) -> None:
    raised = await night.raises()
    await night.closes(raised["id"])
    clock.forward(days=3)
    path = f"concerns/{raised['id']}"
    await night.wing.clinician.move(path, "reopened", 422)
    shown = await night.wing.clinician.move(path, "reopened", reason="new_information")
    assert shown["acknowledged_at"] is None
    assert shown["acknowledge_by"] > clock.spell(clock.now())
    assert await night.sweep() == 2  # and the debrief that the mentor still waits for


async def test_a_closed_concern_takes_no_more_work(night: Night) -> None:
    raised = await night.raises()
    await night.closes(raised["id"])
    path = f"concerns/{raised['id']}"
    await night.wing.clinician.post(f"{path}/acknowledgement", {}, 409)
    await night.wing.clinician.post(f"{path}/decision", {"decision": "x"}, 409)
    await night.wing.officer.post(f"{path}/seen", {}, 409)


async def test_two_who_close_at_once_close_it_once(night: Night) -> None:
    path = await acknowledged(night)
    await night.wing.officer.post(f"{path}/seen", {}, 200)
    await night.wing.clinician.post(f"{path}/decision", DECISION, 200)
    await night.wing.clinician.post(f"{path}/feedback", {"outcome": "acted"}, 200)
    await night.wing.clinician.move(path, "under_review")
    await night.wing.clinician.move(path, "ready_to_close")
    callers = (night.wing.clinician, night.wing.support_worker, night.wing.nurse)
    answers = await asyncio.gather(
        *[each.request("POST", f"{path}/moves", json={"to": "closed"}) for each in callers]
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]


async def test_an_officer_sees_whom_to_see_and_no_account(night: Night) -> None:
    path = await acknowledged(night)
    shown = await night.wing.officer.get(path)
    assert shown["reference"]
    assert "account" not in shown
    listed = (await night.wing.officer.get("concerns"))["items"]
    assert "account" not in listed[0]
    await night.wing.officer.post(f"{path}/decision", {"decision": "x"}, 403)
    await night.wing.officer.get(f"{path}/history", 403)


async def test_a_governor_sees_now_and_breached_and_reviews_neither(night: Night) -> None:
    urgent = await acknowledged(night)
    quiet = await acknowledged(night, immediacy="within_24h")
    assert "account" in await night.wing.governor.get(urgent)
    await night.wing.governor.get(quiet, 404)
    await night.wing.governor.post(f"{urgent}/decision", {"decision": "x"}, 403)
    await night.wing.governor.move(urgent, "under_review", 403)
    clock.forward(days=2)
    assert (await night.wing.governor.get(quiet))["seen_at"] is None


async def test_misconduct_of_a_mentor_goes_past_the_clinicians(night: Night) -> None:
    person = str(night.mentor.person_id)
    raised = await night.raises(
        night.wing.officer, subject_person_id=person, kind="misconduct", immediacy="today"
    )
    path = f"concerns/{raised['id']}"
    await night.wing.clinician.get(path, 404)
    await night.mentor.get(path, 404)
    assert (await night.wing.governor.get(path))["about_mentor"] is True
    colleague = await night.wing.hires(StaffRole.support_worker)
    assert (await colleague.get(path))["about_mentor"] is True


async def test_what_is_recorded_late_is_never_in_the_future(night: Night) -> None:
    path = await acknowledged(night)
    later = {"at": clock.spell(clock.now() + timedelta(hours=1))}
    assert (await night.wing.officer.post(f"{path}/seen", later, 422))["errors"][0]["field"] == "at"
    early = {"at": clock.spell(clock.now() - timedelta(days=1))}
    await night.wing.officer.post(f"{path}/seen", early, 422)


@pytest.mark.parametrize(
    "path", ["acknowledgement", "seen", "decision", "feedback", "sign-off", "actions", "merge"]
)
async def test_a_mentor_works_on_no_concern(night: Night, path: str) -> None:
    raised = await night.raises()
    await night.mentor.post(f"concerns/{raised['id']}/{path}", {}, 403)


async def test_another_prisons_staff_find_nothing(night: Night) -> None:
    raised = await night.raises()
    token = night.wing.issuer.issue("stranger", ["clinician"], ["ZZZ"])
    path = night.mentor.url(f"concerns/{raised['id']}")
    answer = await night.wing.http.get(path, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 404
