"""Complaints over HTTP: raised, given to somebody, answered, reopened, closed, withdrawn."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.models.staff import StaffRole
from tests.mentees.test_referral import at, tasks_of
from tests.mentees.test_routes import codes
from tests.story import Caller, Wing

UNKNOWN = "0198c0de-0000-7000-8000-000000000000"
WORDS = "Nobody came for three weeks."


def words(**fields: Any) -> dict[str, Any]:
    return {"about": "service", "account": WORDS, **fields}


async def prisoner(wing: Wing) -> Caller:
    return wing.as_person((await wing.person())["id"])


async def raised(wing: Wing, **fields: Any) -> tuple[Caller, str]:
    """A complaint of a prisoner, and its path."""
    caller = await prisoner(wing)
    made = await caller.post("complaints", words(**fields))
    return caller, f"complaints/{made['id']}"


async def assigned(wing: Wing, path: str, to: Caller, by: Caller | None = None) -> Any:
    body = {"staff_id": str(to.staff_id)}
    return await (by or to).post(f"{path}/assignment", body, expect=200)


async def answered(wing: Wing, path: str, by: Caller) -> Any:
    await assigned(wing, path, by)
    return await by.post(f"{path}/answer", {"answer": "We are sorry."}, expect=200)


# --- raising ---------------------------------------------------------------------------------


async def test_a_prisoner_complains_and_reads_his_own_words_its_state_and_the_answer(
    wing: Wing,
) -> None:
    caller = await prisoner(wing)
    receipt = await caller.post("complaints", words(wanted="Tell me when."))
    assert set(receipt) == {"id", "reference", "status", "due_at"}
    path = f"complaints/{receipt['id']}"
    await answered(wing, path, wing.support_worker)
    own = await caller.get(path)
    assert set(own) == {
        "id", "recorded_at", "reference", "status", "about", "about_as_told", "account", "wanted",
        "due_at", "answer", "answered_at", "moves",
    }  # fmt: skip
    assert (own["status"], own["answer"]) == ("answered", "We are sorry.")
    assert own["wanted"] == "Tell me when."
    (listed,) = (await caller.get("complaints"))["items"]
    assert {**own, "moves": []} == {**listed, "moves": []}
    assert "ETag" not in (await caller.request("GET", path)).headers


async def test_whoever_complains_learns_no_version_by_trying(wing: Wing) -> None:
    for etag in ('"1"', '"2"', '"77"'):
        caller, path = await raised(wing)
        await assigned(wing, path, wing.support_worker)
        body = {"to": "withdrawn_by_person", "reason": "settled"}
        await caller.post(f"{path}/moves", body, expect=200, headers={"If-Match": etag})
    _, path = await raised(wing)
    headers = {"If-Match": '"77"'}
    await wing.support_worker.post(f"{path}/moves", body, expect=412, headers=headers)


async def test_nobody_sees_another_prisoners_complaint(wing: Wing) -> None:
    _, path = await raised(wing)
    mentor, other = await wing.active_mentor(), await prisoner(wing)
    for caller in (mentor, other):
        assert (await caller.get("complaints"))["items"] == []
        await caller.get(path, expect=404)
        await caller.move(path, "withdrawn_by_person", expect=404, reason="settled")
        await caller.get(f"{path}/history", expect=403)
        await caller.post(f"{path}/assignment", {"staff_id": UNKNOWN}, expect=403)


@pytest.mark.parametrize("who", ["support_worker", "clinician", "officer", "governor"])
async def test_staff_enter_it_for_whoever_has_no_device_also_late_from_paper(
    wing: Wing, who: str
) -> None:
    person = await wing.person()
    staff: Caller = getattr(wing, who)
    body = words(raised_by_person_id=person["id"], occurred_at=at(days=-9))
    receipt = await staff.post("complaints", body)
    shown = await wing.governor.get(f"complaints/{receipt['id']}")
    assert shown["raised_by_person_id"] == person["id"]
    assert shown["recorded_by"] == staff.subject
    assert shown["occurred_at"] == body["occurred_at"]
    now = (await (await prisoner(wing)).post("complaints", words()))["due_at"]
    assert shown["due_at"] == now, "its clock runs from the recording"
    own = await wing.as_person(person["id"]).get(f"complaints/{receipt['id']}")
    assert own["account"] == WORDS


async def test_an_officer_enters_complaints_and_reads_none(wing: Wing) -> None:
    body = words(raised_by_person_id=(await wing.person())["id"])
    receipt = await wing.officer.post("complaints", body)
    path = f"complaints/{receipt['id']}"
    for address in ("complaints", path, f"{path}/history"):
        await wing.officer.get(address, expect=403)
    await wing.officer.move(path, "withdrawn_by_person", expect=404, reason="settled")


async def test_a_suspended_mentor_complains_on_paper(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    await wing.governor.move(f"mentors/{mentor.mentor_id}", "suspended", reason="conduct")
    await mentor.post("complaints", words(), expect=403)
    await wing.officer.post("complaints", words(raised_by_person_id=str(mentor.person_id)))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"raised_by_person_id": None}, "raised_by_person_id"),
        ({"raised_by_person_id": UNKNOWN}, "raised_by_person_id"),
        ({"about": "food"}, "about"),
        ({"account": " "}, "account"),
        ({"occurred_at": str(clock.now() + timedelta(days=2))}, "occurred_at"),
        ({"risk": "high"}, "risk"),
    ],
)
async def test_a_bad_complaint_names_its_field(
    wing: Wing, fields: dict[str, Any], field: str
) -> None:
    body = words(**{"raised_by_person_id": (await wing.person())["id"], **fields})
    refused = await wing.support_worker.post("complaints", body, expect=422)
    assert [error["field"] for error in refused["errors"]] == [field]
    assert (await wing.governor.get("complaints"))["items"] == []
    assert await tasks_of(wing, "complaint_due") == []


async def test_a_prisoner_complains_in_no_other_name(wing: Wing) -> None:
    caller, other = await prisoner(wing), await wing.person()
    for person_id in (other["id"], UNKNOWN):
        await caller.post("complaints", words(raised_by_person_id=person_id), expect=404)
    refused = await caller.post("complaints", words(disclosure="restricted"), expect=422)
    assert codes(refused) == ["not_yours"]


async def test_a_complaint_sent_twice_under_one_key_is_one(wing: Wing) -> None:
    caller, key = await prisoner(wing), {"Idempotency-Key": "complaint-1"}
    first = await caller.post("complaints", words(), headers=key)
    assert await caller.post("complaints", words(), headers=key) == first
    assert len((await wing.governor.get("complaints"))["items"]) == 1


# --- the clock -------------------------------------------------------------------------------


async def test_it_waits_for_a_support_worker_until_it_is_given_to_somebody_and_answered(
    wing: Wing,
) -> None:
    _, path = await raised(wing)
    (task,) = await tasks_of(wing, "complaint_due")
    complaint = await wing.support_worker.get(path)
    assert (task["for_role"], task["due_at"]) == ("support_worker", complaint["due_at"])
    assert task["person_id"] == complaint["raised_by_person_id"]
    refused = await wing.support_worker.move(f"tasks/{task['id']}", "done", expect=409)
    assert codes(refused) == ["thing_settled"]
    await assigned(wing, path, wing.clinician, by=wing.support_worker)
    (theirs,) = (await wing.clinician.get("tasks?kind=complaint_due"))["items"]
    assert theirs["for_staff_id"] == str(wing.clinician.staff_id)
    await wing.clinician.post(f"{path}/answer", {"answer": "Sorry."}, expect=200)
    assert await tasks_of(wing, "complaint_due") == []
    assert len(await tasks_of(wing, "complaint_due", "done")) == 1


async def test_what_is_overdue_is_found(wing: Wing) -> None:
    _, path = await raised(wing)
    assert (await wing.governor.get("complaints?overdue=true"))["items"] == []
    clock.forward(days=12)
    (late,) = (await wing.governor.get("complaints?overdue=true"))["items"]
    assert path.endswith(late["id"])
    await answered(wing, path, wing.governor)
    assert (await wing.governor.get("complaints?overdue=true"))["items"] == []


async def test_who_is_not_satisfied_asks_again_and_a_new_clock_runs(wing: Wing) -> None:
    caller, path = await raised(wing)
    first = await answered(wing, path, wing.support_worker)
    clock.forward(days=3)
    again = await caller.move(path, "reopened", reason="not_satisfied", note="Nobody came.")
    assert again["due_at"] > first["due_at"]
    (task,) = await tasks_of(wing, "complaint_due")
    assert task["due_at"] == again["due_at"]
    await assigned(wing, path, wing.clinician)
    body = {"answer": "It is Thursday."}
    second = await wing.clinician.post(f"{path}/answer", body, expect=200)
    assert (second["status"], second["answered_by"]) == ("answered", wing.clinician.subject)
    closed = await wing.governor.move(path, "closed", reason="person_satisfied")
    assert closed["moves"] == []
    history = (await wing.governor.get(f"{path}/history"))["items"]
    assert [row["to_state"] for row in history] == [
        "received", "assigned", "answered", "reopened", "assigned", "answered", "closed",
    ]  # fmt: skip


@pytest.mark.parametrize("given", [False, True])
async def test_who_made_it_takes_it_back_and_nobody_waits_for_it(wing: Wing, given: bool) -> None:
    caller, path = await raised(wing)
    if given:
        await assigned(wing, path, wing.support_worker)
    refused = await caller.move(path, "withdrawn_by_person", expect=422)
    assert refused["errors"][0]["field"] == "reason"
    await caller.move(path, "withdrawn_by_person", reason="settled")
    assert await tasks_of(wing, "complaint_due") == []
    body = {"staff_id": str(wing.clinician.staff_id)}
    await wing.clinician.post(f"{path}/assignment", body, expect=409)


async def test_a_prisoner_neither_closes_nor_answers(wing: Wing) -> None:
    caller, path = await raised(wing)
    await caller.post(f"{path}/answer", {"answer": "Yes."}, expect=403)
    await answered(wing, path, wing.support_worker)
    assert [move["to"] for move in (await caller.get(path))["moves"]] == ["reopened"]
    refused = await caller.move(path, "closed", expect=403, reason="person_satisfied")
    assert refused["code"] == "move_not_yours"


async def test_only_whoever_it_is_with_answers_and_an_answer_is_no_move(wing: Wing) -> None:
    _, path = await raised(wing)
    body = {"answer": "Sorry."}
    await wing.support_worker.post(f"{path}/answer", body, expect=409)
    await assigned(wing, path, wing.clinician)
    refused = await wing.support_worker.post(f"{path}/answer", body, expect=409)
    assert codes(refused) == ["answered_by_whom_it_is_with"]
    await wing.clinician.move(path, "answered", expect=409)
    assert (await wing.clinician.get(path))["answer"] is None
    await assigned(wing, path, wing.support_worker)
    await wing.support_worker.post(f"{path}/answer", body, expect=200)


async def test_an_answer_entered_late_lies_between_the_move_before_it_and_now(wing: Wing) -> None:
    _, path = await raised(wing)
    await assigned(wing, path, wing.support_worker)
    clock.forward(hours=5)
    for when in (at(days=-1), at(minutes=5)):
        body = {"answer": "Sorry.", "occurred_at": when}
        refused = await wing.support_worker.post(f"{path}/answer", body, expect=422)
        assert refused["errors"][0]["field"] == "occurred_at"
    body = {"answer": "Sorry.", "occurred_at": at(hours=-1)}
    shown = await wing.support_worker.post(f"{path}/answer", body, expect=200)
    assert shown["answered_at"] == body["occurred_at"]


@pytest.mark.parametrize("who", ["unknown", "officer", "gone"])
async def test_it_is_given_to_nobody_who_may_not_see_it(wing: Wing, who: str) -> None:
    _, path = await raised(wing)
    gone = await wing.hires(StaffRole.support_worker)
    await wing.governor.patch(f"staff/{gone.staff_id}", {"active": False})
    staff_ids = {"unknown": UNKNOWN, "officer": wing.officer.staff_id, "gone": gone.staff_id}
    body = {"staff_id": str(staff_ids[who])}
    refused = await wing.support_worker.post(f"{path}/assignment", body, expect=422)
    assert (refused["errors"][0]["field"], codes(refused)) == ("staff_id", ["not_theirs"])
    assert (await wing.support_worker.get(path))["status"] == "received"


async def test_of_two_answers_at_once_one_is_given(wing: Wing) -> None:
    _, path = await raised(wing)
    await assigned(wing, path, wing.support_worker)
    replies = await asyncio.gather(
        *[
            wing.support_worker.request("POST", f"{path}/answer", json={"answer": text})
            for text in ("One.", "Two.", "Three.")
        ]
    )
    assert sorted(reply.status_code for reply in replies) == [200, 409, 409]
    assert len(await tasks_of(wing, "complaint_due", "done")) == 1


async def test_of_a_withdrawal_and_an_answer_at_once_one_holds(wing: Wing) -> None:
    caller, path = await raised(wing)
    await assigned(wing, path, wing.support_worker)
    withdrawal = {"to": "withdrawn_by_person", "reason": "settled"}
    replies = await asyncio.gather(
        caller.request("POST", f"{path}/moves", json=withdrawal),
        wing.support_worker.request("POST", f"{path}/answer", json={"answer": "Sorry."}),
    )
    assert sorted(reply.status_code for reply in replies) == [200, 409]
    assert await tasks_of(wing, "complaint_due") == []
