"""Shifts over HTTP: accepted, swapped, reported, given; and what comes of them by themselves."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from app import clock, worker
from app.models.shifts import Shift, ShiftStatus
from app.services.shifts.passing import by_the_clock
from tests.rotas.story import away, day, needs, published, shifts
from tests.story import Caller, Wing


def codes(problem: dict[str, Any]) -> list[str]:
    return [error["code"] for error in problem["errors"]]


async def served(wing: Wing, role: str = "mentor_on_shift") -> tuple[Caller, str]:
    """A mentor, and the path of their shift of tomorrow morning."""
    mentor = await wing.active_mentor()
    await needs(wing, "08:00", "12:00", role, days=1)
    await published(wing, days=1)
    [shift] = await shifts(mentor)
    return mentor, f"shifts/{shift['id']}"


async def alerts(caller: Caller, role: str) -> list[Any]:
    query = "tasks?kind=shift_uncovered&status=open"
    found = (await caller.get(query))["items"]
    return [each for each in found if each["for_role"] == role]


async def housekeeping(wing: Wing) -> None:
    async with wing.db.write(wing.prison_id) as session:
        await by_the_clock(session, wing.prison_id)


async def test_a_mentor_accepts_their_shift_or_staff_by_proxy(wing: Wing) -> None:
    mentor, path = await served(wing)
    shown = await mentor.get(path)
    assert shown["mine"]
    assert "mentor_id" not in shown
    assert {move["to"] for move in shown["moves"]} == {"accepted", "swap_requested", "uncovered"}
    assert (await mentor.move(path, "accepted"))["status"] == "accepted"
    history = (await mentor.get(f"{path}/history"))["items"]
    assert set(history[0]) == {"id", "occurred_at", "from_state", "to_state"}
    by_staff = (await wing.governor.get(f"{path}/history"))["items"]
    assert [row["to_state"] for row in by_staff] == ["draft", "published", "accepted"]
    assert (await wing.officer.get(path))["mentor_id"] == str(mentor.mentor_id)


async def test_nobody_sees_or_moves_anothers_shift(wing: Wing) -> None:
    _, path = await served(wing)
    other = await wing.active_mentor()
    assert await shifts(other) == []
    await other.get(path, 404)
    await other.move(path, "accepted", expect=404)
    for caller in (wing.clinician, wing.governor, wing.officer):
        await caller.move(path, "accepted", expect=403)


async def test_a_swap_is_asked_for_and_taken_by_another(wing: Wing) -> None:
    mentor, path = await served(wing)
    other = await wing.active_mentor()
    await other.post(f"{path}/take", {}, 404)
    await mentor.move(path, "swap_requested")
    [offered] = await shifts(other)
    assert (offered["mine"], offered["status"]) == (False, "swap_requested")
    assert "mentor_name" not in offered
    await other.move(path, "uncovered", reason="sick", expect=404)
    await mentor.post(f"{path}/take", {}, 409)
    taken = await other.post(f"{path}/take", {}, 200)
    assert (taken["mine"], taken["status"]) == (True, "accepted")
    await mentor.get(path, 404)
    assert (await wing.governor.get(path))["mentor_id"] == str(other.mentor_id)
    events = await _events(wing, "shift.swapped")
    assert events == [{"given_by": str(mentor.mentor_id), "taken_by": str(other.mentor_id)}]


async def _events(wing: Wing, topic: str) -> list[Any]:
    rows = await wing.db.fetch(
        wing.prison_id,
        "SELECT payload FROM outbox WHERE prison_id = $1 AND topic = $2",
        wing.prison_id,
        topic,
    )
    return [json.loads(row["payload"]) for row in rows]


async def test_an_offer_is_taken_back(wing: Wing) -> None:
    mentor, path = await served(wing)
    await mentor.move(path, "swap_requested")
    await mentor.move(path, "accepted")
    other = await wing.active_mentor()
    assert await shifts(other) == []
    await other.post(f"{path}/take", {}, 404)


async def test_guards_hold_for_whoever_takes_it_and_mentors_learn_one_word(wing: Wing) -> None:
    mentor, path = await served(wing)
    other = await wing.active_mentor()
    await _session(wing, other, hour=9)
    await mentor.move(path, "swap_requested")
    refused = await other.post(f"{path}/take", {}, 409)
    assert codes(refused) == ["unavailable"]
    assert refused["detail"] == "unavailable"
    body = {"mentor_id": str(other.mentor_id)}
    told = await wing.support_worker.post(f"{path}/take", body, 409)
    assert codes(told) == ["no_overlap"]
    refused = await mentor.post(f"{path}/take", body, 422)
    assert codes(refused) == ["unknown"]


async def _session(wing: Wing, mentor: Caller, hour: int) -> Any:
    mentee = await wing.engaged()
    await wing.support_worker.post(
        "pairings", {"mentor_id": str(mentor.mentor_id), "mentee_id": mentee["id"]}
    )
    shift = (await shifts(wing.support_worker))[0]
    starts = shift["starts_at"].replace("T08", f"T{hour:02}")
    body = {
        "kind": "one_to_one",
        "mentor_id": str(mentor.mentor_id),
        "starts_at": starts,
        "ends_at": starts.replace(f"T{hour:02}", f"T{hour + 1:02}"),
        "mentee_ids": [mentee["id"]],
    }
    return await wing.support_worker.post("sessions", body)


async def test_reported_sick_it_is_uncovered_and_told_at_once_and_somebody_is_called_in(
    wing: Wing,
) -> None:
    mentor, path = await served(wing)
    gone = await wing.support_worker.move(path, "uncovered", reason="sick")
    assert (gone["mentor_id"], gone["status"]) == (None, "uncovered")
    for caller, role in ((wing.support_worker, "support_worker"), (wing.governor, "governor")):
        [task] = await alerts(caller, role)
        assert task["thing_id"] == gone["id"]
        board = (await caller.get("board"))["items"]
        assert task["id"] in {item["thing_id"] for item in board}
    await worker.sweep(wing.db, wing.prison_id)
    paged = await wing.db.fetch(
        wing.prison_id,
        "SELECT 1 FROM notification WHERE prison_id = $1 AND task_id IS NOT NULL",
        wing.prison_id,
    )
    assert len(paged) >= 1
    await mentor.get(path, 404)
    other = await wing.active_mentor()
    body = {"mentor_id": str(other.mentor_id)}
    await wing.governor.post(f"{path}/give", body, 403)
    given = await wing.support_worker.post(f"{path}/give", body, 200)
    assert (given["mentor_id"], given["status"]) == (str(other.mentor_id), "published")
    assert await alerts(wing.support_worker, "support_worker") == []
    assert await alerts(wing.governor, "governor") == []
    await wing.support_worker.post(f"{path}/give", body, 409)


async def test_a_mentor_reports_sick_themselves(wing: Wing) -> None:
    mentor, path = await served(wing)
    await mentor.move(path, "uncovered", reason="sick", expect=200)
    assert len(await alerts(wing.governor, "governor")) == 1


async def test_nobody_is_called_in_against_the_rules(wing: Wing) -> None:
    _, path = await served(wing)
    await wing.support_worker.move(path, "uncovered", reason="court")
    other = await wing.active_mentor()
    await wing.clinician.move(f"mentors/{other.mentor_id}", "suspended", reason="concern_raised")
    refused = await wing.support_worker.post(
        f"{path}/give", {"mentor_id": str(other.mentor_id)}, 409
    )
    assert codes(refused) == ["mentor_active"]
    assert refused["errors"][0]["field"] == "mentor_id"


async def test_leaving_active_work_releases_every_shift_in_the_same_transaction(
    wing: Wing,
) -> None:
    mentor, path = await served(wing)
    await mentor.move(path, "accepted")
    await wing.clinician.move(f"mentors/{mentor.mentor_id}", "suspended", reason="concern_raised")
    shown = await wing.governor.get(path)
    assert (shown["status"], shown["mentor_id"]) == ("uncovered", None)
    history = (await wing.governor.get(f"{path}/history"))["items"]
    assert (history[-1]["reason"], history[-1]["actor_role"]) == ("left_active", "system")
    assert len(await alerts(wing.support_worker, "support_worker")) == 1


async def test_of_a_shift_that_goes_on_the_rest_is_uncovered(wing: Wing) -> None:
    mentor, path = await served(wing)
    await mentor.move(path, "accepted")
    shift = await wing.governor.get(path)
    await _forward_to(shift, hours=1)
    await housekeeping(wing)
    assert (await mentor.get(path))["status"] == "on_shift"
    await wing.clinician.move(f"mentors/{mentor.mentor_id}", "suspended", reason="concern_raised")
    ended = await wing.governor.get(path)
    [rest] = await shifts(wing.governor, status="uncovered")
    assert ended["status"] == "ended"
    assert (rest["starts_at"], rest["ends_at"]) == (ended["ends_at"], shift["ends_at"])


async def _forward_to(shift: Any, hours: float) -> None:
    start = clock.now().fromisoformat(shift["starts_at"])
    clock.forward(seconds=(start + timedelta(hours=hours) - clock.now()).total_seconds())


async def test_shifts_begin_and_end_by_the_clock(wing: Wing) -> None:
    mentor, path = await served(wing)
    await mentor.move(path, "accepted")
    shift = await mentor.get(path)
    await housekeeping(wing)
    assert (await mentor.get(path))["status"] == "accepted"
    await _forward_to(shift, hours=0.1)
    await housekeeping(wing)
    assert (await mentor.get(path))["status"] == "on_shift"
    [now] = (await mentor.get("on-duty"))["now"]
    assert set(now) == {"role", "mentor_name", "starts_at", "ends_at"}
    [same] = (await wing.officer.get("on-duty"))["now"]
    assert now.items() <= same.items()
    await _forward_to(shift, hours=4)
    await housekeeping(wing)
    assert (await mentor.get(path))["status"] == "ended"
    assert (await mentor.get("on-duty"))["now"] == []


async def test_a_shift_that_nobody_accepted_is_uncovered_at_its_start_and_told(wing: Wing) -> None:
    mentor, path = await served(wing)
    await _forward_to(await mentor.get(path), hours=0.1)
    await housekeeping(wing)
    shown = await wing.governor.get(path)
    assert shown["status"] == "uncovered"
    assert len(await alerts(wing.governor, "governor")) == 1


async def test_a_shift_the_regime_calls_off_is_nobodys_task(wing: Wing) -> None:
    mentor, path = await served(wing)
    await wing.support_worker.move(path, "uncovered", reason="sick")
    await wing.support_worker.move(path, "cancelled_regime", reason="lockdown")
    assert await alerts(wing.support_worker, "support_worker") == []
    await wing.support_worker.post(f"{path}/give", {"mentor_id": str(mentor.mentor_id)}, 409)


async def test_two_who_take_one_offer_at_once_one_has_it(wing: Wing) -> None:
    mentor, path = await served(wing)
    other, third = await wing.active_mentor(), await wing.active_mentor()
    await mentor.move(path, "swap_requested")
    answers = await asyncio.gather(
        *(caller.request("POST", f"{path}/take", json={}) for caller in (other, third))
    )
    assert sorted(answer.status_code for answer in answers)[0] == 200
    assert {answer.status_code for answer in answers} <= {200, 404, 409}
    assert len([answer for answer in answers if answer.status_code == 200]) == 1


async def test_the_database_lets_no_two_live_shifts_of_one_mentor_overlap(wing: Wing) -> None:
    mentor, path = await served(wing)
    shift = await wing.governor.get(path)
    start = clock.now().fromisoformat(shift["starts_at"])
    with pytest.raises(Exception, match="ex_shift_mentor_during"):
        async with wing.db.write(wing.prison_id) as session:
            session.add(
                Shift(
                    prison_id=wing.prison_id,
                    rota_id=shift["rota_id"],
                    role="mentor_on_call",
                    day=day(1),
                    starts_at=start + timedelta(hours=3),
                    ends_at=start + timedelta(hours=5),
                    mentor_id=mentor.mentor_id,
                    status=ShiftStatus.published,
                )
            )


async def test_a_night_on_call_belongs_to_its_first_day(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    await needs(wing, "20:00", "08:00", "mentor_on_call", days=1)
    await published(wing, days=1)
    [shift] = await shifts(mentor)
    assert (shift["day"], shift["role"]) == (str(day(1)), "mentor_on_call")
    await away(mentor, 2)  # what is given out stays as it is
    assert len(await shifts(mentor)) == 1


async def test_whose_offer_it_is_is_told_by_no_filter(wing: Wing) -> None:
    mentor, path = await served(wing)
    other = await wing.active_mentor()
    await mentor.move(path, "swap_requested")
    shift = await wing.governor.get(path)
    for query in (f"mentor_id={mentor.mentor_id}", f"rota_id={shift['rota_id']}"):
        refused = await other.get(f"shifts?{query}", 422)
        assert codes(refused) == ["out_of_reach"]
        assert [each["id"] for each in await shifts(wing.officer, **dict([query.split("=")]))]


async def test_an_offer_of_a_shift_that_nobody_accepted_is_no_cover(wing: Wing) -> None:
    mentor, path = await served(wing)
    shift = await mentor.move(path, "swap_requested")
    await _forward_to(shift, hours=0.1)
    await housekeeping(wing)
    assert (await wing.governor.get(path))["status"] == "uncovered"
    history = (await wing.governor.get(f"{path}/history"))["items"]
    assert history[-1]["reason"] == "not_accepted"
    assert len(await alerts(wing.support_worker, "support_worker")) == 1


async def test_an_accepted_shift_that_nobody_took_over_is_still_its_mentors(wing: Wing) -> None:
    mentor, path = await served(wing)
    await mentor.move(path, "accepted")
    shift = await mentor.move(path, "swap_requested")
    await _forward_to(shift, hours=0.1)
    await housekeeping(wing)
    assert (await mentor.get(path))["status"] == "on_shift"


async def test_whoever_is_called_in_for_a_shift_that_has_begun_serves_it(wing: Wing) -> None:
    _, path = await served(wing)
    await wing.support_worker.move(path, "uncovered", reason="sick")
    other = await wing.active_mentor()
    await _forward_to(await wing.governor.get(path), hours=0.5)
    body = {"mentor_id": str(other.mentor_id)}
    given = await wing.support_worker.post(f"{path}/give", body, 200)
    assert given["status"] == "accepted"
    await housekeeping(wing)
    assert (await other.get(path))["status"] == "on_shift"
    assert await alerts(wing.support_worker, "support_worker") == []
    [now] = (await wing.officer.get("on-duty"))["now"]
    assert now["mentor_id"] == str(other.mentor_id)


async def test_nobody_is_on_duty_by_a_shift_they_did_not_accept(wing: Wing) -> None:
    mentor, path = await served(wing)
    await _forward_to(await mentor.get(path), hours=-1)
    [coming] = (await wing.officer.get("on-duty"))["next"]
    assert coming["mentor_id"] == str(mentor.mentor_id)
    await _forward_to(await mentor.get(path), hours=0.1)  # no worker has been there yet
    assert (await wing.officer.get("on-duty"))["now"] == []
    await mentor.move(path, "accepted")
    [now] = (await wing.officer.get("on-duty"))["now"]
    assert now["mentor_id"] == str(mentor.mentor_id)
