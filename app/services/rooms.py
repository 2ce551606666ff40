"""Rooms."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Invalid
from app.models.base import Output
from app.models.room_closures import RoomClosure
from app.models.rooms import Room, RoomCreate, RoomUpdate
from app.models.sessions import Session
from app.models.wings import Wing
from app.scope import everything, referred
from app.services import outbox
from app.visibility import shape

USUAL, LONGEST = timedelta(days=7), timedelta(days=92)


async def create(db: AsyncSession, actor: Actor, body: RoomCreate) -> Room:
    """Add a room to a wing. A name that is taken there is refused by the database."""
    await referred(db, Wing, actor.prison_id, body.wing_id, "wing_id")
    room = Room(prison_id=actor.prison_id, **body.model_dump(mode="json"))
    room.wing_id = body.wing_id
    db.add(room)
    await db.flush()
    return room


async def change(db: AsyncSession, room: Room, body: RoomUpdate) -> None:
    """Change what the body names. A name that is taken is refused by the database."""
    for name, value in body.model_dump(exclude_unset=True, mode="json").items():
        setattr(room, name, value)
    await db.flush()
    outbox.say(db, room.prison_id, "room.changed", room.id)


async def use(
    db: AsyncSession, actor: Actor, room: Room, first: datetime | None, last: datetime | None
) -> Output:
    """When the room is in use or closed; a week from now unless told. Raises Invalid."""
    first = first or clock.now()
    last = last or first + USUAL
    if last <= first:
        raise Invalid.field("to", "order", "must be after `from`")
    if last - first > LONGEST:
        raise Invalid.field("to", "too_long", "at most 92 days are asked for at a time")
    live = everything(Session, room.prison_id).where(
        col(Session.room_id) == room.id,
        col(Session.live),
        col(Session.during).overlaps(Range(first, last)),  # type: ignore[attr-defined]
    )
    closures = everything(RoomClosure, room.prison_id).where(
        col(RoomClosure.room_id) == room.id,
        col(RoomClosure.withdrawn_at).is_(None),
        col(RoomClosure.starts_at) < last,
        col(RoomClosure.ends_at) > first,
    )
    items = [_item(each, session_id=each.id) for each in await db.scalars(live)]
    items += [_item(each, room_closure_id=each.id) for each in await db.scalars(closures)]
    items.sort(key=lambda each: (each["starts_at"], each["ends_at"]))
    return shape("rooms.use", actor.role).model_validate({"items": items})


def _item(taken: Any, **by: Any) -> dict[str, Any]:
    times = {"starts_at": taken.starts_at, "ends_at": taken.ends_at}
    return {**times, "session_id": None, "room_closure_id": None, **by}
