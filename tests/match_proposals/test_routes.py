"""Proposals over HTTP: worked out, approved in whole or part, rejected, outlived."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from app import clock, worker
from app.services import match_proposals
from tests.story import Caller, Wing

LATER = {"days": 8}


async def caps(wing: Wing, voluntary: int) -> None:
    await wing.governor.patch("", {"mentees_per_voluntary": voluntary})


async def proposed(wing: Wing, **body: Any) -> tuple[str, Any]:
    made = await wing.support_worker.post("match-proposals", body)
    return f"match-proposals/{made['id']}", made


def by_mentee(proposal: Any) -> dict[str, Any]:
    return {pair["mentee_id"]: pair for pair in proposal["pairs"]}


async def knows(wing: Wing, mentor: Caller, mentee: Any) -> None:
    """The two are said to know each other."""
    body = {
        "person_id": mentee["person_id"],
        "other_person_id": str(mentor.person_id),
        "relation": "friend",
    }
    await wing.support_worker.post("acquaintances", body)


async def speaks(wing: Wing, person_id: Any, *languages: str) -> None:
    body = {"languages": languages}
    await wing.support_worker.put(f"profiles/{person_id}", body, 201, headers={})


async def tasks_open(wing: Wing) -> list[Any]:
    found = (await wing.support_worker.get("tasks?status=open"))["items"]
    return [each for each in found if each["kind"] == "proposal_due"]


async def test_a_proposal_says_who_with_whom_and_why_and_changes_nothing(wing: Wing) -> None:
    one, other = await wing.active_mentor(), await wing.active_mentor()
    first, second = await wing.offered(), await wing.offered()
    await speaks(wing, first["person_id"], "pl")
    await speaks(wing, other.person_id, "pl")
    path, made = await proposed(wing)
    assert (made["status"], made["solver"], made["gap"]) == ("proposed", "optimal", 0)
    assert (made["mentees"], made["matched"]) == (2, 2)
    found = by_mentee(made)
    assert [pair["mentee_id"] for pair in made["pairs"]] == [first["id"], second["id"]]
    assert found[first["id"]]["mentor_id"] == str(other.mentor_id)
    assert found[second["id"]]["mentor_id"] == str(one.mentor_id)  # shared out evenly
    parts = {part["code"]: part["points"] for part in found[first["id"]]["parts"]}
    assert parts == {"free_places": 20, "shared_language": 15}
    assert found[first["id"]]["points"] == 35
    assert all(part["words"].endswith(".") for part in found[first["id"]]["parts"])
    assert (await wing.support_worker.get("pairings"))["items"] == []
    assert (await wing.clinician.get(path))["pairs"] == made["pairs"]
    assert (await wing.clinician.get("match-proposals"))["items"][0]["id"] == made["id"]
    (task,) = await tasks_open(wing)
    assert task["thing_id"] == made["id"]


async def test_approved_it_makes_its_pairs_and_leaves_out_whom_it_is_told(wing: Wing) -> None:
    await wing.active_mentor()
    first, second = await wing.offered(), await wing.offered()
    path, made = await proposed(wing)
    done = await wing.support_worker.move(path, "approved", leave_out=[second["id"]])
    found = by_mentee(done)
    assert (done["status"], found[second["id"]]["outcome"]) == ("approved", "left_out")
    assert found[first["id"]]["outcome"] == "paired"
    (pairing,) = (await wing.support_worker.get("pairings"))["items"]
    assert pairing["id"] == found[first["id"]]["pairing_id"]
    assert (pairing["mentee_id"], pairing["status"]) == (first["id"], "live")
    assert await tasks_open(wing) == []
    history = (await wing.clinician.get(f"{path}/history"))["items"]
    assert [each["to_state"] for each in history] == ["proposed", "approved"]
    refused = await wing.support_worker.move(path, "approved", 409)
    assert refused["code"] == "move_not_in_table"
    _, again = await proposed(wing)
    (pair,) = again["pairs"]  # whoever has a mentor is not proposed for again; the rest as before
    before = by_mentee(made)[second["id"]]
    assert (pair["mentee_id"], pair["mentor_id"]) == (second["id"], before["mentor_id"])


async def test_what_changed_meanwhile_is_refused_pair_by_pair_and_spoils_no_other(
    wing: Wing,
) -> None:
    mentor = await wing.active_mentor()
    fine, known, paired, gone = [await wing.offered() for _ in range(4)]
    path, _ = await proposed(wing)
    await knows(wing, mentor, known)
    other = await wing.active_mentor()
    await wing.pairs(other, paired["id"])
    await wing.support_worker.move(
        f"mentees/{gone['id']}", "declined_by_person", reason="not_wanted"
    )
    found = by_mentee(await wing.support_worker.move(path, "approved"))
    assert found[fine["id"]]["outcome"] == "paired"
    assert {row_id: pair["refused_for"] for row_id, pair in found.items()} == {
        fine["id"]: [],
        known["id"]: ["knows_each_other"],
        paired["id"]: ["has_a_mentor"],
        gone["id"]: ["mentee_not_accepted"],
    }
    assert len((await wing.support_worker.get("pairings"))["items"]) == 2


async def test_approved_twice_at_once_it_is_applied_once(wing: Wing) -> None:
    await wing.active_mentor()
    mentee = await wing.offered()
    path, _ = await proposed(wing)
    replies = await asyncio.gather(
        *[
            wing.support_worker.request("POST", f"{path}/moves", json={"to": "approved"})
            for _ in range(3)
        ]
    )
    assert sorted(reply.status_code for reply in replies) == [200, 409, 409]
    found = (await wing.support_worker.get(f"pairings?mentee_id={mentee['id']}"))["items"]
    assert len(found) == 1


async def test_whoever_cannot_be_matched_is_named_with_the_reason(wing: Wing) -> None:
    await caps(wing, 1)
    mentor = await wing.active_mentor()
    first, second, known = await wing.offered(), await wing.offered(), await wing.offered()
    await knows(wing, mentor, known)
    _, made = await proposed(wing)
    found = by_mentee(made)
    assert found[first["id"]]["outcome"] == "proposed"
    assert (found[second["id"]]["outcome"], found[second["id"]]["why"]) == (
        "unmatched",
        "no_capacity",
    )
    assert found[known["id"]]["why"] == "every_candidate_excluded"
    assert found[known["id"]]["mentor_id"] is None


async def test_a_newer_proposal_takes_the_place_of_the_open_one(wing: Wing) -> None:
    await wing.active_mentor()
    await wing.offered()
    old, _ = await proposed(wing)
    _, new = await proposed(wing)
    assert (await wing.clinician.get(old))["status"] == "superseded"
    assert [task["thing_id"] for task in await tasks_open(wing)] == [new["id"]]
    replies = await asyncio.gather(
        *[wing.support_worker.request("POST", "match-proposals", json={}) for _ in range(3)]
    )
    assert [reply.status_code for reply in replies] == [201] * 3
    still = (await wing.clinician.get("match-proposals?status=proposed"))["items"]
    assert len(still) == 1


async def test_an_old_proposal_is_not_approved_and_expires(wing: Wing) -> None:
    await wing.active_mentor()
    await wing.offered()
    path, _ = await proposed(wing)
    clock.forward(**LATER)
    refused = await wing.support_worker.move(path, "approved", 409)
    assert [error["code"] for error in refused["errors"]] == ["still_fresh"]
    await worker.housekeeping(wing.db, wing.prison_id)
    assert (await wing.clinician.get(path))["status"] == "expired"
    assert await tasks_open(wing) == []


async def test_a_rejection_takes_a_reason_and_its_pairs_are_not_preferred(wing: Wing) -> None:
    await wing.active_mentor()
    await wing.offered()
    path, _ = await proposed(wing)
    refused = await wing.support_worker.move(path, "rejected", 422)
    assert refused["errors"][0]["field"] == "reason"
    rejected = await wing.support_worker.move(path, "rejected", reason="done_by_hand")
    assert (rejected["status"], rejected["moves"]) == ("rejected", [])
    assert rejected["pairs"][0]["outcome"] == "proposed"


async def test_only_support_workers_propose_and_decide(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    await wing.offered()
    path, _ = await proposed(wing)
    assert (await wing.clinician.get(path))["moves"] == []
    for caller in (wing.clinician, wing.governor, wing.officer, mentor):
        await caller.post("match-proposals", {}, 403)
        await caller.move(path, "approved", 403)
    for caller in (wing.governor, wing.officer, mentor):
        await caller.get(path, expect=403)
        await caller.get("match-proposals", expect=403)


@pytest.mark.parametrize("who", ["referred", "unknown", "paired"])
async def test_only_those_who_may_have_a_mentor_and_have_none_are_proposed_for(
    wing: Wing, who: str
) -> None:
    mentor, waiting = await wing.active_mentor(), await wing.offered()
    other = {"id": "0198c0de-0000-7000-8000-000000000009"}
    if who != "unknown":
        other = await (wing.referred() if who == "referred" else wing.offered())
    if who == "paired":
        await wing.pairs(mentor, other["id"])
    body = {"mentee_ids": [waiting["id"], other["id"]]}
    refused = await wing.support_worker.post("match-proposals", body, 422)
    assert refused["errors"][0]["field"] == "mentee_ids.1"
    assert (await proposed(wing, mentee_ids=[waiting["id"]]))[1]["mentees"] == 1


async def test_whose_mentor_has_left_is_given_another_and_the_old_pairing_ends(
    wing: Wing,
) -> None:
    gone, other = await wing.active_mentor(), await wing.active_mentor()
    engaged, paused = await wing.engaged(), await wing.engaged()
    old = [f"pairings/{(await wing.pairs(gone, each['id']))['id']}" for each in (engaged, paused)]
    await wing.support_worker.move(f"mentees/{paused['id']}", "paused", reason="own_wish")
    await gone.move(f"mentors/{gone.mentor_id}", "paused", reason="own_wish")
    path, made = await proposed(wing)
    assert {pair["mentee_id"]: pair["mentor_id"] for pair in made["pairs"]} == {
        engaged["id"]: str(other.mentor_id),
        paused["id"]: str(other.mentor_id),
    }
    done = await wing.support_worker.move(path, "approved", leave_out=[paused["id"]])
    assert by_mentee(done)[engaged["id"]]["outcome"] == "paired"
    found = [await wing.support_worker.get(each) for each in old]
    assert [each["status"] for each in found] == ["ended", "to_reassign"]
    history = (await wing.support_worker.get(f"{old[0]}/history"))["items"]
    assert history[-1]["reason"] == "reassigned"
    asked = "tasks?kind=reassignment_due&status=open"
    assert len((await wing.support_worker.get(asked))["items"]) == 1
    path, _ = await proposed(wing)
    await wing.support_worker.move(path, "approved")
    assert (await wing.support_worker.get(asked))["items"] == []


async def test_whose_mentor_is_back_is_not_proposed_the_same_two_again(wing: Wing) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.engaged()
    await wing.pairs(mentor, mentee["id"])
    await mentor.move(f"mentors/{mentor.mentor_id}", "paused", reason="own_wish")
    await wing.support_worker.move(f"mentors/{mentor.mentor_id}", "active")
    _, made = await proposed(wing)
    assert [pair["outcome"] for pair in made["pairs"]] == ["unmatched"]


async def test_what_does_not_fit_into_a_proposal_stands_last_on_the_waiting_list(
    wing: Wing,
) -> None:
    late = clock.spell(clock.now())
    clock.forward(days=3)
    usual, from_paper = await wing.offered(), await wing.offered(occurred_at=late)
    in_need = await wing.offered(safety_need=True)
    async with wing.db.write(wing.prison_id) as session:
        found = await match_proposals.without_mentor(session, wing.prison_id, None, most=2)
        assert [str(each.id) for each in found] == [in_need["id"], from_paper["id"]]
    _, made = await proposed(wing)
    in_order = [in_need["id"], from_paper["id"], usual["id"]]
    assert [pair["mentee_id"] for pair in made["pairs"]] == in_order


async def test_nobody_waiting_and_nobody_to_leave_out_are_said(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    refused = await wing.support_worker.post("match-proposals", {}, 409)
    assert refused["code"] == "nobody_waiting"
    await wing.offered()
    path, _ = await proposed(wing)
    refused = await wing.support_worker.move(
        path, "approved", 422, leave_out=[str(mentor.mentor_id)]
    )
    assert refused["errors"][0]["field"] == "leave_out.0"
    assert (await wing.clinician.get(path))["status"] == "proposed"


async def test_a_proposal_sent_twice_under_one_key_is_one(wing: Wing) -> None:
    await wing.active_mentor()
    await wing.offered()
    key = {"Idempotency-Key": "propose-1"}
    first = await wing.support_worker.post("match-proposals", {}, headers=key)
    assert await wing.support_worker.post("match-proposals", {}, headers=key) == first
    async with wing.db.write(wing.prison_id) as session:
        count = await session.execute(text("SELECT count(*) FROM match_proposal"))
        assert count.scalar_one() == 1
