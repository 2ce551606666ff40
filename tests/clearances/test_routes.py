"""Clearance over HTTP: decided, kept, extended once, reviewed before it ends, never explained."""

import asyncio
import io
from contextlib import redirect_stderr
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app import clock, logs, worker
from app.config import Settings
from app.models.base import metadata
from app.models.prisons import Prison
from app.models.staff import StaffRole
from app.services.working_days import close_of_day, local_date
from tests.sessions.scene import a_mentee, tomorrow
from tests.story import Caller, Wing, clearance


def today() -> date:
    return local_date(clock.now())


def in_days(number: int) -> date:
    return today() + timedelta(days=number)


def path_of(mentor: Caller) -> str:
    return f"mentors/{mentor.mentor_id}"


async def ending(wing: Wing, days: int) -> Caller:
    """An active mentor whose clearance ends in so many days."""
    mentor = await wing.active_mentor()
    body = clearance(in_days(-100), in_days(days))
    await wing.governor.put(f"{path_of(mentor)}/clearance", body)
    return mentor


async def housekeeping(wing: Wing) -> None:
    await worker.housekeeping(wing.db, wing.prison_id)


async def open_tasks(wing: Wing, kind: str) -> list[Any]:
    found = await wing.governor.get(f"tasks?kind={kind}&status=open&limit=200")
    return found["items"]


async def decisions(caller: Caller, mentor: Caller) -> list[Any]:
    return (await caller.get(f"clearances?mentor_id={mentor.mentor_id}"))["items"]


def codes(problem: dict[str, Any]) -> list[str]:
    return [error["code"] for error in problem["errors"]]


async def test_every_decision_is_kept_and_the_last_one_stands(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    deputy = await wing.hires(StaffRole.governor)
    body = {**clearance(today(), in_days(365)), "conditions": ["no_nights"]}
    shown = await deputy.put(f"{path_of(mentor)}/clearance", body)
    assert shown["clearance_to"] == str(in_days(365))
    assert shown["conditions"] == ["no_nights"]
    last, first = await decisions(wing.governor, mentor)
    assert first["superseded_at"] is not None
    assert first["decided_by"] == wing.governor.subject
    assert first["valid_to"] == str(in_days(730))
    assert last["superseded_at"] is None
    assert last["decided_by"] == deputy.subject
    assert (last["outcome"], last["valid_to"]) == ("cleared", str(in_days(365)))
    assert (await mentor.get(path_of(mentor)))["conditions"] == ["no_nights"]
    standing = await wing.governor.get(f"clearances?mentor_id={mentor.mentor_id}&standing=true")
    assert [each["id"] for each in standing["items"]] == [last["id"]]


async def test_support_workers_see_outcome_and_days_and_not_who_decided(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    (seen,) = await decisions(wing.support_worker, mentor)
    (whole,) = await decisions(wing.governor, mentor)
    assert whole.keys() - seen.keys() == {"decided_by", "decided_at", "extended_by", "extended_at"}
    assert seen == {name: whole[name] for name in seen}


async def test_no_order_of_decisions_tells_when_they_were_made(wing: Wing) -> None:
    """A cursor holds what its list is sorted by, and support workers do not see that."""
    await wing.active_mentor()
    for sort in ("decided_at", "-decided_at"):
        await wing.support_worker.get(f"clearances?sort={sort}", expect=422)


async def test_nobody_else_reads_decisions_of_clearance(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    for caller in (wing.clinician, wing.nurse, wing.officer, mentor):
        await caller.get("clearances", expect=403)
        await caller.get("clearances/expiring", expect=403)
    own = await mentor.get(path_of(mentor))
    assert own["clearance"] == "cleared"
    assert own.keys() & {"clearance_from", "clearance_to", "pay_reference"} == set()


async def test_only_governors_decide_and_extend(wing: Wing) -> None:
    mentor = await ending(wing, 10)
    for caller in (wing.support_worker, wing.clinician, wing.officer, mentor):
        body = clearance(today(), in_days(30))
        await caller.put(f"{path_of(mentor)}/clearance", body, expect=403)
        body = {"until": str(in_days(20))}
        await caller.post(f"{path_of(mentor)}/clearance/extension", body, expect=403)
    assert len(await decisions(wing.governor, mentor)) == 2


async def test_a_renewal_entered_early_leaves_no_day_without(wing: Wing) -> None:
    mentor = await ending(wing, 20)
    path = f"{path_of(mentor)}/clearance"
    refused = await wing.governor.put(path, clearance(in_days(22), in_days(700)), expect=422)
    assert (refused["errors"][0]["field"], codes(refused)) == ("valid_from", ["gap"])
    shown = await wing.governor.put(path, clearance(in_days(21), in_days(700)))
    assert (shown["status"], shown["clearance_to"]) == ("active", str(in_days(700)))
    for days in (1, 20, 5):
        clock.forward(days=days)
        await housekeeping(wing)
        assert (await wing.governor.get(path_of(mentor)))["status"] == "active"


async def test_a_decision_entered_late_does_not_undo_a_later_one(wing: Wing) -> None:
    mentor = await ending(wing, 300)
    path = f"{path_of(mentor)}/clearance"
    late = {**clearance(today(), in_days(9)), "decided_at": str(clock.now() - timedelta(days=1))}
    refused = await wing.governor.put(path, late, expect=422)
    assert (refused["errors"][0]["field"], codes(refused)) == ("decided_at", ["in_order"])
    ahead = {**late, "decided_at": str(clock.now() + timedelta(hours=1))}
    assert codes(await wing.governor.put(path, ahead, expect=422)) == ["in_the_future"]
    clock.forward(days=2)
    on_paper = {**late, "decided_at": str(clock.now() - timedelta(days=1))}
    await wing.governor.put(path, on_paper)
    assert (await decisions(wing.governor, mentor))[0]["valid_to"] == str(in_days(7))


async def test_of_two_decisions_at_once_one_is_stale(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    seen = {"If-Match": f'"{(await wing.governor.get(path_of(mentor)))["version"]}"'}
    body = clearance(today(), in_days(200))
    answers = await asyncio.gather(
        *[
            wing.governor.request("PUT", f"{path_of(mentor)}/clearance", json=body, headers=seen)
            for _ in range(4)
        ]
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
    assert len(await decisions(wing.governor, mentor)) == 2
    await wing.governor.put(f"{path_of(mentor)}/clearance", body, expect=428, headers={})


async def test_a_refusal_pauses_an_active_mentor_at_once(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    body = clearance(today(), in_days(30), "refused")
    shown = await wing.governor.put(f"{path_of(mentor)}/clearance", body)
    assert (shown["status"], shown["clearance"]) == ("paused", "refused")
    refused = await wing.support_worker.move(path_of(mentor), "active", expect=409)
    assert codes(refused) == ["clearance_current"]


@pytest.fixture
def lines(settings: Settings) -> Any:
    """What is logged, of every level."""
    kept = io.StringIO()
    with redirect_stderr(kept):
        logs.configure("DEBUG")
        yield kept
    logs.configure(settings.log_level)


async def test_vetting_material_is_refused_by_the_shape_and_stays_nowhere(
    wing: Wing, lines: io.StringIO
) -> None:
    mentor = await ending(wing, 10)
    said = "seen passing spice with Q9999ZZ, source N7"
    material = {"reason": said, "intelligence": [said], "offence": {"index": said}, said: True}
    path = f"{path_of(mentor)}/clearance"
    before = await wing.governor.get(path_of(mentor))
    for method, where, body in (
        ("PUT", path, clearance(today(), in_days(30))),
        ("POST", f"{path}/extension", {"until": str(in_days(20))}),
    ):
        sent = {"If-Match": "*", "Idempotency-Key": "vetting"}
        answer = await wing.governor.request(method, where, json={**body, **material}, headers=sent)
        assert answer.status_code == 422
        told = {error["field"]: error for error in answer.json()["errors"]}
        assert set(told) == {"reason", "intelligence", "offence", "body"}
        assert {each["message"] for each in told.values()} == {"vetting material is not held here"}
        assert {each["code"] for each in told.values()} == {"vetting_material"}
        assert "spice" not in answer.text
    assert await wing.governor.get(path_of(mentor)) == before
    assert "spice" not in lines.getvalue()
    assert await _tables_with(wing, "spice") == []


async def _tables_with(wing: Wing, word: str) -> list[str]:
    """The tables of which some row holds the word."""
    found = []
    async with wing.db.write(wing.prison_id) as session:
        for table in metadata.sorted_tables:
            sql = f'SELECT count(*) FROM "{table.name}" each WHERE each::text LIKE :word'
            if (await session.execute(text(sql), {"word": f"%{word}%"})).scalar():
                found.append(table.name)
    return found


async def test_a_clearance_is_extended_once_and_within_bounds(wing: Wing) -> None:
    mentor = await ending(wing, 5)
    path = f"{path_of(mentor)}/clearance/extension"
    far = await wing.governor.post(path, {"until": str(in_days(5 + 29))}, expect=409)
    assert (far["code"], codes(far)) == ("guards_unmet", ["within_bounds"])
    bad = await wing.governor.post(path, {"until": "soon"}, expect=422)
    assert bad["errors"][0]["field"] == "until"
    answers = await asyncio.gather(
        *[
            wing.governor.request("POST", path, json={"until": str(in_days(5 + 28))})
            for _ in range(3)
        ]
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    again = await wing.governor.post(path, {"until": str(in_days(90))}, expect=409)
    assert codes(again) == ["not_extended_before", "within_bounds"]
    stands, _ = await decisions(wing.governor, mentor)
    assert stands["extended_to"] == str(in_days(33))
    assert stands["extended_by"] == wing.governor.subject
    assert stands["valid_to"] == str(in_days(5))
    assert (await wing.governor.get(path_of(mentor)))["clearance_to"] == str(in_days(33))


async def test_the_bound_of_an_extension_is_the_prisons(wing: Wing) -> None:
    mentor = await ending(wing, 5)
    await wing.governor.patch("", {"clearance_extension_days": 3})
    path = f"{path_of(mentor)}/clearance/extension"
    await wing.governor.post(path, {"until": str(in_days(9))}, expect=409)
    await wing.governor.post(path, {"until": str(in_days(8))}, expect=200)


async def test_reviews_are_opened_once_at_thirty_and_at_seven_days_and_paged_at_once(
    wing: Wing,
) -> None:
    mentor = await ending(wing, 31)
    await housekeeping(wing)
    assert await open_tasks(wing, "clearance_review") == []
    clock.forward(days=1)
    ends = in_days(30)
    await housekeeping(wing)
    await housekeeping(wing)
    (first,) = await open_tasks(wing, "clearance_review")
    assert (first["for_role"], first["thing_id"]) == ("governor", str(mentor.mentor_id))
    assert first["due_at"] == clock.spell(close_of_day(ends - timedelta(days=7)))
    clock.forward(days=1)  # at once means by day: at 9:00 at the latest
    await worker.sweep(wing.db, wing.prison_id)
    pages = (await wing.governor.get("notifications"))["items"]
    assert [page["task_id"] for page in pages] == [first["id"]]
    clock.forward(days=22)
    await housekeeping(wing)
    await housekeeping(wing)
    second = max(await open_tasks(wing, "clearance_review"), key=lambda each: each["due_at"])
    assert len(await open_tasks(wing, "clearance_review")) == 2
    assert second["due_at"] == clock.spell(close_of_day(ends))
    body = clearance(in_days(8), in_days(700))
    await wing.governor.put(f"{path_of(mentor)}/clearance", body)
    assert await open_tasks(wing, "clearance_review") == []
    await housekeeping(wing)
    assert await open_tasks(wing, "clearance_review") == []


async def test_an_extension_ends_the_review_and_is_itself_reviewed(wing: Wing) -> None:
    mentor = await ending(wing, 6)
    await housekeeping(wing)
    (first,) = await open_tasks(wing, "clearance_review")
    await wing.governor.post(
        f"{path_of(mentor)}/clearance/extension", {"until": str(in_days(34))}, expect=200
    )
    assert await open_tasks(wing, "clearance_review") == []
    clock.forward(days=4)
    await housekeeping(wing)
    (next_one,) = await open_tasks(wing, "clearance_review")
    assert next_one["id"] != first["id"]
    assert next_one["due_at"] == clock.spell(close_of_day(in_days(23)))


async def test_reviews_of_whoever_has_left_are_not_kept(wing: Wing) -> None:
    mentor = await ending(wing, 20)
    await housekeeping(wing)
    await wing.support_worker.move(path_of(mentor), "released")
    assert await open_tasks(wing, "clearance_review") == []
    await housekeeping(wing)
    assert await open_tasks(wing, "clearance_review") == []
    await wing.support_worker.post(f"{path_of(mentor)}/correction", expect=200)
    await wing.governor.post(f"{path_of(mentor)}/correction", expect=200)
    await housekeeping(wing)
    assert len(await open_tasks(wing, "clearance_review")) == 1


async def test_a_cohort_that_lapses_is_paused_with_its_cover_told_and_nobody_is_removed(
    wing: Wing,
) -> None:
    first, second = await ending(wing, 10), await ending(wing, 10)
    stays = await wing.active_mentor()
    shared, alone = await a_mentee(wing, first), await a_mentee(wing, first)
    await wing.pairs(stays, shared)
    await wing.pairs(second, alone)
    room = await wing.room()
    for days, mentee in ((0, shared), (14, alone)):
        starts = tomorrow() + timedelta(days=days)
        plan = {
            "kind": "day_to_day",
            "room_id": room["id"],
            "mentor_id": str(first.mentor_id),
            "mentee_ids": [mentee],
            "starts_at": str(starts),
            "ends_at": str(starts + timedelta(hours=1)),
        }
        made = await wing.support_worker.post("sessions", plan)
    rows = (await wing.support_worker.get("clearances/expiring?within_days=30"))["items"]
    told = {row["mentor_id"]: row for row in rows}
    assert set(told) == {str(first.mentor_id), str(second.mentor_id)}
    assert told[str(first.mentor_id)]["cover_lost"] == {
        "live_pairings": 2,
        "planned_sessions": 2,
        "mentors_remaining": 1,
        "mentees_without_mentor": 1,
    }
    assert {row["days_left"] for row in rows} == {10}
    assert {row["stage"] for row in rows} == {"within_30_days"}
    assert {row["extendable_to"] for row in rows} == {str(in_days(38))}
    assert rows == (await wing.governor.get("clearances/expiring"))["items"]
    assert (await wing.governor.get("clearances/expiring?within_days=9"))["items"] == []

    clock.forward(days=10)
    await housekeeping(wing)
    assert (await wing.governor.get(path_of(first)))["status"] == "active"  # the last day counts
    clock.forward(days=1)
    await housekeeping(wing)
    for mentor in (first, second):
        assert (await wing.governor.get(path_of(mentor)))["status"] == "paused"
        history = (await wing.governor.get(f"{path_of(mentor)}/history"))["items"]
        assert [row["reason"] for row in history[-2:]] == [
            "lacks_clearance_current", "clearance_lapsed",
        ]  # fmt: skip
        assert history[-1]["actor_role"] == "system"
    assert (await wing.governor.get(path_of(stays)))["status"] == "active"
    lost = (await decisions(wing.support_worker, first))[0]
    assert (lost["lost_pairings"], lost["lost_sessions"], lost["lost_mentees"]) == (2, 1, 1)
    assert lost["lapsed_at"] is not None
    session = await wing.support_worker.get(f"sessions/{made['id']}")
    assert session["status"] == "cancelled"
    assert [part["status"] for part in session["participations"]] == ["cancelled"]
    lapsed = await open_tasks(wing, "clearance_lapsed")
    assert {task["for_role"] for task in lapsed} == {"support_worker"}
    assert len(lapsed) == len(await open_tasks(wing, "reassignment_due")) == 2
    await housekeeping(wing)
    assert len(await open_tasks(wing, "clearance_lapsed")) == 2
    (row, _) = (await wing.support_worker.get("clearances/expiring"))["items"]
    assert (row["days_left"], row["stage"], row["status"]) == (-1, "lapsed", "paused")


async def test_a_lapsed_mentor_is_extended_and_comes_back(wing: Wing) -> None:
    mentor = await ending(wing, 2)
    clock.forward(days=5)
    await housekeeping(wing)
    path = f"{path_of(mentor)}/clearance/extension"
    await wing.governor.post(path, {"until": str(in_days(20))}, expect=200)
    assert len(await open_tasks(wing, "clearance_lapsed")) == 1
    await wing.support_worker.move(path_of(mentor), "active")
    assert await open_tasks(wing, "clearance_lapsed") == []
    await housekeeping(wing)
    assert (await wing.governor.get(path_of(mentor)))["status"] == "active"
    clock.forward(days=30)
    await housekeeping(wing)
    late = await wing.governor.post(path, {"until": str(in_days(1))}, expect=409)
    assert codes(late) == ["not_extended_before", "current_or_just_lapsed", "within_bounds"]


async def test_days_are_the_prisons_and_not_utcs(wing: Wing) -> None:
    """In a zone twelve hours ahead the day is over earlier."""
    mentor = await ending(wing, 0)
    async with wing.db.write(wing.prison_id) as session:
        prison = await session.get_one(Prison, wing.prison_id)
        prison.zone = "Pacific/Auckland"
    ends = date.fromisoformat((await wing.governor.get(path_of(mentor)))["clearance_to"])
    there = local_date(clock.now(), "Pacific/Auckland")
    await housekeeping(wing)
    lapsed = there > ends
    status = (await wing.governor.get(path_of(mentor)))["status"]
    assert status == ("paused" if lapsed else "active")
    clock.forward(days=1)
    await housekeeping(wing)
    assert (await wing.governor.get(path_of(mentor)))["status"] == "paused"


async def test_two_workers_open_one_review_and_pause_once(wing: Wing) -> None:
    mentor = await ending(wing, 7)
    await asyncio.gather(*[housekeeping(wing) for _ in range(3)])
    assert len(await open_tasks(wing, "clearance_review")) == 1
    clock.forward(days=8)
    await asyncio.gather(*[housekeeping(wing) for _ in range(3)])
    assert len(await open_tasks(wing, "clearance_lapsed")) == 1
    history = (await wing.governor.get(f"{path_of(mentor)}/history"))["items"]
    assert [row["to_state"] for row in history].count("paused") == 1


@pytest.mark.parametrize("days", ["0", "366", "soon"])
async def test_how_far_ahead_is_looked_is_bounded(wing: Wing, days: str) -> None:
    refused = await wing.governor.get(f"clearances/expiring?within_days={days}", expect=422)
    assert refused["errors"][0]["field"] == "within_days"
