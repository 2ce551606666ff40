"""Working out rotas in the background: a worker takes a solve, works in a thread, says how far it
is, and writes what came of it. A solve whose worker is heard of no more is taken by the next."""

import asyncio
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import the_system
from app.db import Database
from app.models.base import new_id
from app.models.rotas import Rota, RotaSolve, RotaStatus, SolveOutcome
from app.models.shifts import Shift, ShiftStatus
from app.scope import everything
from app.services import lifecycle
from app.services.rota import facts
from app.services.rota.problem import DETERMINISTIC_SECONDS, Gap, Problem, Solution
from app.services.rotas.moves import ROTA
from app.services.shifts.moves import SHIFT
from app.services.working_days import local_date

if TYPE_CHECKING:
    from app.services.rota.solver import Search

log = structlog.get_logger(__name__)
BEAT = timedelta(seconds=1)
LOST_AFTER = timedelta(seconds=30)  # real time: a worker that has not been heard of so long is gone
TRIES = 3


async def claim(
    db: Database, prison_id: str, worker: UUID
) -> tuple[RotaSolve, Problem, datetime] | None:
    """Take the oldest solve that nobody has, or whose worker is lost; with the problem. One that
    killed so many workers is given up. None: there is nothing to do."""
    async with db.write(prison_id) as session:
        now = clock.real_now()
        lost = col(RotaSolve.beat_at) < now - LOST_AFTER
        free = everything(RotaSolve, prison_id).where(
            col(RotaSolve.finished_at).is_(None), or_(col(RotaSolve.claimed_by).is_(None), lost)
        )
        oldest = free.order_by(col(RotaSolve.recorded_at)).limit(1)
        found = await session.scalars(oldest.with_for_update(skip_locked=True))
        solve = found.one_or_none()
        if solve is None:
            return None
        if solve.attempts >= TRIES or solve.cancel_asked:
            came = SolveOutcome.cancelled if solve.cancel_asked else SolveOutcome.failed
            await _give_up(session, solve, came)
            return None
        solve.claimed_by, solve.beat_at, solve.attempts = worker, now, solve.attempts + 1
        solve.step = solve.best = solve.bound = solve.seconds = None
        rota = await facts.rota_of(session, prison_id, solve.rota_id)
        period = await facts.period_of(session, rota, clock.now())
        return solve, await facts.load(session, period, solve.mode), period.since


async def _give_up(session: AsyncSession, solve: RotaSolve, outcome: SolveOutcome) -> None:
    rota = await facts.rota_of(session, solve.prison_id, solve.rota_id)
    solve.finished_at, solve.outcome = clock.real_now(), outcome
    system = the_system(solve.prison_id)
    await lifecycle.move(session, ROTA, rota, to=RotaStatus.draft, actor=system)


async def beat(db: Database, solve: RotaSolve, worker: UUID, search: "Search") -> bool:
    """Say that it is being worked on, and how far it is. Answers whether to go on: not when it was
    called off, or another worker has it."""
    async with db.write(solve.prison_id) as session:
        mine = await _mine(session, solve, worker)
        if mine is None:
            return False
        mine.beat_at = clock.real_now()
        if search.progress is not None:
            told = search.progress
            mine.step, mine.best, mine.bound = told.step, told.best, told.bound
            mine.seconds = told.seconds
        return not mine.cancel_asked


async def let_go(db: Database, solve: RotaSolve, worker: UUID) -> None:
    """A worker that is told to stop leaves the solve to the next, who need not wait; the try is
    not counted."""
    async with db.write(solve.prison_id) as session:
        mine = await _mine(session, solve, worker)
        if mine is not None:
            mine.claimed_by = mine.beat_at = None
            mine.attempts -= 1


async def _mine(session: AsyncSession, solve: RotaSolve, worker: UUID) -> RotaSolve | None:
    found = everything(RotaSolve, solve.prison_id).where(
        col(RotaSolve.id) == solve.id,
        col(RotaSolve.claimed_by) == worker,
        col(RotaSolve.finished_at).is_(None),
    )
    return (await session.scalars(found.with_for_update())).one_or_none()


async def finish(db: Database, solve: RotaSolve, worker: UUID, solution: Solution) -> bool:
    """Write what came of it: the shifts in draft, the cost by part, the gaps. Answers whether it
    was still this worker's to say."""
    async with db.write(solve.prison_id) as session:
        rota = await facts.rota_of(session, solve.prison_id, solve.rota_id, lock=True)
        mine = await _mine(session, solve, worker)
        if mine is None:
            return False
        if mine.cancel_asked:
            await _give_up(session, mine, SolveOutcome.cancelled)
            return True
        mine.finished_at, mine.outcome = clock.real_now(), SolveOutcome.done
        mine.optimal, mine.gap = solution.optimal, solution.gap
        mine.seconds = solution.seconds
        mine.cost = asdict(solution.cost)
        mine.gaps = [gap_as_kept(each) for each in solution.gaps]
        await _draft(session, rota, solution)
        system = the_system(solve.prison_id)
        await lifecycle.move(session, ROTA, rota, to=RotaStatus.proposed, actor=system)
        return True


def gap_as_kept(gap: Gap) -> dict[str, Any]:
    return {
        "role": gap.role.value,
        "starts_at": clock.spell(gap.starts_at),
        "ends_at": clock.spell(gap.ends_at),
        "missing": gap.missing,
        "why": [{"why": why.value, "mentors": count} for why, count in gap.why.items()],
    }


async def _draft(session: AsyncSession, rota: Rota, solution: Solution) -> None:
    """The shifts of this solve take the place of those of the one before."""
    zone = (await facts.period_of(session, rota, clock.now())).zone
    drafts = everything(Shift, rota.prison_id).where(
        col(Shift.rota_id) == rota.id,
        col(Shift.status) == ShiftStatus.draft,
        col(Shift.superseded_at).is_(None),
    )
    for each in (await session.scalars(drafts.with_for_update())).all():
        each.superseded_at = clock.now()
    for piece in solution.pieces:
        shift = Shift(
            prison_id=rota.prison_id,
            rota_id=rota.id,
            role=piece.role,
            day=local_date(piece.starts_at, zone),
            starts_at=piece.starts_at,
            ends_at=piece.ends_at,
            mentor_id=piece.helper,
        )
        await lifecycle.begin(session, SHIFT, shift, the_system(rota.prison_id))


async def take_one(
    db: Database,
    prison_id: str,
    worker: UUID | None = None,
    seconds: float = DETERMINISTIC_SECONDS,
) -> bool:
    """Work out one rota of the prison, if one waits. Answers whether one did. What goes wrong in
    the solver leaves the solve to the next try."""
    from app.services.rota.solver import Search  # a third of a second to load, for who solves

    worker = worker or new_id()
    claimed = await claim(db, prison_id, worker)
    if claimed is None:
        return False
    solve, problem, _ = claimed
    search = Search(seconds)
    working = asyncio.create_task(asyncio.to_thread(search.run, problem))
    try:
        while not working.done():
            await asyncio.wait({working}, timeout=BEAT.total_seconds())
            if not await beat(db, solve, worker, search):
                search.stop()
        await finish(db, solve, worker, await working)
    except asyncio.CancelledError:
        search.stop()
        await let_go(db, solve, worker)
        raise
    finally:
        search.stop()
        with suppress(Exception):
            await working
    return True


async def serve(db: Database, stopping: asyncio.Event, pause: float) -> None:
    """Work out whatever waits, prison by prison, until stopped. It holds up no sweep: the solver
    has a thread of its own."""
    worker = new_id()
    while not stopping.is_set():
        worked = False
        try:
            for prison_id in await db.prison_ids():
                worked = await take_one(db, prison_id, worker) or worked
        except Exception:
            log.exception("solve_failed")
        if not worked:
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), pause)
