"""Who learns of a concern, who is told back, and what a later word does to it."""

import asyncio
from datetime import timedelta

import pytest

from app import clock
from tests.concerns.conftest import Night, concern
from tests.concerns.test_work import DECISION, acknowledged

UNKNOWN = "0198c0de-0000-7000-8000-000000000000"


async def test_a_mentor_names_staff_in_his_own_words_and_only_governors_learn_of_it(
    night: Night,
) -> None:
    raised = await night.raises(about_staff_as_told="the tall officer on nights")
    path = f"concerns/{raised['id']}"
    await night.passes(minutes=16)
    for caller in (night.wing.officer, night.wing.support_worker, night.wing.clinician):
        await caller.get(path, 404)
        assert await night.pages(caller) == []
    assert await night.pages(night.wing.governor)
    shown = await night.wing.governor.get(path)
    assert shown["about_staff_as_told"] == "the tall officer on nights"
    assert "about_staff_as_told" not in raised


async def test_an_unknown_colleague_is_no_reason_to_refuse(night: Night) -> None:
    raised = await night.raises(about_staff_id=UNKNOWN)
    shown = await night.wing.governor.get(f"concerns/{raised['id']}")
    assert UNKNOWN in shown["about_staff_as_told"]


async def test_who_is_accused_is_subject_enough(night: Night) -> None:
    raised = await night.raises(subject_as_told=None, about_staff_as_told="Officer X")
    assert raised["subject_as_told"] == "Officer X"


async def test_a_governor_reviews_what_is_routed_to_them_in_full(night: Night) -> None:
    raised = await night.raises(about_staff_as_told="Officer X")
    path = f"concerns/{raised['id']}"
    await night.mentor.post(f"{path}/addenda", {"account": "It happened again."})
    shown = await night.wing.governor.post(f"{path}/decision", DECISION, 200)
    assert shown["decision"] == "Plan."
    assert [words["account"] for words in shown["addenda"]] == ["It happened again."]
    history = (await night.wing.governor.get(f"{path}/history"))["items"]
    assert "Plan." in history[-1]["note"]


async def test_a_governor_reads_no_review_in_a_history_that_is_not_theirs(night: Night) -> None:
    path = await acknowledged(night)
    await night.wing.clinician.post(f"{path}/decision", DECISION, 200)
    history = (await night.wing.governor.get(f"{path}/history"))["items"]
    assert "decided" in [entry["reason"] for entry in history]
    assert all("note" not in entry for entry in history)


async def test_a_breach_made_good_late_stays_in_the_governors_sight(night: Night) -> None:
    path = await acknowledged(night, immediacy="within_24h")
    await night.wing.governor.get(path, 404)
    clock.forward(days=2)
    await night.wing.officer.post(f"{path}/seen", {}, 200)
    await night.wing.clinician.post(f"{path}/decision", DECISION, 200)
    await night.wing.governor.get(path)


async def test_an_earlier_decision_stays_in_the_history(night: Night) -> None:
    path = await acknowledged(night)
    await night.wing.clinician.post(f"{path}/decision", DECISION, 200)
    other = {"decision": "Another plan.", "acct_decision": "opened"}
    await night.wing.nurse.post(f"{path}/decision", other, 200)
    history = (await night.wing.support_worker.get(f"{path}/history"))["items"]
    notes = [entry["note"] for entry in history if entry["reason"] == "decided"]
    assert notes == ["Plan.; ACCT: already_open", "Another plan.; ACCT: opened"]


async def test_now_is_decided_with_an_acct_decision(night: Night) -> None:
    path = await acknowledged(night)
    refused = await night.wing.clinician.post(f"{path}/decision", {"decision": "Plan."}, 422)
    assert refused["errors"][0]["field"] == "acct_decision"


async def test_an_officers_word_does_not_let_the_clinician_sleep(night: Night) -> None:
    handover = {"to": "Officer Testwick", "at": clock.spell(clock.now())}
    raised = await night.raises(handover=handover)
    await night.sweep()
    await night.wing.officer.post(f"concerns/{raised['id']}/acknowledgement", {}, 200)
    await night.passes(minutes=6)
    assert len(await night.pages(night.wing.clinician)) == 2


async def test_an_action_is_given_only_to_someone_who_can_finish_it(night: Night) -> None:
    path = await acknowledged(night)
    due = clock.spell(clock.now() + timedelta(days=1))
    for caller in (night.wing.officer, night.wing.governor):
        body = {"what": "Ring.", "owner_id": str(caller.staff_id), "due_at": due}
        refused = await night.wing.clinician.post(f"{path}/actions", body, 422)
        assert refused["errors"][0]["field"] == "owner_id"


async def test_a_closed_concern_takes_no_other_feedback(night: Night) -> None:
    raised = await night.raises()
    await night.closes(raised["id"])
    told = {"outcome": "received"}
    await night.wing.clinician.post(f"concerns/{raised['id']}/feedback", told, 409)


@pytest.mark.parametrize("reopened", [False, True])
async def test_a_mentors_later_words_page_someone(night: Night, reopened: bool) -> None:
    raised = await night.raises(immediacy="within_24h")
    path = f"concerns/{raised['id']}"
    await night.sweep()
    await night.wing.clinician.post(f"{path}/acknowledgement", {}, 200)
    if reopened:
        await night.closes(raised["id"])
    assert await night.sweep() == 0
    clock.forward(minutes=1)
    await night.mentor.post(f"{path}/addenda", {"account": "He is worse."})
    assert await night.sweep() == 1
    status = (await night.wing.clinician.get(path))["status"]
    assert status == ("reopened" if reopened else "acknowledged")


async def test_a_reopened_now_asks_for_a_handover_anew(night: Night) -> None:
    handover = {"to": "Officer Testwick", "at": clock.spell(clock.now())}
    raised = await night.raises(handover=handover)
    await night.closes(raised["id"])
    path = f"concerns/{raised['id']}"
    shown = await night.wing.clinician.move(path, "reopened", reason="new_information")
    assert [shown[name] for name in ("handed_over_at", "decision", "acct_decision")] == [None] * 3


async def test_a_device_whose_clock_runs_ahead_is_believed(night: Night) -> None:
    ahead = clock.spell(clock.now() + timedelta(minutes=2))
    raised = await night.raises(handover={"to": "Officer Testwick", "at": ahead}, occurred_at=ahead)
    shown = await night.wing.clinician.get(f"concerns/{raised['id']}")
    assert shown["handed_over_at"] <= clock.spell(clock.now())


async def test_who_only_wrote_it_down_may_close_it(night: Night) -> None:
    person = str(night.mentor.person_id)
    raised = await night.raises(night.wing.support_worker, raised_by_person_id=person)
    shown = await night.wing.clinician.get(f"concerns/{raised['id']}")
    assert shown["raised_by_role"] == "mentor"
    assert (await night.closes(raised["id"]))["status"] == "closed"


async def test_whoever_raised_a_duplicate_is_told_too(night: Night) -> None:
    other = night.wing.as_person((await night.wing.person())["id"])
    kept = await night.raises(night.wing.nurse)
    double = await night.raises(other, mentions_self_harm=True)
    merge = f"concerns/{double['id']}/merge"
    shown = await night.wing.clinician.post(merge, {"survivor_id": kept["id"]}, 200)
    assert shown["mentions_self_harm"] is True
    path = f"concerns/{kept['id']}"
    await night.wing.clinician.post(f"{path}/acknowledgement", {}, 200)
    await night.wing.officer.post(f"{path}/seen", {}, 200)
    await night.wing.clinician.post(f"{path}/decision", DECISION, 200)
    await night.wing.clinician.move(path, "under_review")
    await night.wing.clinician.move(path, "ready_to_close")
    refused = await night.wing.support_worker.move(path, "closed", 409)
    assert [error["code"] for error in refused["errors"]] == ["mentor_told"]
    told = {"outcome": "acted", "text": "Thank you, nurse."}
    await night.wing.clinician.post(f"{path}/feedback", told, 200)
    receipt = await other.get(f"concerns/{double['id']}")
    assert (receipt["received"], receipt["feedback"], receipt["feedback_text"]) == (
        True,
        "acted",
        None,
    )


async def test_merged_crosswise_at_once_one_stays_and_nobody_deadlocks(night: Night) -> None:
    for _ in range(5):
        one, two = (await night.raises())["id"], (await night.raises())["id"]
        answers = await asyncio.gather(
            night.wing.clinician.request(
                "POST", f"concerns/{one}/merge", json={"survivor_id": two}
            ),
            night.wing.nurse.request("POST", f"concerns/{two}/merge", json={"survivor_id": one}),
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_a_merge_voids_a_lowering_proposed_before_it(night: Night) -> None:
    path = await acknowledged(night)
    body = {"immediacy": "routine", "reason": "Calm."}
    await night.wing.clinician.put(f"{path}/immediacy", body)
    double = await night.raises()
    survivor = {"survivor_id": path.removeprefix("concerns/")}
    await night.wing.clinician.post(f"concerns/{double['id']}/merge", survivor, 200)
    assert (await night.wing.support_worker.put(f"{path}/immediacy", body))["immediacy"] == "now"


async def test_a_mentor_cannot_ask_for_the_state_that_receipts_do_not_show(night: Night) -> None:
    await night.mentor.post("concerns", concern())
    await night.mentor.get("concerns?status=closed", 422)


async def test_a_security_matter_is_the_governors_alone(night: Night) -> None:
    raised = await night.raises(kind="security_matter", account="A phone in the pool table.")
    path = f"concerns/{raised['id']}"
    await night.sweep()
    for caller in (night.wing.support_worker, night.wing.clinician, night.wing.officer):
        assert await night.pages(caller) == []
        await caller.get(path, 404)
    assert await night.pages(night.wing.governor), "at once: nobody on the wing is asked first"
    assert "pool table" in (await night.wing.governor.get(path))["account"]
    assert (await night.mentor.get(path))["reference"] == raised["reference"]


async def test_whoever_raised_a_duplicate_of_a_duplicate_is_told_too(night: Night) -> None:
    wing, other = night.wing, await night.wing.active_mentor()
    raised = [await night.raises(caller) for caller in (other, wing.officer, wing.officer)]
    paths = [f"concerns/{each['id']}" for each in raised]
    told = {"outcome": "acted", "told_by": "N. Mockham"}
    for path in paths:
        await wing.clinician.post(f"{path}/acknowledgement", {}, 200)
    await wing.officer.post(f"{paths[2]}/seen", {}, 200)
    decided = {"decision": "Plan.", "acct_decision": "already_open"}
    await wing.clinician.post(f"{paths[2]}/decision", decided, 200)
    await wing.clinician.post(f"{paths[2]}/feedback", told, 200)  # before the others are merged
    for path, into in ((paths[0], raised[1]), (paths[1], raised[2])):
        await wing.clinician.post(f"{path}/merge", {"survivor_id": into["id"]}, 200)
    await wing.clinician.move(paths[2], "under_review")
    await wing.clinician.move(paths[2], "ready_to_close")
    refused = await wing.support_worker.move(paths[2], "closed", 409)
    assert [each["code"] for each in refused["errors"]] == ["mentor_told"]
    await wing.clinician.post(f"{paths[2]}/feedback", told, 200)
    assert (await other.get(paths[0]))["feedback"] == "acted"
    await wing.support_worker.move(paths[2], "closed")


async def test_why_somebody_cannot_be_told_is_not_for_them(night: Night) -> None:
    raised = await night.raises()
    path = f"concerns/{raised['id']}"
    await night.wing.clinician.post(f"{path}/acknowledgement", {}, 200)
    why = {"outcome": "impossible", "text": "He is looked into himself."}
    shown = await night.wing.clinician.post(f"{path}/feedback", why, 200)
    assert (shown["feedback"], shown["feedback_text"]) == ("impossible", why["text"])
    [listed] = (await night.mentor.get("concerns"))["items"]
    for receipt in (await night.mentor.get(path), listed):
        assert (receipt["feedback"], receipt["feedback_text"]) == (None, None)
    assert (await night.mentor.get("/v1/me/inbox"))["items"] == []


async def test_who_raised_a_duplicate_does_not_close_the_one_that_stays(night: Night) -> None:
    wing = night.wing
    mine = await night.raises(wing.support_worker)
    theirs = await night.raises()
    await wing.clinician.post(f"concerns/{mine['id']}/merge", {"survivor_id": theirs["id"]}, 200)
    path = f"concerns/{theirs['id']}"
    await wing.clinician.post(f"{path}/acknowledgement", {}, 200)
    await wing.officer.post(f"{path}/seen", {}, 200)
    decided = {"decision": "Plan.", "acct_decision": "already_open"}
    await wing.clinician.post(f"{path}/decision", decided, 200)
    await wing.clinician.post(f"{path}/feedback", {"outcome": "acted"}, 200)
    await wing.clinician.move(path, "under_review")
    await wing.clinician.move(path, "ready_to_close")
    refused = await wing.support_worker.move(path, "closed", 409)
    assert [each["code"] for each in refused["errors"]] == ["closed_by_another"]


async def test_now_is_closed_with_an_acct_decision_however_it_became_now(night: Night) -> None:
    wing = night.wing
    raised = await night.raises(wing.officer, immediacy="today")
    path = f"concerns/{raised['id']}"
    await wing.clinician.post(f"{path}/acknowledgement", {}, 200)
    await wing.officer.post(f"{path}/seen", {}, 200)
    await wing.clinician.post(f"{path}/decision", {"decision": "A talk."}, 200)
    body = {"immediacy": "now", "reason": "He has a blade."}
    await wing.clinician.put(f"{path}/immediacy", body)
    await wing.clinician.move(path, "under_review")
    refused = await wing.clinician.move(path, "ready_to_close", 409)
    assert [each["code"] for each in refused["errors"]] == ["decided"]
    refused = await wing.clinician.post(f"{path}/decision", {"decision": "A talk."}, 422)
    assert refused["errors"][0]["field"] == "acct_decision"


async def test_now_by_a_merge_is_closed_with_an_acct_decision_too(night: Night) -> None:
    wing = night.wing
    double = await night.raises(wing.officer)
    raised = await night.raises(wing.officer, immediacy="today")
    path = f"concerns/{raised['id']}"
    await wing.clinician.post(f"{path}/acknowledgement", {}, 200)
    await wing.officer.post(f"{path}/seen", {}, 200)
    await wing.clinician.post(f"{path}/decision", {"decision": "A talk."}, 200)
    body = {"survivor_id": raised["id"]}
    await wing.clinician.post(f"concerns/{double['id']}/merge", body, 200)
    await wing.clinician.move(path, "under_review")
    await wing.clinician.move(path, "ready_to_close")
    refused = await wing.support_worker.move(path, "closed", 409)
    assert [each["code"] for each in refused["errors"]] == ["acct_decided"]


async def test_found_to_be_about_a_mentor_it_is_taken_up_anew_by_those_who_may_know(
    night: Night,
) -> None:
    wing, other = night.wing, await night.wing.active_mentor()
    raised = await night.raises(wing.officer, kind="misconduct")
    path = f"concerns/{raised['id']}"
    await wing.clinician.post(f"{path}/acknowledgement", {}, 200)
    about = {"subject_person_id": str(other.person_id)}
    await wing.clinician.put(f"{path}/subject", about)
    await night.sweep()
    assert [each["why"] for each in await night.pages(wing.officer)] == ["not_accepted"]


async def test_reopened_and_taken_up_it_says_by_whom_and_seen_again_too(night: Night) -> None:
    wing = night.wing
    raised = await night.raises()
    await night.closes(raised["id"])
    path = f"concerns/{raised['id']}"
    await wing.clinician.move(path, "reopened", reason="new_information")
    await wing.nurse.post(f"{path}/acknowledgement", {}, 200)  # who is not on duty
    for caller in (wing.officer, wing.support_worker):
        await caller.post(f"{path}/seen", {}, 200)
    history = (await wing.clinician.get(f"{path}/history"))["items"]
    said = [(each["reason"], each["actor_subject"]) for each in history]
    assert ("acknowledged", wing.nurse.subject) in said
    assert said[-2:] == [
        ("seen", wing.officer.subject),
        ("seen_again", wing.support_worker.subject),
    ]


async def test_a_device_that_runs_a_little_ahead_may_say_that_the_person_was_seen(
    night: Night,
) -> None:
    raised = await night.raises()
    at = clock.spell(clock.now() + timedelta(minutes=2))
    shown = await night.wing.officer.post(f"concerns/{raised['id']}/seen", {"at": at}, 200)
    assert shown["seen_at"] <= clock.spell(clock.now())
    receipt = await night.mentor.get(f"concerns/{raised['id']}")
    assert (receipt["received"], receipt["seen"], receipt["acted"]) == (False, True, True)
