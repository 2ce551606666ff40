"""Rotas: drafted, asked to be worked out, withdrawn (here); their life (`moves.py`), the worker
that works them out (`solving.py`), and that one stands (`publishing.py`). How one is worked out is
`app/services/rota`."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Invalid, RotaSolving
from app.models.base import Output
from app.models.moves import MoveCreate, MoveOption
from app.models.prisons import Prison
from app.models.rotas import (
    CostRead,
    Rota,
    RotaCreate,
    RotaSolve,
    RotaStatus,
    SolveCreate,
    SolveOutcome,
    SolveRead,
)
from app.rights import Permission
from app.scope import everything
from app.services import lifecycle, outbox
from app.services.rotas.moves import ROTA
from app.services.working_days import local_date
from app.visibility import shape

S = RotaStatus


async def create(db: AsyncSession, actor: Actor, body: RotaCreate) -> Rota:
    """Draft a rota for days that are not over."""
    zone = (await db.get_one(Prison, actor.prison_id)).tz
    if body.last_day < local_date(clock.now(), zone):
        raise Invalid.field("last_day", "in_the_past", "must not be in the past")
    assert actor.staff_id is not None, "only staff hold the permission"
    rota = Rota(
        prison_id=actor.prison_id, made_by=actor.staff_id, accepted_gaps=[], **body.model_dump()
    )
    await lifecycle.begin(db, ROTA, rota, actor)
    return rota


async def ask(db: AsyncSession, actor: Actor, rota: Rota, body: SolveCreate) -> None:
    """Have the rota worked out by the next worker that is free. Raises RotaSolving while one is
    at it."""
    if rota.status is S.solving:
        raise RotaSolving()
    await lifecycle.move(db, ROTA, rota, to=S.solving, actor=actor)
    solve = RotaSolve(
        prison_id=rota.prison_id,
        rota_id=rota.id,
        mode=body.mode,
        asked_by=actor.subject,
        cost={},
        gaps=[],
    )
    db.add(solve)
    await db.flush()


async def call_off(db: AsyncSession, actor: Actor, rota: Rota) -> None:
    """Stop working it out. What was proposed before stands as it was."""
    solve = await open_solve(db, rota)
    if solve is None:
        raise RotaSolving("It is not being worked out.")
    solve.cancel_asked = True
    if solve.claimed_by is None:
        solve.finished_at, solve.outcome = clock.real_now(), SolveOutcome.cancelled
        await lifecycle.move(db, ROTA, rota, to=S.draft, actor=actor)
    outbox.say(db, rota.prison_id, "rota.solve_called_off", rota.id)
    await db.flush()


async def open_solve(db: AsyncSession, rota: Rota) -> RotaSolve | None:
    """The solve that is asked for or under way, locked."""
    found = everything(RotaSolve, rota.prison_id).where(
        col(RotaSolve.rota_id) == rota.id, col(RotaSolve.finished_at).is_(None)
    )
    return (await db.scalars(found.with_for_update())).one_or_none()


async def act(db: AsyncSession, actor: Actor, rota: Rota, body: MoveCreate) -> None:
    """The move a caller asked for."""
    if rota.status is S.solving:
        raise RotaSolving()
    await lifecycle.make(db, ROTA, rota, actor, body)


async def last_solve(db: AsyncSession, rota: Rota) -> SolveRead | None:
    """How far the last solve is, or what came of it."""
    found = everything(RotaSolve, rota.prison_id).where(col(RotaSolve.rota_id) == rota.id)
    newest = found.order_by(col(RotaSolve.recorded_at).desc(), col(RotaSolve.id).desc()).limit(1)
    solve = (await db.scalars(newest)).one_or_none()
    if solve is None:
        return None
    open_and_taken = solve.finished_at is None and solve.claimed_by is not None
    return SolveRead.model_validate(
        {
            **solve.model_dump(),
            "running": open_and_taken,
            "cost": CostRead.model_validate(solve.cost) if solve.cost else None,
        }
    )


async def shown(db: AsyncSession, rota: Rota, actor: Actor) -> Output:
    """The rota with its last solve, and what this actor may do next."""
    moves: list[MoveOption] = []
    if actor.allowed(Permission.rota_write):
        moves = await lifecycle.options(db, ROTA, rota, actor)
    fields: dict[str, Any] = {
        **rota.model_dump(),
        "solve": await last_solve(db, rota),
        "moves": moves,
    }
    return shape("rotas", actor.role).model_validate(fields)
