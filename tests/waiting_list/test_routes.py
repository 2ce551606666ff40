"""The waiting list over HTTP."""

from typing import Any

import pytest

from app import clock
from tests.mentees.test_referral import at
from tests.story import Wing

FIELDS = {
    "position", "mentee_id", "display_name", "status", "referred_at", "since", "days_waiting",
    "over_alert", "order_reason", "waiting_for",
}  # fmt: skip


async def on_the_list(wing: Wing, to: str = "waiting", **fields: Any) -> str:
    mentee = await wing.referred(**fields)
    for state in ("triage", "accepted", "waiting", "offered"):
        await wing.support_worker.move(f"mentees/{mentee['id']}", state)
        if state == to:
            break
    return str(mentee["id"])


async def test_it_is_in_a_fair_order_with_its_reasons(wing: Wing) -> None:
    by_paper = {"referred_by": "self", "occurred_at": at(days=-30)}
    second = await on_the_list(wing, "accepted")
    first = await on_the_list(wing, **by_paper)
    soon = await on_the_list(wing, "offered", safety_need=True)
    await wing.referred()
    items = (await wing.support_worker.get("waiting-list"))["items"]
    assert [item["mentee_id"] for item in items] == [soon, first, second]
    assert [item["position"] for item in items] == [1, 2, 3]
    assert [item["order_reason"] for item in items] == [
        "safety_need", "referred_first", "referred_first",
    ]  # fmt: skip
    assert [item["waiting_for"] for item in items] == ["answer", "offer", "offer"]
    assert set(items[0]) == FIELDS
    assert items[2]["since"] is None


async def test_it_says_how_long_and_whether_that_is_too_long(wing: Wing) -> None:
    await on_the_list(wing)
    clock.forward(days=15, hours=3)
    (item,) = (await wing.support_worker.get("waiting-list"))["items"]
    assert (item["days_waiting"], item["over_alert"]) == (15, True)
    await wing.governor.patch("", {"waiting_alert_days": 20})
    (item,) = (await wing.support_worker.get("waiting-list"))["items"]
    assert item["over_alert"] is False


async def test_who_said_yes_waits_for_a_mentor_and_leaves_the_list_with_the_first_session(
    wing: Wing,
) -> None:
    mentee_id = await on_the_list(wing, "offered")
    await wing.consents(mentee_id)
    (item,) = (await wing.clinician.get("waiting-list"))["items"]
    assert item["waiting_for"] == "mentor"
    await wing.checks(mentee_id, "compatibility")
    await wing.support_worker.move(f"mentees/{mentee_id}", "engaged")
    assert (await wing.clinician.get("waiting-list"))["items"] == []


async def test_those_who_run_it_see_it_the_same(wing: Wing) -> None:
    await on_the_list(wing)
    lists = [
        await caller.get("waiting-list")
        for caller in (wing.support_worker, wing.clinician, wing.nurse, wing.governor)
    ]
    assert lists[0]["items"]
    assert all(each == lists[0] for each in lists)


@pytest.mark.parametrize("who", ["mentor", "officer", "prisoner"])
async def test_nobody_else_sees_it(wing: Wing, who: str) -> None:
    callers = {
        "mentor": lambda: wing.active_mentor(),
        "prisoner": lambda: _prisoner(wing),
    }
    caller = wing.officer if who == "officer" else await callers[who]()
    await caller.get("waiting-list", expect=403)


async def _prisoner(wing: Wing) -> Any:
    return wing.as_person((await wing.person())["id"])
