"""Rooms over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app import pictures
from app.access import MayReadPlace, MayReadRoomUse, MayReadSession, MayWritePlace
from app.db import Db, ReadDb
from app.errors import AlreadyExists, KeyReused, MatchNeeded, SheetTooLong, Stale
from app.formats import CSV, PNG, SVG, csv_reply, files, png_reply, svg_reply
from app.models.base import Day, Instant
from app.models.rooms import (
    Room,
    RoomCreate,
    RoomRead,
    RoomUpdate,
    RoomUsageRead,
    RoomUse,
    RoomUseForMentor,
    UseFormat,
)
from app.paging import Listing, Page, PageQuery
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import room_usage, rooms
from app.visibility import MATRIX, shape

router = APIRouter(prefix="/v1/prisons/{prison_id}/rooms", tags=["rooms"])
ThisRoom = Annotated[Room, Depends(to_read(Room, "room_id"))]
RoomToChange = Annotated[Room, Depends(to_change(Room, "room_id", match=True))]
First = Annotated[Instant | None, Query(alias="from", description="From then on; now.")]
Last = Annotated[Instant | None, Query(alias="to", description="Until then; for a week.")]

LIST = Listing(
    Room,
    MATRIX["rooms.row"],
    filters={"wing_id": lambda value: col(Room.wing_id) == value},
    sorts={"name": col(Room.name)},
)


class RoomQuery(PageQuery):
    wing_id: UUID | None = Field(default=None, description="Only rooms on this wing.")
    sort: Literal["name", "-name"] = Field(default="name")


@router.get("", response_model=Page[RoomRead], responses=refusals())
async def list_rooms(
    actor: MayReadPlace, db: ReadDb, request: Request, query: Annotated[RoomQuery, Query()]
) -> Response:
    """The rooms where sessions are held."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post(
    "", status_code=201, response_model=RoomRead, responses=refusals(AlreadyExists, KeyReused)
)
async def create_room(actor: MayWritePlace, db: Db, body: RoomCreate, once: JustOnce) -> Response:
    """Add a room to a wing."""
    room = await rooms.create(db, actor, body)
    shown = shape("rooms", actor.role).model_validate(room)
    return await once.created(shown, location=f"rooms/{room.id}")


@router.get(
    "/usage",
    response_model=RoomUsageRead,
    responses={**files(CSV, SVG, PNG), **refusals(SheetTooLong)},
)
async def read_room_usage(
    actor: MayReadRoomUse,
    db: Db,
    since: Annotated[
        Day | None, Query(alias="from", description="The first day; absent: 27 before the last.")
    ] = None,
    until: Annotated[
        Day | None, Query(alias="to", description="The last day; absent: today.")
    ] = None,
    wing_id: Annotated[UUID | None, Query(description="Only rooms on this wing.")] = None,
    wanted: Annotated[
        UseFormat, Query(alias="format", description="As JSON, as a table, or as a picture.")
    ] = UseFormat.json,
) -> Response:
    """When rooms are in use in a period of at most 366 days, by weekday and hour: minutes, and
    nobody in them."""
    found = await room_usage.usage(db, actor, since, until, wing_id)
    if wanted is UseFormat.csv:
        return csv_reply(room_usage.table(found), "room-usage.csv")
    if wanted is UseFormat.svg:
        return svg_reply(await pictures.room_usage(found), "room-usage.svg")
    if wanted is UseFormat.png:
        return png_reply(await pictures.room_usage_png(found), "room-usage.png")
    return reply(shape("rooms.usage", actor.role).model_validate(found))


@router.get("/{room_id}", response_model=RoomRead, responses=refusals())
async def read_room(actor: MayReadPlace, room: ThisRoom) -> Response:
    """One room."""
    return reply(shape("rooms", actor.role).model_validate(room))


@router.patch(
    "/{room_id}",
    response_model=RoomRead,
    responses=refusals(AlreadyExists, MatchNeeded, Stale),
)
async def change_room(
    actor: MayWritePlace, db: Db, room: RoomToChange, body: RoomUpdate
) -> Response:
    """Change a room's name, its capacity, or the kinds of session it is fit for. What is planned in
    it stays."""
    await rooms.change(db, room, body)
    return reply(shape("rooms", actor.role).model_validate(room))


@router.get("/{room_id}/use", response_model=RoomUse | RoomUseForMentor, responses=refusals())
async def list_room_use(
    actor: MayReadSession, db: Db, room: ThisRoom, first: First = None, last: Last = None
) -> Response:
    """When a room is in use or closed; to mentors when, and not by what."""
    return reply(await rooms.use(db, actor, room, first, last))
