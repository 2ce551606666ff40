"""Pairings over HTTP: brought together, flagged, taken up again, ended."""

import asyncio
from typing import Any

import pytest
from sqlmodel import col

from app import clock
from app.access import Actor
from app.models.mentors import Mentor
from app.models.staff import Role
from app.scope import everything
from app.services import lifecycle
from app.services.mentors import MENTOR
from tests.story import Caller, Wing


def codes(problem: dict[str, Any]) -> list[str]:
    return [error["code"] for error in problem["errors"]]


def body(mentor: Caller, mentee: dict[str, Any]) -> dict[str, Any]:
    return {"mentor_id": str(mentor.mentor_id), "mentee_id": mentee["id"]}


async def paired(wing: Wing) -> tuple[Caller, Any, str]:
    """An active mentor, a mentee in support, and the path of their pairing."""
    mentor, mentee = await wing.active_mentor(), await wing.engaged()
    pairing = await wing.pairs(mentor, mentee["id"])
    return mentor, mentee, f"pairings/{pairing['id']}"


async def suspend(wing: Wing, mentor: Caller) -> None:
    await wing.governor.move(f"mentors/{mentor.mentor_id}", "suspended", reason="welfare")


async def test_a_support_worker_brings_two_together(wing: Wing) -> None:
    mentor, mentee, path = await paired(wing)
    shown = await wing.support_worker.get(path)
    assert shown["status"] == "live"
    assert shown["mentee_name"] == mentee["display_name"]
    own = await mentor.get(f"mentors/{mentor.mentor_id}")
    assert shown["mentor_name"] == own["display_name"]
    history = (await wing.support_worker.get(f"{path}/history"))["items"]
    assert [(row["from_state"], row["to_state"]) for row in history] == [(None, "live")]


@pytest.mark.parametrize("to", ["accepted", "waiting", "offered"])
async def test_a_mentee_may_meet_their_mentor_before_support_begins(wing: Wing, to: str) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.referred()
    for step in ("triage", "accepted", "waiting", "offered"):
        await wing.support_worker.move(f"mentees/{mentee['id']}", step)
        if step == to:
            break
    assert (await wing.pairs(mentor, mentee["id"]))["status"] == "live"


async def test_a_mentors_last_place_is_given_to_one_of_those_who_come_at_once(wing: Wing) -> None:
    await wing.governor.patch("", {"mentees_per_voluntary": 2})
    mentor = await wing.active_mentor()
    first, *others = [await wing.offered() for _ in range(4)]
    taken = await wing.pairs(mentor, first["id"])
    replies = await asyncio.gather(
        *[
            wing.support_worker.request("POST", "pairings", json=body(mentor, mentee))
            for mentee in others
        ]
    )
    assert sorted(reply.status_code for reply in replies) == [201, 409, 409]
    lost = [reply.json() for reply in replies if reply.status_code == 409]
    assert [codes(each) for each in lost] == [["mentor_full"]] * 2
    await wing.support_worker.move(f"pairings/{taken['id']}", "ended", reason="goals_met")
    again = next(
        mentee for mentee, reply in zip(others, replies, strict=True) if reply.status_code == 409
    )
    assert (await wing.pairs(mentor, again["id"]))["status"] == "live"


@pytest.mark.parametrize("to", ["paused", "suspended", "stepped_down"])
async def test_a_mentor_who_is_not_active_is_given_nobody(wing: Wing, to: str) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.engaged()
    path = f"mentors/{mentor.mentor_id}"
    await wing.support_worker.move(path, to, reason="welfare")
    refused = await wing.support_worker.post("pairings", body(mentor, mentee), expect=409)
    assert refused["code"] == "not_pairable"
    assert refused["errors"] == [
        {
            "field": "mentor_id",
            "code": "mentor_not_active",
            "message": f"the mentor is {to}, not active",
        }
    ]


async def test_every_reason_against_a_pairing_is_told_to_staff_at_once(wing: Wing) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.referred()
    await suspend(wing, mentor)
    await wing.presence(mentee["person_id"], "away")
    refused = await wing.support_worker.post("pairings", body(mentor, mentee), expect=409)
    assert codes(refused) == ["mentor_not_active", "mentee_not_accepted", "mentee_not_here"]


async def test_nobody_is_their_own_mentor(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    person_id = str(mentor.person_id)
    mentee = await wing.support_worker.post(
        "mentees", {"person_id": person_id, "referred_by": "self"}
    )
    for to in ("triage", "accepted"):
        await wing.support_worker.move(f"mentees/{mentee['id']}", to)
    refused = await wing.support_worker.post("pairings", body(mentor, mentee), expect=409)
    assert codes(refused) == ["same_person"]


async def test_the_same_two_are_paired_once_and_again_after_the_end(wing: Wing) -> None:
    mentor, mentee, path = await paired(wing)
    refused = await wing.support_worker.post("pairings", body(mentor, mentee), expect=409)
    assert refused["code"] == "already_exists"
    ended = await wing.support_worker.move(path, "ended", reason="goals_met")
    assert ended["ended_at"] is not None
    assert ended["moves"] == []
    assert (await wing.pairs(mentor, mentee["id"]))["status"] == "live"


async def test_of_many_pairings_of_the_same_two_at_once_one_is_made(wing: Wing) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.engaged()
    replies = await asyncio.gather(
        *[
            wing.support_worker.request("POST", "pairings", json=body(mentor, mentee))
            for _ in range(6)
        ]
    )
    assert sorted(reply.status_code for reply in replies) == [201, *[409] * 5]


async def test_a_pairing_made_while_its_mentor_is_suspended_is_never_live(wing: Wing) -> None:
    for _ in range(4):
        mentor, mentee = await wing.active_mentor(), await wing.engaged()
        suspension = {"to": "suspended", "reason": "conduct"}
        made, _suspended = await asyncio.gather(
            wing.support_worker.request("POST", "pairings", json=body(mentor, mentee)),
            wing.governor.post(f"mentors/{mentor.mentor_id}/moves", suspension, expect=200),
        )
        assert made.status_code in {201, 409}
        listed = await wing.support_worker.get(f"pairings?mentor_id={mentor.mentor_id}")
        assert all(item["status"] == "to_reassign" for item in listed["items"])


async def test_a_flagged_pairing_waits_for_the_suspension_of_its_mentor_in_the_same_instant(
    wing: Wing,
) -> None:
    mentor, _, path = await paired(wing)
    await suspend(wing, mentor)
    await wing.governor.move(f"mentors/{mentor.mentor_id}", "active")
    governor = Actor(wing.prison_id, wing.governor.subject, Role.governor)
    async with wing.db.write(wing.prison_id) as session:
        found = everything(Mentor, wing.prison_id).where(col(Mentor.id) == mentor.mentor_id)
        row = (await session.scalars(found)).one()
        await lifecycle.move(session, MENTOR, row, to="suspended", actor=governor, reason="conduct")
        taking_up = asyncio.create_task(
            wing.support_worker.request("POST", f"{path}/moves", json={"to": "live"})
        )
        await asyncio.sleep(0.5)
        assert not taking_up.done()
    refused = await taking_up
    assert refused.status_code == 409
    assert codes(refused.json()) == ["mentor_not_active"]
    assert (await wing.support_worker.get(path))["status"] == "to_reassign"


async def test_ends_on_both_sides_at_once_do_not_lock_each_other_out(wing: Wing) -> None:
    for _ in range(3):
        mentor, mentee, path = await paired(wing)
        replies = await asyncio.gather(
            wing.governor.request(
                "POST",
                f"mentors/{mentor.mentor_id}/moves",
                json={"to": "suspended", "reason": "conduct"},
            ),
            wing.clinician.request(
                "POST", f"mentees/{mentee['id']}/moves", json={"to": "transferred"}
            ),
        )
        assert [reply.status_code for reply in replies] == [200, 200]
        assert (await wing.support_worker.get(path))["status"] == "ended"


@pytest.mark.parametrize("field", ["mentor_id", "mentee_id"])
async def test_an_unknown_side_is_named(wing: Wing, field: str) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.engaged()
    unknown = {**body(mentor, mentee), field: "0198c0de-0000-7000-8000-000000000009"}
    refused = await wing.support_worker.post("pairings", unknown, expect=422)
    assert refused["errors"][0]["field"] == field
    assert codes(refused) == ["unknown"]


async def test_a_flagged_pairing_lives_again_only_with_an_active_mentor(wing: Wing) -> None:
    mentor, mentee, path = await paired(wing)
    await suspend(wing, mentor)
    shown = await wing.support_worker.get(path)
    (live,) = [move for move in shown["moves"] if move["to"] == "live"]
    assert [each["code"] for each in live["refusals"]] == ["mentor_not_active"]
    refused = await wing.support_worker.move(path, "live", expect=409)
    assert codes(refused) == ["mentor_not_active"]
    await wing.governor.move(f"mentors/{mentor.mentor_id}", "active")
    assert (await wing.support_worker.get(path))["status"] == "to_reassign"
    assert (await wing.support_worker.move(path, "live"))["status"] == "live"
    assert (await mentor.get("mentees"))["items"][0]["id"] == mentee["id"]


async def test_a_flagged_pairing_may_be_ended_as_reassigned(wing: Wing) -> None:
    mentor, _, path = await paired(wing)
    await suspend(wing, mentor)
    ended = await wing.support_worker.move(path, "ended", reason="reassigned")
    assert ended["status"] == "ended"
    refused = await wing.support_worker.move(path, "live", expect=409)
    assert refused["code"] == "move_not_in_table"


async def test_an_end_takes_a_reason_code(wing: Wing) -> None:
    _, _, path = await paired(wing)
    refused = await wing.support_worker.move(path, "ended", expect=422)
    assert refused["errors"][0]["field"] == "reason"


async def test_only_support_workers_pair_and_move(wing: Wing) -> None:
    mentor, mentee, path = await paired(wing)
    for caller in (wing.clinician, wing.governor, wing.officer, mentor):
        await caller.post("pairings", body(mentor, mentee), expect=403)
        await caller.move(path, "ended", expect=403, reason="goals_met")
    for caller in (wing.clinician, wing.governor):
        assert (await caller.get(path))["moves"] == []
    await wing.officer.get("pairings", expect=403)


async def test_pairings_are_filtered(wing: Wing) -> None:
    mentor, mentee, path = await paired(wing)
    other = await wing.engaged()
    second = await wing.pairs(mentor, other["id"])
    await wing.support_worker.move(path, "ended", reason="goals_met")

    async def found(query: str) -> list[str]:
        items = (await wing.clinician.get(f"pairings?{query}"))["items"]
        return [f"pairings/{item['id']}" for item in items]

    assert await found("status=ended") == [path]
    assert await found(f"mentee_id={other['id']}") == [f"pairings/{second['id']}"]
    assert len(await found(f"mentor_id={mentor.mentor_id}")) == 2
    assert await found(f"mentor_id={mentor.mentor_id}&status=live&mentee_id={mentee['id']}") == []


async def test_a_list_names_both_sides(wing: Wing) -> None:
    _, mentee, path = await paired(wing)
    shown = await wing.governor.get(path)
    (row,) = (await wing.governor.get("pairings"))["items"]
    assert row == {name: value for name, value in shown.items() if name != "moves"}
    assert row["mentee_name"] == mentee["display_name"]


async def test_a_mentor_reads_only_their_own_pairings_until_they_end(wing: Wing) -> None:
    mentor, mentee, path = await paired(wing)
    other, _, others_path = await paired(wing)
    shown = await mentor.get(path)
    assert set(shown) == {"id", "mentee_id", "mentee_name", "status"}
    assert (await mentor.get("pairings"))["items"] == [shown]
    assert shown["mentee_id"] == mentee["id"]
    await mentor.get(others_path, expect=404)
    await other.get(f"{path}/history", expect=404)
    history = (await mentor.get(f"{path}/history"))["items"]
    assert set(history[0]) == {"id", "occurred_at", "from_state", "to_state"}
    await wing.support_worker.move(path, "ended", reason="mentee_wish")
    await mentor.get(path, expect=404)
    assert (await mentor.get("pairings"))["items"] == []


async def test_a_pairing_sent_twice_under_one_key_is_one(wing: Wing) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.engaged()
    key = {"Idempotency-Key": "pair-1"}
    first = await wing.support_worker.post("pairings", body(mentor, mentee), headers=key)
    again = await wing.support_worker.post("pairings", body(mentor, mentee), headers=key)
    assert again == first


async def test_an_end_may_be_entered_later_and_not_before_it_was(wing: Wing) -> None:
    _, _, path = await paired(wing)
    clock.forward(hours=3)
    when = clock.now()
    clock.forward(hours=3)
    ended = await wing.support_worker.move(
        path, "ended", reason="goals_met", occurred_at=clock.spell(when)
    )
    assert ended["ended_at"] == clock.spell(when)
    _, _, other = await paired(wing)
    ahead = clock.spell(clock.now().replace(year=clock.now().year + 1))
    refused = await wing.support_worker.move(
        other, "ended", expect=422, reason="goals_met", occurred_at=ahead
    )
    assert refused["errors"][0]["field"] == "occurred_at"
