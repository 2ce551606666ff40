"""Closures of rooms over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayReadPlace, MayWritePlace
from app.db import Db, ReadDb
from app.errors import Conflicting, KeyReused, Stale
from app.models.base import Instant
from app.models.room_closures import (
    RoomClosure,
    RoomClosureCreate,
    RoomClosureForMentor,
    RoomClosureRead,
    RoomClosureRow,
)
from app.paging import Listing, Page, PageQuery
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import room_closures
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/room-closures", tags=["room-closures"])
This = Annotated[RoomClosure, Depends(to_read(RoomClosure, "room_closure_id"))]
ToEnd = Annotated[RoomClosure, Depends(to_change(RoomClosure, "room_closure_id", match=False))]
Any_ = RoomClosureRead | RoomClosureRow
AnyRow = RoomClosureRow | RoomClosureForMentor

LIST = Listing(
    RoomClosure,
    MATRIX["room_closures.row"],
    filters={
        "room_id": lambda value: col(RoomClosure.room_id) == value,
        "ends_after": lambda value: col(RoomClosure.ends_at) > value,
        "starts_before": lambda value: col(RoomClosure.starts_at) < value,
        "live": lambda value: col(RoomClosure.withdrawn_at).is_(None) == value,
    },
    sorts={"starts_at": col(RoomClosure.starts_at)},
)


class RoomClosureQuery(PageQuery):
    room_id: UUID | None = None
    ends_after: Instant | None = Field(default=None, description="Not over at this time.")
    starts_before: Instant | None = Field(default=None, description="Begun before this time.")
    live: bool | None = Field(default=None, description="True: not withdrawn.")
    sort: Literal["starts_at", "-starts_at"] = Field(default="starts_at")


@router.get("", response_model=Page[AnyRow], responses=refusals())
async def list_room_closures(
    actor: MayReadPlace, db: ReadDb, request: Request, query: Annotated[RoomClosureQuery, Query()]
) -> Response:
    """When rooms are closed."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post("", status_code=201, response_model=Any_, responses=refusals(KeyReused))
async def close_room(
    actor: MayWritePlace, db: Db, body: RoomClosureCreate, once: JustOnce
) -> Response:
    """Close a room for a time. What is planned in it is listed at once; nothing is planned in it
    from now on."""
    closure = await room_closures.close(db, actor, body)
    shown = await room_closures.shown(db, closure, actor)
    return await once.created(shown, location=f"room-closures/{closure.id}")


@router.get("/{room_closure_id}", response_model=RoomClosureRead | AnyRow, responses=refusals())
async def read_room_closure(actor: MayReadPlace, db: Db, closure: This) -> Response:
    """One closure; with what is planned in it, to those who see sessions; to mentors not why."""
    return reply(await room_closures.shown(db, closure, actor))


@router.post(
    "/{room_closure_id}/withdrawal", response_model=Any_, responses=refusals(Conflicting, Stale)
)
async def withdraw_room_closure(actor: MayWritePlace, db: Db, closure: ToEnd) -> Response:
    """The room can be used after all."""
    await room_closures.withdraw(db, closure)
    return reply(await room_closures.shown(db, closure, actor))
