"""Rooms."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor
from app.models.rooms import Room, RoomCreate
from app.models.wings import Wing
from app.scope import referred


async def create(db: AsyncSession, actor: Actor, body: RoomCreate) -> Room:
    """Add a room to a wing. A name that is taken there is refused by the database."""
    await referred(db, Wing, actor.prison_id, body.wing_id, "wing_id")
    room = Room(prison_id=actor.prison_id, **body.model_dump())
    db.add(room)
    await db.flush()
    return room
