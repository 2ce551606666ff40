"""Who waits for whom: everyone takes the day, then mentees, then the series, then its meetings."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.enrolments.test_routes import asks, moves, states
from tests.series.scene import Course, a_course
from tests.sessions.test_contention import _waiting_for_a_lock
from tests.story import Wing


@pytest.fixture
async def course(wing: Wing) -> Course:
    return await a_course(wing)


@asynccontextmanager
async def stranger(wing: Wing) -> AsyncGenerator[Any]:
    """Somebody else's transaction, which is rolled back."""
    async with wing.db.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(f"SET LOCAL app.prison_id = '{wing.prison_id}'")
        yield connection
        await transaction.rollback()


async def test_one_who_leaves_does_not_wait_for_another_who_leaves_too(course: Course) -> None:
    """Each is locked by their own leaving; waiting for the other would wait for ever."""
    series = await course.plans(places=1)
    mine, other, third = [await asks(course, series, number) for number in range(3)]
    await moves(course, mine, "accepted")
    lock = "SELECT 1 FROM mentee WHERE id = $1 FOR UPDATE"
    async with stranger(course.wing) as leaving:
        await leaving.execute(lock, course.scene.mentees[2])
        path = f"mentees/{course.scene.mentees[0]}"
        async with asyncio.timeout(5):
            await course.worker.move(path, "released")
    assert await states(course, mine, other, third) == ["withdrawn", "offered", "waiting"]


@pytest.mark.parametrize("what", ["changes", "moves"])
async def test_whoever_changes_a_series_waits_for_a_lockdown_before_they_touch_a_meeting(
    course: Course, what: str
) -> None:
    """A lockdown takes the day and then the meetings: whoever held one of these would be in its
    way and wait for it."""
    series = await course.plans()
    bodies = {"changes": {"scope": "all", "starts": "10:00:00"},
              "moves": {"to": "ended", "reason": "too_few"}}  # fmt: skip
    day = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
    async with stranger(course.wing) as lockdown:
        await lockdown.execute(day, f"{course.wing.prison_id}:day")
        path = f"series/{series['id']}/{what}"
        asked = asyncio.create_task(course.worker.request("POST", path, json=bodies[what]))
        await _waiting_for_a_lock(course.wing)
        held = await lockdown.fetch("SELECT 1 FROM session FOR UPDATE NOWAIT")
        assert len(held) == 4
    assert (await asked).status_code in {200, 201}
