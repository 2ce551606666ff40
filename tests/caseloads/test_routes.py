"""Caseloads over HTTP: who is whose patient, who says so, and who may know."""

from datetime import timedelta

import pytest

from app import clock
from app.models.staff import StaffRole
from tests.story import Wing


async def test_a_clinician_takes_someone_on_and_ends_it(wing: Wing) -> None:
    person = await wing.person()
    made = await wing.clinician.post("caseloads", {"person_id": person["id"]})
    assert made["staff_id"] == str(wing.clinician.staff_id)
    assert made["display_name"] == person["display_name"]
    assert made["ended_at"] is None
    path = f"caseloads/{made['id']}"
    ended = await wing.clinician.patch(path, {"ended_reason": "discharged"})
    assert ended["ended_reason"] == "discharged"
    assert ended["ended_at"] is not None
    again = await wing.clinician.patch(path, {"ended_reason": "discharged"}, expect=409)
    assert again["code"] == "conflict"


async def test_a_person_stands_once_on_a_caseload_and_on_as_many_as_care_for_them(
    wing: Wing,
) -> None:
    body = {"person_id": (await wing.person())["id"]}
    first = await wing.clinician.post("caseloads", body)
    refused = await wing.clinician.post("caseloads", body, expect=409)
    assert refused["code"] == "already_exists"
    await wing.nurse.post("caseloads", body)
    path = f"caseloads/{first['id']}"
    await wing.clinician.patch(path, {"ended_reason": "handed_over"})
    await wing.clinician.post("caseloads", body)
    address = f"caseloads?person_id={body['person_id']}"
    assert len((await wing.nurse.get(address))["items"]) == 3
    assert len((await wing.nurse.get(f"{address}&live=true"))["items"]) == 2
    mine = f"{address}&staff_id={wing.nurse.staff_id}"
    assert len((await wing.nurse.get(mine))["items"]) == 1


async def test_the_lead_gives_and_takes_anyones_patients_and_others_only_their_own(
    wing: Wing,
) -> None:
    lead = await wing.hires(StaffRole.mental_health_lead)
    person = await wing.person()
    for_nurse = {"person_id": person["id"], "staff_id": str(wing.nurse.staff_id)}
    await wing.clinician.post("caseloads", for_nurse, expect=403)
    made = await lead.post("caseloads", for_nurse)
    assert made["staff_id"] == str(wing.nurse.staff_id)
    path = f"caseloads/{made['id']}"
    await wing.clinician.patch(path, {"ended_reason": "handed_over"}, expect=403)
    await lead.patch(path, {"ended_reason": "handed_over"})


async def test_only_clinicians_have_patients(wing: Wing) -> None:
    lead = await wing.hires(StaffRole.mental_health_lead)
    person = await wing.person()
    for nobody in (wing.support_worker, wing.governor, wing.officer):
        body = {"person_id": person["id"], "staff_id": str(nobody.staff_id)}
        refused = await lead.post("caseloads", body, expect=422)
        assert refused["errors"][0]["field"] == "staff_id"


async def test_who_has_left_is_taken_on_by_nobody(wing: Wing) -> None:
    person = await wing.person()
    await wing.presence(person["id"], "left")
    body = {"person_id": person["id"]}
    assert (await wing.clinician.post("caseloads", body, expect=409))["code"] == "not_here"


@pytest.mark.parametrize("hours", [-1, 1])
async def test_an_end_lies_between_the_beginning_and_now(wing: Wing, hours: int) -> None:
    made = await wing.clinician.post("caseloads", {"person_id": (await wing.person())["id"]})
    when = str(clock.now() + timedelta(hours=hours))
    body = {"ended_reason": "discharged", "ended_at": when}
    refused = await wing.clinician.patch(f"caseloads/{made['id']}", body, expect=422)
    assert refused["errors"][0]["field"] == "ended_at"


async def test_an_end_needs_the_version_it_ends(wing: Wing) -> None:
    made = await wing.clinician.post("caseloads", {"person_id": (await wing.person())["id"]})
    path, body = f"caseloads/{made['id']}", {"ended_reason": "discharged"}
    await wing.clinician.patch(path, body, expect=428, headers={})
    await wing.clinician.patch(path, body, expect=412, headers={"If-Match": '"9"'})


async def test_nobody_but_clinicians_learns_that_someone_is_a_patient(wing: Wing) -> None:
    person = await wing.person()
    made = await wing.clinician.post("caseloads", {"person_id": person["id"]})
    mentor = await wing.active_mentor()
    for caller in (wing.support_worker, wing.officer, wing.governor, mentor):
        await caller.get("caseloads", expect=403)
        await caller.get(f"caseloads/{made['id']}", expect=403)
        await caller.post("caseloads", {"person_id": person["id"]}, expect=403)
