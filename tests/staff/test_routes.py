from uuid import uuid4

from app.models.staff import StaffRole
from tests.story import Wing

NURSE = {"subject": "nurse.new", "name": "N. Mockham", "role": "nurse", "contact": "ext. 2231"}


async def test_a_governor_adds_staff_whom_all_staff_see(wing: Wing) -> None:
    made = await wing.governor.post("staff", NURSE)
    assert made["active"] is True
    listed = await wing.officer.get("staff", params={"role": "nurse"})
    assert "nurse.new" in [item["subject"] for item in listed["items"]]
    assert await wing.officer.get(f"staff/{made['id']}") == made


async def test_a_subject_stands_once_in_a_prison(wing: Wing) -> None:
    await wing.governor.post("staff", NURSE)
    assert (await wing.governor.post("staff", NURSE, 409))["code"] == "already_exists"


async def test_support_workers_and_clinicians_add_no_staff(wing: Wing) -> None:
    for caller in (wing.support_worker, wing.clinician, wing.nurse, wing.officer):
        await caller.post("staff", NURSE, 403)


async def test_mentors_see_no_staff(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    await mentor.get("staff", 403)
    await mentor.get(f"staff/{wing.nurse.staff_id}", 403)


async def test_an_inactive_member_of_staff_loses_access_with_the_token_in_hand(
    wing: Wing,
) -> None:
    await wing.nurse.get("staff")
    gone = await wing.governor.patch(f"staff/{wing.nurse.staff_id}", {"active": False})
    assert gone["active"] is False
    await wing.nurse.get("staff", 403)
    listed = await wing.governor.get("staff", params={"active": "false"})
    assert [item["id"] for item in listed["items"]] == [str(wing.nurse.staff_id)]


async def test_nobody_changes_their_own_role_or_ends_their_own_access(wing: Wing) -> None:
    mine = f"staff/{wing.governor.staff_id}"
    for body in ({"role": "nurse"}, {"active": False}):
        assert (await wing.governor.patch(mine, body, 403))["code"] == "own_record"
    renamed = await wing.governor.patch(mine, {"name": "G. Sampleford", "role": "governor"})
    assert renamed["name"] == "G. Sampleford"


async def test_the_mental_health_lead_manages_clinical_staff_only(wing: Wing) -> None:
    lead = await wing.hires(StaffRole.mental_health_lead)
    made = await lead.post("staff", NURSE)
    await lead.patch(f"staff/{made['id']}", {"role": "clinician"})
    await lead.patch(f"staff/{made['id']}", {"role": "governor"}, 403)
    await lead.patch(f"staff/{wing.governor.staff_id}", {"active": False}, 403)
    await lead.post("staff", {**NURSE, "subject": "g2", "role": "governor"}, 403)


async def test_a_change_of_staff_needs_the_present_etag(wing: Wing) -> None:
    path = f"staff/{wing.nurse.staff_id}"
    await wing.governor.patch(path, {"name": "A"}, 428, headers={})
    await wing.governor.patch(path, {"name": "A"}, headers={"If-Match": '"1"'})
    await wing.governor.patch(path, {"name": "B"}, 412, headers={"If-Match": '"1"'})


async def test_null_clears_the_contact_and_nothing_else(wing: Wing) -> None:
    made = await wing.governor.post("staff", NURSE)
    path = f"staff/{made['id']}"
    assert (await wing.governor.patch(path, {"contact": None}))["contact"] is None
    for name in ("name", "role", "active"):
        refused = await wing.governor.patch(path, {name: None}, 422)
        assert refused["errors"][0]["field"] == name


async def test_a_role_that_is_no_role_of_staff_is_refused(wing: Wing) -> None:
    refused = await wing.governor.post("staff", {**NURSE, "role": "mentor"}, 422)
    assert refused["errors"][0]["field"] == "role"


async def test_an_unknown_member_of_staff_is_not_there(wing: Wing) -> None:
    await wing.governor.patch(f"staff/{uuid4()}", {"name": "A"}, 404)
