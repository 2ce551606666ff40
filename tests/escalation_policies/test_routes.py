"""A prison's own policies over HTTP: drafted, signed off, put in force by another."""

from asyncio import gather
from datetime import datetime
from typing import Any

from sqlalchemy import text

from app.models.staff import StaffRole
from app.services.ladders import default_policy
from tests.concerns.conftest import Night, night  # noqa: F401
from tests.escalation_policies.policies import (
    drafts,
    policy,
    puts_in_force,
    step,
    with_ladder,
)
from tests.story import Wing

LAST = step("last_resort")


async def policy_of(wing: Wing, concern_id: str) -> Any:
    async with wing.db.write(wing.prison_id) as db:
        found = text("SELECT policy FROM concern WHERE id = :id")
        return (await db.execute(found, {"id": concern_id})).scalar_one()


async def standing_of(wing: Wing, kind: str) -> Any:
    found = (await wing.officer.get("escalation-policies/standing"))["items"]
    (one,) = [each for each in found if each["kind"] == kind]
    return one


async def test_two_people_put_a_policy_in_force_and_it_supersedes_the_one_before(
    wing: Wing,
) -> None:
    first = await puts_in_force(wing, policy(handover_every_minutes=2))
    second = await puts_in_force(wing, policy(handover_every_minutes=1))
    assert (first["number"], second["number"]) == (1, 2)
    assert second["status"] == "in_force"
    before = await wing.officer.get(f"escalation-policies/{first['id']}")
    assert before["status"] == "superseded"
    assert before["superseded_at"] >= before["in_force_from"]
    listed = await wing.officer.get("escalation-policies?status=in_force")
    assert [each["id"] for each in listed["items"]] == [second["id"]]
    history = await wing.governor.get(f"escalation-policies/{second['id']}/history")
    moves = [(each["to_state"], each["actor_role"]) for each in history["items"]]
    assert moves == [
        ("draft", "governor"),
        ("signed_off", "mental_health_lead"),
        ("in_force", "governor"),
    ]


async def test_nobody_signs_off_and_puts_in_force_alone(wing: Wing) -> None:
    made = await drafts(wing.clinician)
    path = f"escalation-policies/{made['id']}"
    for caller in (wing.governor, wing.clinician):
        refused = await caller.move(path, "signed_off", 403)
        assert refused["code"] == "move_not_yours"
    await wing.governor.move(path, "in_force", 409)
    lead = await wing.hires(StaffRole.mental_health_lead)
    await lead.move(path, "signed_off")
    assert (await lead.move(path, "in_force", 403))["code"] == "move_not_yours"
    async with wing.db.write(wing.prison_id) as db:  # the lead becomes a governor
        change = text("UPDATE staff SET role = 'governor' WHERE id = :id")
        await db.execute(change, {"id": lead.staff_id})
    lead.token = wing.issuer.issue(lead.subject, ["governor"], [wing.prison_id])
    refused = await lead.move(path, "in_force", 409)
    assert refused["errors"][0]["code"] == "signed_off_by_another"
    await wing.governor.move(path, "in_force")


async def test_a_refused_move_supersedes_nothing(wing: Wing) -> None:
    stands = await puts_in_force(wing, policy())
    named = await wing.hires(StaffRole.clinician)
    lead = await wing.hires(StaffRole.mental_health_lead)
    body = {"policy": with_ladder("routine", step(str(named.staff_id)), LAST)}
    made = await wing.governor.post("escalation-policies", body)
    path = f"escalation-policies/{made['id']}"
    await lead.move(path, "signed_off")
    await wing.governor.patch(f"staff/{named.staff_id}", {"active": False})
    refused = await wing.governor.move(path, "in_force", 409)
    assert refused["errors"][0]["code"] == "sound"
    assert "policy.ladders.routine.0.targets.0" in refused["errors"][0]["message"]
    still = await wing.governor.get(f"escalation-policies/{stands['id']}")
    assert still["status"] == "in_force"


async def test_two_put_in_force_at_once_leave_one(wing: Wing) -> None:
    lead = await wing.hires(StaffRole.mental_health_lead)
    made = [await drafts(wing.governor) for _ in range(2)]
    for each in made:
        await lead.move(f"escalation-policies/{each['id']}", "signed_off")
    body = {"to": "in_force"}
    await gather(
        *(wing.governor.post(f"escalation-policies/{m['id']}/moves", body, 200) for m in made)
    )
    listed = await wing.governor.get("escalation-policies?status=in_force")
    assert len(listed["items"]) == 1


async def test_a_looser_clock_is_refused_by_the_name_of_its_field(wing: Wing) -> None:
    body = {"policy": policy(clocks={"now": {"acknowledge_minutes": 16, "seen_minutes": 61}})}
    refused = await wing.governor.post("escalation-policies", body, 422)
    fields = [each["field"] for each in refused["errors"]]
    assert fields == [
        "policy.clocks.now.acknowledge_minutes",
        "policy.clocks.now.seen_minutes",
    ]
    assert "only be stricter" in refused["errors"][0]["message"]


async def test_an_unsound_ladder_and_a_stranger_are_refused_by_field(wing: Wing) -> None:
    stranger = "0198c0de-0000-7000-8000-000000000001"
    for body, field in (
        (with_ladder("routine", step("clinician")), "policy.ladders"),
        (with_ladder("routine", step(stranger), LAST), "policy.ladders.routine.0.targets.0"),
        (policy(handover_every_minutes=4), "policy.handover_every_minutes"),
    ):
        refused = await wing.governor.post("escalation-policies", {"policy": body}, 422)
        assert refused["errors"][0]["field"] == field


async def test_officers_and_mentors_draft_none(wing: Wing) -> None:
    for caller in (wing.officer, wing.support_worker, await wing.active_mentor()):
        await caller.post("escalation-policies", {"policy": policy()}, 403)


async def test_a_concern_keeps_the_policy_it_was_raised_under(night: Night) -> None:  # noqa: F811
    wing = night.wing
    before = await night.raises(immediacy="this_session")
    own = policy(clocks={"this_session": {"acknowledge_minutes": 30}})
    await puts_in_force(wing, own)
    after = await night.raises(immediacy="this_session")
    assert await policy_of(wing, before["id"]) == default_policy().to_json()
    assert await policy_of(wing, after["id"]) == own
    minutes = []
    for each in (before, after):
        shown = await wing.clinician.get(f"concerns/{each['id']}")
        spell = datetime.fromisoformat
        minutes.append(
            (spell(shown["acknowledge_by"]) - spell(shown["raised_at"])).total_seconds() / 60
        )
    assert minutes == [60, 30]


async def test_a_kind_of_its_own_goes_before_the_one_for_all(night: Night) -> None:  # noqa: F811
    wing = night.wing
    of_all = await puts_in_force(wing, policy(handover_every_minutes=2))
    of_kind = await puts_in_force(wing, policy(handover_every_minutes=1), "safeguarding")
    assert (of_all["number"], of_kind["number"]) == (1, 1)
    for kind, every in (("safeguarding", 1), ("welfare", 2)):
        raised = await night.raises(kind=kind)
        assert (await policy_of(wing, raised["id"]))["handover_every_minutes"] == every
        standing = await standing_of(wing, kind)
        assert standing["policy"]["handover_every_minutes"] == every


async def test_without_one_the_default_stands(wing: Wing) -> None:
    standing = await standing_of(wing, "welfare")
    assert standing["escalation_policy_id"] is None
    assert standing["policy"]["ladders"]["now"] == default_policy().to_json()["ladders"]["now"]


async def test_a_policy_that_cannot_be_read_stands_in_no_concerns_way(night: Night) -> None:  # noqa: F811
    made = await puts_in_force(night.wing, policy())
    async with night.wing.db.write(night.wing.prison_id) as db:
        broken = text("UPDATE escalation_policy SET policy = '{}' WHERE id = :id")
        await db.execute(broken, {"id": made["id"]})
    raised = await night.raises()
    assert await policy_of(night.wing, raised["id"]) == default_policy().to_json()
    assert await night.sweep() == 1


async def test_a_concern_whose_policy_cannot_be_read_any_more_is_paged_all_the_same(
    night: Night,  # noqa: F811
) -> None:
    raised = await night.raises()
    async with night.wing.db.write(night.wing.prison_id) as db:
        broken = text("UPDATE concern SET policy = '{}' WHERE id = :id")
        await db.execute(broken, {"id": raised["id"]})
    assert await night.sweep() == 1
    assert len(await night.pages(night.wing.clinician)) == 1
    await night.wing.clinician.post(f"concerns/{raised['id']}/acknowledgement", {}, 200)


async def test_somebody_named_for_security_matters_is_paged_first(night: Night) -> None:  # noqa: F811
    wing = night.wing
    named = await wing.hires(StaffRole.governor)
    first = step(str(named.staff_id), after=30)
    body = with_ladder("within_24h", first, step("duty_governor", "last_resort", after=30))
    await puts_in_force(wing, body, "security_matter")
    await night.raises(kind="security_matter", immediacy="within_24h")
    await night.sweep()
    assert len(await night.pages(named)) == 1
    assert await night.pages(wing.governor) == []
