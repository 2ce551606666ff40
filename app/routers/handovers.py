"""Hand-overs over HTTP."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayHandOver
from app.db import Db, ReadDb
from app.errors import (
    Conflicting,
    GuardsUnmet,
    KeyReused,
    MoveNotInTable,
    MoveNotYours,
    NotOnDuty,
    Stale,
)
from app.models.handovers import (
    AcceptanceCreate,
    DutyHandoverCreate,
    DutyHandoverStatus,
    Handover,
    HandoverRead,
    HandoverRow,
)
from app.models.moves import HistoryCoarse, MoveCreate
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import handovers, lifecycle
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/handovers", tags=["handovers"])
This = Annotated[Handover, Depends(to_read(Handover, "handover_id"))]
ToMove = Annotated[Handover, Depends(to_change(Handover, "handover_id", match=False))]

LIST = Listing(
    Handover,
    MATRIX["handovers.row"],
    filters={"status": lambda value: col(Handover.status) == value},
    sorts={"recorded_at": col(Handover.recorded_at)},
)


class HandoverQuery(PageQuery):
    status: DutyHandoverStatus | None = None
    sort: Literal["recorded_at", "-recorded_at"] = Field(default="-recorded_at")


@router.get("", response_model=Page[HandoverRow], responses=refusals())
async def list_handovers(
    actor: MayHandOver, db: ReadDb, request: Request, query: Annotated[HandoverQuery, Query()]
) -> Response:
    """Hand-overs from me and to me; to clinicians every one of their post."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post("", status_code=201, response_model=HandoverRead, responses=refusals(KeyReused))
async def create_handover(
    actor: MayHandOver, db: Db, body: DutyHandoverCreate, once: JustOnce
) -> Response:
    """Hand the duty one has over to whoever comes on: notes, and every open concern one accepted,
    or those named. They are paged, and others where they do not accept in time."""
    handover = await handovers.offer(db, actor, body)
    shown = await handovers.shown(db, handover, actor)
    return await once.created(shown, location=f"handovers/{handover.id}")


@router.get("/{handover_id}", response_model=HandoverRead, responses=refusals())
async def read_handover(actor: MayHandOver, db: Db, handover: This) -> Response:
    """One hand-over: its notes, and its concerns as far as one may read them."""
    return reply(await handovers.shown(db, handover, actor))


@router.post(
    "/{handover_id}/acceptance",
    response_model=HandoverRead,
    responses=refusals(Conflicting, NotOnDuty, Stale),
)
async def accept_handover(
    actor: MayHandOver, db: Db, handover: ToMove, body: AcceptanceCreate
) -> Response:
    """Take it over, whole or concern by concern. One that is declined stays with whoever had it,
    and pages from the start when they go off duty."""
    await handovers.accept(db, actor, handover, body)
    return reply(await handovers.shown(db, handover, actor))


@router.post(
    "/{handover_id}/moves",
    response_model=HandoverRead,
    responses=refusals(MoveNotInTable, MoveNotYours, GuardsUnmet, Stale),
)
async def move_handover(actor: MayHandOver, db: Db, handover: ToMove, body: MoveCreate) -> Response:
    """Take one's own hand-over back, before it is accepted."""
    await handovers.act(db, actor, handover, body)
    return reply(await handovers.shown(db, handover, actor))


@router.get("/{handover_id}/history", response_model=Page[HistoryCoarse], responses=refusals())
async def list_handover_history(actor: MayHandOver, db: Db, handover: This) -> Response:
    """Every move made, oldest first."""
    rows = await lifecycle.history_shown(db, handover, actor, "handovers.history")
    return reply(whole(rows))
