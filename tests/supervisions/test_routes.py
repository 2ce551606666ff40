"""Supervision over HTTP: planned, held, signed, missed, put off, asked for."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app import clock
from app.models.staff import StaffRole
from tests.story import Caller, Wing

NOTES = {
    "shared_note": "We spoke of the long night.",
    "next_steps": "Two shorter sessions this week.",
    "staff_note": "Watch the nights.",
}


def days_from_now(days: int) -> str:
    return str((clock.now() + timedelta(days=days)).date())


async def tasks_of(caller: Caller, kind: str) -> list[Any]:
    found = await caller.get(f"tasks?kind={kind}&status=open")
    items: list[Any] = found["items"]
    return items


async def lets_days_pass(wing: Wing, days: float) -> None:
    clock.forward(days=days)
    await wing.tidies()


async def test_becoming_active_plans_the_first_one(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    planned = await wing.supervision_of(mentor)
    assert planned["status"] == "scheduled"
    assert planned["due_on"] == planned["first_due_on"] == days_from_now(31)
    assert planned["supervisor_id"] == str(wing.support_worker.staff_id)
    assert planned["overdue"] is False


async def test_holding_it_plans_the_next_from_the_day_it_was_held(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    clock.forward(days=10)
    held_at = clock.now() - timedelta(days=3)
    held = await wing.supervises(mentor, held_at=clock.spell(held_at), **NOTES)
    assert (held["status"], held["held_at"]) == ("held", clock.spell(held_at))
    assert held["held_by"] == str(wing.support_worker.staff_id)
    assert {name: held[name] for name in NOTES} == NOTES
    following = await wing.supervision_of(mentor)
    assert following["due_on"] == str(held_at.date() + timedelta(days=31))


async def test_it_is_held_neither_in_the_future_nor_before_the_mentor_was_active(
    wing: Wing,
) -> None:
    mentor = await wing.active_mentor()
    path = f"supervisions/{(await wing.supervision_of(mentor))['id']}/held"
    for hours, code in ((1, "in_the_future"), (-1, "before_active")):
        at = clock.spell(clock.now() + timedelta(hours=hours))
        body = {"mode": "by_phone", "held_at": at}
        refused = await wing.support_worker.post(path, body, 422)
        assert [(each["field"], each["code"]) for each in refused["errors"]] == [("held_at", code)]
    refused = await wing.support_worker.post(path, {"mode": "shouted"}, 422)
    assert refused["errors"][0]["field"] == "mode"
    assert (await wing.supervision_of(mentor))["status"] == "scheduled"


async def test_it_is_not_held_before_the_one_before_it_nor_the_same_one_twice(wing: Wing) -> None:
    """An old conversation, entered late, would leave the mentor overdue at once."""
    mentor = await wing.active_mentor()
    clock.forward(days=20)
    last = (await wing.supervises(mentor))["held_at"]
    clock.forward(days=2)
    path = f"supervisions/{(await wing.supervision_of(mentor))['id']}/held"
    for at in (last, clock.spell(clock.now() - timedelta(days=15))):
        body = {"mode": "in_person", "held_at": at}
        refused = await wing.support_worker.post(path, body, 422)
        assert [(each["field"], each["code"]) for each in refused["errors"]] == [
            ("held_at", "before_the_last")
        ]
    assert (await wing.supervises(mentor))["status"] == "held"


async def test_of_two_who_hold_it_at_once_one_does_and_one_is_planned(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    path = f"supervisions/{(await wing.supervision_of(mentor))['id']}/held"
    callers = (wing.support_worker, wing.clinician, wing.nurse)
    body = {"mode": "in_person"}
    replies = await asyncio.gather(*[each.request("POST", path, json=body) for each in callers])
    assert sorted(each.status_code for each in replies) == [200, 409, 409]
    await wing.supervision_of(mentor)  # exactly one is open


async def test_the_mentor_reads_the_shared_part_and_governors_whether_and_when(
    wing: Wing,
) -> None:
    mentor, other = await wing.active_mentor(), await wing.active_mentor()
    held = await wing.supervises(mentor, **NOTES)
    path = f"supervisions/{held['id']}"
    own = await mentor.get(path)
    assert own["shared_note"] == NOTES["shared_note"]
    assert {"staff_note", "version", "disclosure", "held_by"}.isdisjoint(own)
    seen = await wing.governor.get(path)
    assert seen["held_at"] == held["held_at"]
    assert {*NOTES, "version", "mentor_signature_reason"}.isdisjoint(seen)
    await other.get(path, 404)
    assert {each["mentor_id"] for each in (await other.get("supervisions"))["items"]} == {
        str(other.mentor_id)
    }
    await wing.officer.get(path, 403)
    assert "etag" not in (await mentor.request("GET", path)).headers


async def test_both_sign_and_then_it_is_signed(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    held = await wing.supervises(mentor, **NOTES)
    path = f"supervisions/{held['id']}"
    signed = await wing.support_worker.post(f"{path}/countersignature", None, 200)
    assert signed["status"] == "held"
    own = await mentor.post(f"{path}/signature", {"signature": "signed"}, 200)
    assert (own["status"], own["mentor_signature"]) == ("signed", "signed")
    again = await mentor.post(f"{path}/signature", {"signature": "refused", "reason": "No."}, 409)
    assert again["code"] == "move_not_in_table"
    history = (await mentor.get(f"{path}/history"))["items"]
    assert history[-1]["to_state"] == "signed"
    assert "note" not in history[-1]


async def test_a_refusal_says_why_and_staff_alone_record_that_one_is_unable(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    path = f"supervisions/{(await wing.supervises(mentor, **NOTES))['id']}/signature"
    refused = await mentor.post(path, {"signature": "refused"}, 422)
    assert refused["errors"][0]["field"] == "reason"
    unable = {"signature": "unable", "reason": "He broke his hand."}
    assert (await mentor.post(path, unable, 422))["errors"][0]["field"] == "signature"
    judged = {"signature": "signed", "disclosure": "restricted"}
    assert (await mentor.post(path, judged, 422))["errors"][0]["field"] == "disclosure"
    shown = await wing.nurse.post(path, unable, 200)
    assert shown["mentor_signature_recorded_by"] == wing.nurse.subject
    await wing.governor.post(path, unable, 403)
    signed = await wing.support_worker.post(
        path.replace("signature", "countersignature"), None, 200
    )
    assert signed["status"] == "signed"


async def test_what_the_mentor_answered_themselves_staff_do_not_turn_into_a_signature(
    wing: Wing,
) -> None:
    mentor = await wing.active_mentor()
    path = f"supervisions/{(await wing.supervises(mentor, **NOTES))['id']}/signature"
    no, yes = {"signature": "refused", "reason": "I did not say that."}, {"signature": "signed"}
    await wing.support_worker.post(path, no, 200)
    await wing.nurse.post(path, {**no, "reason": "He said so again."}, 200)
    await mentor.post(path, no, 200)
    for body in (yes, {"signature": "unable", "reason": "He is away."}):
        assert (await wing.support_worker.post(path, body, 409))["code"] == "conflict"
    assert (await mentor.post(path, yes, 200))["mentor_signature"] == "signed"


async def test_nobody_signs_for_the_supervisor(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    held = await wing.supervises(mentor)
    path = f"supervisions/{held['id']}/countersignature"
    assert (await wing.clinician.post(path, None, 403))["code"] == "move_not_yours"
    await mentor.post(path, None, 403)
    await wing.support_worker.post(path, None, 200)
    assert (await wing.support_worker.post(path, None, 409))["code"] == "conflict"


async def test_notes_are_written_until_somebody_signs_and_keep_their_versions(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    held = await wing.supervises(mentor, **NOTES)
    path = f"supervisions/{held['id']}"
    body = {"signature": "refused", "reason": "I did not say that."}
    await mentor.post(f"{path}/signature", body, 200)
    anew = await wing.clinician.put(f"{path}/notes", {"shared_note": "We spoke of the night."})
    assert (anew["next_steps"], anew["mentor_signature"]) == (NOTES["next_steps"], None)
    refused = await wing.clinician.put(f"{path}/notes", {"disclosure": None}, 422)
    assert refused["errors"][0]["field"] == "disclosure"
    texts = (await wing.clinician.get(f"{path}/versions"))["items"]
    assert [each["text"] for each in texts] == [NOTES["shared_note"], "We spoke of the night."]
    (staff,) = (await wing.support_worker.get(f"{path}/versions?text=staff_note"))["items"]
    assert staff["text"] == NOTES["staff_note"]
    for caller in (mentor, wing.governor):
        await caller.get(f"{path}/versions", 403)
    await mentor.post(f"{path}/signature", {"signature": "signed"}, 200)
    locked = await wing.clinician.put(f"{path}/notes", {"staff_note": "Another."}, 409)
    assert locked["code"] == "note_locked"
    stale = await wing.clinician.put(
        f"{path}/notes", {"staff_note": "?"}, 412, headers={"If-Match": '"1"'}
    )
    assert stale["code"] == "stale"


async def test_a_missed_one_is_put_off_by_a_week_at_most_and_its_first_day_stays(
    wing: Wing,
) -> None:
    mentor = await wing.active_mentor()
    planned = await wing.supervision_of(mentor)
    path = f"supervisions/{planned['id']}"
    early = await wing.support_worker.move(path, "missed", 409, reason="regime_lockdown")
    assert early["errors"][0]["code"] == "due_day_has_come"
    body = {"due_on": days_from_now(3)}
    await wing.support_worker.post(f"{path}/reschedule", body, 409)
    await lets_days_pass(wing, 31.9)
    assert (await wing.support_worker.move(path, "missed", 422))["errors"][0]["field"] == "reason"
    missed = await wing.support_worker.move(path, "missed", reason="regime_lockdown")
    assert missed["status"] == "missed"
    for days in (-1, 8):
        refused = await wing.support_worker.post(
            f"{path}/reschedule", {"due_on": days_from_now(days)}, 422
        )
        assert refused["errors"][0]["field"] == "due_on"
    later = days_from_now(7)
    put_off = await wing.support_worker.post(f"{path}/reschedule", {"due_on": later}, 200)
    assert (put_off["status"], put_off["due_on"]) == ("rescheduled", later)
    assert put_off["first_due_on"] == planned["first_due_on"]
    assert await tasks_of(wing.support_worker, "supervision_due") == []
    assert (await wing.supervises(mentor))["status"] == "held"


async def test_it_is_asked_for_when_due_and_again_three_days_on_once_each(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    await lets_days_pass(wing, 30)
    assert await tasks_of(wing.support_worker, "supervision_due") == []
    await lets_days_pass(wing, 2)
    await wing.tidies()
    (due,) = await tasks_of(wing.support_worker, "supervision_due")
    assert due["for_staff_id"] == str(wing.support_worker.staff_id)
    assert due["person_id"] == str(mentor.person_id)
    assert await tasks_of(wing.support_worker, "supervision_overdue") == []
    await lets_days_pass(wing, 3)
    await wing.tidies()
    (overdue,) = await tasks_of(wing.support_worker, "supervision_overdue")
    assert (overdue["for_role"], overdue["for_staff_id"]) == ("support_worker", None)
    async with wing.db.write(wing.prison_id) as session:
        told = text("SELECT next_step_at <= recorded_at AS at_once FROM task WHERE id = :id")
        assert (await session.execute(told, {"id": overdue["id"]})).scalar_one()
    await wing.supervises(mentor)
    for kind in ("supervision_due", "supervision_overdue"):
        assert await tasks_of(wing.support_worker, kind) == []


async def test_a_week_overdue_the_mentor_is_given_nobody_new_until_it_is_held(wing: Wing) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.engaged()
    body = {"mentor_id": str(mentor.mentor_id), "mentee_id": mentee["id"]}
    await lets_days_pass(wing, 38)
    path = f"supervisions/{(await wing.supervision_of(mentor))['id']}"
    await wing.support_worker.move(path, "missed", reason="staff_shortage")
    put_off = {"due_on": days_from_now(5)}
    await wing.support_worker.post(f"{path}/reschedule", put_off, 200)
    clock.forward(days=1)
    refused = await wing.support_worker.post("pairings", body, 409)
    assert [(each["field"], each["code"]) for each in refused["errors"]] == [
        ("mentor_id", "supervision_overdue")
    ]
    await wing.supervises(mentor)
    await wing.support_worker.post("pairings", body)


async def test_leaving_off_cancels_it_and_coming_back_plans_anew(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    path = f"mentors/{mentor.mentor_id}"
    first = await wing.supervision_of(mentor)
    await lets_days_pass(wing, 33)
    assert await tasks_of(wing.support_worker, "supervision_due")
    await mentor.move(path, "paused", reason="own_wish")
    shown = await wing.support_worker.get(f"supervisions/{first['id']}")
    assert (shown["status"], shown["moves"]) == ("cancelled", [])
    assert await tasks_of(wing.support_worker, "supervision_due") == []
    clock.forward(days=40)
    await wing.support_worker.move(path, "active")
    planned = await wing.supervision_of(mentor)
    assert planned["due_on"] == days_from_now(31)
    await wing.governor.move(path, "suspended", reason="conduct")
    late = clock.spell(clock.now() - timedelta(days=60))
    body = {"mode": "in_person", "held_at": late}
    held = await wing.support_worker.post(f"supervisions/{first['id']}/held", body, 200)
    assert held["status"] == "held"
    body = {"mode": "in_person"}
    gone = await wing.support_worker.post(f"supervisions/{planned['id']}/held", body, 409)
    assert gone["code"] == "move_not_in_table"


async def refused_for(wing: Wing, mentor: Caller, mentee: Any) -> list[str]:
    body = {"mentor_id": str(mentor.mentor_id), "mentee_id": mentee["id"]}
    refused = await wing.support_worker.post("pairings", body, 409)
    return [each["code"] for each in refused["errors"]]


async def test_pausing_and_resuming_wipes_out_nothing_that_stands_in_the_way(wing: Wing) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.engaged()
    path = f"mentors/{mentor.mentor_id}"
    first = await wing.supervision_of(mentor)
    await lets_days_pass(wing, 39)
    for leave in ("paused", "suspended"):
        await wing.clinician.move(path, leave, reason="welfare")
        clock.forward(days=2)
        back = wing.governor if leave == "suspended" else wing.support_worker
        await back.move(path, "active")
        planned = await wing.supervision_of(mentor)
        assert (planned["first_due_on"], planned["due_on"]) == (
            first["first_due_on"],
            days_from_now(0),
        )
        assert await refused_for(wing, mentor, mentee) == ["supervision_overdue"]
    await lets_days_pass(wing, 1)
    assert len(await tasks_of(wing.support_worker, "supervision_due")) == 1
    await wing.supervises(mentor)
    await wing.pairs(mentor, mentee["id"])
    await mentor.move(path, "paused", reason="own_wish")
    await wing.support_worker.move(path, "active")
    assert (await wing.supervision_of(mentor))["due_on"] == days_from_now(31)


async def test_what_was_owed_on_return_is_owed_no_more_when_it_was_held_after_all(
    wing: Wing,
) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.engaged()
    path = f"mentors/{mentor.mentor_id}"
    first = await wing.supervision_of(mentor)
    await lets_days_pass(wing, 39)
    held_at = clock.now() - timedelta(days=5)
    await mentor.move(path, "paused", reason="own_wish")
    await wing.support_worker.move(path, "active")
    assert await refused_for(wing, mentor, mentee) == ["supervision_overdue"]
    body = {"mode": "in_person", "held_at": clock.spell(held_at)}
    await wing.support_worker.post(f"supervisions/{first['id']}/held", body, 200)
    assert (await wing.supervision_of(mentor))["due_on"] == days_from_now(26)
    await wing.pairs(mentor, mentee["id"])


async def test_held_after_all_while_the_mentor_is_away_it_is_not_owed_on_return(
    wing: Wing,
) -> None:
    mentor = await wing.active_mentor()
    path = f"mentors/{mentor.mentor_id}"
    first = await wing.supervision_of(mentor)
    await lets_days_pass(wing, 39)
    held_at = clock.spell(clock.now() - timedelta(days=5))
    await mentor.move(path, "paused", reason="own_wish")
    await wing.support_worker.move(path, "active")
    await mentor.move(path, "paused", reason="own_wish")
    body = {"mode": "in_person", "held_at": held_at}
    await wing.support_worker.post(f"supervisions/{first['id']}/held", body, 200)
    await wing.support_worker.move(path, "active")
    assert (await wing.supervision_of(mentor))["first_due_on"] == days_from_now(31)


async def test_it_follows_the_mentor_to_another_supervisor(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    await lets_days_pass(wing, 32)
    staff_id = str(wing.nurse.staff_id)
    await wing.support_worker.put(f"mentors/{mentor.mentor_id}/supervisor", {"staff_id": staff_id})
    assert (await wing.supervision_of(mentor))["supervisor_id"] == staff_id
    (task,) = await tasks_of(wing.nurse, "supervision_due")
    assert task["for_staff_id"] == staff_id


async def test_a_change_of_commitment_moves_the_day(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    async with wing.db.write(wing.prison_id) as session:
        change = text("UPDATE mentor SET commitment = 'full_time' WHERE id = :id")
        await session.execute(change, {"id": mentor.mentor_id})
    await wing.tidies()
    assert (await wing.supervision_of(mentor))["due_on"] == days_from_now(7)


async def test_mentors_who_were_active_before_get_one_from_today(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    async with wing.db.write(wing.prison_id) as session:
        await session.execute(text("DELETE FROM supervision WHERE true"))
    await asyncio.gather(wing.tidies(), wing.tidies())
    assert (await wing.supervision_of(mentor))["due_on"] == days_from_now(31)


async def test_compliance_is_told_mentor_by_mentor(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    await wing.active_mentor()
    clock.forward(days=20)
    held = await wing.supervises(mentor)
    await wing.support_worker.post(f"supervisions/{held['id']}/countersignature", None, 200)
    signed = {"signature": "signed"}
    await mentor.post(f"supervisions/{held['id']}/signature", signed, 200)
    clock.forward(days=20)
    for caller in (wing.support_worker, wing.clinician, wing.governor):
        found = (await caller.get("supervisions/compliance"))["items"]
        rows = {row["mentor_id"]: row for row in found}
        assert len(rows) == 2
        mine = rows[str(mentor.mentor_id)]
        assert (mine["due"], mine["on_time"], mine["signed_by_both"]) == (1, 1, 1)
        (others,) = [row for row in found if row is not mine]
        assert (others["due"], others["missed"]) == (1, 1)
    (own,) = (await mentor.get("supervisions/compliance"))["items"]
    assert own["mentor_id"] == str(mentor.mentor_id)
    await wing.officer.get("supervisions/compliance", 403)
    span = f"from={days_from_now(1)}&to={days_from_now(0)}"
    refused = await wing.governor.get(f"supervisions/compliance?{span}", 422)
    assert refused["errors"][0]["field"] == "to"


@pytest.mark.parametrize("filters", ["overdue=true", "status=scheduled&overdue=true"])
async def test_the_list_tells_overdue_from_planned(wing: Wing, filters: str) -> None:
    mentor = await wing.active_mentor()
    assert (await wing.governor.get(f"supervisions?{filters}"))["items"] == []
    clock.forward(days=33)
    (late,) = (await wing.governor.get(f"supervisions?{filters}"))["items"]
    assert (late["mentor_id"], late["overdue"]) == (str(mentor.mentor_id), True)


async def test_governors_and_officers_write_nothing_of_it(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    path = f"supervisions/{(await wing.supervision_of(mentor))['id']}"
    for caller in (wing.governor, wing.officer, mentor, await wing.hires(StaffRole.governor)):
        await caller.post(f"{path}/held", {"mode": "in_person"}, 403)
        await caller.move(path, "missed", 403, reason="other")
        await caller.post(f"{path}/reschedule", {"due_on": days_from_now(1)}, 403)
