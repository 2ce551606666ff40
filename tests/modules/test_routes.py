"""Modules over HTTP: the curriculum's and the site's own."""

from typing import Any

from app import clock
from app.models.modules import GRACE_DAYS
from app.models.staff import StaffRole
from app.models.trainings import Module
from tests.story import Wing

OWN = {"code": "sleep_and_rest", "title": "Sleep and rest", "validity_months": 6}


async def sign_off(wing: Wing, mentor_id: object, module: str) -> Any:
    body = {"mentor_id": str(mentor_id), "module": module}
    training = await wing.nurse.post("trainings", body)
    for to in ("attended", "assessed", "competent"):
        shown = await wing.nurse.move(f"trainings/{training['id']}", to)
    return shown


async def test_the_list_has_the_curriculums_modules_and_the_sites_own(wing: Wing) -> None:
    made = await wing.nurse.post("modules", OWN)
    mentor = await wing.active_mentor()
    for caller in (wing.nurse, wing.support_worker, wing.governor, mentor):
        listed = (await caller.get("modules"))["items"]
        assert [each["code"] for each in listed] == [*(m.value for m in Module), OWN["code"]]
        assert {each["source"] for each in listed[:5]} == {"curriculum"}
        assert [each["id"] for each in listed[:5]] == [None] * 5
        last = listed[-1]
        assert (last["source"], last["edition"], last["validity_months"]) == ("site", "1", 6)
        shown = await caller.get(f"modules/{made['id']}")
        assert [move["to"] for move in shown["moves"]] == (
            ["retired"] if caller is wing.nurse else []
        )
    await wing.officer.get("modules", expect=403)


async def test_a_nurse_or_the_lead_adds_a_module_and_nobody_else(wing: Wing) -> None:
    lead = await wing.hires(StaffRole.mental_health_lead)
    await lead.post("modules", {**OWN, "code": "breathing"})
    refused = await wing.clinician.post("modules", OWN, expect=403)
    assert refused["code"] == "nurses_only"
    for caller in (wing.support_worker, wing.governor, wing.officer):
        assert (await caller.post("modules", OWN, expect=403))["code"] == "not_allowed"
    await wing.nurse.post("modules", OWN)
    assert (await lead.post("modules", OWN, expect=409))["code"] == "already_exists"
    refused = await wing.nurse.post("modules", {**OWN, "code": "managing_concerns"}, expect=422)
    assert refused["errors"][0]["field"] == "code"


async def test_what_is_taught_anew_is_a_new_edition_and_trainings_keep_theirs(
    wing: Wing,
) -> None:
    made = await wing.nurse.post("modules", OWN)
    path = f"modules/{made['id']}"
    mentor, other = await wing.approved(), await wing.approved()
    before = await sign_off(wing, mentor["id"], OWN["code"])
    changed = await wing.nurse.patch(path, {"title": "Sleep", "validity_months": 12})
    assert (changed["edition"], changed["title"]) == (2, "Sleep")
    assert (await wing.nurse.patch(path, {"title": "Sleep"}))["edition"] == 2
    after = await sign_off(wing, other["id"], OWN["code"])
    kept = await wing.nurse.get(f"trainings/{before['id']}")
    assert (kept["title"], kept["curriculum"]) == ("Sleep and rest", "1")
    assert (after["title"], after["curriculum"]) == ("Sleep", "2")
    assert kept["expires_on"] < after["expires_on"]
    stale = {"If-Match": '"1"'}
    await wing.nurse.patch(path, {"title": "Rest"}, expect=412, headers=stale)
    await wing.nurse.patch(path, {"title": "Rest"}, expect=428, headers={})
    refused = await wing.clinician.patch(path, {"title": "Rest"}, expect=403)
    assert refused["code"] == "nurses_only"


async def test_a_retired_module_is_neither_opened_nor_asked_for(wing: Wing) -> None:
    made = await wing.nurse.post("modules", {**OWN, "required": True})
    mentor = await wing.approved()
    path = f"modules/{made['id']}"
    assert (await wing.clinician.move(path, "retired", expect=403))["code"] == "move_not_yours"
    await wing.nurse.move(path, "retired")
    body = {"mentor_id": mentor["id"], "module": OWN["code"]}
    refused = await wing.nurse.post("trainings", body, expect=422)
    assert refused["errors"][0] == {
        "field": "module", "code": "retired", "message": "this module is no longer taught",
    }  # fmt: skip
    await wing.trained(mentor["id"])
    await wing.contracted(mentor["id"])
    moved = await wing.governor.move(f"mentors/{mentor['id']}", "active", reason="founding_mentor")
    assert moved["status"] == "active"
    history = (await wing.nurse.get(f"{path}/history"))["items"]
    assert [row["to_state"] for row in history] == ["active", "retired"]


async def test_a_module_newly_required_pauses_no_wing_overnight(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    path = f"mentors/{mentor.mentor_id}"
    made = await wing.nurse.post("modules", OWN)
    required = await wing.nurse.patch(f"modules/{made['id']}", {"required": True})
    assert required["required_from"] is not None
    assert required["edition"] == 1
    newcomer = await wing.approved()
    await wing.trained(newcomer["id"])
    await wing.contracted(newcomer["id"])
    refused = await wing.governor.move(
        f"mentors/{newcomer['id']}", "active", reason="founding_mentor", expect=409
    )
    assert OWN["code"] in refused["detail"]
    await wing.support_worker.move(path, "paused", reason="own_wish")
    await wing.support_worker.move(path, "active")  # within the grace
    clock.forward(days=GRACE_DAYS)
    await wing.support_worker.move(path, "paused", reason="own_wish")
    refused = await wing.support_worker.move(path, "active", expect=409)
    assert [error["code"] for error in refused["errors"]] == ["modules_signed_off"]
    await sign_off(wing, mentor.mentor_id, OWN["code"])
    await wing.support_worker.move(path, "active")
    cleared = await wing.nurse.patch(f"modules/{made['id']}", {"required": False})
    assert cleared["required_from"] is None
