"""Legal holds: placed by one, lifted by two; most see only that one stands."""

from typing import Any

import pytest

from app.models.staff import StaffRole
from app.services import legal_holds
from tests.story import Caller, Wing


async def placed(by: Caller, person_id: str, expect: int = 201, **fields: Any) -> Any:
    body = {"person_id": person_id, "reason": "investigation", **fields}
    return await by.post("legal-holds", body, expect)


async def is_held(wing: Wing, person_id: str) -> bool:
    async with wing.db.write(wing.prison_id) as session:
        return await legal_holds.held(session, wing.prison_id, person_id)  # type: ignore[arg-type]


async def test_a_governor_and_the_mental_health_lead_place_holds(wing: Wing) -> None:
    lead = await wing.hires(StaffRole.mental_health_lead)
    for by in (wing.governor, lead):
        hold = await placed(by, (await wing.person())["id"])
        assert (hold["status"], hold["placed_by"]) == ("placed", by.subject)
        assert (await by.get(f"legal-holds/{hold['id']}"))["reason"] == "investigation"


async def test_others_place_and_lift_none(wing: Wing) -> None:
    person, mentor = await wing.person(), await wing.active_mentor()
    hold = await placed(wing.governor, person["id"])
    for other in (wing.support_worker, wing.clinician, wing.nurse, wing.officer, mentor):
        await placed(other, person["id"], 403)
        await other.post(f"legal-holds/{hold['id']}/lift", expect=403)


@pytest.mark.parametrize("who", ["support_worker", "clinician", "nurse"])
async def test_those_who_work_with_someone_see_that_a_hold_stands_and_no_more(
    wing: Wing, who: str
) -> None:
    lead = await wing.hires(StaffRole.mental_health_lead)
    person, other = await wing.person(), getattr(wing, who)
    hold = await placed(wing.governor, person["id"])
    (row,) = (await other.get(f"legal-holds?person_id={person['id']}"))["items"]
    assert row.keys() == {"id", "recorded_at", "person_id"}
    assert await other.get(f"legal-holds/{hold['id']}") == row
    for two in (wing.governor, lead):
        await two.post(f"legal-holds/{hold['id']}/lift", expect=200)
    assert not (await other.get("legal-holds"))["items"]
    await other.get(f"legal-holds/{hold['id']}", 404)


async def test_officers_and_mentors_see_none(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    for other in (wing.officer, mentor):
        await other.get("legal-holds", 403)


async def test_a_hold_of_the_same_reason_is_placed_once(wing: Wing) -> None:
    person = await wing.person()
    await placed(wing.governor, person["id"])
    refused = await placed(wing.governor, person["id"], 409)
    assert refused["code"] == "already_exists"
    await placed(wing.governor, person["id"], reason="complaint")


async def test_a_hold_is_on_someone_known(wing: Wing) -> None:
    refused = await placed(wing.governor, "0198c0de-0000-7000-8000-000000000000", 422)
    assert refused["errors"][0]["field"] == "person_id"


async def test_it_takes_two_to_lift(wing: Wing) -> None:
    lead = await wing.hires(StaffRole.mental_health_lead)
    person = await wing.person()
    path = f"legal-holds/{(await placed(wing.governor, person['id']))['id']}/lift"
    asked = await lead.post(path, expect=200)
    assert (asked["status"], asked["lift_asked_by"]) == ("lift_asked", lead.subject)
    refused = await lead.post(path, expect=409)
    assert refused["code"] == "second_person_needed"
    assert await is_held(wing, person["id"])
    lifted = await wing.governor.post(path, expect=200)
    assert (lifted["status"], lifted["lifted_by"]) == ("lifted", wing.governor.subject)
    assert not await is_held(wing, person["id"])
    assert (await wing.governor.post(path, expect=409))["code"] == "move_not_in_table"
    await placed(lead, person["id"])


async def test_a_hold_keeps_those_linked_as_well(wing: Wing) -> None:
    mentor, mentee, stranger = (
        await wing.active_mentor(),
        await wing.engaged(),
        await wing.person(),
    )
    await wing.pairs(mentor, mentee["id"])
    raised = {"subject_person_id": stranger["id"], "account": "He does not eat."}
    await placed(wing.governor, mentee["person_id"])
    assert await is_held(wing, mentee["person_id"])
    assert await is_held(wing, str(mentor.person_id))
    assert not await is_held(wing, stranger["id"])
    await wing.as_person(mentee["person_id"]).post("concerns", raised)
    assert await is_held(wing, stranger["id"])
    async with wing.db.write(wing.prison_id) as session:
        assert await legal_holds.any_stands(session, wing.prison_id)
