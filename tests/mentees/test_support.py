"""Support over HTTP: its beginning, its consent and checks, its end."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app import clock
from tests.story import Wing


def codes(problem: dict[str, Any]) -> list[str]:
    return [error["code"] for error in problem["errors"]]


def referral(person_id: str, referred_by: str = "support_worker", **fields: Any) -> dict[str, Any]:
    return {"person_id": person_id, "referred_by": referred_by, **fields}


def consent(**fields: Any) -> dict[str, Any]:
    now = str(clock.now())
    return {
        "permission_to_share_at": now,
        "explained_at": now,
        "explained_version": "2026-1",
        "explained_language": "Welsh",
        "understood": True,
        **fields,
    }


# --- the way through -------------------------------------------------------------------------


async def test_from_referral_to_support_and_to_its_end(wing: Wing) -> None:
    mentee = await wing.offered()
    path = f"mentees/{mentee['id']}"
    refused = await wing.support_worker.move(path, "engaged", expect=409)
    assert codes(refused) == [
        "permission_to_share", "confidentiality_explained", "compatibility_checked",
    ]  # fmt: skip
    recorded = await wing.consents(mentee["id"])
    assert recorded["explained_by"] == str(wing.support_worker.staff_id)
    await wing.checks(mentee["id"], "compatibility")
    clock.forward(hours=25)
    refused = await wing.support_worker.move(path, "engaged", expect=409)
    assert codes(refused) == ["compatibility_checked"]
    await wing.checks(mentee["id"], "compatibility")
    assert (await wing.support_worker.move(path, "engaged"))["status"] == "engaged"
    done = await wing.support_worker.move(path, "completed", reason="moved_to_work_or_education")
    assert done["status"] == "completed"
    history = (await wing.support_worker.get(f"{path}/history"))["items"]
    steps = [row["to_state"] for row in history if row["from_state"] != row["to_state"]]
    assert steps == ["referred", "triage", "accepted", "waiting", "offered", "engaged", "completed"]
    marks = [row["reason"] for row in history if row["from_state"] == row["to_state"]]
    assert marks == ["consent_recorded", "compatibility_recorded", "compatibility_recorded"]


async def test_disengaging_needs_outreach_and_a_welfare_check(wing: Wing) -> None:
    mentee = await wing.engaged()
    path = f"mentees/{mentee['id']}"
    ends = {"reason": "no_response"}
    refused = await wing.support_worker.move(path, "disengaged", expect=409, **ends)
    assert codes(refused) == ["two_outreach_attempts", "welfare_checked"]
    assert (await wing.checks(mentee["id"], "outreach"))["outreach_attempts"] == 1
    await wing.checks(mentee["id"], "welfare")
    refused = await wing.support_worker.move(path, "disengaged", expect=409, **ends)
    assert codes(refused) == ["two_outreach_attempts"]
    clock.forward(minutes=2)
    assert (await wing.checks(mentee["id"], "outreach"))["outreach_attempts"] == 2
    refused = await wing.support_worker.move(path, "disengaged", expect=409, **ends)
    assert codes(refused) == ["two_outreach_attempts"], "twice on one day is once"
    clock.forward(days=1)
    await wing.checks(mentee["id"], "outreach")
    assert (await wing.support_worker.move(path, "disengaged", **ends))["status"] == "disengaged"


async def test_who_comes_back_is_not_ended_on_the_checks_of_the_time_before(wing: Wing) -> None:
    mentee = await wing.engaged()
    path = f"mentees/{mentee['id']}"
    await wing.disengages(mentee["id"])
    await wing.checks(mentee["id"], "compatibility")
    back = await wing.support_worker.move(path, "engaged")
    assert back["outreach_attempts"] == 0
    assert back["welfare_checked_at"] is None
    await wing.support_worker.move(path, "disengaged", expect=409, reason="no_response")


async def test_who_completed_does_not_come_back_beside_a_new_episode(wing: Wing) -> None:
    mentee = await wing.engaged()
    path = f"mentees/{mentee['id']}"
    await wing.support_worker.move(path, "completed", reason="goals_met")
    await wing.support_worker.post("mentees", referral(mentee["person_id"]))
    refused = await wing.support_worker.move(path, "engaged", expect=409)
    assert refused["code"] == "already_exists"


async def test_only_clinicians_step_up_and_bring_back(wing: Wing) -> None:
    mentee = await wing.engaged()
    path = f"mentees/{mentee['id']}"
    reason = {"reason": "clinical_care_needed"}
    refused = await wing.support_worker.move(path, "stepped_up", expect=403, **reason)
    assert refused["code"] == "move_not_yours"
    assert (await wing.nurse.move(path, "stepped_up", **reason))["status"] == "stepped_up"
    await wing.support_worker.move(path, "engaged", expect=403)
    assert (await wing.clinician.move(path, "engaged"))["status"] == "engaged"
    await wing.clinician.move(path, "stepped_up", **reason)
    done = await wing.clinician.move(path, "completed", reason="goals_met")
    assert done["status"] == "completed"


async def test_clinicians_do_not_triage(wing: Wing) -> None:
    mentee = await wing.referred()
    path = f"mentees/{mentee['id']}"
    assert (await wing.clinician.move(path, "triage", expect=403))["code"] == "move_not_yours"
    assert "triage" not in [move["to"] for move in (await wing.clinician.get(path))["moves"]]


async def test_governors_and_mentors_move_no_mentee(wing: Wing) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.engaged()
    await wing.pairs(mentor, mentee["id"])
    path = f"mentees/{mentee['id']}"
    for caller in (wing.governor, mentor):
        await caller.move(path, "paused", expect=403, reason="unwell")


async def test_moves_show_what_stands_in_the_way(wing: Wing) -> None:
    mentee = await wing.offered()
    (engaged,) = [move for move in mentee["moves"] if move["to"] == "engaged"]
    assert engaged["allowed"] is False
    assert [each["code"] for each in engaged["refusals"]] == [
        "permission_to_share", "confidentiality_explained", "compatibility_checked",
    ]  # fmt: skip
    (declined,) = [move for move in mentee["moves"] if move["to"] == "declined_by_person"]
    assert declined["allowed"] is True
    assert "not_wanted" in declined["reasons"]


async def test_an_end_without_its_reason_is_refused(wing: Wing) -> None:
    mentee = await wing.engaged()
    path = f"mentees/{mentee['id']}"
    for reason in (None, "bored"):
        refused = await wing.support_worker.move(path, "completed", expect=422, reason=reason)
        assert refused["errors"][0]["field"] == "reason"


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("completed", "goals_met"),
        ("transferred", None),
        ("released", None),
        ("deceased", None),
    ],
)
async def test_an_end_ends_every_pairing_in_the_same_stroke(
    wing: Wing, to: str, reason: str | None
) -> None:
    first, second = await wing.active_mentor(), await wing.active_mentor()
    mentee, other = await wing.engaged(), await wing.engaged()
    live = await wing.pairs(first, mentee["id"])
    flagged = await wing.pairs(second, mentee["id"])
    untouched = await wing.pairs(first, other["id"])
    await wing.governor.move(f"mentors/{second.mentor_id}", "suspended", reason="welfare")
    await wing.support_worker.move(f"mentees/{mentee['id']}", to, reason=reason)
    listed = (await wing.support_worker.get("pairings"))["items"]
    assert {item["id"]: item["status"] for item in listed} == {
        live["id"]: "ended",
        flagged["id"]: "ended",
        untouched["id"]: "live",
    }
    history = (await wing.support_worker.get(f"pairings/{live['id']}/history"))["items"]
    assert history[-1]["reason"] == "support_ended"
    assert (await first.get("mentees"))["items"][0]["id"] == other["id"]
    await first.get(f"mentees/{mentee['id']}", expect=404)


async def test_a_clinician_may_end_support_and_the_pairing_with_it(wing: Wing) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.engaged()
    pairing = await wing.pairs(mentor, mentee["id"])
    await wing.clinician.move(f"mentees/{mentee['id']}", "transferred")
    assert (await wing.clinician.get(f"pairings/{pairing['id']}"))["status"] == "ended"


async def test_of_two_ends_at_once_exactly_one_is_recorded(wing: Wing) -> None:
    mentee = await wing.engaged()
    moves = f"mentees/{mentee['id']}/moves"
    replies = await asyncio.gather(
        wing.support_worker.request("POST", moves, json={"to": "completed", "reason": "goals_met"}),
        wing.clinician.request("POST", moves, json={"to": "transferred"}),
        wing.nurse.request("POST", moves, json={"to": "released"}),
    )
    assert sorted(reply.status_code for reply in replies) == [200, 409, 409]


# --- consent and checks ----------------------------------------------------------------------


async def test_consent_that_was_not_understood_is_not_recorded(wing: Wing) -> None:
    mentee = await wing.offered()
    path = f"mentees/{mentee['id']}"
    refused = await wing.clinician.put(f"{path}/consent", consent(understood=False), expect=422)
    assert refused["errors"][0] == {
        "field": "understood",
        "code": "not_understood",
        "message": "what was not understood is no consent: explain it again, in another way",
    }
    assert (await wing.clinician.get(path))["explained_at"] is None


@pytest.mark.parametrize("field", ["permission_to_share_at", "explained_at"])
async def test_consent_is_not_given_in_the_future_nor_without_a_zone(
    wing: Wing, field: str
) -> None:
    path = f"mentees/{(await wing.offered())['id']}/consent"
    ahead = str(clock.now() + timedelta(minutes=5))
    refused = await wing.support_worker.put(path, consent(**{field: ahead}), expect=422)
    assert refused["errors"][0]["field"] == field
    naive = consent(**{field: "2026-11-23T10:00:00"})
    refused = await wing.support_worker.put(path, naive, expect=422)
    assert refused["errors"][0]["field"] == field


@pytest.mark.parametrize("field", list(consent()))
async def test_consent_is_recorded_whole_or_not_at_all(wing: Wing, field: str) -> None:
    body = consent()
    del body[field]
    path = f"mentees/{(await wing.referred())['id']}/consent"
    refused = await wing.support_worker.put(path, body, expect=422)
    assert [error["field"] for error in refused["errors"]] == [field]


async def test_consent_needs_the_etag_that_was_read(wing: Wing) -> None:
    path = f"mentees/{(await wing.referred())['id']}/consent"
    await wing.support_worker.put(path, consent(), expect=428, headers={})
    stale = {"If-Match": '"7"'}
    await wing.support_worker.put(path, consent(), expect=412, headers=stale)
    await wing.support_worker.put(path, consent(), headers={"If-Match": '"1"'})


async def test_a_check_is_neither_of_the_future_nor_before_the_referral(wing: Wing) -> None:
    path = f"mentees/{(await wing.referred())['id']}/checks"
    for minutes, code in ((5, "in_the_future"), (-5, "before_referral")):
        body = {"kind": "compatibility", "at": str(clock.now() + timedelta(minutes=minutes))}
        assert codes(await wing.support_worker.post(path, body, expect=422)) == [code]


async def test_an_outreach_attempt_sent_twice_under_one_key_counts_once(wing: Wing) -> None:
    mentee = await wing.engaged()
    body, key = {"kind": "outreach", "at": str(clock.now())}, {"Idempotency-Key": "knock-1"}
    for _ in range(2):
        await wing.support_worker.post(f"mentees/{mentee['id']}/checks", body, headers=key)
    assert (await wing.support_worker.get(f"mentees/{mentee['id']}"))["outreach_attempts"] == 1


async def test_two_attempts_at_once_are_both_counted(wing: Wing) -> None:
    mentee = await wing.engaged()
    path = f"mentees/{mentee['id']}"
    clock.forward(hours=1)
    bodies = [
        {"kind": "outreach", "at": str(clock.now() - timedelta(minutes=2 * ago))} for ago in (0, 1)
    ]
    await asyncio.gather(*[wing.support_worker.post(f"{path}/checks", body) for body in bodies])
    assert (await wing.support_worker.get(path))["outreach_attempts"] == 2


async def test_of_two_attempts_in_one_minute_one_counts(wing: Wing) -> None:
    mentee = await wing.engaged()
    path = f"mentees/{mentee['id']}"
    body = {"kind": "outreach", "at": str(clock.now())}
    replies = await asyncio.gather(
        *[wing.support_worker.request("POST", f"{path}/checks", json=body) for _ in range(5)]
    )
    assert sorted(reply.status_code for reply in replies) == [201, 422, 422, 422, 422]
    assert (await wing.support_worker.get(path))["outreach_attempts"] == 1


async def test_a_check_says_who_made_it(wing: Wing) -> None:
    mentee = await wing.engaged()
    path = f"mentees/{mentee['id']}"
    await wing.nurse.post(f"{path}/checks", {"kind": "welfare", "at": str(clock.now())})
    last = (await wing.clinician.get(f"{path}/history"))["items"][-1]
    assert last["reason"] == "welfare_recorded"
    assert last["actor_subject"] == wing.nurse.subject
