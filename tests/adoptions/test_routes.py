"""The site's adoption over HTTP: three different people, each their own part, until withdrawn."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.models.staff import StaffRole
from tests.story import Caller, Wing


def part(name: str, **fields: Any) -> dict[str, Any]:
    named = {"named_person": "A. Sample"} if name == "senior_manager" else {}
    return {"part": name, "scheme_version": "2026-1", **named, **fields}


async def lead_of(wing: Wing) -> Caller:
    return await wing.hires(StaffRole.mental_health_lead)


async def test_the_adoption_is_complete_when_three_different_people_have_signed(wing: Wing) -> None:
    deputy, lead = await wing.hires(StaffRole.governor), await lead_of(wing)
    before = await wing.officer.get("adoptions")
    assert (before["complete"], len(before["missing"])) == (False, 3)
    await deputy.post("adoptions", part("senior_manager"))
    await wing.governor.post("adoptions", part("governor"))
    after_two = await wing.clinician.get("adoptions")
    assert (after_two["complete"], after_two["missing"]) == (False, ["mental_health_lead"])
    signed = await lead.post("adoptions", part("mental_health_lead"))
    assert signed["signed_by"] == lead.subject
    assert signed["named_person"] == lead.subject.title()
    after = await wing.support_worker.get("adoptions")
    assert (after["complete"], after["missing"]) == (True, [])
    assert {each["part"] for each in after["signed"]} == {
        "senior_manager",
        "governor",
        "mental_health_lead",
    }


async def test_each_part_is_signed_by_those_whose_it_is(wing: Wing) -> None:
    lead = await lead_of(wing)
    for caller, name in (
        (lead, "governor"),
        (lead, "senior_manager"),
        (wing.governor, "mental_health_lead"),
    ):
        refused = await caller.post("adoptions", part(name), expect=403)
        assert refused["code"] == "part_not_yours"
    for other in (wing.support_worker, wing.clinician, wing.nurse, wing.officer):
        refused = await other.post("adoptions", part("governor"), expect=403)
        assert refused["code"] == "not_allowed"


@pytest.mark.parametrize("order", [("senior_manager", "governor"), ("governor", "senior_manager")])
async def test_nobody_stands_in_two_parts(wing: Wing, order: tuple[str, str]) -> None:
    """A governor who entered the senior manager is not the one who signs, nor the other way."""
    first, second = order
    await wing.governor.post("adoptions", part(first))
    refused = await wing.governor.post("adoptions", part(second), expect=409)
    assert refused["code"] == "signed_already"


async def test_nobody_is_named_in_two_parts_by_another_hand(wing: Wing) -> None:
    deputy = await wing.hires(StaffRole.governor)
    await wing.governor.post("adoptions", part("governor"))
    name = f"  {wing.governor.subject.upper()} "
    body = part("senior_manager", named_person=name)
    assert (await deputy.post("adoptions", body, expect=409))["code"] == "signed_already"


async def test_nobody_signs_who_was_named_as_the_senior_manager(wing: Wing) -> None:
    deputy = await wing.hires(StaffRole.governor)
    body = part("senior_manager", named_person=wing.governor.subject)
    await deputy.post("adoptions", body)
    refused = await wing.governor.post("adoptions", part("governor"), expect=409)
    assert refused["code"] == "signed_already"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"part": "senior_manager", "scheme_version": "2026-1"}, "named_person"),
        (part("governor", named_person="Somebody else"), "named_person"),
        ({"part": "governor"}, "scheme_version"),
        (part("king"), "part"),
        (part("governor", signed_at="2999-01-01T00:00:00Z"), "signed_at"),
    ],
)
async def test_a_mistake_names_its_field(wing: Wing, body: Any, field: str) -> None:
    refused = await wing.governor.post("adoptions", body, expect=422)
    assert refused["errors"][0]["field"] == field


async def test_what_was_signed_on_paper_yesterday_is_entered_with_its_day(wing: Wing) -> None:
    at = clock.spell(clock.now().replace(microsecond=0) - timedelta(days=1))
    made = await wing.governor.post("adoptions", part("governor", signed_at=at))
    assert made["signed_at"] == at


async def test_a_part_is_signed_once_until_it_is_withdrawn(wing: Wing) -> None:
    deputy = await wing.hires(StaffRole.governor)
    made = await wing.governor.post("adoptions", part("governor"))
    assert (await deputy.post("adoptions", part("governor"), 409))["code"] == "already_exists"
    path = f"adoptions/{made['id']}/withdrawal"
    lead = await lead_of(wing)
    assert (await lead.post(path, expect=403))["code"] == "part_not_yours"
    ended = await deputy.post(path, expect=200)
    assert ended["withdrawn_by"] == deputy.subject
    assert (await deputy.post(path, expect=409))["code"] == "withdrawn_already"
    shown = await wing.governor.get("adoptions")
    assert shown["signed"] == []
    assert [each["id"] for each in shown["withdrawn"]] == [made["id"]]
    assert (await deputy.post("adoptions", part("governor")))["part"] == "governor"


async def test_of_two_parts_signed_at_once_by_one_person_one_is_signed(wing: Wing) -> None:
    answers = await asyncio.gather(
        *[
            wing.governor.request("POST", "adoptions", json=part(name))
            for name in ("senior_manager", "governor")
        ]
    )
    assert sorted(each.status_code for each in answers) == [201, 409]


async def test_no_prisoner_reads_who_signed(wing: Wing) -> None:
    mentor = await wing.approved()
    himself = wing.as_person(mentor["person_id"])
    await himself.get("adoptions", expect=403)
