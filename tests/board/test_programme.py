"""What of the programme stands on whose board."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from app import clock
from app.models.staff import StaffRole
from app.services.working_days import LONDON, utc
from tests.board.test_routes import item, rules
from tests.story import Wing


async def test_a_supervision_is_its_supervisors_and_once_overdue_every_support_workers(
    wing: Wing,
) -> None:
    mentor = await wing.active_mentor()
    other = await wing.hires(StaffRole.support_worker)
    clock.forward(days=32)
    await wing.tidies()
    mine = await item(wing.support_worker, "supervision_to_hold")
    assert mine["overdue"]
    assert "supervision_to_hold" not in await rules(other)
    clock.forward(days=4)
    assert "supervision_to_hold" in await rules(other)
    path = f"supervisions/{mine['thing_id']}"
    await wing.support_worker.post(f"{path}/held", {"mode": "in_person"}, 200)
    assert "supervision_to_hold" not in await rules(other)
    assert (await item(wing.support_worker, "supervision_to_sign"))["thing_id"] == mine["thing_id"]
    assert (await item(mentor, "supervision_to_sign"))["thing_noun"] == "supervisions"
    await mentor.post(f"{path}/signature", {"signature": "signed"}, 200)
    assert "supervision_to_sign" not in await rules(mentor)


async def test_an_interview_waits_for_each_profession_until_it_has_recorded_its_own(
    wing: Wing,
) -> None:
    path = f"mentors/{(await wing.applicant())['id']}"
    await wing.support_worker.move(path, "submitted")
    await wing.support_worker.move(path, "screened")
    await wing.interviews(path.removeprefix("mentors/"), wing.clinician)
    assert "application_to_interview" not in await rules(wing.clinician)
    assert "application_to_interview" in await rules(wing.support_worker)


async def test_one_in_shadowing_without_a_host_is_to_be_placed(wing: Wing) -> None:
    mentor = await wing.approved()
    assert (await item(wing.support_worker, "mentor_to_place"))["thing_id"] == mentor["id"]
    await wing.placed(mentor["id"])
    assert "mentor_to_place" not in await rules(wing.support_worker)


@pytest.mark.parametrize("days_suspended", [0, 5, 20])
async def test_who_has_shadowed_long_enough_is_told_by_the_same_clock_as_the_guard(
    wing: Wing, days_suspended: int
) -> None:
    """Suspended before shadowing, which stops no clock, and in it, which does."""
    mentor = await wing.approved()
    path = f"mentors/{mentor['id']}"
    await wing.clinician.move(path, "suspended", reason="welfare")
    clock.forward(days=7)
    await wing.governor.move(path, "approved_conditionally")
    await wing.placed(mentor["id"])
    await wing.support_worker.move(path, "shadowing")
    if days_suspended:
        clock.forward(days=31)
        await wing.clinician.move(path, "suspended", reason="welfare")
        clock.forward(days=days_suspended, hours=-3)
        await wing.governor.move(path, "shadowing")
    told = await wing.support_worker.get(f"{path}/shadowing")
    assert told["days_stopped"] == days_suspended
    complete = datetime.combine(date.fromisoformat(told["complete_on"]), time(), LONDON)
    clock.set_offset(clock.offset() + utc(complete) - clock.now() - timedelta(minutes=1))
    assert "shadowing_to_complete" not in await rules(wing.support_worker)
    clock.forward(minutes=2)
    shown = await item(wing.support_worker, "shadowing_to_complete")
    assert (shown["thing_id"], shown["since"]) == (mentor["id"], clock.spell(utc(complete)))
    for other in (wing.clinician, wing.governor, wing.officer):
        assert "shadowing_to_complete" not in await rules(other)
    await wing.support_worker.move(path, "stepped_down", reason="own_wish")
    assert "shadowing_to_complete" not in await rules(wing.support_worker)


async def test_a_held_session_waits_for_its_mentors_note_and_for_no_others(wing: Wing) -> None:
    mentor, other, mentee = (
        await wing.active_mentor(),
        await wing.active_mentor(),
        await wing.engaged(),
    )
    await wing.pairs(mentor, mentee["id"])
    begun = clock.now() - timedelta(hours=2)
    body = {
        "kind": "one_to_one",
        "mentor_id": str(mentor.mentor_id),
        "mentee_ids": [mentee["id"]],
        "starts_at": clock.spell(begun),
        "ends_at": clock.spell(begun + timedelta(minutes=50)),
    }
    held = await wing.support_worker.post("sessions/held", body)
    shown = (await mentor.get("board?days_ahead=31"))["items"]
    assert [(each["rule"], each["thing_id"]) for each in shown] == [("note_to_write", held["id"])]
    for caller in (other, wing.support_worker, wing.clinician, wing.governor):
        assert "note_to_write" not in await rules(caller, "?days_ahead=31")
    await mentor.put(f"sessions/{held['id']}/note", {"note": "He slept."})
    assert await rules(mentor, "?days_ahead=31") == []


async def test_a_free_place_on_the_wing_is_told_to_those_who_give_it(wing: Wing) -> None:
    async def asked() -> Any:
        body = {"person_id": (await wing.person())["id"], "wing_id": wing.wing_id}
        place = await wing.support_worker.post("wing-places", body)
        return await wing.support_worker.move(f"wing-places/{place['id']}", "waiting")

    async def to_give() -> list[Any]:
        board = await wing.support_worker.get("board")
        return [e["thing_id"] for e in board["items"] if e["rule"] == "wing_place_to_give"]

    async def has(places: int | None) -> None:
        await wing.support_worker.patch(f"wings/{wing.wing_id}", {"places": places})

    await has(0)
    first, second = await asked(), await asked()
    assert await to_give() == []
    await has(1)
    assert await to_give() == [first["id"]]
    await wing.support_worker.move(f"wing-places/{first['id']}", "allocated")
    assert await to_give() == []
    assert "wing_place_to_take_up" in await rules(wing.support_worker)
    await has(None)
    assert await to_give() == [second["id"]]
    for other in (wing.clinician, wing.governor, wing.officer):
        assert "wing_place_to_give" not in await rules(other)


async def test_who_waits_long_for_a_place_is_looked_at_again(wing: Wing) -> None:
    await wing.support_worker.patch(f"wings/{wing.wing_id}", {"places": 0})
    body = {"person_id": (await wing.person())["id"], "wing_id": wing.wing_id}
    place = await wing.support_worker.post("wing-places", body)
    assert "wing_place_to_decide" in await rules(wing.support_worker)
    await wing.support_worker.move(f"wing-places/{place['id']}", "waiting")
    assert "wing_place_to_decide" not in await rules(wing.support_worker)
    clock.forward(days=31)
    await wing.tidies()
    assert (await item(wing.support_worker, "wing_place_to_decide"))["thing_id"] == place["id"]


async def test_a_complaint_is_on_no_board_of_whom_it_is_about_nor_of_their_line(
    wing: Wing,
) -> None:
    mentor, other = await wing.active_mentor(), await wing.hires(StaffRole.support_worker)
    before = {
        caller.subject: (await caller.get("board?days_ahead=31"))["total"]
        for caller in (mentor, wing.support_worker)
    }
    body = {
        "about": "mentor",
        "about_mentor_id": str(mentor.mentor_id),
        "raised_by_person_id": (await wing.person())["id"],
        "account": "He came late.",
    }
    await other.post("complaints", body)
    for caller in (mentor, wing.support_worker):  # the mentor's supervisor
        board = await caller.get("board?days_ahead=31")
        assert board["total"] == before[caller.subject]
    assert "complaint_to_answer" in await rules(other, "?days_ahead=31")
    assert "complaint_to_answer" in await rules(wing.governor, "?days_ahead=31")


async def test_what_the_thing_itself_tells_is_not_told_by_its_task_as_well(wing: Wing) -> None:
    await wing.referred(safety_need=True)
    clock.forward(days=1)
    assert await rules(wing.support_worker) == ["referral_to_triage"]


async def test_who_waits_and_has_a_mentor_is_to_be_offered_support(wing: Wing) -> None:
    mentee, mentor = await wing.referred(), await wing.active_mentor()
    for to in ("triage", "accepted", "waiting"):
        await wing.support_worker.move(f"mentees/{mentee['id']}", to)
    assert "offer_to_make" not in await rules(wing.support_worker)
    await wing.pairs(mentor, mentee["id"])
    assert (await item(wing.support_worker, "offer_to_make"))["thing_id"] == mentee["id"]
