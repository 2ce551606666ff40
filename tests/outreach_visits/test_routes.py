"""Outreach over HTTP: visits, who went, which wings were reached, and which were not."""

from datetime import timedelta
from typing import Any

import pytest

from app import clock, worker
from app.db import Database
from app.models.base import new_id
from app.services.working_days import local_date
from tests.story import Wing


async def bravo(wing: Wing, code: str = "B") -> str:
    made = await wing.support_worker.post("wings", {"code": code, "name": f"{code} wing"})
    return str(made["id"])


def visit(wing: Wing, wing_id: str, **fields: Any) -> dict[str, Any]:
    return {
        "wing_id": wing_id,
        "kind": "stall",
        "held_at": str(clock.now() - timedelta(minutes=5)),
        "staff_ids": [str(wing.support_worker.staff_id)],
        "people_spoken_with": 12,
        "referrals_taken": 2,
        **fields,
    }


async def test_a_visit_is_recorded_with_who_went_and_read_by_staff(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    wing_id = await bravo(wing)
    both = [str(wing.support_worker.staff_id), str(wing.nurse.staff_id)]
    later = str(clock.now())
    body = visit(wing, wing_id, staff_ids=both, mentor_ids=[str(mentor.mentor_id)], held_at=later)
    made = await wing.support_worker.post("outreach-visits", body)
    assert made["staff_ids"] == both
    assert made["mentor_ids"] == [str(mentor.mentor_id)]
    assert made["recorded_by"] == str(wing.support_worker.staff_id)
    for caller in (wing.governor, wing.clinician):
        assert await caller.get(f"outreach-visits/{made['id']}") == made
        assert (await caller.get("outreach-visits"))["items"] == [made]
    await wing.clinician.post("outreach-visits", visit(wing, wing_id))
    for caller, status in ((wing.officer, 403), (mentor, 403)):
        await caller.get("outreach-visits", status)
    await wing.governor.post("outreach-visits", body, 403)


async def test_a_mentor_was_active_on_the_day_whatever_they_are_now(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    wing_id, mentor_id = await bravo(wing), str(mentor.mentor_id)
    clock.forward(hours=3)
    await wing.governor.move(f"mentors/{mentor_id}", "suspended", reason="other")
    clock.forward(hours=3)
    then = str(clock.now() - timedelta(hours=4))
    body = visit(wing, wing_id, mentor_ids=[mentor_id])
    refused = await wing.support_worker.post("outreach-visits", body, 422)
    assert [each["field"] for each in refused["errors"]] == ["mentor_ids.0"]
    made = await wing.support_worker.post("outreach-visits", {**body, "held_at": then})
    later = {"held_at": str(clock.now())}
    path = f"outreach-visits/{made['id']}"
    refused = await wing.support_worker.patch(path, later, 422)
    assert refused["errors"][0]["field"] == "mentor_ids.0"
    assert await wing.support_worker.get(path) == made


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"held_at": "2999-01-01T00:00:00Z"}, "held_at"),
        ({"held_at": "2199-01-01T00:00:00Z"}, "held_at"),
        ({"people_spoken_with": 1}, "referrals_taken"),
        ({"people_spoken_with": -1}, "people_spoken_with"),
        ({"staff_ids": []}, "staff_ids"),
        ({"staff_ids": [str(new_id())]}, "staff_ids.0"),
        ({"mentor_ids": [str(new_id())]}, "mentor_ids.0"),
        ({"wing_id": str(new_id())}, "wing_id"),
        ({"kind": "march"}, "kind"),
    ],
)
async def test_a_mistake_names_its_field(wing: Wing, fields: dict[str, Any], named: str) -> None:
    body = {**visit(wing, await bravo(wing)), **fields}
    refused = await wing.support_worker.post("outreach-visits", body, 422)
    assert [each["field"] for each in refused["errors"]] == [named]
    assert (await wing.support_worker.get("outreach-visits"))["items"] == []


async def test_nobody_goes_twice_and_the_dedicated_wing_is_not_visited(wing: Wing) -> None:
    twice = [str(wing.support_worker.staff_id)] * 2
    body = visit(wing, await bravo(wing), staff_ids=twice)
    refused = await wing.support_worker.post("outreach-visits", body, 422)
    assert refused["errors"][0]["field"] == "staff_ids.1"
    refused = await wing.support_worker.post("outreach-visits", visit(wing, wing.wing_id), 422)
    assert refused["errors"][0]["code"] == "dedicated"


async def test_a_visit_is_corrected_with_its_version(wing: Wing) -> None:
    made = await wing.support_worker.post("outreach-visits", visit(wing, await bravo(wing)))
    path = f"outreach-visits/{made['id']}"
    change = {"people_spoken_with": 20, "staff_ids": [str(wing.nurse.staff_id)]}
    await wing.support_worker.patch(path, change, 428, headers={})
    shown = await wing.clinician.patch(path, change, headers={"If-Match": '"1"'})
    assert (shown["people_spoken_with"], shown["referrals_taken"]) == (20, 2)
    assert shown["staff_ids"] == [str(wing.nurse.staff_id)]
    stale = {"If-Match": '"1"'}
    await wing.support_worker.patch(path, {"kind": "talk"}, 412, headers=stale)
    only_who = {"mentor_ids": [], "staff_ids": [str(wing.clinician.staff_id)]}
    version = (await wing.support_worker.patch(path, only_who))["version"]
    assert version > shown["version"]
    await wing.support_worker.patch(path, {"referrals_taken": 21}, 422)
    await wing.support_worker.patch(path, {"kind": None}, 422)


async def test_coverage_tells_wing_by_wing_who_was_reached_and_who_came(wing: Wing) -> None:
    here, there = await bravo(wing), await bravo(wing, "C")
    await wing.support_worker.post("outreach-visits", visit(wing, here))
    person = await wing.person(cell_location="B-1-001")
    referral = {"person_id": person["id"], "referred_by": "wing_staff"}
    await wing.support_worker.post("mentees", referral)
    clock.forward(days=3)
    await wing.support_worker.post("outreach-visits", visit(wing, here, people_spoken_with=3))
    clock.forward(days=2)
    [reached, missed] = (await wing.governor.get("outreach-visits/coverage"))["items"]
    assert (reached["code"], missed["code"]) == ("B", "C")
    assert reached["days_since"] == 2
    assert missed["last_visit_at"] is None
    assert (reached["visits"], reached["people_spoken_with"]) == (2, 15)
    assert (reached["referrals_taken"], reached["referrals"]) == (4, 1)
    assert (missed["wing_id"], missed["visits"], missed["referrals"]) == (there, 0, 0)
    later = {"from": str(clock.now().date()), "to": str(clock.now().date())}
    [reached, _] = (await wing.clinician.get("outreach-visits/coverage", params=later))["items"]
    assert (reached["visits"], reached["days_since"]) == (0, 2)
    wrong = {"from": "2026-03-02", "to": "2026-03-01"}
    refused = await wing.governor.get("outreach-visits/coverage", 422, params=wrong)
    assert refused["errors"][0]["field"] == "from"


async def test_coverage_counts_a_referral_from_paper_when_it_was_made_as_demand_does(
    wing: Wing,
) -> None:
    await bravo(wing)
    person, made_at = await wing.person(cell_location="B-1-001"), clock.now() - timedelta(days=40)
    referral = {"person_id": person["id"], "referred_by": "wing_staff"}
    late = {**referral, "occurred_at": clock.spell(made_at)}
    await wing.support_worker.post("mentees", late)
    day = dict.fromkeys(("from", "to"), str(local_date(made_at)))
    for query, count in (({}, 0), (day, 1)):
        [reached] = (await wing.governor.get("outreach-visits/coverage", params=query))["items"]
        assert reached["referrals"] == count
    assert (await wing.governor.get("demand"))["referrals"] == 0


async def due(wing: Wing) -> list[Any]:
    query = {"kind": "outreach_visit_due", "status": "open"}
    return list((await wing.support_worker.get("tasks", params=query))["items"])


async def test_a_wing_without_a_visit_for_a_month_is_a_task_once(wing: Wing, db: Database) -> None:
    wing_id = await bravo(wing)
    clock.forward(days=32)
    await worker.housekeeping(db, wing.prison_id)
    assert await due(wing) == [], "nobody could go"
    await wing.active_mentor()
    for _ in range(2):
        await worker.housekeeping(db, wing.prison_id)
    [task] = await due(wing)
    assert (task["thing_noun"], task["thing_id"]) == ("wings", wing_id)
    long_ago = str(clock.now() - timedelta(days=31))
    await wing.support_worker.post("outreach-visits", visit(wing, wing_id, held_at=long_ago))
    assert len(await due(wing)) == 1
    await wing.support_worker.post("outreach-visits", visit(wing, wing_id))
    assert await due(wing) == []
    clock.forward(days=30)
    await worker.housekeeping(db, wing.prison_id)
    assert await due(wing) == []
    clock.forward(days=2)
    await worker.housekeeping(db, wing.prison_id)
    assert len(await due(wing)) == 1
