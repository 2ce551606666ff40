"""The rota's demand over HTTP."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayReadRota, MayWriteRota
from app.db import Db, ReadDb
from app.errors import KeyReused, MatchNeeded, Stale
from app.models.rota_demands import (
    RotaDay,
    RotaDemand,
    RotaDemandCreate,
    RotaDemandRead,
    RotaDemandUpdate,
    RotaRole,
)
from app.paging import Listing, Page, PageQuery
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import rota_demands
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/rota-demands", tags=["rota-demands"])
This = Annotated[RotaDemand, Depends(to_read(RotaDemand, "rota_demand_id"))]
ToChange = Annotated[RotaDemand, Depends(to_change(RotaDemand, "rota_demand_id", match=True))]

LIST = Listing(
    RotaDemand,
    MATRIX["rota_demands.row"],
    filters={
        "day": lambda value: col(RotaDemand.day) == value,
        "role": lambda value: col(RotaDemand.role) == value,
    },
    sorts={"valid_from": col(RotaDemand.valid_from)},
)


class RotaDemandQuery(PageQuery):
    day: RotaDay | None = None
    role: RotaRole | None = None
    sort: Literal["valid_from", "-valid_from"] = Field(default="-valid_from")


@router.get("", response_model=Page[RotaDemandRead], responses=refusals())
async def list_rota_demands(
    actor: MayReadRota,
    db: ReadDb,
    request: Request,
    query: Annotated[RotaDemandQuery, Query()],
) -> Response:
    """How many mentors are needed, by day, hours and role."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post("", status_code=201, response_model=RotaDemandRead, responses=refusals(KeyReused))
async def create_rota_demand(
    actor: MayWriteRota, db: Db, body: RotaDemandCreate, once: JustOnce
) -> Response:
    """Add demand. A night belongs to the day on which it begins; what stands for one hour adds
    up. Demand for bank holidays takes the place of their weekday's."""
    demand = await rota_demands.create(db, actor, body)
    shown = rota_demands.shown(demand, actor)
    return await once.created(shown, location=f"rota-demands/{demand.id}")


@router.get("/{rota_demand_id}", response_model=RotaDemandRead, responses=refusals())
async def read_rota_demand(actor: MayReadRota, demand: This) -> Response:
    """One demand."""
    return reply(rota_demands.shown(demand, actor))


@router.patch(
    "/{rota_demand_id}",
    response_model=RotaDemandRead,
    responses=refusals(MatchNeeded, Stale),
)
async def end_rota_demand(
    actor: MayWriteRota, db: Db, demand: ToChange, body: RotaDemandUpdate
) -> Response:
    """Set the last day on which it begins; for another from then on, add that."""
    await rota_demands.end(db, demand, body)
    return reply(rota_demands.shown(demand, actor))
