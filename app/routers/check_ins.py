"""Check-ins over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayReadCheckIn, MayWriteCheckIn
from app.db import Db, ReadDb
from app.errors import Conflicting, KeyReused
from app.models.check_ins import (
    CheckIn,
    CheckInCreate,
    CheckInForGovernor,
    CheckInLimits,
    CheckInOwn,
    CheckInRead,
)
from app.paging import Listing, Page, PageQuery
from app.paths import to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import check_ins
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/check-ins", tags=["check-ins"])
ThisCheckIn = Annotated[CheckIn, Depends(to_read(CheckIn, "check_in_id"))]
AnyCheckIn = CheckInRead | CheckInOwn | CheckInLimits | CheckInForGovernor

LIST = Listing(
    CheckIn,
    MATRIX["check_ins.row"],
    filters={"mentor_id": lambda value: col(CheckIn.mentor_id) == value},
    sorts={"at": col(CheckIn.at)},
)


class CheckInQuery(PageQuery):
    mentor_id: UUID | None = None
    sort: Literal["at", "-at"] = Field(default="-at")


@router.get(
    "",
    response_model=Page[CheckInOwn | CheckInLimits | CheckInForGovernor],
    responses=refusals(),
)
async def list_check_ins(
    actor: MayReadCheckIn, db: ReadDb, request: Request, query: Annotated[CheckInQuery, Query()]
) -> Response:
    """Mentors' check-ins: their limits to those who plan with them, how fit they are to governors.
    A mentor finds only their own."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post(
    "",
    status_code=201,
    response_model=CheckInRead | CheckInLimits,
    responses=refusals(Conflicting, KeyReused),
)
async def record_check_in(
    actor: MayWriteCheckIn, db: Db, body: CheckInCreate, once: JustOnce
) -> Response:
    """Record how a mentor is. What they said is read by them, and by a clinician whose patient
    they are."""
    check_in = await check_ins.record(db, actor, body)
    shown = await check_ins.shown(db, check_in, actor)
    return await once.created(shown, location=f"check-ins/{check_in.id}")


@router.get("/{check_in_id}", response_model=AnyCheckIn, responses=refusals())
async def read_check_in(actor: MayReadCheckIn, db: Db, check_in: ThisCheckIn) -> Response:
    """One check-in, as far as you may read it."""
    return reply(await check_ins.shown(db, check_in, actor))
