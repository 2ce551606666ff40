"""Referral: for oneself, by proxy, from paper, after an ACCT review; and the triage it opens."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app import clock
from app.services import mentees
from tests.mentees.test_routes import codes, referral
from tests.story import Caller, Wing


def at(**ahead: float) -> str:
    return clock.spell(clock.now() + timedelta(**ahead))


def for_oneself(caller: Caller, **fields: Any) -> dict[str, Any]:
    return referral(str(caller.person_id), "self", **fields)


async def prisoner(wing: Wing) -> Caller:
    return wing.as_person((await wing.person())["id"])


async def tasks_of(wing: Wing, kind: str, status: str = "open") -> list[Any]:
    found = await wing.support_worker.get(f"tasks?kind={kind}&status={status}")
    return list(found["items"])


async def housekeeping(wing: Wing) -> int:
    async with wing.db.write(wing.prison_id) as session:
        return await mentees.tasks_due(session, wing.prison_id)


# --- for oneself -----------------------------------------------------------------------------


async def test_a_prisoner_asks_for_himself_and_gets_a_receipt_and_no_more(wing: Wing) -> None:
    caller = await prisoner(wing)
    body = for_oneself(caller, referral_reason="I do not sleep.", agreed_line="Call me Jo.")
    receipt = await caller.post("mentees", body)
    assert set(receipt) == {"id", "status"}
    assert receipt["status"] == "self_referred"
    path = f"mentees/{receipt['id']}"
    for address in ("mentees", path, f"{path}/history"):
        await caller.get(address, expect=403)
    await caller.patch(path, {"agreed_line": "No."}, expect=403)
    shown = await wing.support_worker.get(path)
    assert shown["referral_reason"] == "I do not sleep."
    assert shown["recorded_by"] == caller.subject


async def test_a_mentor_may_ask_for_support_too_and_does_not_see_his_own_file(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    receipt = await mentor.post("mentees", for_oneself(mentor))
    assert set(receipt) == {"id", "status"}
    await mentor.get(f"mentees/{receipt['id']}", expect=404)
    assert (await mentor.get("mentees"))["items"] == []


async def test_a_prisoner_asks_for_nobody_else_whether_there_is_one_or_not(wing: Wing) -> None:
    caller, other = await prisoner(wing), await wing.person()
    for person_id in (other["id"], "0198c0de-0000-7000-8000-000000000000"):
        refused = await caller.post("mentees", referral(person_id, "self"), expect=404)
        assert refused["code"] == "not_found"
    assert (await wing.support_worker.get("mentees"))["items"] == []


@pytest.mark.parametrize(
    "fields",
    [
        {"referred_by": "clinician"},
        {"referred_by": "acct_review"},
        {"occurred_at": "2026-11-23T10:00:00+00:00"},
        {"disclosure": "restricted"},
    ],
)
async def test_a_prisoner_says_nothing_in_the_name_of_staff(
    wing: Wing, fields: dict[str, Any]
) -> None:
    caller = await prisoner(wing)
    refused = await caller.post("mentees", {**for_oneself(caller), **fields}, expect=422)
    assert [error["field"] for error in refused["errors"]] == list(fields)
    assert codes(refused) == ["not_yours"]


async def test_who_says_he_needs_to_be_seen_soon_is_triaged_the_same_day(wing: Wing) -> None:
    caller = await prisoner(wing)
    receipt = await caller.post("mentees", for_oneself(caller, safety_need=True))
    shown = await wing.support_worker.get(f"mentees/{receipt['id']}")
    assert shown["safety_need"] is True
    (task,) = await tasks_of(wing, "triage_due")
    assert task["due_at"] == shown["triage_by"]


async def test_a_suspended_mentor_asks_on_paper(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    await wing.governor.move(f"mentors/{mentor.mentor_id}", "suspended", reason="welfare")
    await mentor.post("mentees", for_oneself(mentor), expect=403)
    entered = await wing.officer.post("mentees", for_oneself(mentor))
    assert entered["status"] == "self_referred"


async def test_of_two_requests_of_one_prisoner_at_once_one_is_taken(wing: Wing) -> None:
    caller = await prisoner(wing)
    replies = await asyncio.gather(
        *[caller.request("POST", "mentees", json=for_oneself(caller)) for _ in range(3)]
    )
    assert sorted(reply.status_code for reply in replies) == [201, 409, 409]
    assert len(await tasks_of(wing, "triage_due")) == 1


# --- by proxy, from paper, after an ACCT review ----------------------------------------------


async def test_paper_says_when_it_was_made_and_triage_runs_from_its_recording(wing: Wing) -> None:
    made_at = at(days=-6)
    mentee = await wing.referred(referred_by="self", occurred_at=made_at)
    now = await wing.referred()
    assert mentee["referred_at"] == made_at < mentee["recorded_at"]
    assert mentee["recorded_by"] == wing.support_worker.subject
    assert mentee["triage_by"] == now["triage_by"]
    history = (await wing.support_worker.get(f"mentees/{mentee['id']}/history"))["items"]
    assert history[0]["occurred_at"] == made_at


async def test_paper_is_not_of_the_future(wing: Wing) -> None:
    body = referral((await wing.person())["id"], occurred_at=at(minutes=5))
    refused = await wing.officer.post("mentees", {**body, "referred_by": "self"}, expect=422)
    assert (refused["errors"][0]["field"], codes(refused)) == ("occurred_at", ["in_the_future"])


async def test_paper_is_not_of_support_that_has_ended(wing: Wing) -> None:
    mentee = await wing.referred()
    clock.forward(hours=2)
    path = f"mentees/{mentee['id']}"
    await wing.support_worker.move(path, "declined_by_person", reason="not_now")
    body = referral(mentee["person_id"], occurred_at=at(hours=-1))
    refused = await wing.support_worker.post("mentees", body, expect=422)
    assert codes(refused) == ["before_the_last_end"]
    clock.forward(hours=2)
    await wing.support_worker.post("mentees", {**body, "occurred_at": at(hours=-1)})


@pytest.mark.parametrize("who", ["support_worker", "clinician", "officer"])
async def test_an_acct_review_refers_through_whoever_takes_part_in_it(wing: Wing, who: str) -> None:
    body = referral((await wing.person())["id"], "acct_review")
    made = await getattr(wing, who).post("mentees", body)
    shown = await wing.governor.get(f"mentees/{made['id']}")
    assert (shown["referred_by"], shown["status"]) == ("acct_review", "referred")


async def test_moves_entered_late_go_back_to_the_referral_and_no_further(wing: Wing) -> None:
    mentee = await wing.referred(occurred_at=at(days=-3))
    path = f"mentees/{mentee['id']}"
    for when in (at(days=-4), at(minutes=5)):
        refused = await wing.support_worker.move(path, "triage", expect=422, occurred_at=when)
        assert refused["errors"][0]["field"] == "occurred_at"
    await wing.support_worker.move(path, "triage", occurred_at=at(days=-2))
    refused = await wing.support_worker.move(path, "accepted", expect=422, occurred_at=at(days=-3))
    assert codes(refused) == ["in_order"]
    body = {"kind": "compatibility", "at": at(days=-4)}
    refused = await wing.support_worker.post(f"{path}/checks", body, expect=422)
    assert codes(refused) == ["before_referral"]


# --- triage ----------------------------------------------------------------------------------


async def test_a_referral_opens_its_triage_and_triage_ends_it(wing: Wing) -> None:
    mentee = await wing.referred()
    (task,) = await tasks_of(wing, "triage_due")
    assert (task["thing_id"], task["for_role"]) == (mentee["id"], "support_worker")
    assert task["due_at"] == mentee["triage_by"]
    assert await housekeeping(wing) == 0
    await wing.support_worker.move(f"mentees/{mentee['id']}", "triage")
    assert await tasks_of(wing, "triage_due") == []
    (done,) = await tasks_of(wing, "triage_due", "done")
    shown = await wing.support_worker.get(f"tasks/{done['id']}")
    assert shown["done_by"] == wing.support_worker.subject


@pytest.mark.parametrize(("to", "reason"), [("done", None), ("cancelled", "no_longer_needed")])
async def test_triage_is_not_ticked_off_without_being_made(
    wing: Wing, to: str, reason: str | None
) -> None:
    await wing.referred()
    (task,) = await tasks_of(wing, "triage_due")
    refused = await wing.support_worker.move(f"tasks/{task['id']}", to, expect=409, reason=reason)
    assert codes(refused) == ["thing_settled"]


async def test_triage_drawn_nearer_draws_its_task_nearer(wing: Wing) -> None:
    mentee = await wing.referred()
    before = (await tasks_of(wing, "triage_due"))[0]["due_at"]
    changed = await wing.clinician.patch(f"mentees/{mentee['id']}", {"safety_need": True})
    (task,) = await tasks_of(wing, "triage_due")
    assert task["due_at"] == changed["triage_by"] < before
    async with wing.db.write(wing.prison_id) as session:
        sql = text("SELECT next_step_at <= due_at AS soon FROM task WHERE id = :id")
        assert (await session.execute(sql, {"id": task["id"]})).scalar_one()


@pytest.mark.parametrize("to", ["declined_by_person", "transferred", "deceased"])
async def test_triage_ends_whichever_way_the_person_goes(wing: Wing, to: str) -> None:
    mentee = await wing.referred()
    reason = {"reason": "not_now"} if to == "declined_by_person" else {}
    await wing.support_worker.move(f"mentees/{mentee['id']}", to, **reason)
    assert await tasks_of(wing, "triage_due") == []


async def test_who_was_not_dead_after_all_is_triaged_after_all(wing: Wing) -> None:
    mentee = await wing.referred()
    path = f"people/{mentee['person_id']}/death"
    body = {"occurred_at": clock.spell(clock.now()), "source": "healthcare"}
    await wing.nurse.post(path, body)
    assert await tasks_of(wing, "triage_due") == []
    await wing.clinician.post(f"{path}/correction", expect=200)
    assert await housekeeping(wing) == 1
    assert await housekeeping(wing) == 0
    assert len(await tasks_of(wing, "triage_due")) == 1
