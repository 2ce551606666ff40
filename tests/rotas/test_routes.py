"""Rotas over HTTP: drafted, worked out by a worker, published when no hour is uncovered."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app import clock, worker
from app.models.base import new_id
from app.models.rotas import SolveOutcome
from app.services.rota.solver import Search
from app.services.rotas import solving
from benchmarks.rota.worlds import wing as made_up
from tests.rotas.story import away, day, drafted, needs, published, shifts, solved
from tests.story import Wing


async def test_a_rota_is_worked_out_in_the_background_and_published(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    await needs(wing, "08:00", "12:00")
    path = await drafted(wing)
    asked = await wing.support_worker.post(f"{path}/solve", {}, 202)
    assert (asked["status"], asked["solve"]["running"]) == ("solving", False)
    assert await solving.take_one(wing.db, wing.prison_id)
    proposed = await wing.governor.get(path)
    assert (proposed["status"], proposed["solve"]["outcome"]) == ("proposed", "done")
    assert (proposed["solve"]["optimal"], proposed["solve"]["gap"]) == (True, 0.0)
    assert proposed["solve"]["cost"]["uncovered_minutes"] == 0
    assert proposed["solve"]["gaps"] == []
    assert await shifts(mentor) == []  # a draft is nobody's yet
    stands = await wing.support_worker.post(f"{path}/publish", {}, 200)
    assert (stands["status"], stands["accepted_gaps"]) == ("published", [])
    assert [(each["status"], each["mine"]) for each in await shifts(mentor)] == [
        ("published", True),
        ("published", True),
    ]
    history = (await wing.clinician.get(f"{path}/history"))["items"]
    assert [row["to_state"] for row in history] == ["draft", "solving", "proposed", "published"]


async def test_only_support_workers_make_rotas_and_mentors_read_none(wing: Wing) -> None:
    path = await drafted(wing)
    body = {"first_day": str(day(1)), "last_day": str(day(1))}
    mentor = await wing.active_mentor()
    for caller in (wing.clinician, wing.governor, wing.officer, mentor):
        await caller.post("rotas", body, 403)
        await caller.post(f"{path}/solve", {}, 403)
        await caller.post(f"{path}/publish", {}, 403)
    for caller in (mentor, wing.officer):
        await caller.get(path, 403)
    assert (await wing.clinician.get(path))["moves"] == []


@pytest.mark.parametrize(
    ("first", "last", "field"), [(1, 0, "last_day"), (1, 43, "last_day"), (-3, -2, "last_day")]
)
async def test_a_period_is_in_order_short_enough_and_not_over(
    wing: Wing, first: int, last: int, field: str
) -> None:
    body = {"first_day": str(day(first)), "last_day": str(day(last))}
    refused = await wing.support_worker.post("rotas", body, 422)
    assert refused["errors"][0]["field"] == field


async def test_a_second_solve_is_refused_while_one_runs(wing: Wing) -> None:
    path = await drafted(wing)
    await wing.support_worker.post(f"{path}/solve", {}, 202)
    refused = await wing.support_worker.post(f"{path}/solve", {}, 409)
    assert refused["code"] == "rota_solving"
    await wing.support_worker.move(path, "withdrawn", reason="other", expect=409)
    assert await solving.take_one(wing.db, wing.prison_id)
    assert not await solving.take_one(wing.db, wing.prison_id)
    await wing.support_worker.post(f"{path}/solve", {}, 202)  # and again when it is done


async def test_a_solve_is_called_off_before_and_while_a_worker_has_it(wing: Wing) -> None:
    path = await drafted(wing)
    await wing.support_worker.post(f"{path}/solve", {}, 202)
    off = await wing.support_worker.post(f"{path}/solve/cancellation", expect=200)
    assert (off["status"], off["solve"]["outcome"]) == ("draft", "cancelled")
    await wing.support_worker.post(f"{path}/solve/cancellation", expect=409)
    await wing.support_worker.post(f"{path}/solve", {}, 202)
    claimed = await solving.claim(wing.db, wing.prison_id, me := new_id())
    assert claimed is not None
    asked = await wing.support_worker.post(f"{path}/solve/cancellation", expect=200)
    assert (asked["status"], asked["solve"]["cancel_asked"]) == ("solving", True)
    search = Search()
    assert not await solving.beat(wing.db, claimed[0], me, search)
    assert await solving.finish(wing.db, claimed[0], me, search.run(claimed[1]))
    shown = await wing.support_worker.get(path)
    assert (shown["status"], shown["solve"]["outcome"]) == ("draft", "cancelled")


async def test_a_solve_whose_worker_died_is_taken_over_and_the_dead_say_nothing(
    wing: Wing,
) -> None:
    path = await drafted(wing)
    await wing.support_worker.post(f"{path}/solve", {}, 202)
    first, second = new_id(), new_id()
    claimed = await solving.claim(wing.db, wing.prison_id, first)
    assert claimed is not None
    assert await solving.claim(wing.db, wing.prison_id, second) is None  # it is heard of
    await _unheard_of(wing)
    again = await solving.claim(wing.db, wing.prison_id, second)
    assert again is not None
    assert again[0].attempts == 2
    solution = Search().run(claimed[1])
    assert not await solving.beat(wing.db, claimed[0], first, Search())
    assert not await solving.finish(wing.db, claimed[0], first, solution)
    assert await solving.finish(wing.db, again[0], second, solution)
    assert (await wing.governor.get(path))["status"] == "proposed"


async def _unheard_of(wing: Wing) -> None:
    change = text("UPDATE rota_solve SET beat_at = beat_at - interval '31 seconds'")
    async with wing.db.write(wing.prison_id) as session:
        await session.execute(change)


async def test_a_worker_that_is_told_to_stop_leaves_the_solve_to_the_next(wing: Wing) -> None:
    path = await drafted(wing)
    await wing.support_worker.post(f"{path}/solve", {}, 202)
    first = new_id()
    claimed = await solving.claim(wing.db, wing.prison_id, first)
    assert claimed is not None
    await solving.let_go(wing.db, claimed[0], new_id())  # who has not got it lets nothing go
    assert await solving.claim(wing.db, wing.prison_id, new_id()) is None
    await solving.let_go(wing.db, claimed[0], first)
    again = await solving.claim(wing.db, wing.prison_id, new_id())
    assert again is not None
    assert again[0].attempts == 1


async def test_a_solve_that_killed_three_workers_is_given_up(wing: Wing) -> None:
    path = await drafted(wing)
    await wing.support_worker.post(f"{path}/solve", {}, 202)
    for _ in range(solving.TRIES):
        assert await solving.claim(wing.db, wing.prison_id, new_id()) is not None
        await _unheard_of(wing)
    assert await solving.claim(wing.db, wing.prison_id, new_id()) is None
    shown = await wing.governor.get(path)
    assert (shown["status"], shown["solve"]["outcome"]) == ("draft", SolveOutcome.failed)


async def test_the_sweep_goes_on_while_the_solver_works(wing: Wing) -> None:
    """A large rota is worked out; meanwhile every sweep of the same loop takes well under the
    bound at which health complains."""
    problem = made_up(1, days=28)
    began = asyncio.get_running_loop().time()
    search = Search(seconds=3.0)
    working = asyncio.create_task(asyncio.to_thread(search.run, problem))
    slowest, sweeps = 0.0, 0
    while not working.done():
        before = asyncio.get_running_loop().time()
        await worker.sweep(wing.db, wing.prison_id)
        await worker.pulse(wing.db, wing.prison_id)
        slowest = max(slowest, asyncio.get_running_loop().time() - before)
        sweeps += 1
        await asyncio.sleep(0.02)
    solution = await working
    assert solution.pieces
    assert sweeps >= 5
    assert slowest < (asyncio.get_running_loop().time() - began) / 2


async def test_progress_is_told_while_it_works(wing: Wing) -> None:
    await wing.active_mentor()
    await needs(wing, "08:00", "12:00")
    path = await drafted(wing)
    await wing.support_worker.post(f"{path}/solve", {}, 202)
    claimed = await solving.claim(wing.db, wing.prison_id, me := new_id())
    assert claimed is not None
    search = Search()
    search.run(claimed[1])
    assert await solving.beat(wing.db, claimed[0], me, search)
    solve = (await wing.governor.get(path))["solve"]
    assert (solve["running"], solve["step"]) == (True, 2)
    assert solve["best"] >= solve["bound"] >= 0
    assert solve["seconds"] > 0


async def test_a_rota_with_a_gap_is_refused_and_names_it_unless_exactly_it_is_accepted(
    wing: Wing,
) -> None:
    mentor = await wing.active_mentor()
    await needs(wing, "08:00", "12:00", needed=2)
    await away(mentor, 2)
    path = await solved(wing)
    solve = (await wing.governor.get(path))["solve"]
    assert [(gap["missing"], gap["why"]) for gap in solve["gaps"]] == [
        (1, []),
        (2, [{"why": "not_available", "mentors": 1}]),
    ]
    refused = await wing.support_worker.post(f"{path}/publish", {}, 409)
    assert refused["code"] == "coverage_gaps"
    named = refused["gaps"]
    assert [gap["missing"] for gap in named] == [1, 2]
    assert (await wing.governor.get(path))["status"] == "proposed"
    for wrong in (named[:1], [{**named[0], "missing": 2}, named[1]], [*named, named[0] | _early()]):
        await wing.support_worker.post(f"{path}/publish", {"accepted_gaps": wrong}, 409)
    stands = await wing.support_worker.post(f"{path}/publish", {"accepted_gaps": named}, 200)
    assert [gap["missing"] for gap in stands["accepted_gaps"]] == [1, 2]
    open_ = await shifts(wing.support_worker, status="uncovered")
    assert [each["starts_at"] for each in open_] == [gap["starts_at"] for gap in [*named, named[1]]]
    assert len((await wing.governor.get("tasks?kind=shift_uncovered"))["items"]) == 2 * 3


def _early() -> dict[str, Any]:
    return {
        "starts_at": clock.spell(clock.now() + timedelta(hours=1)),
        "ends_at": clock.spell(clock.now() + timedelta(hours=2)),
    }


async def test_the_proof_is_the_databases_whatever_the_solver_said(wing: Wing) -> None:
    """A shift that is lost between the solve and the publishing leaves a gap all the same."""
    await wing.active_mentor()
    await needs(wing, "08:00", "12:00")
    path = await solved(wing)
    change = text("UPDATE shift SET superseded_at = now() WHERE day = :day")
    async with wing.db.write(wing.prison_id) as session:
        await session.execute(change, {"day": day(1)})
    refused = await wing.support_worker.post(f"{path}/publish", {}, 409)
    assert [(gap["missing"], gap["role"]) for gap in refused["gaps"]] == [(1, "mentor_on_shift")]


async def test_guards_are_checked_again_when_it_is_published(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    await needs(wing, "08:00", "12:00")
    path = await solved(wing)
    await wing.clinician.move(f"mentors/{mentor.mentor_id}", "suspended", reason="concern_raised")
    refused = await wing.support_worker.post(f"{path}/publish", {}, 409)
    assert {error["code"] for error in refused["errors"]} == {"mentor_active"}
    assert all(error["field"].startswith("shifts.") for error in refused["errors"])


async def test_a_published_rota_supersedes_the_one_before_and_keeps_what_is_the_same(
    wing: Wing,
) -> None:
    mentor = await wing.active_mentor()
    await needs(wing, "08:00", "12:00")
    first = await published(wing)
    before = await shifts(mentor)
    await mentor.move(f"shifts/{before[0]['id']}", "accepted")
    other = await wing.active_mentor()
    await away(mentor, 2)
    second = await published(wing, mode="repair")
    cost = (await wing.governor.get(second))["solve"]["cost"]
    assert cost["changes"] == 1
    kept = (await shifts(mentor))[0]
    assert (kept["id"], kept["status"]) == (before[0]["id"], "accepted")
    assert [each["status"] for each in await shifts(other)] == ["published"]
    assert (await wing.governor.get(first))["status"] == "superseded"
    await mentor.get(f"shifts/{before[1]['id']}", 404)
    gone = await wing.governor.get(f"shifts/{before[1]['id']}")
    assert gone["superseded_at"] is not None


async def test_a_rota_is_withdrawn_and_its_shifts_stand_no_more(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    await needs(wing, "08:00", "12:00")
    path = await published(wing)
    assert len(await shifts(mentor)) == 2
    await wing.support_worker.move(path, "withdrawn", reason="made_in_error")
    assert await shifts(mentor) == []
    assert await shifts(wing.governor) == []
