"""Availabilities: a mentor says when they can serve, or staff for them. What was said stays."""

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.access import Actor
from app.errors import Conflicting, Invalid
from app.models.availabilities import Availability, AvailabilityCreate
from app.models.base import Output
from app.models.mentors import MENTOR_ENDED, Mentor
from app.models.staff import Role
from app.scope import referred
from app.services import outbox
from app.visibility import shape


async def say(db: AsyncSession, actor: Actor, body: AvailabilityCreate) -> Availability:
    """Add what a mentor says. Raises Invalid: to a mentor another mentor is not there."""
    mentor_id = body.mentor_id or actor.mentor_id
    if mentor_id is None:
        raise Invalid.field("mentor_id", "missing", "say whose it is")
    if actor.family is Role.mentor and mentor_id != actor.mentor_id:
        raise Invalid.field("mentor_id", "unknown", "there is no such mentor here")
    mentor = await referred(db, Mentor, actor.prison_id, mentor_id, "mentor_id")
    if mentor.status in MENTOR_ENDED:
        raise Invalid.field("mentor_id", "ended", "is no mentor any more")
    row = Availability(
        prison_id=actor.prison_id,
        recorded_by=actor.staff_id,
        **{**body.model_dump(), "mentor_id": mentor_id},
    )
    db.add(row)
    await db.flush()
    outbox.say(db, row.prison_id, "availability.said", row.id, kind=row.kind)
    return row


async def end(db: AsyncSession, row: Availability) -> None:
    """It counts no more. Raises Conflicting for one that has ended."""
    if row.ended_at is not None:
        raise Conflicting("It has ended.")
    row.ended_at = clock.now()
    outbox.say(db, row.prison_id, "availability.ended", row.id, kind=row.kind)
    await db.flush()


def shown(row: Availability, actor: Actor) -> Output:
    """What was said, as this actor sees it."""
    return shape("availabilities", actor.role).model_validate(row)
