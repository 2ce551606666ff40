from uuid import uuid4

from app.models.staff import StaffRole
from tests.story import Caller, Wing

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


# Who reads what others may not is not made by one person

GOVERNOR = {"subject": "gov.new", "name": "G. Newman", "role": "governor"}


async def test_a_new_governor_begins_when_a_second_person_has_confirmed_it(wing: Wing) -> None:
    deputy = await wing.hires(StaffRole.governor)
    made = await wing.governor.post("staff", GOVERNOR)
    assert made["active"] is False
    assert made["confirmation_asked_by"] == str(wing.governor.staff_id)
    token = wing.issuer.issue("gov.new", ["governor"], [wing.prison_id])
    new = Caller(wing.http, wing.prison_id, token, "gov.new")
    await new.get("staff", 403)
    path = f"staff/{made['id']}"
    refused = await wing.governor.post(f"{path}/confirmation", None, 409)
    assert refused["code"] == "second_person_needed"
    for other in (wing.support_worker, wing.clinician, wing.officer, await wing.active_mentor()):
        await other.post(f"{path}/confirmation", None, 403)
    confirmed = await deputy.post(f"{path}/confirmation", None, 200)
    assert (confirmed["active"], confirmed["confirmation_asked_by"]) == (True, None)
    await new.get("staff")
    await deputy.post(f"{path}/confirmation", None, 409)


async def test_the_mental_health_lead_may_be_the_second_person(wing: Wing) -> None:
    lead = await wing.hires(StaffRole.mental_health_lead)
    made = await wing.governor.post("staff", GOVERNOR)
    assert (await lead.post(f"staff/{made['id']}/confirmation", None, 200))["active"] is True


async def test_nobody_gets_their_second_person_by_making_one(wing: Wing) -> None:
    lead = {"subject": "lead.new", "name": "L. Newman", "role": "mental_health_lead"}
    made = await wing.governor.post("staff", lead)
    assert made["active"] is False
    token = wing.issuer.issue("lead.new", ["mental_health_lead"], [wing.prison_id])
    governor = await wing.governor.post("staff", GOVERNOR)
    accomplice = Caller(wing.http, wing.prison_id, token, "lead.new")
    await accomplice.post(f"staff/{governor['id']}/confirmation", None, 403)


async def test_a_change_of_role_to_governor_waits_as_well(wing: Wing) -> None:
    deputy = await wing.hires(StaffRole.governor)
    path = f"staff/{wing.nurse.staff_id}"
    changed = await wing.governor.patch(path, {"role": "governor"})
    assert changed["active"] is False
    wing.nurse.token = wing.issuer.issue(wing.nurse.subject, ["governor"], [wing.prison_id])
    await wing.nurse.get("staff", 403)
    assert (await wing.governor.patch(path, {"active": True}))["active"] is False
    await wing.governor.post(f"{path}/confirmation", None, 409)
    await deputy.post(f"{path}/confirmation", None, 200)
    await wing.nurse.get("staff")


async def test_a_governor_who_left_comes_back_with_two_people_only(wing: Wing) -> None:
    deputy = await wing.hires(StaffRole.governor)
    path = f"staff/{deputy.staff_id}"
    await wing.governor.patch(path, {"active": False})
    back = await wing.governor.patch(path, {"active": True})
    assert (back["active"], back["confirmation_asked_by"]) == (False, str(wing.governor.staff_id))
    await wing.governor.post(f"{path}/confirmation", None, 409)


async def test_what_waits_is_taken_back(wing: Wing) -> None:
    deputy = await wing.hires(StaffRole.governor)
    made = await wing.governor.post("staff", GOVERNOR)
    path = f"staff/{made['id']}"
    renamed = await deputy.patch(path, {"name": "G. N. Newman"})
    assert renamed["confirmation_asked_by"] == str(wing.governor.staff_id)
    gone = await wing.governor.patch(path, {"active": False})
    assert gone["confirmation_asked_by"] is None
    await deputy.post(f"{path}/confirmation", None, 409)


async def test_other_staff_begin_on_one_persons_word(wing: Wing) -> None:
    made = await wing.governor.post("staff", NURSE)
    assert (made["active"], made["confirmation_asked_by"]) == (True, None)
    await wing.governor.post(f"staff/{made['id']}/confirmation", None, 409)
