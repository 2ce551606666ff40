"""Monthly counts of disruptive incidents over HTTP."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayReadReport, MayWriteIncidentCount
from app.db import Db, ReadDb
from app.errors import (
    AlreadyExists,
    GuardsUnmet,
    KeyReused,
    MoveNotInTable,
    MoveNotYours,
    Stale,
)
from app.models.incident_counts import (
    IncidentCount,
    IncidentCountRead,
    IncidentCountRow,
    IncidentCountsCreate,
    IncidentCountsRead,
    IncidentCountStatus,
)
from app.models.life_events import IncidentKind
from app.models.moves import HistoryRead, MoveCreate
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import incident_counts, lifecycle
from app.visibility import MATRIX, shape

router = APIRouter(prefix="/v1/prisons/{prison_id}/incident-counts", tags=["incident-counts"])
ThisOne = Annotated[IncidentCount, Depends(to_read(IncidentCount, "incident_count_id"))]
OneToMove = Annotated[
    IncidentCount, Depends(to_change(IncidentCount, "incident_count_id", match=False))
]

LIST = Listing(
    IncidentCount,
    MATRIX["incident_counts.row"],
    filters={
        "month": lambda value: col(IncidentCount.month) == value,
        "wing_id": lambda value: col(IncidentCount.wing_id) == value,
        "incident": lambda value: col(IncidentCount.incident) == value,
        "status": lambda value: col(IncidentCount.status) == value,
    },
    sorts={"month": col(IncidentCount.month)},
)


class IncidentCountQuery(PageQuery):
    month: date | None = Field(default=None, description="Its first day.")
    wing_id: UUID | None = None
    incident: IncidentKind | None = None
    status: IncidentCountStatus | None = None
    sort: Literal["month", "-month"] = Field(default="-month")


@router.get("", response_model=Page[IncidentCountRow], responses=refusals())
async def list_incident_counts(
    actor: MayReadReport,
    db: ReadDb,
    request: Request,
    query: Annotated[IncidentCountQuery, Query()],
) -> Response:
    """How many disruptive incidents there were, by month, place and kind: of nobody by name."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post(
    "/import",
    status_code=201,
    response_model=IncidentCountsRead,
    responses=refusals(AlreadyExists, KeyReused),
)
async def import_incident_counts(
    actor: MayWriteIncidentCount, db: Db, body: IncidentCountsCreate, once: JustOnce
) -> Response:
    """Take in the prison's own monthly counts: all rows or none, each refused one named."""
    made = await incident_counts.take_in(db, actor, body)
    row = shape("incident_counts.row", actor.role)
    rows = [row.model_validate(each) for each in made]
    return await once.created(IncidentCountsRead.model_validate({"rows": rows}))


@router.get("/{incident_count_id}", response_model=IncidentCountRead, responses=refusals())
async def read_incident_count(actor: MayReadReport, db: Db, count: ThisOne) -> Response:
    """One count."""
    return reply(await incident_counts.shown(db, count, actor))


@router.post(
    "/{incident_count_id}/moves",
    response_model=IncidentCountRead,
    responses=refusals(MoveNotInTable, MoveNotYours, GuardsUnmet, Stale),
)
async def move_incident_count(
    actor: MayWriteIncidentCount, db: Db, count: OneToMove, body: MoveCreate
) -> Response:
    """Say that it was entered in error, and why. It stays, and counts no more."""
    await lifecycle.make(db, incident_counts.INCIDENT_COUNT, count, actor, body)
    return reply(await incident_counts.shown(db, count, actor))


@router.get("/{incident_count_id}/history", response_model=Page[HistoryRead], responses=refusals())
async def list_incident_count_history(actor: MayReadReport, db: Db, count: ThisOne) -> Response:
    """Every move made, oldest first."""
    found = await lifecycle.history_shown(db, count, actor, "incident_counts.history")
    return reply(whole(found))
