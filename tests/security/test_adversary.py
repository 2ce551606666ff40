"""What a stranger tried in order to lose a concern, or to learn what is not theirs to know."""

from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.models.base import new_id
from app.models.staff import StaffRole
from app.tokens import DevelopmentIssuer
from tests.concerns.conftest import Night, concern
from tests.story import Caller, Wing

# Keys: nothing said is lost, whatever a client does with them


async def test_a_key_used_for_another_thing_loses_no_concern(night: Night) -> None:
    headers = {"Idempotency-Key": "one-key-for-everything"}
    worker = night.wing.support_worker
    await worker.post("wings", {"code": "E", "name": "Echo"}, headers=headers)
    raised = await worker.post("concerns", concern(), headers=headers)
    assert raised["warnings"]
    assert (await night.wing.clinician.get(f"concerns/{raised['id']}"))["account"]


async def test_a_key_whose_answer_named_no_thing_loses_no_concern(night: Night) -> None:
    headers = {"Idempotency-Key": "one-key-for-everything"}
    worker = night.wing.support_worker
    await worker.post("people/import", [], headers=headers)
    assert (await worker.post("concerns", concern(), headers=headers))["reference"]


@pytest.mark.parametrize(
    "other",
    [
        {"immediacy": "now"},
        {"subject_as_told": "the man in fourteen"},
        {"subject_person_id": str(new_id())},
    ],
)
async def test_another_matter_under_a_used_key_is_a_concern_of_its_own_and_pages(
    night: Night, other: dict[str, Any]
) -> None:
    headers = {"Idempotency-Key": "constant"}
    calm = concern(immediacy="within_24h")
    first = await night.mentor.post("concerns", calm, headers=headers)
    await night.sweep()
    second = await night.mentor.post("concerns", {**calm, **other}, headers=headers)
    assert second["id"] != first["id"]
    assert await night.sweep() == 1


async def test_words_under_the_key_of_a_closed_concern_are_not_buried_with_it(
    night: Night,
) -> None:
    headers = {"Idempotency-Key": "constant"}
    first = await night.mentor.post("concerns", concern(), headers=headers)
    await night.closes(first["id"])
    body = concern(account="It has begun again.")
    second = await night.mentor.post("concerns", body, headers=headers)
    assert second["id"] != first["id"]
    assert second["received"] is False


async def test_an_answer_is_not_given_again_to_a_role_that_reads_less(night: Night) -> None:
    worker = await night.wing.hires(StaffRole.support_worker)
    raised = await night.raises()
    words = {"account": "He is asking for his sister now."}
    headers = {"Idempotency-Key": "mine"}
    path = f"concerns/{raised['id']}/addenda"
    assert "account" in await worker.post(path, words, headers=headers)
    await night.wing.governor.patch(f"staff/{worker.staff_id}", {"role": "wing_duty"})
    demoted = Caller(
        worker.http,
        worker.prison_id,
        night.wing.issuer.issue(worker.subject, ["wing_duty"], [worker.prison_id]),
        worker.subject,
    )
    refused = await demoted.post(path, words, 422, headers=headers)
    assert refused["code"] == "idempotency_key_reused"


# Whom a concern is about, and who may decide on it


async def test_a_receipt_does_not_tell_whether_a_person_is_known_here(night: Night) -> None:
    known, unknown = str((await night.wing.person())["id"]), str(new_id())
    for told in (None, "the lad in the end cell", "x" * 300):
        said = [
            (await night.raises(subject_person_id=person, subject_as_told=told))["subject_as_told"]
            for person in (known, unknown)
        ]
        assert said[0].replace(known, unknown) == said[1]
        assert unknown in said[1], "what was said of whom it is about is never cut off"


async def test_a_prisoner_cannot_ask_for_the_state_that_a_receipt_leaves_out(night: Night) -> None:
    await night.raises()
    refused = await night.mentor.get("concerns?status=raised", 422)
    assert refused["errors"][0]["field"] == "status"
    assert (await night.wing.clinician.get("concerns?status=raised"))["items"]


async def test_a_governor_does_not_merge_away_what_is_not_theirs_to_review(night: Night) -> None:
    urgent, other = await night.raises(), await night.raises()
    body = {"survivor_id": other["id"]}
    await night.wing.governor.post(f"concerns/{urgent['id']}/merge", body, 403)
    assert (await night.wing.clinician.get(f"concerns/{urgent['id']}"))["status"] == "raised"


async def test_a_concern_about_staff_is_not_merged_into_one_they_can_see(night: Night) -> None:
    worker = night.wing.support_worker
    accused = await night.raises(kind="misconduct", about_staff_id=str(worker.staff_id))
    plain = await night.raises(kind="misconduct")
    body = {"survivor_id": plain["id"]}
    path = f"concerns/{accused['id']}"
    await night.wing.governor.post(f"{path}/merge", body, 403)
    await worker.post(f"{path}/merge", body, 404)
    body = {"survivor_id": accused["id"]}
    refused = await worker.post(f"concerns/{plain['id']}/merge", body, 422)
    assert refused["errors"][0]["code"] == "unknown"


async def test_what_is_about_two_colleagues_stays_two_concerns(night: Night) -> None:
    one, two = night.wing.support_worker, night.wing.clinician
    about = [
        await night.raises(kind="misconduct", about_staff_id=str(each.staff_id))
        for each in (one, two)
    ]
    body = {"survivor_id": about[1]["id"]}
    refused = await night.wing.governor.post(f"concerns/{about[0]['id']}/merge", body, 422)
    assert refused["errors"][0]["code"] == "routed_otherwise"


async def test_a_merge_does_not_lose_that_self_harm_was_mentioned(night: Night) -> None:
    grave = await night.raises(mentions_self_harm=True)
    plain = await night.raises()
    body = {"survivor_id": plain["id"]}
    survivor = await night.wing.clinician.post(f"concerns/{grave['id']}/merge", body, 200)
    assert survivor["mentions_self_harm"] is True
    decision = {"decision": "Talked."}
    await night.wing.clinician.post(f"concerns/{plain['id']}/decision", decision, 422)


async def test_a_lowering_asked_for_before_it_was_closed_does_not_outlive_it(
    night: Night,
) -> None:
    raised = await night.raises()
    path = f"concerns/{raised['id']}"
    body = {"immediacy": "routine", "reason": "Calm."}
    await night.wing.clinician.put(f"{path}/immediacy", body)
    await night.closes(raised["id"])
    await night.wing.clinician.move(path, "reopened", reason="new_information")
    shown = await night.wing.support_worker.put(f"{path}/immediacy", body)
    assert shown["immediacy"] == "now", "one person's word of weeks ago is no second person"


# What is said in reviews and notes


async def test_a_governor_reads_the_timers_of_a_concern_and_not_its_review(night: Night) -> None:
    raised = await night.raises()
    path = f"concerns/{raised['id']}"
    await night.wing.clinician.post(f"{path}/acknowledgement", {}, 200)
    await night.wing.clinician.move(path, "under_review", note="Diagnosed last spring.")
    history = await night.wing.governor.get(f"{path}/history")
    assert "under_review" in [entry["to_state"] for entry in history["items"]]
    assert "Diagnosed" not in str(history)
    assert "Diagnosed" in str(await night.wing.support_worker.get(f"{path}/history"))


async def test_a_governor_reads_the_review_that_is_theirs(night: Night) -> None:
    about = str(night.wing.nurse.staff_id)
    raised = await night.raises(kind="misconduct", about_staff_id=about)
    path = f"concerns/{raised['id']}"
    await night.wing.governor.post(f"{path}/acknowledgement", {}, 200)
    await night.wing.governor.move(path, "under_review", note="Both rotas looked at.")
    assert "Both rotas" in str(await night.wing.governor.get(f"{path}/history"))


async def test_a_wing_officer_reads_no_notes_in_the_history_of_a_session_either(
    night: Night,
) -> None:
    wing = night.wing
    mentee = await wing.engaged()
    await wing.pairs(night.mentor, mentee["id"])
    body = {
        "kind": "one_to_one",
        "mentor_id": str(night.mentor.mentor_id),
        "mentee_ids": [mentee["id"]],
        "starts_at": clock.spell(clock.now() + timedelta(hours=1)),
        "ends_at": clock.spell(clock.now() + timedelta(hours=2)),
    }
    session = await wing.support_worker.post("sessions", body)
    path = f"sessions/{session['id']}"
    note = "He cried about his children."
    await wing.support_worker.move(path, "cancelled", reason="mentee_unwell", note=note)
    assert "cried" in str(await wing.support_worker.get(f"{path}/history"))
    seen = await wing.officer.get(f"{path}/history")
    assert "cried" not in str(seen)
    assert seen["items"][-1]["reason"] == "mentee_unwell"


# Tokens and addresses


@pytest.mark.parametrize("subject", ["a\x00b", "a" * 201])
async def test_a_subject_that_cannot_be_written_down_is_refused_as_a_token(
    wing: Wing, issuer: DevelopmentIssuer, subject: str
) -> None:
    person = await wing.person()
    prisoner = wing.as_person(person["id"])
    token = issuer.issue(subject, ["mentor"], [wing.prison_id], prisoner.person_id)
    caller = Caller(wing.http, wing.prison_id, token, subject)
    refused = await caller.post("concerns", concern(), 401)
    assert refused["title"].startswith("NOT SAVED")
    token = issuer.issue(subject, ["governor"], [wing.prison_id])
    await Caller(wing.http, wing.prison_id, token, subject).get("people", 401)


@pytest.mark.parametrize("path", ["Concerns", "CONCERNS/", "/V1/prisons/SLI/concerns", "/concerns"])
async def test_a_concern_sent_a_little_astray_is_said_not_to_be_saved(
    wing: Wing, path: str
) -> None:
    refused = await wing.support_worker.post(path, concern(), 404)
    assert refused["title"].startswith("NOT SAVED")


async def test_words_that_could_not_be_added_are_said_not_to_be_saved(night: Night) -> None:
    raised = await night.raises()
    path = f"concerns/{raised['id']}/addenda"
    refused = await night.mentor.post(path, {"account": "x" * 8001}, 422)
    assert refused["detail"].startswith("NOT SAVED, tell an officer now")
