"""Shifts while somebody leaves, a rota is published, the clock goes on: nobody waits for ever."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

from app import clock
from app.access import Actor
from app.models.mentors import Mentor
from app.models.shifts import Shift
from app.models.staff import Role
from app.scope import everything
from app.services import lifecycle
from app.services.mentors.moves import MENTOR
from app.services.shifts import take_mentor
from app.services.shifts.passing import by_the_clock
from tests.rotas.story import needs, published, shifts, solved
from tests.story import Caller, Wing

A_MOMENT = 0.4  # in which the other comes to the lock it waits for


async def served(wing: Wing) -> tuple[Caller, Any]:
    """A mentor, and their shift of tomorrow morning."""
    mentor = await wing.active_mentor()
    await needs(wing, "08:00", "12:00", days=1)
    await published(wing, days=1)
    [shift] = await shifts(mentor)
    return mentor, shift


async def test_a_rota_is_published_while_a_mentor_accepts_what_stands(wing: Wing) -> None:
    mentor, shift = await served(wing)
    assert mentor.mentor_id
    path = await solved(wing, days=1, mode="repair")
    async with wing.db.write(wing.prison_id) as session:
        row = everything(Shift, wing.prison_id).where(Shift.id == UUID(shift["id"]))  # type: ignore[arg-type]
        await session.scalars(row.with_for_update())
        publishing = asyncio.create_task(
            wing.support_worker.request("POST", f"{path}/publish", json={})
        )
        await asyncio.sleep(A_MOMENT)
        await take_mentor(session, wing.prison_id, mentor.mentor_id)
    assert (await publishing).status_code == 200


async def test_a_mentor_is_suspended_while_the_worker_begins_their_shift(wing: Wing) -> None:
    mentor, shift = await served(wing)
    await mentor.move(f"shifts/{shift['id']}", "accepted")
    start = clock.now().fromisoformat(shift["starts_at"])
    clock.forward(seconds=(start + timedelta(minutes=5) - clock.now()).total_seconds())
    governor = Actor(
        wing.prison_id, wing.governor.subject, Role.governor, staff_id=wing.governor.staff_id
    )

    async def worker() -> int:
        async with wing.db.write(wing.prison_id) as session:
            return await by_the_clock(session, wing.prison_id)

    async with wing.db.write(wing.prison_id) as session:
        found = everything(Mentor, wing.prison_id).where(Mentor.id == mentor.mentor_id)  # type: ignore[arg-type]
        row = (await session.scalars(found.with_for_update())).one()
        round_of_the_worker = asyncio.create_task(worker())
        await asyncio.sleep(A_MOMENT)
        await lifecycle.move(session, MENTOR, row, to="suspended", actor=governor, reason="conduct")
    assert await round_of_the_worker == 0
    assert (await wing.governor.get(f"shifts/{shift['id']}"))["status"] == "uncovered"
