"""Rotas over HTTP."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayReadRota, MayWriteRota
from app.db import Db, ReadDb
from app.errors import (
    CoverageGaps,
    GuardsUnmet,
    KeyReused,
    MoveNotInTable,
    MoveNotYours,
    NotOpen,
    RotaSolving,
    Stale,
)
from app.models.moves import HistoryRead, MoveCreate
from app.models.rotas import (
    PublishCreate,
    Rota,
    RotaCreate,
    RotaRead,
    RotaRow,
    RotaStatus,
    SolveCreate,
)
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import lifecycle, rotas
from app.services.rotas import publishing
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/rotas", tags=["rotas"])
This = Annotated[Rota, Depends(to_read(Rota, "rota_id"))]
ToMove = Annotated[Rota, Depends(to_change(Rota, "rota_id", match=False))]

LIST = Listing(
    Rota,
    MATRIX["rotas.row"],
    filters={"status": lambda value: col(Rota.status) == value},
    sorts={"first_day": col(Rota.first_day)},
)


class RotaQuery(PageQuery):
    status: RotaStatus | None = None
    sort: Literal["first_day", "-first_day"] = Field(default="-first_day")


@router.get("", response_model=Page[RotaRow], responses=refusals())
async def list_rotas(
    actor: MayReadRota, db: ReadDb, request: Request, query: Annotated[RotaQuery, Query()]
) -> Response:
    """Rotas made so far, whatever became of them."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post("", status_code=201, response_model=RotaRead, responses=refusals(KeyReused))
async def create_rota(actor: MayWriteRota, db: Db, body: RotaCreate, once: JustOnce) -> Response:
    """Draft a rota for some days. It has no shifts before it is solved."""
    rota = await rotas.create(db, actor, body)
    return await once.created(await rotas.shown(db, rota, actor), location=f"rotas/{rota.id}")


@router.get("/{rota_id}", response_model=RotaRead, responses=refusals())
async def read_rota(actor: MayReadRota, db: Db, rota: This) -> Response:
    """One rota: how far its solve is, or what came of it, with the cost by part and every gap."""
    return reply(await rotas.shown(db, rota, actor))


@router.post(
    "/{rota_id}/solve",
    status_code=202,
    response_model=RotaRead,
    responses=refusals(RotaSolving, MoveNotInTable, Stale),
)
async def solve_rota(actor: MayWriteRota, db: Db, rota: ToMove, body: SolveCreate) -> Response:
    """Have it worked out, anew or as a repair of what is published. The answer comes at once; the
    rota says how far it is. One that cannot cover every hour names its gaps."""
    await rotas.ask(db, actor, rota, body)
    return reply(await rotas.shown(db, rota, actor), status=202)


@router.post(
    "/{rota_id}/solve/cancellation",
    response_model=RotaRead,
    responses=refusals(RotaSolving, MoveNotInTable, Stale),
)
async def cancel_solve(actor: MayWriteRota, db: Db, rota: ToMove) -> Response:
    """Stop working it out. The rota is a draft again."""
    await rotas.call_off(db, actor, rota)
    return reply(await rotas.shown(db, rota, actor))


@router.post(
    "/{rota_id}/publish",
    response_model=RotaRead,
    responses=refusals(CoverageGaps, NotOpen, GuardsUnmet, Stale),
)
async def publish_rota(actor: MayWriteRota, db: Db, rota: ToMove, body: PublishCreate) -> Response:
    """Give out its shifts. With an hour uncovered it is refused and the gaps are named, unless
    exactly those are accepted. What stood before for its days gives way; what was worked stays."""
    await publishing.publish(db, actor, rota, body)
    return reply(await rotas.shown(db, rota, actor))


@router.post(
    "/{rota_id}/moves",
    response_model=RotaRead,
    responses=refusals(RotaSolving, MoveNotInTable, MoveNotYours, GuardsUnmet, Stale),
)
async def move_rota(actor: MayWriteRota, db: Db, rota: ToMove, body: MoveCreate) -> Response:
    """Withdraw a rota: its shifts that have not begun stand no more."""
    await rotas.act(db, actor, rota, body)
    return reply(await rotas.shown(db, rota, actor))


@router.get("/{rota_id}/history", response_model=Page[HistoryRead], responses=refusals())
async def list_rota_history(actor: MayReadRota, db: Db, rota: This) -> Response:
    """Every move made, oldest first."""
    return reply(whole(await lifecycle.history_shown(db, rota, actor, "rotas.history")))
