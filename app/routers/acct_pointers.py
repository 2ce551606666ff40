"""ACCT pointers over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayReadAcct, MayWriteAcct
from app.db import Db, ReadDb
from app.errors import (
    AlreadyExists,
    GuardsUnmet,
    KeyReused,
    MatchNeeded,
    MoveNotInTable,
    MoveNotYours,
    Stale,
)
from app.models.acct_pointers import (
    AcctPointer,
    AcctPointerCreate,
    AcctPointerRead,
    AcctPointerRow,
    AcctPointerUpdate,
    AcctStatus,
)
from app.models.moves import HistoryCoarse, MoveCreate
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import acct_pointers
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/acct-pointers", tags=["acct-pointers"])
ThisPointer = Annotated[AcctPointer, Depends(to_read(AcctPointer, "acct_pointer_id"))]
PointerToMove = Annotated[
    AcctPointer, Depends(to_change(AcctPointer, "acct_pointer_id", match=False))
]
PointerToChange = Annotated[
    AcctPointer, Depends(to_change(AcctPointer, "acct_pointer_id", match=True))
]

LIST = Listing(
    AcctPointer,
    MATRIX["acct_pointers.row"],
    filters={
        "status": lambda value: col(AcctPointer.status) == value,
        "person_id": lambda value: col(AcctPointer.person_id) == value,
    },
    sorts={"opened_on": col(AcctPointer.opened_on)},
)


class AcctPointerQuery(PageQuery):
    status: AcctStatus | None = None
    person_id: UUID | None = None
    sort: Literal["opened_on", "-opened_on"] = Field(default="-opened_on")


@router.get("", response_model=Page[AcctPointerRow], responses=refusals())
async def list_acct_pointers(
    actor: MayReadAcct, db: ReadDb, request: Request, query: Annotated[AcctPointerQuery, Query()]
) -> Response:
    """Who is, or was, on an ACCT: its days, and no word of it."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post(
    "",
    status_code=201,
    response_model=AcctPointerRead,
    responses=refusals(AlreadyExists, KeyReused),
)
async def record_acct_pointer(
    actor: MayWriteAcct, db: Db, body: AcctPointerCreate, once: JustOnce
) -> Response:
    """Record that the prison has opened an ACCT for someone."""
    pointer = await acct_pointers.create(db, actor, body)
    shown = await acct_pointers.shown(db, pointer, actor)
    return await once.created(shown, location=f"acct-pointers/{pointer.id}")


@router.get("/{acct_pointer_id}", response_model=AcctPointerRead, responses=refusals())
async def read_acct_pointer(actor: MayReadAcct, db: Db, pointer: ThisPointer) -> Response:
    """One ACCT pointer, with what you may do next."""
    return reply(await acct_pointers.shown(db, pointer, actor))


@router.patch(
    "/{acct_pointer_id}", response_model=AcctPointerRead, responses=refusals(MatchNeeded, Stale)
)
async def update_acct_pointer(
    actor: MayWriteAcct, db: Db, pointer: PointerToChange, body: AcctPointerUpdate
) -> Response:
    """Correct the days of an ACCT."""
    await acct_pointers.update(db, actor, pointer, body)
    return reply(await acct_pointers.shown(db, pointer, actor))


@router.post(
    "/{acct_pointer_id}/moves",
    response_model=AcctPointerRead,
    responses=refusals(MoveNotInTable, MoveNotYours, GuardsUnmet, AlreadyExists, Stale),
)
async def move_acct_pointer(
    actor: MayWriteAcct, db: Db, pointer: PointerToMove, body: MoveCreate
) -> Response:
    """Move an ACCT on as the prison did: closed, ended, or opened again. It takes no note."""
    await acct_pointers.move(db, actor, pointer, body)
    return reply(await acct_pointers.shown(db, pointer, actor))


@router.get("/{acct_pointer_id}/history", response_model=Page[HistoryCoarse], responses=refusals())
async def list_acct_pointer_history(actor: MayReadAcct, db: Db, pointer: ThisPointer) -> Response:
    """Every move made, oldest first."""
    return reply(whole(await acct_pointers.history_shown(db, pointer, actor)))
