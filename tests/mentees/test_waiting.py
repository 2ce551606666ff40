"""What must not last: a wait, an offer, sessions missed; and two people at one record at once."""

import asyncio
from typing import Any

import pytest

from app import clock
from app.models.staff import StaffRole
from tests.mentees.test_referral import at, housekeeping, tasks_of
from tests.mentees.test_routes import codes, referral
from tests.story import Caller, Wing


async def waits(wing: Wing) -> Any:
    mentee = await wing.referred()
    for to in ("triage", "accepted", "waiting"):
        shown = await wing.support_worker.move(f"mentees/{mentee['id']}", to)
    return shown


# --- waiting and offers ----------------------------------------------------------------------


async def test_who_waits_longer_than_the_alert_is_told_of_once_and_again_after_it(
    wing: Wing,
) -> None:
    mentee = await waits(wing)
    clock.forward(days=14, minutes=-5)
    assert await housekeeping(wing) == 0
    clock.forward(minutes=10)
    assert await housekeeping(wing) == 1
    assert await housekeeping(wing) == 0
    (task,) = await tasks_of(wing, "waiting_long")
    assert (task["thing_id"], task["for_role"]) == (mentee["id"], "support_worker")
    await wing.support_worker.move(f"tasks/{task['id']}", "done", note="Asked him to be patient.")
    assert await housekeeping(wing) == 0
    clock.forward(days=14, minutes=5)
    assert await housekeeping(wing) == 1


async def test_two_rounds_at_once_tell_of_it_once(wing: Wing) -> None:
    await waits(wing)
    clock.forward(days=15)
    told = await asyncio.gather(*[housekeeping(wing) for _ in range(4)])
    assert sum(told) == 1
    assert len(await tasks_of(wing, "waiting_long")) == 1


async def test_the_prison_says_how_long_is_too_long(wing: Wing) -> None:
    await wing.governor.patch("", {"waiting_alert_days": 3})
    await waits(wing)
    clock.forward(days=3, minutes=5)
    assert await housekeeping(wing) == 1


async def test_the_wait_counts_from_when_it_began_however_late_it_is_entered(wing: Wing) -> None:
    mentee = await wing.referred(occurred_at=at(days=-20))
    path = f"mentees/{mentee['id']}"
    for to, days in (("triage", 19), ("accepted", 18), ("waiting", 16)):
        shown = await wing.support_worker.move(path, to, occurred_at=at(days=-days))
    assert shown["waiting_since"] < at(days=-15)
    assert await housekeeping(wing) == 1


async def test_an_offer_ends_the_wait_and_is_itself_asked_after_in_a_week(wing: Wing) -> None:
    mentee = await waits(wing)
    path = f"mentees/{mentee['id']}"
    clock.forward(days=15)
    await housekeeping(wing)
    offered = await wing.support_worker.move(path, "offered")
    assert offered["offered_at"] is not None
    assert await tasks_of(wing, "waiting_long") == []
    clock.forward(days=6, hours=23)
    assert await housekeeping(wing) == 0
    clock.forward(hours=2)
    assert await housekeeping(wing) == 1
    (task,) = await tasks_of(wing, "offer_open")
    assert task["thing_id"] == mentee["id"]
    await wing.support_worker.move(path, "declined_by_person", reason="not_now")
    assert await tasks_of(wing, "offer_open") == []
    assert await housekeeping(wing) == 0


# --- sessions missed -------------------------------------------------------------------------


async def session(wing: Wing, mentor: Caller, mentee: Any) -> str:
    """A session that was planned, and is held; the path of the mentee's part in it."""
    body = {
        "kind": "one_to_one",
        "mentor_id": str(mentor.mentor_id),
        "mentee_ids": [mentee["id"]],
        "starts_at": at(hours=1),
        "ends_at": at(hours=2),
    }
    made = await mentor.post("sessions", body)
    clock.forward(hours=2)
    held = await mentor.move(f"sessions/{made['id']}", "held")
    return f"sessions/{made['id']}/participations/{held['participations'][0]['id']}"


async def pair(wing: Wing) -> tuple[Caller, Any]:
    mentor, mentee = await wing.active_mentor(), await wing.engaged()
    await wing.pairs(mentor, mentee["id"])
    return mentor, mentee


async def misses(wing: Wing, mentor: Caller, mentee: Any) -> str:
    part = await session(wing, mentor, mentee)
    await mentor.move(part, "dna")
    return part


async def test_one_missed_session_ends_nothing_and_asks_for_nothing(wing: Wing) -> None:
    mentor, mentee = await pair(wing)
    await misses(wing, mentor, mentee)
    assert (await wing.support_worker.get(f"mentees/{mentee['id']}"))["status"] == "engaged"
    assert await tasks_of(wing, "outreach_due") == []


async def test_two_in_a_row_ask_for_outreach_once_until_someone_went(wing: Wing) -> None:
    mentor, mentee = await pair(wing)
    for _ in range(3):
        await misses(wing, mentor, mentee)
    (task,) = await tasks_of(wing, "outreach_due")
    assert (task["thing_id"], task["for_role"]) == (mentee["id"], "support_worker")
    assert (await wing.support_worker.get(f"mentees/{mentee['id']}"))["status"] == "engaged"
    await wing.checks(mentee["id"], "outreach")
    assert await tasks_of(wing, "outreach_due") == []


async def test_one_that_was_attended_between_them_breaks_the_row(wing: Wing) -> None:
    mentor, mentee = await pair(wing)
    await misses(wing, mentor, mentee)
    part = await session(wing, mentor, mentee)
    await mentor.move(part, "attended")
    await misses(wing, mentor, mentee)
    assert await tasks_of(wing, "outreach_due") == []


async def test_a_mistake_put_right_takes_it_back(wing: Wing) -> None:
    mentor, mentee = await pair(wing)
    await misses(wing, mentor, mentee)
    part = await misses(wing, mentor, mentee)
    assert len(await tasks_of(wing, "outreach_due")) == 1
    await mentor.move(part, "attended")
    assert await tasks_of(wing, "outreach_due") == []
    assert len(await tasks_of(wing, "outreach_due", "cancelled")) == 1


@pytest.mark.parametrize(("kind", "asked"), [("welfare", 1), ("security_matter", 0)])
async def test_one_is_enough_while_a_concern_is_open_that_those_who_go_may_know_of(
    wing: Wing, kind: str, asked: int
) -> None:
    mentor, mentee = await pair(wing)
    body = {"kind": kind, "account": "Quiet.", "subject_person_id": mentee["person_id"]}
    await wing.support_worker.post("concerns", body)
    await misses(wing, mentor, mentee)
    assert len(await tasks_of(wing, "outreach_due")) == asked


async def test_the_task_ends_when_support_does(wing: Wing) -> None:
    mentor, mentee = await pair(wing)
    for _ in range(2):
        await misses(wing, mentor, mentee)
    await wing.support_worker.move(f"mentees/{mentee['id']}", "paused", reason="unwell")
    assert await tasks_of(wing, "outreach_due") == []


# --- outreach, re-entry ----------------------------------------------------------------------


async def test_outreach_is_of_the_support_there_is_now(wing: Wing) -> None:
    mentee = await wing.engaged()
    path = f"mentees/{mentee['id']}/checks"
    clock.forward(hours=3)
    for kind in ("outreach", "welfare"):
        body = {"kind": kind, "at": mentee["referred_at"]}
        refused = await wing.support_worker.post(path, body, expect=422)
        assert codes(refused) == ["before_engagement"]


async def test_who_comes_back_is_engaged_again_or_referred_anew(wing: Wing) -> None:
    mentee = await wing.engaged()
    path = f"mentees/{mentee['id']}"
    first = mentee["engaged_at"]
    await wing.disengages(mentee["id"])
    await wing.support_worker.move(path, "engaged", expect=409)
    await wing.checks(mentee["id"], "compatibility")
    back = await wing.support_worker.move(path, "engaged")
    assert back["engaged_at"] > first
    await wing.support_worker.move(path, "completed", reason="goals_met")
    anew = await wing.support_worker.post("mentees", referral(mentee["person_id"]))
    assert anew["id"] != mentee["id"]
    assert anew["engaged_at"] is None
    assert len(await tasks_of(wing, "triage_due")) == 1


# --- two at once -----------------------------------------------------------------------------


async def test_of_two_who_move_one_record_at_once_one_does_and_it_is_recorded_once(
    wing: Wing,
) -> None:
    mentee = await wing.referred()
    path = f"mentees/{mentee['id']}"
    colleague = await wing.hires(StaffRole.support_worker)
    both = (wing.support_worker, colleague, colleague)
    replies = await asyncio.gather(
        *[each.request("POST", f"{path}/moves", json={"to": "triage"}) for each in both]
    )
    assert sorted(reply.status_code for reply in replies) == [200, 409, 409]
    history = (await wing.support_worker.get(f"{path}/history"))["items"]
    assert [row["to_state"] for row in history] == ["referred", "triage"]


async def test_of_two_with_the_same_version_in_hand_the_second_is_told_it_is_stale(
    wing: Wing,
) -> None:
    mentee = await wing.referred()
    path = f"mentees/{mentee['id']}"
    match = {"If-Match": f'"{mentee["version"]}"'}
    bodies = [{"to": "triage"}, {"to": "declined_by_person", "reason": "not_now"}]
    replies = await asyncio.gather(
        *[
            wing.support_worker.request("POST", f"{path}/moves", json=body, headers=match)
            for body in bodies
        ]
    )
    assert sorted(reply.status_code for reply in replies) == [200, 412]
    history = (await wing.support_worker.get(f"{path}/history"))["items"]
    assert len(history) == 2
