"""The governor's queue, the approval on conditions, and applications that wait too long."""

from datetime import timedelta
from typing import Any

import pytest

from app import clock, worker
from app.models.staff import StaffRole
from tests.story import Caller, Wing


def codes(problem: dict[str, Any]) -> list[str]:
    return [error["code"] for error in problem["errors"]]


async def in_review(wing: Wing) -> Any:
    """An application that waits for the governor, cleared."""
    mentor = await wing.applicant()
    await wing.before_the_governor(mentor["id"])
    return await wing.clears(mentor["id"])


async def queue(caller: Caller) -> list[dict[str, Any]]:
    return list((await caller.get("mentors/queue"))["items"])


# --- the queue -------------------------------------------------------------------------------


async def test_the_queue_holds_what_is_decided_on_and_nothing_more(wing: Wing) -> None:
    await wing.adopts()
    campaign = await wing.campaign()
    mentor = await wing.answers(campaign)
    for supports in ("yes", "yes", "with_reservations"):
        body = {
            "mentor_id": mentor["id"],
            "referee_name": "Officer R. Sample",
            "referee_role": "work",
            "supports": supports,
            "text": "He listens.",
            "received_on": str(clock.now().date()),
        }
        await wing.support_worker.post("character-references", body)
    (item,) = await queue(wing.governor)
    assert item["mentor_id"] == mentor["id"]
    assert item["display_name"] == mentor["display_name"]
    assert (item["campaign_title"], item["campaign_places_left"]) == (campaign["title"], 2)
    assert item["references"] == {"yes": 2, "with_reservations": 1, "no": 0}
    assert [(each["interviewer"], each["recommendation"]) for each in item["interviews"]] == [
        ("support_worker", "recommended"),
        ("clinician", "recommended"),
    ]
    assert set(item["interviews"][0]) == {"interviewer", "recommendation", "held_at"}
    assert (item["clearance"], item["clearance_to"]) == ("cleared", mentor["clearance_to"])
    assert (item["appeal"], item["earlier_declines"]) == (False, [])
    assert (item["cooling_off"], item["cooling_off_until"]) == ("never_supported", None)
    assert item["founding_places_left"] == 2
    assert (item["decidable_by_me"], item["stands_in_the_way"]) == (True, [])
    assert {"motivation", "cell_location", "number", "notes"}.isdisjoint(item)


async def test_the_longest_waiting_comes_first_and_the_decided_are_gone(wing: Wing) -> None:
    first = await in_review(wing)
    clock.forward(hours=1)
    second = await in_review(wing)
    assert [each["mentor_id"] for each in await queue(wing.governor)] == [first["id"], second["id"]]
    await wing.governor.move(f"mentors/{first['id']}", "approved_conditionally")
    assert [each["mentor_id"] for each in await queue(wing.governor)] == [second["id"]]
    await wing.governor.move(f"mentors/{second['id']}", "declined", reason="no_place")
    assert await queue(wing.governor) == []


async def test_it_says_who_may_not_decide_and_what_was_decided_before(wing: Wing) -> None:
    mentor = await in_review(wing)
    path = f"mentors/{mentor['id']}"
    await wing.governor.move(path, "declined", reason="not_suitable_now")
    await wing.support_worker.move(path, "appealed")
    await wing.support_worker.move(path, "governor_review")
    (mine,) = await queue(wing.governor)
    assert (mine["appeal"], mine["decidable_by_me"]) == (True, False)
    assert mine["not_mine_because"] == ["decided_by_another"]
    declined = {"reason": "not_suitable_now", "declined_on": str(clock.now().date())}
    assert mine["earlier_declines"] == [declined]
    deputy = await wing.hires(StaffRole.governor)
    (theirs,) = await queue(deputy)
    assert (theirs["decidable_by_me"], theirs["not_mine_because"]) == (True, [])


async def test_an_earlier_applications_decline_is_told_too(wing: Wing) -> None:
    mentor = await in_review(wing)
    await wing.governor.move(f"mentors/{mentor['id']}", "declined", reason="no_place")
    clock.forward(days=200)
    body = {"person_id": mentor["person_id"], "motivation": "Still."}
    again = await wing.support_worker.post("mentors", body)
    await wing.before_the_governor(again["id"])
    (item,) = await queue(wing.governor)
    assert [each["reason"] for each in item["earlier_declines"]] == ["no_place"]
    assert item["stands_in_the_way"] == ["clearance_current"]
    assert item["appeal"] is False


@pytest.mark.parametrize("who", ["support_worker", "clinician", "nurse", "officer"])
async def test_the_queue_is_the_governors(wing: Wing, who: str) -> None:
    caller: Caller = getattr(wing, who)
    await caller.get("mentors/queue", expect=403)
    mentor = await in_review(wing)
    for path in (f"mentors/{mentor['id']}/approval", f"mentors/{mentor['id']}/conditions"):
        answer = await caller.request(
            "POST" if path.endswith("approval") else "PUT", path, json={"conditions": []}
        )
        assert answer.status_code == 403


async def test_no_applicant_and_no_mentor_sees_it(wing: Wing) -> None:
    mentor = await in_review(wing)
    for caller in (wing.as_person(mentor["person_id"]), await wing.active_mentor()):
        await caller.get("mentors/queue", expect=403)
        await caller.post(f"mentors/{mentor['id']}/approval", {"conditions": []}, expect=403)


# --- the decision ----------------------------------------------------------------------------


async def test_approval_is_bound_to_conditions_which_the_mentor_reads(wing: Wing) -> None:
    mentor = await in_review(wing)
    path = f"mentors/{mentor['id']}"
    body = {"conditions": ["own_wing_only", "no_nights"], "note": "See again in spring."}
    approved = await wing.governor.post(f"{path}/approval", body, expect=200)
    assert approved["status"] == "approved_conditionally"
    assert approved["conditions"] == ["no_nights", "own_wing_only"]
    himself = wing.as_person(mentor["person_id"])
    assert (await himself.get(path))["conditions"] == ["no_nights", "own_wing_only"]
    history = (await wing.governor.get(f"{path}/history"))["items"]
    assert history[-1]["note"] == "See again in spring."


async def test_approval_holds_to_the_guards_of_the_move(wing: Wing) -> None:
    mentor = await wing.applicant()
    path = f"mentors/{mentor['id']}"
    await wing.before_the_governor(mentor["id"])
    refused = await wing.governor.post(f"{path}/approval", {"conditions": ["no_nights"]}, 409)
    assert codes(refused) == ["clearance_current"]
    assert (await wing.governor.get(path))["conditions"] == []


async def test_approving_lifts_no_suspension(wing: Wing) -> None:
    mentor = await wing.approved()
    path = f"mentors/{mentor['id']}"
    await wing.clinician.move(path, "suspended", reason="welfare")
    refused = await wing.governor.post(f"{path}/approval", {"conditions": []}, expect=409)
    assert refused["code"] == "move_not_in_table"
    assert (await wing.governor.get(path))["status"] == "suspended"


async def test_conditions_change_and_what_they_were_is_kept(wing: Wing) -> None:
    mentor = await in_review(wing)
    path = f"mentors/{mentor['id']}"
    await wing.governor.post(f"{path}/approval", {"conditions": ["no_nights"]}, expect=200)
    body = {"conditions": ["no_one_to_one"]}
    await wing.governor.put(f"{path}/conditions", body, expect=428, headers={})
    changed = await wing.governor.put(f"{path}/conditions", body)
    assert (changed["conditions"], changed["status"]) == (
        ["no_one_to_one"],
        "approved_conditionally",
    )
    await wing.governor.put(f"{path}/conditions", body)
    history = (await wing.governor.get(f"{path}/history"))["items"]
    assert [row["reason"] for row in history].count("conditions_changed") == 1
    former = await wing.db.fetch(
        wing.prison_id,
        "SELECT former->'conditions' AS was FROM former_value WHERE thing_id = $1"
        " AND former ? 'conditions' ORDER BY recorded_at, id",
        mentor["id"],
    )
    assert [row["was"] for row in former][-1] == '["no_nights"]'


async def test_conditions_belong_to_an_approval(wing: Wing) -> None:
    mentor = await in_review(wing)
    path = f"mentors/{mentor['id']}/conditions"
    refused = await wing.governor.put(path, {"conditions": ["no_nights"]}, expect=409)
    assert refused["code"] == "move_not_in_table"
    for body in ({"conditions": ["no_cigarettes"]}, {"conditions": ["no_nights"] * 2}, {}):
        refused = await wing.governor.put(path, body, expect=422)
        assert refused["errors"][0]["field"].startswith("conditions")


# --- waiting too long ------------------------------------------------------------------------


async def steps(caller: Caller, status: str = "open") -> list[dict[str, Any]]:
    found = await caller.get(f"tasks?kind=application_step&status={status}")
    return list(found["items"])


async def test_an_application_that_lies_a_week_is_asked_for_once(wing: Wing) -> None:
    mentor = await wing.applicant()
    path = f"mentors/{mentor['id']}"
    await wing.support_worker.move(path, "submitted")
    clock.forward(days=6)
    await worker.housekeeping(wing.db, wing.prison_id)
    assert await steps(wing.support_worker) == []
    clock.forward(days=1.1)
    for _ in range(2):
        await worker.housekeeping(wing.db, wing.prison_id)
    (task,) = await steps(wing.support_worker)
    assert (task["thing_id"], task["person_id"]) == (mentor["id"], mentor["person_id"])
    assert task["for_role"] == "support_worker"
    await wing.support_worker.move(path, "screened")
    assert await steps(wing.support_worker) == []
    assert len(await steps(wing.support_worker, "done")) == 1
    clock.forward(days=7.1)
    await worker.housekeeping(wing.db, wing.prison_id)
    assert len(await steps(wing.support_worker)) == 1


async def test_what_was_asked_and_put_aside_is_not_asked_every_minute(wing: Wing) -> None:
    mentor = await wing.applicant()
    await wing.support_worker.move(f"mentors/{mentor['id']}", "submitted")
    clock.forward(days=8)
    await worker.housekeeping(wing.db, wing.prison_id)
    (task,) = await steps(wing.support_worker)
    await wing.support_worker.move(f"tasks/{task['id']}", "cancelled", reason="done_elsewhere")
    await worker.housekeeping(wing.db, wing.prison_id)
    assert await steps(wing.support_worker) == []


async def test_the_governor_is_asked_for_what_lies_with_the_governor(wing: Wing) -> None:
    mentor = await in_review(wing)
    clock.forward(days=7.1)
    await worker.housekeeping(wing.db, wing.prison_id)
    (task,) = await steps(wing.governor)
    assert task["for_role"] == "governor"
    assert await steps(wing.support_worker) == []
    await wing.governor.move(f"mentors/{mentor['id']}", "declined", reason="other")
    assert await steps(wing.governor) == []


async def test_an_appeal_is_asked_for_at_once(wing: Wing) -> None:
    mentor = await in_review(wing)
    path = f"mentors/{mentor['id']}"
    await wing.governor.move(path, "declined", reason="other")
    await worker.housekeeping(wing.db, wing.prison_id)
    assert await steps(wing.support_worker) == []
    await wing.as_person(mentor["person_id"]).move(path, "appealed")
    await worker.housekeeping(wing.db, wing.prison_id)
    assert len(await steps(wing.support_worker)) == 1
    await wing.as_person(mentor["person_id"]).move(path, "withdrawn")
    assert await steps(wing.support_worker) == []


# --- on paper --------------------------------------------------------------------------------


async def test_a_paper_application_keeps_the_day_on_which_it_came(wing: Wing) -> None:
    person = await wing.person()
    received = clock.spell(clock.now().replace(microsecond=0) - timedelta(days=3))
    body = {"person_id": person["id"], "motivation": "On paper.", "occurred_at": received}
    made = await wing.support_worker.post("mentors", body)
    (began,) = (await wing.support_worker.get(f"mentors/{made['id']}/history"))["items"]
    assert began["occurred_at"] == received
    moved = await wing.support_worker.move(
        f"mentors/{made['id']}", "submitted", occurred_at=received
    )
    assert moved["status"] == "submitted"


async def test_a_paper_came_neither_tomorrow_nor_during_the_last_episode(wing: Wing) -> None:
    person = await wing.person()
    tomorrow = clock.spell(clock.now() + timedelta(days=1))
    body = {"person_id": person["id"], "occurred_at": tomorrow}
    refused = await wing.support_worker.post("mentors", body, expect=422)
    assert refused["errors"][0]["field"] == "occurred_at"
    yesterday = clock.spell(clock.now() - timedelta(days=1))
    himself = wing.as_person(person["id"])
    refused = await himself.post("mentors", {**body, "occurred_at": yesterday}, expect=422)
    assert codes(refused) == ["not_yours"]
    made = await himself.post("mentors", {"person_id": person["id"]})
    await himself.move(f"mentors/{made['id']}", "withdrawn")
    refused = await wing.support_worker.post("mentors", {**body, "occurred_at": yesterday}, 422)
    assert codes(refused) == ["in_order"]
