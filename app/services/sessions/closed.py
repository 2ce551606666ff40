"""When nothing can be, wherever and whoever: lockdowns; and of rooms, what they are fit for and
when they are closed."""

from collections import defaultdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.lockdowns import Lockdown
from app.models.room_closures import RoomClosure
from app.models.rooms import Room
from app.scope import everything
from app.services.scheduling import Place, Span


async def lockdowns(
    db: AsyncSession, prison_id: str, first: datetime, last: datetime
) -> list[Span]:
    """The lockdowns that stand, or stood, between two instants; one that was lifted before it
    began stands for nothing."""
    over = func.coalesce(col(Lockdown.lifted_at), col(Lockdown.ends_at))
    found = everything(Lockdown, prison_id).where(
        col(Lockdown.starts_at) < last, over > first, over > col(Lockdown.starts_at)
    )
    rows = await db.scalars(found.order_by(col(Lockdown.starts_at), col(Lockdown.id)))
    return [(row.starts_at, row.lifted_at or row.ends_at) for row in rows]


async def places(
    db: AsyncSession,
    prison_id: str,
    which: ColumnElement[bool],
    first: datetime,
    last: datetime,
) -> list[Place]:
    """These rooms, the smallest first, as they are between two instants."""
    rooms = everything(Room, prison_id).where(which)
    in_order = rooms.order_by(col(Room.capacity), col(Room.name), col(Room.id))
    found = (await db.scalars(in_order)).all()
    closures = everything(RoomClosure, prison_id).where(
        col(RoomClosure.room_id).in_([room.id for room in found]),
        col(RoomClosure.withdrawn_at).is_(None),
        col(RoomClosure.starts_at) < last,
        col(RoomClosure.ends_at) > first,
    )
    closed: dict[UUID, list[Span]] = defaultdict(list)
    for row in await db.scalars(closures):
        closed[row.room_id].append((row.starts_at, row.ends_at))
    return [
        Place(room.id, room.capacity, frozenset(room.kinds), tuple(closed[room.id]))
        for room in found
    ]
