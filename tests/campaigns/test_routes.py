"""Campaigns over HTTP: opened by an adopted site, answered while open, never overfilled."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app import clock, worker
from tests.story import Wing


def codes(problem: dict[str, Any]) -> list[str]:
    return [error["code"] for error in problem["errors"]]


def day(days: float) -> str:
    return str((clock.now() + timedelta(days=days)).date())


async def test_a_campaign_opens_only_where_the_site_has_adopted_the_scheme(wing: Wing) -> None:
    drafted = await wing.drafts()
    path = f"campaigns/{drafted['id']}"
    (option,) = [move for move in drafted["moves"] if move["to"] == "open"]
    assert [each["code"] for each in option["refusals"]] == ["site_adopted"]
    refused = await wing.governor.move(path, "open", expect=409)
    assert codes(refused) == ["site_adopted"]
    await wing.adopts()
    assert (await wing.governor.move(path, "open"))["status"] == "open"


async def test_withdrawing_one_word_keeps_the_next_campaign_shut(wing: Wing) -> None:
    await wing.adopts()
    await wing.campaign()
    (signed,) = [
        each
        for each in (await wing.governor.get("adoptions"))["signed"]
        if each["part"] == "governor"
    ]
    await wing.governor.post(f"adoptions/{signed['id']}/withdrawal", expect=200)
    drafted = await wing.drafts()
    refused = await wing.support_worker.move(f"campaigns/{drafted['id']}", "open", expect=409)
    assert codes(refused) == ["site_adopted"]


async def test_prisoners_find_the_open_ones_and_no_number_of_applications(wing: Wing) -> None:
    await wing.adopts()
    shown, drafted = await wing.campaign(), await wing.drafts()
    applicant = wing.as_person((await wing.person())["id"])
    (found,) = (await applicant.get("campaigns"))["items"]
    assert found["id"] == shown["id"]
    assert {"applications", "places_left", "moves"}.isdisjoint(found)
    assert await applicant.get(f"campaigns/{shown['id']}") == found
    await applicant.get(f"campaigns/{drafted['id']}", expect=404)
    assert (await applicant.get("campaigns?status=draft"))["items"] == []
    history = (await applicant.get(f"campaigns/{shown['id']}/history"))["items"]
    assert set(history[0]) == {"id", "occurred_at", "from_state", "to_state"}
    await wing.support_worker.move(f"campaigns/{shown['id']}", "closed")
    await applicant.get(f"campaigns/{shown['id']}", expect=404)


async def test_support_workers_and_governors_run_them_and_nobody_else(wing: Wing) -> None:
    body = {"title": "x", "opens_on": day(0), "closes_on": day(1), "places": 1}
    applicant = wing.as_person((await wing.person())["id"])
    for caller in (wing.clinician, wing.nurse, wing.officer, applicant):
        await caller.post("campaigns", body, expect=403)
    made = await wing.governor.post("campaigns", body)
    assert (await wing.clinician.get(f"campaigns/{made['id']}"))["title"] == "x"
    await wing.clinician.move(f"campaigns/{made['id']}", "cancelled", expect=403, reason="other")
    await wing.officer.get("campaigns", expect=403)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"closes_on": day(-1)}, "closes_on"),
        ({"places": 0}, "places"),
        ({"title": " "}, "title"),
        ({"wish": 1}, "wish"),
    ],
)
async def test_a_mistake_names_its_field(wing: Wing, change: Any, field: str) -> None:
    body = {"title": "x", "opens_on": day(0), "closes_on": day(1), "places": 1, **change}
    refused = await wing.support_worker.post("campaigns", body, expect=422)
    assert refused["errors"][0]["field"] == field


async def test_cancelling_takes_a_reason_and_nothing_opens_after(wing: Wing) -> None:
    drafted = await wing.drafts()
    path = f"campaigns/{drafted['id']}"
    refused = await wing.governor.move(path, "cancelled", expect=422)
    assert refused["errors"][0]["field"] == "reason"
    await wing.governor.move(path, "cancelled", reason="staffing")
    assert (await wing.governor.move(path, "open", 409))["code"] == "move_not_in_table"
    refused = await wing.governor.patch(path, {"places": 3}, expect=409)
    assert refused["code"] == "campaign_over"


async def test_a_campaign_closes_by_itself_the_day_after_its_last(wing: Wing) -> None:
    await wing.adopts()
    campaign = await wing.campaign(closes_on=day(1))
    path = f"campaigns/{campaign['id']}"
    clock.forward(days=1)
    await worker.housekeeping(wing.db, wing.prison_id)
    assert (await wing.governor.get(path))["status"] == "open"
    clock.forward(days=1)
    await worker.housekeeping(wing.db, wing.prison_id)
    assert (await wing.governor.get(path))["status"] == "closed"
    history = (await wing.governor.get(f"{path}/history"))["items"]
    assert history[-1]["actor_role"] == "system"


async def test_a_campaign_whose_days_have_passed_does_not_open(wing: Wing) -> None:
    await wing.adopts()
    drafted = await wing.drafts(closes_on=day(1))
    clock.forward(days=2)
    refused = await wing.governor.move(f"campaigns/{drafted['id']}", "open", expect=409)
    assert codes(refused) == ["has_days_to_come"]


async def test_an_application_names_a_campaign_only_while_it_is_open(wing: Wing) -> None:
    await wing.adopts()
    later = await wing.campaign(opens_on=day(3))
    drafted = await wing.drafts()
    person = await wing.person()
    himself = wing.as_person(person["id"])
    for campaign_id in (later["id"], drafted["id"], person["id"]):
        body = {"person_id": person["id"], "campaign_id": campaign_id}
        for caller in (himself, wing.support_worker):
            refused = await caller.post("mentors", body, expect=422)
            assert refused["errors"][0]["field"] == "campaign_id"
            assert codes(refused) == ["campaign_not_open"]
    clock.forward(days=3)
    body = {"person_id": person["id"], "campaign_id": later["id"]}
    made = await himself.post("mentors", body)
    assert made["campaign_id"] == later["id"]
    shown = await wing.governor.get(f"campaigns/{later['id']}")
    assert (shown["applications"], shown["places_left"]) == (1, 2)


async def test_a_paper_received_in_time_is_entered_after_the_campaign_has_closed(
    wing: Wing,
) -> None:
    await wing.adopts()
    campaign = await wing.campaign()
    received = clock.spell(clock.now())
    clock.forward(days=1)
    await wing.support_worker.move(f"campaigns/{campaign['id']}", "closed")
    clock.forward(days=1)
    body = {"person_id": (await wing.person())["id"], "campaign_id": campaign["id"]}
    refused = await wing.support_worker.post("mentors", body, expect=422)
    assert codes(refused) == ["campaign_not_open"]
    late = {**body, "occurred_at": clock.spell(clock.now())}
    assert codes(await wing.support_worker.post("mentors", late, 422)) == ["campaign_not_open"]
    made = await wing.support_worker.post("mentors", {**body, "occurred_at": received})
    (began,) = (await wing.support_worker.get(f"mentors/{made['id']}/history"))["items"]
    assert began["occurred_at"] == received
    assert began["recorded_at"] > received


async def test_only_as_many_are_approved_as_there_are_places(wing: Wing) -> None:
    await wing.adopts()
    campaign = await wing.campaign(places=1)
    first, second = await wing.answers(campaign), await wing.answers(campaign)
    await wing.governor.move(f"mentors/{first['id']}", "approved_conditionally")
    shown = (await wing.governor.get("campaigns"))["items"][0]
    assert (shown["applications"], shown["places_left"]) == (2, 0)
    path = f"mentors/{second['id']}"
    refused = await wing.governor.move(path, "approved_conditionally", expect=409)
    assert codes(refused) == ["campaign_has_place"]
    # He who was approved and stepped down had his place; another is made for the next.
    await wing.support_worker.move(f"mentors/{first['id']}", "stepped_down", reason="own_wish")
    refused = await wing.governor.move(path, "approved_conditionally", expect=409)
    await wing.governor.patch(f"campaigns/{campaign['id']}", {"places": 2})
    approved = await wing.governor.move(path, "approved_conditionally")
    assert approved["status"] == "approved_conditionally"
    refused = await wing.governor.patch(f"campaigns/{campaign['id']}", {"places": 1}, expect=422)
    assert refused["errors"][0]["field"] == "places"


async def test_the_last_place_is_not_given_twice_in_haste(wing: Wing) -> None:
    await wing.adopts()
    campaign = await wing.campaign(places=1)
    made = [await wing.answers(campaign) for _ in range(3)]
    answers = await asyncio.gather(
        *[
            wing.governor.request("POST", f"mentors/{each['id']}/approval", json={"conditions": []})
            for each in made
        ]
    )
    assert sorted(each.status_code for each in answers) == [200, 409, 409]
    lost = [each.json() for each in answers if each.status_code == 409]
    assert [codes(each) for each in lost] == [["campaign_has_place"]] * 2
    assert (await wing.governor.get(f"campaigns/{campaign['id']}"))["places_left"] == 0


async def test_a_change_needs_the_version_it_changes(wing: Wing) -> None:
    path = f"campaigns/{(await wing.drafts())['id']}"
    await wing.support_worker.patch(path, {"places": 3}, expect=428, headers={})
    changed = await wing.support_worker.patch(path, {"places": 3}, headers={"If-Match": '"1"'})
    assert changed["places"] == 3
    await wing.support_worker.patch(path, {"places": 4}, 412, headers={"If-Match": '"1"'})
    refused = await wing.support_worker.patch(path, {"closes_on": day(-3)}, expect=422)
    assert refused["errors"][0]["field"] == "closes_on"
    assert (await wing.governor.get(path))["closes_on"] == changed["closes_on"]
