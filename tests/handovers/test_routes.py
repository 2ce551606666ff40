"""Whoever goes off duty hands over; what nobody took on pages again."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app import clock, worker
from app.models.staff import StaffRole
from tests.concerns.conftest import Night, concern
from tests.concerns.conftest import night as night
from tests.story import Caller, Wing


def spelt(hours: float) -> str:
    return clock.spell(clock.now() + timedelta(hours=hours))


async def on_duty(wing: Wing, who: Caller, begins: float, ends: float) -> Any:
    body = {"staff_id": str(who.staff_id), "post": "clinician"}
    return await wing.governor.post(
        "duties", body | {"starts_at": spelt(begins), "ends_at": spelt(ends)}
    )


async def accepted(wing: Wing, by: Caller, **fields: Any) -> Any:
    """A concern raised by an officer and accepted on duty."""
    raised = await wing.officer.post("concerns", concern(immediacy="within_24h", **fields))
    await by.post(f"concerns/{raised['id']}/acknowledgement", {}, 200)
    return raised


async def hands_over(by: Caller, duty: Any, to: Caller, expect: int = 201, **fields: Any) -> Any:
    body = {"duty_id": duty["id"], "to_staff_id": str(to.staff_id), **fields}
    return await by.post("handovers", body, expect)


async def keeps_house(wing: Wing) -> None:
    await worker.housekeeping(wing.db, wing.prison_id)
    await worker.sweep(wing.db, wing.prison_id)


async def pages(caller: Caller, raised: Any) -> list[str]:
    found = (await caller.get("notifications"))["items"]
    return [each["why"] for each in found if each["concern_id"] == raised["id"]]


async def test_what_was_accepted_lapses_when_its_acceptor_goes_off_duty(wing: Wing) -> None:
    await on_duty(wing, wing.clinician, -1, 2)
    await on_duty(wing, wing.nurse, 1.9, 10)
    raised = await accepted(wing, wing.clinician)
    await keeps_house(wing)
    assert await pages(wing.nurse, raised) == []
    clock.forward(hours=2)
    await keeps_house(wing)
    assert await pages(wing.nurse, raised) == ["not_accepted"]
    history = await wing.nurse.get(f"concerns/{raised['id']}/history")
    assert "acceptance_lapsed" in [each["reason"] for each in history["items"]]


async def test_what_was_handed_over_and_accepted_lapses_not(wing: Wing) -> None:
    duty = await on_duty(wing, wing.clinician, -1, 2)
    await on_duty(wing, wing.nurse, 1.9, 10)
    raised = [await accepted(wing, wing.clinician) for _ in range(3)]
    clock.forward(hours=1.95)
    made = await hands_over(wing.clinician, duty, wing.nurse, notes="All quiet.")
    assert {each["concern_id"] for each in made["concerns"]} == {each["id"] for each in raised}
    answers = [
        {"concern_id": each["id"], "accept": accept}
        for each, accept in zip(raised, (True, False, True), strict=True)
    ]
    taken = await wing.nurse.post(f"handovers/{made['id']}/acceptance", {"items": answers}, 200)
    assert taken["status"] == "accepted"
    clock.forward(hours=1)
    await keeps_house(wing)
    assert [await pages(wing.nurse, each) for each in raised] == [[], ["not_accepted"], []]


async def test_who_takes_it_up_before_it_lapses_has_it(wing: Wing) -> None:
    await on_duty(wing, wing.clinician, -1, 2)
    await on_duty(wing, wing.nurse, -1, 10)
    raised = await accepted(wing, wing.clinician)
    await wing.nurse.post(f"concerns/{raised['id']}/acknowledgement", {}, 200)
    clock.forward(hours=2)  # the clinician had it until now
    await wing.nurse.post(f"concerns/{raised['id']}/acknowledgement", {}, 200)
    await keeps_house(wing)
    assert await pages(wing.nurse, raised) == []


async def test_a_governor_is_handed_no_review_of_others(wing: Wing) -> None:
    duty = await on_duty(wing, wing.clinician, -1, 2)
    await accepted(wing, wing.clinician)
    refused = await hands_over(wing.clinician, duty, wing.governor, 422)
    assert refused["errors"][0]["code"] == "cannot_take"


async def test_an_offer_alone_keeps_nothing_from_lapsing_and_pages(wing: Wing) -> None:
    duty = await on_duty(wing, wing.clinician, -1, 2)
    await on_duty(wing, wing.nurse, 1.9, 10)
    raised = await accepted(wing, wing.clinician)
    clock.forward(hours=1.5)
    made = await hands_over(wing.clinician, duty, wing.nurse)
    await keeps_house(wing)
    tasks = (await wing.nurse.get("tasks?kind=handover_due&status=open"))["items"]
    assert [each["thing_id"] for each in tasks] == [made["id"]]
    told = [each["task_id"] for each in (await wing.nurse.get("notifications"))["items"]]
    assert told == [tasks[0]["id"]]
    clock.forward(hours=5)
    await keeps_house(wing)
    assert await pages(wing.nurse, raised)
    whys = [
        each["why"] for each in (await wing.nurse.get("notifications"))["items"] if each["task_id"]
    ]
    assert "task_overdue" in whys


async def test_the_task_ends_with_the_last_answer(wing: Wing) -> None:
    duty = await on_duty(wing, wing.clinician, -1, 2)
    await on_duty(wing, wing.nurse, -1, 10)
    raised = [await accepted(wing, wing.clinician) for _ in range(2)]
    made = await hands_over(wing.clinician, duty, wing.nurse)
    path = f"handovers/{made['id']}/acceptance"
    one = [{"concern_id": raised[0]["id"], "accept": True}]
    assert (await wing.nurse.post(path, {"items": one}, 200))["status"] == "offered"
    refused = await wing.nurse.post(path, {"items": one}, 422)
    assert refused["errors"][0]["field"] == "items.0.concern_id"
    done = await wing.nurse.post(path, {}, 200)
    assert done["status"] == "accepted"
    assert all(each["accepted_at"] for each in done["concerns"])
    assert (await wing.nurse.get("tasks?kind=handover_due&status=open"))["items"] == []
    assert (await wing.nurse.post(path, {}, 409))["code"] == "conflict"


async def test_only_who_comes_on_accepts_and_only_on_duty(wing: Wing) -> None:
    duty = await on_duty(wing, wing.clinician, -1, 2)
    made = await hands_over(wing.clinician, duty, wing.nurse)
    path = f"handovers/{made['id']}/acceptance"
    await wing.clinician.post(path, {}, 403)
    assert (await wing.nurse.post(path, {}, 409))["code"] == "not_on_duty"
    await on_duty(wing, wing.nurse, -1, 10)
    assert (await wing.nurse.post(path, {}, 200))["status"] == "accepted"


async def test_only_whoever_has_the_duty_hands_it_over(wing: Wing) -> None:
    duty = await on_duty(wing, wing.clinician, -1, 2)
    await hands_over(wing.nurse, duty, wing.clinician, 403)
    refused = await hands_over(wing.clinician, duty, wing.clinician, 422)
    assert refused["errors"][0]["field"] == "to_staff_id"
    clock.forward(hours=3)
    await hands_over(wing.clinician, duty, wing.nurse, 403)


async def test_whoever_took_the_part_hands_it_over(wing: Wing) -> None:
    duty = await on_duty(wing, wing.clinician, -1, 8)
    part = {"staff_id": str(wing.nurse.staff_id), "starts_at": spelt(0), "ends_at": spelt(2)}
    await wing.clinician.post(f"duties/{duty['id']}/overrides", part)
    clock.forward(minutes=5)
    await hands_over(wing.clinician, duty, wing.nurse, 403)
    await hands_over(wing.nurse, duty, wing.clinician)


async def test_a_concern_of_somebody_else_is_no_ones_to_hand_over(wing: Wing) -> None:
    duty = await on_duty(wing, wing.clinician, -1, 2)
    await on_duty(wing, wing.nurse, -1, 2)
    mine, theirs = await accepted(wing, wing.clinician), await accepted(wing, wing.nurse)
    ids = [mine["id"], theirs["id"]]
    refused = await hands_over(wing.clinician, duty, wing.nurse, 422, concern_ids=ids)
    assert [each["field"] for each in refused["errors"]] == ["concern_ids.1"]
    made = await hands_over(wing.clinician, duty, wing.nurse, concern_ids=[mine["id"]])
    assert len(made["concerns"]) == 1


async def test_what_somebody_may_not_read_is_not_handed_to_them(wing: Wing) -> None:
    duty = await on_duty(wing, wing.clinician, -1, 2)
    await accepted(
        wing, wing.clinician, kind="safeguarding", about_staff_id=str(wing.nurse.staff_id)
    )
    refused = await hands_over(wing.clinician, duty, wing.nurse, 422)
    assert refused["errors"][0]["field"] == "to_staff_id"
    await hands_over(wing.clinician, duty, wing.officer, 422)
    await hands_over(wing.clinician, duty, wing.nurse, concern_ids=[])


async def test_what_is_kept_from_them_since_is_declined_and_not_shown(wing: Wing) -> None:
    duty = await on_duty(wing, wing.clinician, -1, 2)
    await on_duty(wing, wing.nurse, -1, 9)
    raised = await accepted(wing, wing.clinician)
    made = await hands_over(wing.clinician, duty, wing.nurse)
    async with wing.db.write(wing.prison_id) as db:
        known = {"id": raised["id"], "staff": wing.nurse.staff_id}
        change = "UPDATE concern SET about_staff_id = :staff WHERE id = :id"
        await db.execute(text(change), known)
    seen = await wing.nurse.get(f"handovers/{made['id']}")
    assert seen["concerns"] == []
    done = await wing.nurse.post(f"handovers/{made['id']}/acceptance", {}, 200)
    assert (done["status"], done["concerns"]) == ("accepted", [])
    clock.forward(hours=3)
    await keeps_house(wing)
    assert await pages(wing.nurse, raised) == []


async def test_what_is_kept_from_them_since_keeps_no_hand_over_waiting(wing: Wing) -> None:
    """They answer all that they are shown; one that is left without an answer would tell them."""
    mentor = await wing.active_mentor()
    duty = await on_duty(wing, wing.clinician, -1, 2)
    await on_duty(wing, wing.nurse, -1, 10)
    raised = [await accepted(wing, wing.clinician, kind="misconduct") for _ in range(2)]
    made = await hands_over(wing.clinician, duty, wing.nurse)
    body = {"subject_person_id": str(mentor.person_id)}
    await wing.clinician.put(f"concerns/{raised[0]['id']}/subject", body)
    path = f"handovers/{made['id']}"
    [shown] = (await wing.nurse.get(path))["concerns"]
    items = [{"concern_id": shown["concern_id"], "accept": True}]
    taken = await wing.nurse.post(f"{path}/acceptance", {"items": items}, 200)
    assert taken["status"] == "accepted"
    assert (await wing.nurse.get("tasks?kind=handover_due&status=open"))["items"] == []


async def test_notes_are_for_the_two_and_of_clinicians_for_clinicians(wing: Wing) -> None:
    duty = await on_duty(wing, wing.clinician, -1, 2)
    made = await hands_over(wing.clinician, duty, wing.nurse, notes="Watch the late meds.")
    path = f"handovers/{made['id']}"
    lead = await wing.hires(StaffRole.mental_health_lead)
    for caller in (wing.clinician, wing.nurse, lead):
        assert (await caller.get(path))["notes"] == "Watch the late meds."
    mentor = await wing.active_mentor()
    for caller in (wing.support_worker, wing.officer, wing.governor):
        await caller.get(path, 404)
        assert (await caller.get("handovers"))["items"] == []
    await mentor.get(path, 403)


async def test_what_somebody_else_took_on_in_the_meantime_stays_theirs(wing: Wing) -> None:
    duty = await on_duty(wing, wing.clinician, -1, 2)
    await on_duty(wing, wing.nurse, -1, 30)
    lead = await wing.hires(StaffRole.mental_health_lead)
    await on_duty(wing, lead, -1, 30)
    raised = await accepted(wing, wing.clinician)
    made = await hands_over(wing.clinician, duty, wing.nurse)
    clock.forward(hours=3)
    await keeps_house(wing)
    await lead.post(f"concerns/{raised['id']}/acknowledgement", {}, 200)
    done = await wing.nurse.post(f"handovers/{made['id']}/acceptance", {}, 200)
    assert [each["accepted_at"] for each in done["concerns"]] == [None]
    async with wing.db.write(wing.prison_id) as db:
        found = text("SELECT accepted_by_staff_id FROM concern WHERE id = :id")
        assert await db.scalar(found, {"id": raised["id"]}) == lead.staff_id


async def test_it_is_taken_back_by_who_offered_it(wing: Wing) -> None:
    duty = await on_duty(wing, wing.clinician, -1, 2)
    made = await hands_over(wing.clinician, duty, wing.nurse)
    path = f"handovers/{made['id']}"
    await wing.nurse.move(path, "withdrawn", 409, reason="other")
    taken = await wing.clinician.move(path, "withdrawn", reason="to_somebody_else")
    assert taken["status"] == "withdrawn"
    assert (await wing.governor.get("tasks?kind=handover_due&status=open"))["items"] == []


@pytest.mark.parametrize("decided", [True, False])
async def test_what_is_decided_pages_nobody_at_the_change(night: Night, decided: bool) -> None:
    wing = night.wing
    (duty,) = (await wing.governor.get("duties?post=clinician"))["items"]
    raised = await accepted(wing, wing.clinician)
    path = f"concerns/{raised['id']}"
    await wing.officer.post(f"{path}/seen", {}, 200)
    if decided:
        await wing.clinician.post(f"{path}/decision", {"decision": "A plan."}, 200)
    clock.forward(minutes=5)
    await wing.governor.patch(f"duties/{duty['id']}", {"ends_at": clock.spell(clock.now())})
    clock.forward(minutes=1)
    await keeps_house(wing)
    assert bool(await pages(wing.support_worker, raised)) is not decided


async def test_accepted_early_or_late_the_deadline_is_the_same(wing: Wing) -> None:
    duty = await on_duty(wing, wing.clinician, -1, 2)
    made = await hands_over(wing.clinician, duty, wing.nurse)
    assert made["accept_by"] == duty["ends_at"]
    clock.forward(hours=1.95)
    late = await hands_over(wing.clinician, duty, wing.nurse)
    by = datetime.fromisoformat(late["accept_by"]) - clock.now()
    assert timedelta(minutes=14) < by <= timedelta(minutes=15)
