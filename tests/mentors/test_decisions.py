"""Decisions about mentors over HTTP: declined, appealed, suspended, two at once."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.models.staff import StaffRole
from tests.story import Caller, Wing, clearance


def codes(problem: dict[str, Any]) -> list[str]:
    return [error["code"] for error in problem["errors"]]


async def in_review(wing: Wing) -> tuple[Caller, str]:
    """An application that waits for the governor: the applicant and the path."""
    mentor = await wing.applicant()
    path = f"mentors/{mentor['id']}"
    await wing.before_the_governor(mentor["id"])
    today = clock.now().date()
    until = today + timedelta(days=730)
    await wing.governor.put(f"{path}/clearance", clearance(today, until))
    return wing.as_person(mentor["person_id"], mentor["id"]), path


async def declined(wing: Wing) -> tuple[Caller, str]:
    himself, path = await in_review(wing)
    await wing.governor.move(path, "declined", reason="not_suitable_now", note="Intelligence.")
    return himself, path


# --- declining and appealing -----------------------------------------------------------------


async def test_declining_takes_a_coarse_reason(wing: Wing) -> None:
    _, path = await in_review(wing)
    refused = await wing.governor.move(path, "declined", expect=422)
    assert refused["errors"][0]["field"] == "reason"
    refused = await wing.governor.move(path, "declined", expect=422, reason="I do not like him")
    assert refused["errors"][0]["code"] == "reason"


async def test_an_appeal_is_decided_by_another_governor_and_only_once(wing: Wing) -> None:
    himself, path = await declined(wing)
    assert (await himself.move(path, "appealed"))["status"] == "appealed"
    await wing.support_worker.move(path, "governor_review")
    for to, more in (("approved_conditionally", {}), ("declined", {"reason": "other"})):
        refused = await wing.governor.move(path, to, expect=409, **more)
        assert codes(refused) == ["decided_by_another"]
    shown = await wing.governor.get(path)
    assert not any(
        move["allowed"] for move in shown["moves"] if move["to"] == "approved_conditionally"
    )
    deputy = await wing.hires(StaffRole.governor)
    await deputy.move(path, "declined", reason="not_suitable_now")
    refused = await himself.move(path, "appealed", expect=409)
    assert codes(refused) == ["first_appeal"]


async def test_another_governor_may_approve_on_appeal_and_the_waiting_time_is_gone(
    wing: Wing,
) -> None:
    himself, path = await declined(wing)
    await himself.move(path, "appealed")
    await wing.support_worker.move(path, "governor_review")
    deputy = await wing.hires(StaffRole.governor)
    approved = await deputy.move(path, "approved_conditionally")
    assert approved["status"] == "approved_conditionally"
    assert approved["reapply_on"] is None
    await himself.move(path, "stepped_down", reason="own_wish")
    again = await himself.post("mentors", {"person_id": str(himself.person_id)})
    assert again["status"] == "draft"


async def test_the_declined_apply_again_from_their_date_on(wing: Wing) -> None:
    himself, path = await declined(wing)
    reapply_on = (await himself.get(path))["reapply_on"]
    refused = await himself.post("mentors", {"person_id": str(himself.person_id)}, expect=409)
    assert refused["code"] == "reapply_later"
    assert reapply_on in refused["detail"]
    clock.forward(days=185)
    again = await himself.post("mentors", {"person_id": str(himself.person_id)})
    assert again["status"] == "draft"


async def test_an_appeal_beside_a_new_application_is_refused(wing: Wing) -> None:
    himself, path = await declined(wing)
    clock.forward(days=185)
    await himself.post("mentors", {"person_id": str(himself.person_id)})
    refused = await himself.move(path, "appealed", expect=409)
    assert refused["code"] == "already_exists"


async def test_why_was_decided_is_the_governors_the_code_the_support_workers(wing: Wing) -> None:
    himself, path = await declined(wing)

    async def last(caller: Caller) -> dict[str, Any]:
        row: dict[str, Any] = (await caller.get(f"{path}/history"))["items"][-1]
        return row

    assert (await last(wing.governor))["note"] == "Intelligence."
    for_worker = await last(wing.support_worker)
    assert for_worker["reason"] == "not_suitable_now"
    assert "note" not in for_worker
    assert {"reason", "note"}.isdisjoint(await last(wing.clinician))
    assert set(await last(himself)) == {"id", "occurred_at", "from_state", "to_state"}


# --- suspension ------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["support_worker", "clinician", "governor"])
async def test_staff_suspend_at_once_and_only_the_governor_reinstates(wing: Wing, who: str) -> None:
    mentor = await wing.approved()
    path = f"mentors/{mentor['id']}"
    caller: Caller = getattr(wing, who)
    await caller.move(path, "suspended", reason="conduct")
    for other in (wing.support_worker, wing.clinician):
        refused = await other.move(path, "approved_conditionally", expect=403)
        assert refused["code"] == "move_not_yours"
    refused = await wing.governor.move(path, "shadowing", expect=409)
    assert codes(refused) == ["came_from"]
    back = await wing.governor.move(path, "approved_conditionally")
    assert back["status"] == "approved_conditionally"


async def test_suspension_takes_access_away_for_a_token_already_issued(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    mentee = await wing.engaged()
    await wing.pairs(mentor, mentee["id"])
    assert len((await mentor.get("mentees"))["items"]) == 1
    path = f"mentors/{mentor.mentor_id}"
    await wing.support_worker.move(path, "suspended", reason="concern_raised")
    for address in (path, "mentors", "mentees", f"mentees/{mentee['id']}", "pairings", "trainings"):
        assert (await mentor.get(address, expect=403))["code"] == "not_allowed"
    await mentor.move(path, "stepped_down", expect=403, reason="own_wish")
    await wing.governor.move(path, "active")
    assert (await mentor.get(path))["status"] == "active"


async def test_suspension_flags_the_live_pairings_in_the_same_stroke(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    first, second = await wing.engaged(), await wing.engaged()
    kept = await wing.pairs(mentor, first["id"])
    ended = await wing.pairs(mentor, second["id"])
    await wing.support_worker.move(f"pairings/{ended['id']}", "ended", reason="goals_met")
    await wing.governor.move(f"mentors/{mentor.mentor_id}", "suspended", reason="welfare")
    listed = (await wing.support_worker.get("pairings"))["items"]
    assert {item["id"]: item["status"] for item in listed} == {
        kept["id"]: "to_reassign",
        ended["id"]: "ended",
    }


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("paused", "welfare"),
        ("stepped_down", "end_of_role"),
        ("transferred", None),
        ("released", None),
        ("deceased", None),
    ],
)
async def test_leaving_active_flags_pairings(wing: Wing, to: str, reason: str | None) -> None:
    mentor = await wing.active_mentor()
    pairing = await wing.pairs(mentor, (await wing.engaged())["id"])
    await wing.support_worker.move(f"mentors/{mentor.mentor_id}", to, reason=reason)
    shown = await wing.support_worker.get(f"pairings/{pairing['id']}")
    assert shown["status"] == "to_reassign"


async def test_a_suspended_mentor_is_removed_by_the_governor_alone(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    path = f"mentors/{mentor.mentor_id}"
    await wing.governor.move(path, "suspended", reason="conduct")
    await wing.support_worker.move(path, "removed", expect=403, reason="conduct")
    assert (await wing.governor.move(path, "removed", reason="conduct"))["status"] == "removed"


async def test_a_mentor_is_not_reinstated_into_active_without_clearance(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    path = f"mentors/{mentor.mentor_id}"
    await wing.governor.move(path, "suspended", reason="security_outcome")
    today = clock.now().date()
    body = clearance(today, today + timedelta(days=30), "refused")
    await wing.governor.put(f"{path}/clearance", body)
    refused = await wing.governor.move(path, "active", expect=409)
    assert codes(refused) == ["clearance_current"]


# --- at the same instant ---------------------------------------------------------------------


async def test_of_two_governors_deciding_at_once_exactly_one_decides(wing: Wing) -> None:
    _, path = await in_review(wing)
    deputy = await wing.hires(StaffRole.governor)
    moves = f"{path}/moves"
    replies = await asyncio.gather(
        wing.governor.request("POST", moves, json={"to": "approved_conditionally"}),
        deputy.request("POST", moves, json={"to": "declined", "reason": "other"}),
    )
    assert sorted(reply.status_code for reply in replies) == [200, 409]
    (lost,) = [reply.json() for reply in replies if reply.status_code == 409]
    assert lost["code"] == "move_not_in_table"
    history = (await wing.governor.get(f"{path}/history"))["items"]
    assert sum(row["from_state"] == "governor_review" for row in history) == 1


async def test_of_two_applications_at_once_exactly_one_is_taken(wing: Wing) -> None:
    person = await wing.person()
    replies = await asyncio.gather(
        *[
            wing.support_worker.request("POST", "mentors", json={"person_id": person["id"]})
            for _ in range(5)
        ]
    )
    assert sorted(reply.status_code for reply in replies) == [201, 409, 409, 409, 409]


async def test_the_founders_places_are_not_overrun_by_haste(wing: Wing) -> None:
    paths = []
    for _ in range(4):
        mentor = await wing.approved()
        await wing.trained(mentor["id"])
        await wing.contracted(mentor["id"])
        paths.append(f"mentors/{mentor['id']}/moves")
    body = {"to": "active", "reason": "founding_mentor"}
    replies = await asyncio.gather(
        *[wing.governor.request("POST", path, json=body) for path in paths]
    )
    assert sorted(reply.status_code for reply in replies) == [200, 200, 409, 409]
    lost = [reply.json() for reply in replies if reply.status_code == 409]
    assert [codes(each) for each in lost] == [["founders_below_cap"]] * 2
