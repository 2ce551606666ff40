"""Shifts over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import select
from sqlmodel import Field, col

from app.access import MayReadShift, MayWriteRota, MayWriteShift
from app.db import Db, ReadDb
from app.errors import GuardsUnmet, MoveNotInTable, MoveNotYours, NotOpen, Stale
from app.models.mentors import Mentor
from app.models.moves import HistoryCoarse, HistoryForMentor, HistoryRead, MoveCreate
from app.models.people import Person
from app.models.rota_demands import RotaRole
from app.models.shifts import (
    OnCallNow,
    Shift,
    ShiftForMentor,
    ShiftGive,
    ShiftRead,
    ShiftRow,
    ShiftRowForMentor,
    ShiftStatus,
    ShiftTake,
)
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import reply
from app.services import lifecycle, shifts
from app.ties import MY_MENTOR
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/shifts", tags=["shifts"])
This = Annotated[Shift, Depends(to_read(Shift, "shift_id"))]
ToMove = Annotated[
    Shift, Depends(to_change(Shift, "shift_id", match=False, first=shifts.hold_mentors))
]
Shown = ShiftRead | ShiftForMentor
_NAME = (
    select(col(Person.display_name))
    .join(
        Mentor,
        (col(Mentor.prison_id) == col(Person.prison_id))
        & (col(Mentor.person_id) == col(Person.id)),
    )
    .where(col(Mentor.prison_id) == col(Shift.prison_id), col(Mentor.id) == col(Shift.mentor_id))
    .correlate(Shift)
    .scalar_subquery()
)

LIST = Listing(
    Shift,
    MATRIX["shifts.row"],
    filters={
        "rota_id": lambda value: col(Shift.rota_id) == value,
        "mentor_id": lambda value: col(Shift.mentor_id) == value,
        "role": lambda value: col(Shift.role) == value,
        "status": lambda value: col(Shift.status) == value,
        "stands": lambda value: col(Shift.superseded_at).is_(None) == value,
        "from": lambda value: col(Shift.ends_at) > value,
        "to": lambda value: col(Shift.starts_at) < value,
    },
    sorts={"starts_at": col(Shift.starts_at)},
    computed={"mentor_name": _NAME, "mine": (col(Shift.mentor_id) == MY_MENTOR).label("mine")},
)


class ShiftQuery(PageQuery):
    rota_id: UUID | None = None
    mentor_id: UUID | None = None
    role: RotaRole | None = None
    status: ShiftStatus | None = None
    stands: bool | None = Field(default=None, description="True: none that was superseded.")
    sort: Literal["starts_at", "-starts_at"] = Field(default="starts_at")


@router.get("", response_model=Page[ShiftRow | ShiftRowForMentor], responses=refusals())
async def list_shifts(
    actor: MayReadShift, db: ReadDb, request: Request, query: Annotated[ShiftQuery, Query()]
) -> Response:
    """Shifts in order. A mentor finds their own, and those that may be taken over."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.get("/on-call", response_model=Page[OnCallNow], responses=refusals())
async def list_mentors_on_call(actor: MayReadShift, db: Db) -> Response:
    """Which mentors serve now, by name, and until when."""
    return reply(whole(await shifts.on_call(db, actor)))


@router.get("/{shift_id}", response_model=Shown, responses=refusals())
async def read_shift(actor: MayReadShift, db: Db, shift: This) -> Response:
    """One shift, with what you may do next."""
    return reply(await shifts.shown(db, shift, actor))


@router.post(
    "/{shift_id}/moves",
    response_model=Shown,
    responses=refusals(MoveNotInTable, MoveNotYours, GuardsUnmet, Stale),
)
async def move_shift(actor: MayWriteShift, db: Db, shift: ToMove, body: MoveCreate) -> Response:
    """Accept a shift, ask for somebody to take it over, or report that it cannot be served: a
    mentor of their own, staff for anybody."""
    await shifts.act(db, actor, shift, body)
    return reply(await shifts.shown(db, shift, actor))


@router.post(
    "/{shift_id}/take",
    response_model=Shown,
    responses=refusals(NotOpen, MoveNotInTable, MoveNotYours, GuardsUnmet, Stale),
)
async def take_shift(actor: MayWriteShift, db: Db, shift: ToMove, body: ShiftTake) -> Response:
    """Take over a shift that its mentor offers. All that is asked of whoever serves is asked
    anew; to a mentor every reason against it is one word."""
    await shifts.take(db, actor, shift, body)
    return reply(await shifts.shown(db, shift, actor))


@router.post(
    "/{shift_id}/give",
    response_model=Shown,
    responses=refusals(NotOpen, MoveNotInTable, MoveNotYours, GuardsUnmet, Stale),
)
async def give_shift(actor: MayWriteRota, db: Db, shift: ToMove, body: ShiftGive) -> Response:
    """Call a mentor in for a shift that nobody has."""
    await shifts.give(db, actor, shift, body)
    return reply(await shifts.shown(db, shift, actor))


@router.get(
    "/{shift_id}/history",
    response_model=Page[HistoryRead | HistoryCoarse | HistoryForMentor],
    responses=refusals(),
)
async def list_shift_history(actor: MayReadShift, db: Db, shift: This) -> Response:
    """Every move made, oldest first."""
    return reply(whole(await lifecycle.history_shown(db, shift, actor, "shifts.history")))
