"""Demand over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.access import MayReadDemand, MayWriteMentee
from app.db import Db
from app.errors import KeyReused
from app.models.base import Instant
from app.models.demand import DemandRead, TurnedAwayCreate, TurnedAwayRead
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import demand

router = APIRouter(prefix="/v1/prisons/{prison_id}/demand", tags=["demand"])
From = Annotated[
    Instant | None,
    Query(alias="from", description="From this time on; absent: of the four weeks before `to`."),
]
To = Annotated[
    Instant | None, Query(alias="to", description="Up to this time, not included; absent: today.")
]


@router.get("", response_model=DemandRead, responses=refusals())
async def read_demand(
    actor: MayReadDemand, db: Db, begins_at: From = None, ends_at: To = None
) -> Response:
    """How many ask, by source; how many got support, or were turned away; who waits now."""
    return reply(await demand.shown(db, actor, begins_at, ends_at))


@router.post(
    "/turned-away", status_code=201, response_model=TurnedAwayRead, responses=refusals(KeyReused)
)
async def turn_away(
    actor: MayWriteMentee, db: Db, body: TurnedAwayCreate, once: JustOnce
) -> Response:
    """Count somebody who was turned away before a record was made. Nothing is kept of whom."""
    row = await demand.turn_away(db, actor, body)
    return await once.created(demand.turned_away_shown(row, actor))
