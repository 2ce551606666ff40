"""Demand over HTTP: what is asked for, given, and turned away."""

from typing import Any

import pytest

from app import clock
from tests.mentees.test_referral import at
from tests.mentees.test_routes import codes
from tests.story import Wing


async def moved(wing: Wing, mentee: Any, *steps: str, reason: str | None = None) -> None:
    for to in steps:
        given = {"reason": reason} if to == steps[-1] and reason else {}
        await wing.support_worker.move(f"mentees/{mentee['id']}", to, **given)


def counts(listed: list[dict[str, Any]]) -> dict[str, int]:
    return {each["code"]: each["count"] for each in listed}


async def test_it_counts_who_asked_who_got_it_and_who_did_not(wing: Wing) -> None:
    await wing.engaged()
    await moved(wing, await wing.referred(referred_by="self"), "triage", "accepted", "waiting")
    full = await wing.referred(referred_by="wing_staff")
    await moved(wing, full, "triage", "signposted", reason="no_capacity")
    elsewhere = await wing.referred(referred_by="wing_staff")
    await moved(wing, elsewhere, "triage", "signposted", reason="better_served_elsewhere")
    await moved(wing, await wing.referred(), "declined_by_person", reason="not_now")
    for reason in ("no_capacity", "no_capacity", "not_eligible"):
        body = {"reason": reason, "source": "wing_staff"}
        await wing.support_worker.post("demand/turned-away", body)
    found = await wing.governor.get("demand")
    assert found["referrals"] == 5
    assert counts(found["referrals_by_source"]) == {
        "support_worker": 2, "self": 1, "wing_staff": 2,
    }  # fmt: skip
    assert (found["accepted"], found["engaged"]) == (2, 1)
    assert counts(found["signposted_by_reason"]) == {"no_capacity": 1, "better_served_elsewhere": 1}
    assert counts(found["declined_by_reason"]) == {"not_now": 1}
    assert counts(found["turned_away_by_reason"]) == {"no_capacity": 2, "not_eligible": 1}
    assert counts(found["turned_away_by_source"]) == {"wing_staff": 3}
    assert found["waiting_now"] == 1
    assert found["unserved"] == 1 + 2 + 1


async def test_how_long_they_wait_is_a_median_and_the_longest(wing: Wing) -> None:
    for _ in range(2):
        await moved(wing, await wing.referred(), "triage", "accepted", "waiting")
    clock.forward(days=12)
    await moved(wing, await wing.referred(), "triage", "accepted", "waiting")
    clock.forward(days=8)
    found = await wing.clinician.get("demand")
    assert found["waiting_median_days"] == 20.0
    assert found["waiting_longest_days"] == 20
    assert found["waiting_over_alert"] == 2


async def test_where_nobody_waits_there_is_no_median_and_not_a_zero(wing: Wing) -> None:
    found = await wing.support_worker.get("demand")
    assert found["waiting_median_days"] is None
    assert found["waiting_longest_days"] is None
    assert (found["waiting_now"], found["unserved"], found["referrals"]) == (0, 0, 0)


async def test_support_that_went_on_after_a_pause_did_not_begin_again(wing: Wing) -> None:
    mentee = await wing.engaged()
    path = f"mentees/{mentee['id']}"
    await wing.support_worker.move(path, "paused", reason="unwell")
    await wing.support_worker.move(path, "engaged")
    assert (await wing.support_worker.get("demand"))["engaged"] == 1
    await wing.disengages(mentee["id"])
    await wing.checks(mentee["id"], "compatibility")
    await wing.support_worker.move(path, "engaged")
    clock.forward(minutes=1)
    found = await wing.support_worker.get("demand")
    assert (found["engaged"], found["disengaged"]) == (2, 1)


async def test_things_are_counted_when_they_happened(wing: Wing) -> None:
    await wing.referred(occurred_at=at(days=-10), referred_by="self")
    turned = {"reason": "other", "source": "clinician", "occurred_at": at(days=-10)}
    await wing.clinician.post("demand/turned-away", turned)
    then = {"from": at(days=-11), "to": at(days=-9)}
    found = await wing.governor.get("demand", params=then)
    assert (found["referrals"], found["turned_away"]) == (1, 1)
    since = await wing.governor.get("demand", params={"from": at(days=-9)})
    assert (since["referrals"], since["turned_away"]) == (0, 0)


async def test_what_a_wrong_report_of_a_death_did_and_undid_is_not_demand(wing: Wing) -> None:
    mentee = await wing.engaged()
    path = f"people/{mentee['person_id']}/death"
    body = {"occurred_at": clock.spell(clock.now()), "source": "healthcare"}
    await wing.nurse.post(path, body)
    await wing.clinician.post(f"{path}/correction", expect=200)
    clock.forward(minutes=1)
    assert (await wing.governor.get("demand"))["engaged"] == 1


async def test_a_time_that_ends_before_it_begins_is_named(wing: Wing) -> None:
    params = {"from": at(days=1), "to": at(days=0)}
    refused = await wing.governor.get("demand", expect=422, params=params)
    assert refused["errors"][0]["field"] == "from"
    refused = await wing.governor.get("demand", expect=422, params={"from": "yesterday"})
    assert refused["errors"][0]["field"] == "from"
    await wing.governor.get("demand", expect=422, params={"since": at(days=1)})


async def test_of_whoever_is_turned_away_nothing_is_kept_but_that(wing: Wing) -> None:
    body = {"reason": "not_eligible", "source": "self"}
    made = await wing.support_worker.post("demand/turned-away", body)
    assert set(made) == {"id", "recorded_at", "reason", "source", "occurred_at"}
    who = {**body, "person_id": (await wing.person())["id"]}
    refused = await wing.support_worker.post("demand/turned-away", who, expect=422)
    assert refused["errors"][0]["field"] == "person_id"
    ahead = {**body, "occurred_at": at(minutes=5)}
    refused = await wing.support_worker.post("demand/turned-away", ahead, expect=422)
    assert codes(refused) == ["in_the_future"]


async def test_one_turned_away_sent_twice_under_one_key_is_one(wing: Wing) -> None:
    body, key = {"reason": "no_capacity", "source": "self"}, {"Idempotency-Key": "door-1"}
    for _ in range(2):
        await wing.clinician.post("demand/turned-away", body, headers=key)
    assert (await wing.clinician.get("demand"))["turned_away"] == 1


@pytest.mark.parametrize("who", ["mentor", "officer"])
async def test_nobody_else_counts(wing: Wing, who: str) -> None:
    caller = wing.officer if who == "officer" else await wing.active_mentor()
    await caller.get("demand", expect=403)
    body = {"reason": "no_capacity", "source": "self"}
    await caller.post("demand/turned-away", body, expect=403)
