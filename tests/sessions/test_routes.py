"""A session's life, its people, and who sees what of it."""

from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.services import sessions
from tests.sessions.scene import Scene, a_scene, tomorrow
from tests.story import Caller, Wing


@pytest.fixture
async def scene(wing: Wing) -> Scene:
    return await a_scene(wing)


def guards(problem: Any) -> list[str]:
    return [error["code"] for error in problem["errors"]]


def first_part(session: Any) -> str:
    return f"sessions/{session['id']}/participations/{session['participations'][0]['id']}"


async def history(caller: Caller, session: Any) -> list[tuple[str | None, str]]:
    page = await caller.get(f"sessions/{session['id']}/history")
    return [(entry["from_state"], entry["to_state"]) for entry in page["items"]]


# -- moves


async def test_a_plan_is_confirmed_then_held_once_it_began(scene: Scene) -> None:
    session = await scene.books()
    path = f"sessions/{session['id']}"
    await scene.mentor.move(path, "confirmed")
    early = await scene.mentor.move(path, "held", 409)
    assert guards(early) == ["has_begun"]
    clock.set_offset(tomorrow() - clock.real_now() + timedelta(minutes=1))
    held = await scene.mentor.move(path, "held")
    assert held["status"] == "held"
    assert await history(scene.support_worker, session) == [
        (None, "planned"),
        ("planned", "confirmed"),
        ("confirmed", "held"),
    ]


async def test_a_session_shows_what_may_be_done_next(scene: Scene) -> None:
    session = await scene.books()
    moves = {move["to"]: move for move in session["moves"]}
    assert set(moves) == {"confirmed", "held", "cancelled"}
    assert moves["confirmed"]["allowed"]
    assert [refusal["code"] for refusal in moves["held"]["refusals"]] == ["has_begun"]
    assert "regime_lockdown" in moves["cancelled"]["reasons"]


async def test_cancelling_takes_one_of_the_reasons(scene: Scene) -> None:
    session = await scene.books()
    path = f"sessions/{session['id']}"
    for body in ({}, {"reason": "raining"}):
        problem = await scene.support_worker.move(path, "cancelled", 422, **body)
        assert problem["errors"][0]["field"] == "reason"
    await scene.support_worker.move(path, "cancelled", reason="mentee_unwell")
    entries = (await scene.support_worker.get(f"{path}/history"))["items"]
    assert entries[-1]["reason"] == "mentee_unwell"


async def test_what_is_held_is_not_cancelled(scene: Scene) -> None:
    session = await scene.held()
    path = f"sessions/{session['id']}"
    problem = await scene.support_worker.move(path, "cancelled", 409, reason="other")
    assert problem["code"] == "move_not_in_table"


async def test_nobody_moves_a_session_to_noted_or_locked_by_hand(scene: Scene) -> None:
    session = await scene.held()
    path = f"sessions/{session['id']}"
    for state in ("noted", "locked"):
        problem = await scene.support_worker.move(path, state, 409)
        assert problem["code"] == "move_not_in_table"


async def test_an_officer_says_that_a_session_was_held(scene: Scene) -> None:
    session = await scene.books()
    clock.set_offset(tomorrow() - clock.real_now() + timedelta(minutes=1))
    held = await scene.wing.officer.move(f"sessions/{session['id']}", "held")
    assert held["status"] == "held"
    assert "note" not in held


async def test_a_clinician_reads_and_moves_nothing(scene: Scene) -> None:
    session = await scene.books()
    path = f"sessions/{session['id']}"
    assert (await scene.wing.clinician.get(path))["moves"] == []
    await scene.wing.clinician.move(path, "confirmed", 403)


async def test_each_move_of_a_session_and_its_people_is_told(scene: Scene) -> None:
    session = await scene.books()
    await scene.support_worker.move(f"sessions/{session['id']}", "cancelled", reason="safety")
    rows = await scene.wing.db.fetch(
        scene.wing.prison_id, "SELECT topic, payload FROM outbox ORDER BY recorded_at, id"
    )
    told = [row["topic"] for row in rows if row["topic"].startswith(("session.", "part"))]
    assert sorted(told) == [
        "participation.cancelled",
        "participation.offered",
        "session.cancelled",
        "session.planned",
    ]


# -- participations


async def test_a_mentee_accepts_comes_and_has_attended(scene: Scene) -> None:
    session = await scene.books()
    path = first_part(session)
    accepted = await scene.mentor.move(path, "accepted")
    assert accepted["status"] == "accepted"
    assert accepted["version"] == 2
    early = await scene.mentor.move(path, "attended", 409)
    assert guards(early) == ["session_held"]
    clock.set_offset(tomorrow() - clock.real_now() + timedelta(minutes=1))
    await scene.mentor.move(f"sessions/{session['id']}", "held")
    attended = await scene.mentor.move(path, "attended")
    assert attended["status"] == "attended"
    assert [each["to"] for each in attended["moves"]] == ["dna", "cancelled"]  # put right alone


async def test_who_did_not_come_may_turn_out_to_have_had_a_reason(scene: Scene) -> None:
    session = await scene.held()
    path = first_part(session)
    await scene.support_worker.move(path, "dna")
    problem = await scene.support_worker.move(path, "cancelled", 422)
    assert problem["errors"][0]["field"] == "reason"
    corrected = await scene.support_worker.move(path, "cancelled", reason="clash")
    assert corrected["status"] == "cancelled"


async def test_who_did_not_come_may_turn_out_to_have_been_there(scene: Scene) -> None:
    session = await scene.held()
    path = first_part(session)
    await scene.support_worker.move(path, "dna")
    assert (await scene.support_worker.move(path, "attended"))["status"] == "attended"


async def test_an_offer_is_not_answered_after_the_session(scene: Scene) -> None:
    session = await scene.held()
    problem = await scene.support_worker.move(first_part(session), "accepted", 409)
    assert guards(problem) == ["session_planned"]


async def test_one_mentee_less_leaves_the_session_to_the_others(scene: Scene) -> None:
    session = await scene.group()
    await scene.support_worker.move(first_part(session), "cancelled", reason="mentee_unwell")
    now = await scene.support_worker.get(f"sessions/{session['id']}")
    assert now["status"] == "planned"
    assert sorted(part["status"] for part in now["participations"]) == [
        "cancelled",
        "offered",
        "offered",
    ]


async def test_a_part_is_found_under_its_own_session_only(scene: Scene) -> None:
    one, two = await scene.books(), await scene.books(tomorrow(14))
    wrong = f"sessions/{two['id']}/participations/{one['participations'][0]['id']}"
    await scene.support_worker.get(wrong, 404)
    await scene.support_worker.move(wrong, "accepted", 404)


async def test_a_part_shows_what_may_be_done_next(scene: Scene) -> None:
    session = await scene.books()
    part = await scene.support_worker.get(first_part(session))
    allowed = {move["to"] for move in part["moves"] if move["allowed"]}
    assert allowed == {"accepted", "declined", "cancelled"}


# -- the note


async def test_the_first_note_makes_a_held_session_noted(scene: Scene) -> None:
    session = await scene.held()
    path = f"sessions/{session['id']}"
    noted = await scene.mentor.put(f"{path}/note", {"note": "He slept."})
    assert (noted["status"], noted["note"]) == ("noted", "He slept.")
    for reader in (scene.support_worker, scene.wing.clinician):
        assert (await reader.get(path))["note"] == "He slept."


async def test_a_note_waits_until_the_session_is_held(scene: Scene) -> None:
    session = await scene.books()
    note = {"note": "Too early."}
    problem = await scene.mentor.put(f"sessions/{session['id']}/note", note, 409)
    assert problem["code"] == "not_held"


async def test_a_note_is_rewritten_for_24_hours_from_the_first_and_then_locked(
    scene: Scene,
) -> None:
    session = await scene.held()
    path = f"sessions/{session['id']}/note"
    clock.forward(hours=23)
    await scene.mentor.put(path, {"note": "First."})
    clock.forward(hours=23)
    assert (await scene.mentor.put(path, {"note": "Second."}))["status"] == "noted"
    clock.forward(hours=1, seconds=1)
    problem = await scene.mentor.put(path, {"note": "Third."}, 409)
    assert problem["code"] == "note_locked"
    assert (await scene.mentor.get(f"sessions/{session['id']}"))["note"] == "Second."


async def test_the_worker_locks_what_is_due_and_nothing_else(scene: Scene) -> None:
    prison = scene.wing.prison_id
    silent = await scene.held()
    later = await scene.books(clock.now() + timedelta(hours=5))
    clock.forward(hours=6)
    await scene.support_worker.move(f"sessions/{later['id']}", "held")
    await scene.mentor.put(f"sessions/{later['id']}/note", {"note": "Good."})
    clock.forward(hours=19)
    async with scene.wing.db.write(prison) as db:
        locked = await sessions.lock_due(db, prison)
    assert [str(session_id) for session_id in locked] == [silent["id"]]
    clock.forward(hours=6)
    async with scene.wing.db.write(prison) as db:
        assert len(await sessions.lock_due(db, prison)) == 1
    async with scene.wing.db.write(prison) as db:
        assert await sessions.lock_due(db, prison) == []
    assert await history(scene.support_worker, later) == [
        (None, "planned"),
        ("planned", "held"),
        ("held", "noted"),
        ("noted", "locked"),
    ]
    note = {"note": "Late."}
    problem = await scene.mentor.put(f"sessions/{later['id']}/note", note, 409)
    assert problem["code"] == "note_locked"


async def test_only_the_sessions_mentor_writes_its_note(scene: Scene) -> None:
    session = await scene.held()
    path = f"sessions/{session['id']}/note"
    other = await scene.one_more()
    await other.put(path, {"note": "Mine?"}, 404)
    await scene.support_worker.put(path, {"note": "Mine?"}, 403)
    await scene.wing.officer.put(path, {"note": "Mine?"}, 403)


async def test_writing_a_note_needs_the_version_that_was_read(scene: Scene) -> None:
    session = await scene.held()
    path = f"sessions/{session['id']}/note"
    await scene.mentor.put(path, {"note": "x"}, 428, headers={})
    await scene.mentor.put(path, {"note": "x"}, 412, headers={"If-Match": '"1"'})


# -- who sees what


async def test_another_mentors_session_is_not_there(scene: Scene) -> None:
    session = await scene.books()
    other = await scene.one_more()
    path = f"sessions/{session['id']}"
    for refused in (path, f"{path}/history", first_part(session)):
        await other.get(refused, 404)
    await other.move(path, "confirmed", 404)
    assert (await other.get("sessions"))["items"] == []


async def test_another_prisons_session_is_not_there(scene: Scene) -> None:
    session = await scene.books()
    elsewhere = scene.wing.prison_id[::-1] if scene.wing.prison_id != "AAA" else "ZZZ"
    worker = scene.support_worker
    await worker.get(f"/v1/prisons/{elsewhere}/sessions/{session['id']}", 404)


async def test_a_governor_reads_no_single_session(scene: Scene) -> None:
    session = await scene.books()
    await scene.wing.governor.get("sessions", 403)
    await scene.wing.governor.get(f"sessions/{session['id']}", 403)


async def test_an_officer_reads_the_session_without_its_note(scene: Scene) -> None:
    session = await scene.held()
    path = f"sessions/{session['id']}"
    await scene.mentor.put(f"{path}/note", {"note": "Between us."})
    seen = await scene.wing.officer.get(path)
    assert seen["status"] == "noted"
    assert not {"note", "noted_at", "locks_at"} & set(seen)


async def test_a_suspended_mentor_reads_no_sessions(scene: Scene) -> None:
    await scene.books()
    path = f"mentors/{scene.mentor.mentor_id}"
    await scene.support_worker.move(path, "suspended", reason="conduct")
    await scene.mentor.get("sessions", 403)


async def test_once_a_pairing_is_over_its_mentor_keeps_the_names_of_their_own_mentees_only(
    scene: Scene,
) -> None:
    session = await scene.group()
    prison = scene.wing.prison_id
    async with scene.wing.db.pool.acquire() as connection:
        await connection.scoped_to(prison)
        await connection.execute(
            "UPDATE pairing SET status = 'ended' WHERE prison_id = $1 AND mentee_id = $2",
            prison,
            scene.mentees[0],
        )
    path = f"sessions/{session['id']}"
    still = (await scene.mentor.get(path))["participations"]
    await scene.support_worker.move(path, "cancelled", reason="other")
    for parts in (
        still,
        (await scene.mentor.get(path))["participations"],
        (await scene.mentor.get("sessions"))["items"][0]["participations"],
    ):
        assert {part["mentee_id"] for part in parts} == set(scene.mentees[1:])
    filtered = await scene.mentor.get("sessions", params={"mentee_id": scene.mentees[0]})
    assert filtered["items"] == []
    assert len((await scene.support_worker.get(path))["participations"]) == 3


async def test_history_tells_a_mentor_states_and_staff_the_reasons(scene: Scene) -> None:
    session = await scene.books()
    path = f"sessions/{session['id']}"
    await scene.support_worker.move(path, "cancelled", reason="segregation")
    mine = (await scene.mentor.get(f"{path}/history"))["items"]
    assert "segregation" not in str(mine)
    theirs = (await scene.support_worker.get(f"{path}/history"))["items"]
    assert theirs[-1]["reason"] == "segregation"
