"""Closures of rooms: what is planned in one is listed at once, and nothing is planned in it from
then on."""

from typing import Any

from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Conflicting
from app.models.base import Output
from app.models.room_closures import PlannedThere, RoomClosure, RoomClosureCreate
from app.models.rooms import Room
from app.models.sessions import Session
from app.scope import everything, referred
from app.services import outbox
from app.services.sessions.facts import hold_plans
from app.visibility import shape


async def close(db: AsyncSession, actor: Actor, body: RoomClosureCreate) -> RoomClosure:
    """Close a room for a time. Whoever plans in it in this instant waits, and then finds it."""
    await referred(db, Room, actor.prison_id, body.room_id, "room_id")
    await hold_plans(db, actor.prison_id, [("room", body.room_id)])
    closure = RoomClosure(
        prison_id=actor.prison_id,
        room_id=body.room_id,
        starts_at=body.from_,
        ends_at=body.to,
        reason=body.reason,
    )
    db.add(closure)
    await db.flush()
    outbox.say(db, actor.prison_id, "room_closure.made", closure.id)
    return closure


async def withdraw(db: AsyncSession, closure: RoomClosure) -> None:
    """The room can be used after all. Raises Conflicting the second time."""
    if closure.withdrawn_at is not None:
        raise Conflicting("It was withdrawn.")
    closure.withdrawn_at = clock.now()
    await db.flush()
    outbox.say(db, closure.prison_id, "room_closure.withdrawn", closure.id)


async def shown(db: AsyncSession, closure: RoomClosure, actor: Actor) -> Output:
    """The closure as this actor sees it: with what is planned in it, to those who see sessions."""
    wanted = shape("room_closures", actor.role)
    fields: dict[str, Any] = closure.model_dump()
    if "planned" in wanted.model_fields:
        fields["planned"] = await _planned(db, closure)
    return wanted.model_validate(fields)


async def _planned(db: AsyncSession, closure: RoomClosure) -> list[PlannedThere]:
    if closure.withdrawn_at is not None:
        return []
    closed = Range(closure.starts_at, closure.ends_at)
    found = everything(Session, closure.prison_id).where(
        col(Session.room_id) == closure.room_id,
        col(Session.live),
        col(Session.during).overlaps(closed),  # type: ignore[attr-defined]
    )
    rows = await db.scalars(found.order_by(col(Session.starts_at), col(Session.id)))
    return [
        PlannedThere(session_id=row.id, starts_at=row.starts_at, ends_at=row.ends_at)
        for row in rows
    ]
