"""Clearances over HTTP. They are recorded and extended on the mentor (`mentors.py`)."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayReadClearance
from app.db import Db, ReadDb
from app.models.clearances import Clearance, ClearanceRead, ClearanceRow, ExpiringRow
from app.paging import Listing, Page, PageQuery, whole
from app.problems import refusals
from app.replies import reply
from app.services import clearances
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/clearances", tags=["clearances"])
LIST = Listing(
    Clearance,
    MATRIX["clearances.row"],
    filters={
        "mentor_id": lambda value: col(Clearance.mentor_id) == value,
        "standing": lambda value: col(Clearance.superseded_at).is_(None) == value,
    },
    sorts={"recorded_at": col(Clearance.recorded_at)},
)


class ClearanceQuery(PageQuery):
    mentor_id: UUID | None = None
    standing: bool | None = Field(default=None, description="Only those that nothing replaced.")
    sort: Literal["recorded_at", "-recorded_at"] = Field(default="-recorded_at")


@router.get("", response_model=Page[ClearanceRead | ClearanceRow], responses=refusals())
async def list_clearances(
    actor: MayReadClearance,
    db: ReadDb,
    request: Request,
    query: Annotated[ClearanceQuery, Query()],
) -> Response:
    """Every decision about mentors' clearance: outcomes and days, never what they rest on."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.get("/expiring", response_model=Page[ExpiringRow], responses=refusals())
async def list_expiring_clearances(
    actor: MayReadClearance,
    db: Db,
    within_days: Annotated[
        int, Query(ge=1, le=365, description="How far ahead to look.", examples=[30])
    ] = 30,
) -> Response:
    """Clearances that end soon or have ended, and the cover that would be lost with each."""
    return reply(whole(await clearances.expiring(db, actor, within_days)))
