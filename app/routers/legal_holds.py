"""Legal holds over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayReadHold, MayWriteHold
from app.db import Db, ReadDb
from app.errors import AlreadyExists, KeyReused, MoveNotInTable, SecondPersonNeeded, Stale
from app.models.legal_holds import HoldCreate, HoldRead, HoldStands, LegalHold
from app.paging import Listing, Page, PageQuery
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import legal_holds
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/legal-holds", tags=["legal-holds"])
ThisHold = Annotated[LegalHold, Depends(to_read(LegalHold, "legal_hold_id"))]
HoldToLift = Annotated[LegalHold, Depends(to_change(LegalHold, "legal_hold_id", match=False))]
AnyHold = HoldRead | HoldStands

LIST = Listing(
    LegalHold,
    MATRIX["legal_holds.row"],
    filters={"person_id": lambda value: col(LegalHold.person_id) == value},
    sorts={"recorded_at": col(LegalHold.recorded_at)},
)


class HoldQuery(PageQuery):
    person_id: UUID | None = Field(default=None, description="Only those on this person.")
    sort: Literal["recorded_at", "-recorded_at"] = Field(default="-recorded_at")


@router.get("", response_model=Page[AnyHold], responses=refusals())
async def list_legal_holds(
    actor: MayReadHold, db: ReadDb, request: Request, query: Annotated[HoldQuery, Query()]
) -> Response:
    """Holds of the prison; those who do not place them see that one stands, and not why."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post(
    "", status_code=201, response_model=HoldRead, responses=refusals(AlreadyExists, KeyReused)
)
async def place_legal_hold(
    actor: MayWriteHold, db: Db, body: HoldCreate, once: JustOnce
) -> Response:
    """Hold everything about a person, and about those linked to them: nothing of it is deleted."""
    hold = await legal_holds.create(db, actor, body)
    return await once.created(legal_holds.shown(hold, actor), location=f"legal-holds/{hold.id}")


@router.get("/{legal_hold_id}", response_model=AnyHold, responses=refusals())
async def read_legal_hold(actor: MayReadHold, hold: ThisHold) -> Response:
    """One hold."""
    return reply(legal_holds.shown(hold, actor))


@router.post(
    "/{legal_hold_id}/lift",
    response_model=HoldRead,
    responses=refusals(SecondPersonNeeded, MoveNotInTable, Stale),
)
async def lift_legal_hold(actor: MayWriteHold, db: Db, hold: HoldToLift) -> Response:
    """Ask that a hold be lifted; a second person who asks the same lifts it."""
    await legal_holds.lift(db, actor, hold)
    return reply(legal_holds.shown(hold, actor))
