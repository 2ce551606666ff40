"""Shifts over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import Actor, MayReadShift, MayWriteRota, MayWriteShift
from app.db import Db, ReadDb
from app.errors import (
    FieldError,
    GuardsUnmet,
    Invalid,
    MoveNotInTable,
    MoveNotYours,
    NotOpen,
    Stale,
)
from app.models.mentors import Mentor
from app.models.moves import HistoryCoarse, HistoryForMentor, HistoryRead, MoveCreate
from app.models.rota_demands import RotaRole
from app.models.shifts import (
    Shift,
    ShiftForMentor,
    ShiftGive,
    ShiftRead,
    ShiftRow,
    ShiftRowForMentor,
    ShiftStatus,
    ShiftTake,
)
from app.models.staff import Role
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import reply
from app.services import lifecycle, shifts
from app.services.names import name_of
from app.ties import MY_MENTOR
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/shifts", tags=["shifts"])
This = Annotated[Shift, Depends(to_read(Shift, "shift_id"))]
ToMove = Annotated[
    Shift, Depends(to_change(Shift, "shift_id", match=False, first=shifts.hold_mentors))
]
Shown = ShiftRead | ShiftForMentor

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
    computed={
        "mentor_name": name_of(Mentor, col(Shift.mentor_id), Shift),
        "mine": (col(Shift.mentor_id) == MY_MENTOR).label("mine"),
    },
)


class ShiftQuery(PageQuery):
    rota_id: UUID | None = Field(default=None, description="Staff only.")
    mentor_id: UUID | None = Field(default=None, description="Staff only.")
    role: RotaRole | None = None
    status: ShiftStatus | None = None
    stands: bool | None = Field(default=None, description="True: none that was superseded.")
    sort: Literal["starts_at", "-starts_at"] = Field(default="starts_at")


def _within_reach(actor: Actor, query: ShiftQuery) -> None:
    """Who would like to give a shift away is not told to mentors: nor by a filter."""
    hidden = sorted(query.model_fields_set & {"rota_id", "mentor_id"})
    if actor.family is Role.mentor and hidden:
        message = "is not among what you may ask for"
        raise Invalid(errors=[FieldError(name, "out_of_reach", message) for name in hidden])


@router.get("", response_model=Page[ShiftRow | ShiftRowForMentor], responses=refusals())
async def list_shifts(
    actor: MayReadShift, db: ReadDb, request: Request, query: Annotated[ShiftQuery, Query()]
) -> Response:
    """Shifts in order. A mentor finds their own, and those that may be taken over."""
    _within_reach(actor, query)
    return await LIST.page(request, db, actor, query, query.sort)


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
