"""Candidates for one mentee, and whether two may meet, over HTTP."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import event, text

from app import clock
from app.config import Settings
from app.models.staff import StaffRole
from tests.match_proposals.test_routes import caps, knows, speaks
from tests.security.serving import calling, made, over
from tests.story import Caller, Wing


def body(mentor: Caller, mentee: Any) -> dict[str, Any]:
    return {"mentor_id": str(mentor.mentor_id), "mentee_id": mentee["id"]}


async def found(caller: Caller, mentee: Any) -> Any:
    return await caller.get(f"mentees/{mentee['id']}/match-candidates")


def against(answer: Any) -> dict[str, list[str]]:
    return {
        each["mentor_id"]: [reason["code"] for reason in each["reasons"]]
        for each in answer["excluded"]
    }


async def moves_to(wing: Wing, person_id: Any, cell: str | None) -> None:
    """Somebody's cell is another, as the prison's own documents would tell; None: none is told."""
    change = text("UPDATE person SET cell_location = :cell WHERE id = :id")
    async with wing.db.write(wing.prison_id) as session:
        await session.execute(change, {"cell": cell, "id": str(person_id)})


async def complains(wing: Wing, mentee: Any, mentor: Caller) -> Any:
    """The mentee, with a token of their own, raises a concern about the mentor."""
    own = wing.as_person(mentee["person_id"])
    about = {"kind": "misconduct", "subject_person_id": str(mentor.person_id)}
    return await own.post("concerns", {"account": "He asks for tobacco.", **about})


async def test_mentors_are_ranked_with_every_reason(wing: Wing) -> None:
    one, other = await wing.active_mentor(), await wing.active_mentor()
    mentee = await wing.offered()
    await speaks(wing, mentee["person_id"], "pl")
    await speaks(wing, other.person_id, "pl", "en")
    answer = await found(wing.clinician, mentee)
    assert [each["mentor_id"] for each in answer["candidates"]] == [
        str(other.mentor_id),
        str(one.mentor_id),
    ]
    best = answer["candidates"][0]
    assert best["points"] == sum(part["points"] for part in best["parts"]) == 35
    assert (best["live_pairings"], best["places"], answer["reasons"]) == (0, 6, [])
    assert "risk" not in json.dumps(answer)
    for caller in (wing.governor, wing.officer, one):
        await caller.get(f"mentees/{mentee['id']}/match-candidates", expect=403)


async def test_a_pairing_that_ended_well_counts_when_the_person_comes_again(wing: Wing) -> None:
    mentor, other = await wing.active_mentor(), await wing.active_mentor()
    mentee = await wing.engaged()
    for helper, reason in ((mentor, "goals_met"), (other, "mentee_wish")):
        pairing = await wing.pairs(helper, mentee["id"])
        await wing.support_worker.move(f"pairings/{pairing['id']}", "ended", reason=reason)
    await wing.support_worker.move(f"mentees/{mentee['id']}", "completed", reason="goals_met")
    again = {"person_id": mentee["person_id"], "referred_by": "self"}
    mentee = await wing.support_worker.post("mentees", again)
    for to in ("triage", "accepted"):
        await wing.support_worker.move(f"mentees/{mentee['id']}", to)
    parts = {
        each["mentor_id"]: [part["code"] for part in each["parts"]]
        for each in (await found(wing.support_worker, mentee))["candidates"]
    }
    assert parts[str(mentor.mentor_id)] == ["continuity", "free_places"]
    assert parts[str(other.mentor_id)] == ["free_places"]


async def test_whoever_may_not_is_listed_with_a_coarse_reason(wing: Wing) -> None:
    await caps(wing, 1)
    full, known = await wing.active_mentor(), await wing.active_mentor()
    accused = await wing.active_mentor()
    mentee, other = await wing.offered(), await wing.offered()
    await wing.pairs(full, other["id"])
    await knows(wing, known, mentee)
    raised = await complains(wing, mentee, accused)
    colleague = await wing.hires(StaffRole.support_worker)
    answer = await found(colleague, mentee)
    assert answer["candidates"] == []
    assert against(answer) == {
        str(full.mentor_id): ["mentor_full"],
        str(known.mentor_id): ["knows_each_other"],
        str(accused.mentor_id): ["check_with_staff"],
    }
    assert "concern" not in json.dumps(answer)
    assert raised["reference"] not in json.dumps(answer)
    for mentor, code in (
        (full, "mentor_full"),
        (known, "knows_each_other"),
        (accused, "check_with_staff"),
    ):
        refused = await wing.support_worker.post("pairings", body(mentor, mentee), 409)
        assert [error["code"] for error in refused["errors"]] == [code]
    theirs = (await wing.support_worker.get("acquaintances"))["items"]
    await wing.support_worker.post(f"acquaintances/{theirs[0]['id']}/withdrawal", None, 200)
    await wing.pairs(known, mentee["id"])


@pytest.mark.parametrize("condition", ["no_one_to_one", "own_wing_only"])
async def test_whom_a_condition_excludes_is_refused_in_every_other_way(
    wing: Wing, condition: str
) -> None:
    mentor = await wing.active_mentor()
    theirs, mentee = await wing.offered(), await wing.offered()
    flagged = f"pairings/{(await wing.pairs(mentor, theirs['id']))['id']}"
    proposal = await wing.support_worker.post("match-proposals", {})
    path = f"mentors/{mentor.mentor_id}"
    await wing.governor.put(f"{path}/conditions", {"conditions": [condition]})
    await moves_to(wing, mentor.person_id, "E-1-001")
    await mentor.move(path, "paused", reason="own_wish")
    await wing.support_worker.move(path, "active")
    sent = body(mentor, mentee)
    assert against(await found(wing.clinician, mentee)) == {str(mentor.mentor_id): [condition]}
    refused = await wing.support_worker.post("pairings", sent, 409)
    assert [error["code"] for error in refused["errors"]] == [condition]
    for caller in (wing.support_worker, wing.clinician):
        assert await caller.post("pairings/check", sent, 200) == {"may_meet": "no"}
    refused = await wing.support_worker.move(flagged, "live", 409)
    assert [error["code"] for error in refused["errors"]] == [condition]
    done = await wing.support_worker.move(f"match-proposals/{proposal['id']}", "approved")
    assert [pair["refused_for"] for pair in done["pairs"]] == [[condition]]
    await wing.governor.put(f"{path}/conditions", {"conditions": []})
    assert (await wing.pairs(mentor, mentee["id"]))["status"] == "live"


async def test_own_wing_only_keeps_nobody_of_the_same_wing_from_them(wing: Wing) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.offered()
    body_ = {"conditions": ["own_wing_only"]}
    await wing.governor.put(f"mentors/{mentor.mentor_id}/conditions", body_)
    assert (await wing.pairs(mentor, mentee["id"]))["status"] == "live"


async def test_two_whose_cells_are_not_known_are_not_of_one_wing(wing: Wing) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.offered()
    body_ = {"conditions": ["own_wing_only"]}
    await wing.governor.put(f"mentors/{mentor.mentor_id}/conditions", body_)
    for person_id in (mentor.person_id, mentee["person_id"]):
        await moves_to(wing, person_id, None)
    refused = await wing.support_worker.post("pairings", body(mentor, mentee), 409)
    assert [error["code"] for error in refused["errors"]] == ["own_wing_only"]


async def test_of_many_pairings_at_once_a_mentor_gets_no_more_than_their_places(
    wing: Wing,
) -> None:
    await caps(wing, 2)
    mentor = await wing.active_mentor()
    mentees = [await wing.offered() for _ in range(5)]
    replies = await asyncio.gather(
        *[
            wing.support_worker.request("POST", "pairings", json=body(mentor, mentee))
            for mentee in mentees
        ]
    )
    assert sorted(reply.status_code for reply in replies) == [201, 201, 409, 409, 409]


async def test_a_flagged_pairing_comes_back_only_where_there_is_a_place(wing: Wing) -> None:
    await caps(wing, 1)
    mentor, first, second = await wing.active_mentor(), await wing.offered(), await wing.offered()
    pairing = await wing.pairs(mentor, first["id"])
    path = f"mentors/{mentor.mentor_id}"
    await wing.governor.move(path, "suspended", reason="welfare")
    await wing.governor.move(path, "active")
    await wing.pairs(mentor, second["id"])
    refused = await wing.support_worker.move(f"pairings/{pairing['id']}", "live", 409)
    assert [error["code"] for error in refused["errors"]] == ["mentor_full"]


async def test_a_mentee_who_is_not_accepted_gets_no_candidates(wing: Wing) -> None:
    await wing.active_mentor()
    mentee = await wing.referred()
    await wing.presence(mentee["person_id"], "away")
    answer = await found(wing.support_worker, mentee)
    assert [each["code"] for each in answer["reasons"]] == [
        "mentee_not_accepted",
        "mentee_not_here",
    ]
    assert answer["candidates"] == answer["excluded"] == []


async def test_check_with_staff_is_said_for_harmless_reasons_too(wing: Wing) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.engaged()

    async def may_meet(caller: Caller) -> Any:
        return (await caller.post("pairings/check", body(mentor, mentee), 200))["may_meet"]

    assert await may_meet(wing.support_worker) == await may_meet(wing.clinician) == "yes"
    mark = {"until": clock.spell(clock.now().replace(microsecond=0) + timedelta(days=2))}
    await wing.support_worker.put(f"mentees/{mentee['id']}/check-first", mark)
    assert await may_meet(wing.support_worker) == "check_with_staff"
    assert await may_meet(wing.clinician) == "yes"
    clock.forward(days=3)
    pairing = await wing.pairs(mentor, mentee["id"])
    await wing.support_worker.move(f"pairings/{pairing['id']}", "ended", reason="goals_met")
    assert await may_meet(wing.support_worker) == "check_with_staff"
    clock.forward(days=29)
    assert await may_meet(wing.support_worker) == "yes"
    await wing.presence(mentee["person_id"], "away")
    assert await may_meet(wing.support_worker) == await may_meet(wing.clinician) == "no"


async def reports(wing: Wing, mentee: Any, mentor: Caller, how: str) -> None:
    if how == "concern":
        await complains(wing, mentee, mentor)
        return
    about = {"about": "mentor", "about_mentor_id": str(mentor.mentor_id)}
    own = wing.as_person(mentee["person_id"])
    await own.post("complaints", {"account": "He shouts at us.", **about})


@pytest.mark.parametrize("how", ["concern", "complaint"])
async def test_a_mentors_supervisor_learns_nothing_of_what_is_said_about_him(
    wing: Wing, how: str
) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.offered()
    colleague = await wing.hires(StaffRole.support_worker)
    before = await found(wing.support_worker, mentee)
    await reports(wing, mentee, mentor, how)
    assert await found(wing.support_worker, mentee) == before
    checked = await wing.support_worker.post("pairings/check", body(mentor, mentee), 200)
    assert checked == {"may_meet": "yes"}
    checked = await colleague.post("pairings/check", body(mentor, mentee), 200)
    assert checked == {"may_meet": "check_with_staff"}
    (pair,) = (await wing.support_worker.post("match-proposals", {}))["pairs"]
    assert pair["mentor_id"] == str(mentor.mentor_id)
    (pair,) = (await colleague.post("match-proposals", {}))["pairs"]
    assert (pair["outcome"], pair["why"]) == ("unmatched", "no_capacity")
    refused = await wing.support_worker.post("pairings", body(mentor, mentee), 409)
    assert [error["code"] for error in refused["errors"]] == ["check_with_staff"]


@pytest.mark.parametrize("how", ["concern", "complaint"])
async def test_of_a_pair_nobody_is_told_that_one_has_reported_the_other(
    wing: Wing, how: str
) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.offered()
    await wing.pairs(mentor, mentee["id"])
    askers = [wing.support_worker, wing.clinician, await wing.hires(StaffRole.support_worker)]

    async def told() -> list[Any]:
        checks = [await each.post("pairings/check", body(mentor, mentee), 200) for each in askers]
        return [*checks, *[await found(each, mentee) for each in askers]]

    before = await told()
    await reports(wing, mentee, mentor, how)
    assert await told() == before
    assert against(before[-1]) == {str(mentor.mentor_id): ["already_paired"]}


@pytest.mark.parametrize("how", ["concern", "complaint"])
async def test_a_pairing_that_waits_for_another_mentor_tells_nobody_of_a_report(
    wing: Wing, how: str
) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.offered()
    path = f"pairings/{(await wing.pairs(mentor, mentee['id']))['id']}"
    await mentor.move(f"mentors/{mentor.mentor_id}", "paused", reason="own_wish")
    await wing.support_worker.move(f"mentors/{mentor.mentor_id}", "active")
    before = await wing.support_worker.get(path)
    assert [each["allowed"] for each in before["moves"]] == [True, True]
    await reports(wing, mentee, mentor, how)
    assert await wing.support_worker.get(path) == before
    refused = await wing.support_worker.move(path, "live", 409)
    assert [error["code"] for error in refused["errors"]] == ["check_with_staff"]
    assert await wing.support_worker.get(path) == before


async def test_who_asks_whether_two_may_meet(wing: Wing) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.engaged()
    for caller in (wing.governor, wing.officer, mentor):
        await caller.post("pairings/check", body(mentor, mentee), 403)
    unknown = {**body(mentor, mentee), "mentee_id": "0198c0de-0000-7000-8000-000000000009"}
    refused = await wing.support_worker.post("pairings/check", unknown, 422)
    assert refused["errors"][0]["field"] == "mentee_id"
    await wing.support_worker.post("pairings/check", body(mentor, mentee), 200)
    entries = (await wing.support_worker.get("audit?operation=check_pair"))["items"]
    assert str(mentor.mentor_id) in entries[0]["ids"]
    assert mentee["id"] in entries[0]["ids"]


async def test_whoever_tries_pairs_learns_of_a_few_and_then_of_none(
    app: FastAPI, settings: Settings, wing: Wing
) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.offered()
    await complains(wing, mentee, mentor)
    colleague = await wing.hires(StaffRole.support_worker)
    async with calling(made(app, settings, rate_limit_pairs="2/hour")) as client:
        worker = over(client, colleague)
        assert (await worker.post("pairings/check", body(mentor, mentee), 200)) == {
            "may_meet": "check_with_staff"
        }
        await found(worker, mentee)
        refused = await worker.post("pairings/check", body(mentor, mentee), 429)
        assert refused["code"] == "too_many_pair_checks"
        await worker.get(f"mentees/{mentee['id']}/match-candidates", expect=429)
        await worker.post("match-proposals", {}, 429)
        harmless = await wing.offered()
        assert (await found(wing.clinician, harmless))["candidates"]


async def test_the_facts_cost_the_same_number_of_statements_for_any_number_of_mentors(
    wing: Wing,
) -> None:
    mentee = await wing.offered()
    counted: list[str] = []

    def count(*args: Any) -> None:
        counted.append(args[2])

    async def statements() -> int:
        counted.clear()
        await found(wing.clinician, mentee)
        return len(counted)

    await wing.active_mentor()
    event.listen(wing.db.engine.sync_engine, "before_cursor_execute", count)
    try:
        one = await statements()
        for _ in range(3):
            await wing.active_mentor()
        assert await statements() == one < 25
    finally:
        event.remove(wing.db.engine.sync_engine, "before_cursor_execute", count)
