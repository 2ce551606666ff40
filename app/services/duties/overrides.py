"""Somebody takes a part of another's duty."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Conflicting, Invalid, NotFound
from app.models.duties import Duty, DutyOverride, DutyOverrideCreate, Post
from app.scope import everything
from app.services import outbox
from app.services.duties.naming import governors_only, who_may_hold


async def take(
    db: AsyncSession, actor: Actor, duty: Duty, body: DutyOverrideCreate
) -> DutyOverride:
    """Give a part of a duty to another active member of staff. One part has one taker: a part
    that somebody has already is refused by the database."""
    if duty.post is Post.last_resort:
        governors_only(actor)
    if body.starts_at < duty.starts_at:
        raise Invalid.field("starts_at", "within_the_duty", "must not be before the duty begins")
    if duty.ends_at is not None and body.ends_at > duty.ends_at:
        raise Invalid.field("ends_at", "within_the_duty", "must not be after the duty ends")
    if body.ends_at <= clock.now():
        raise Invalid.field("ends_at", "in_the_past", "must not be in the past")
    staff = await who_may_hold(db, actor, duty.post, body.staff_id)
    if staff.id == duty.staff_id:
        raise Invalid.field("staff_id", "their_own", "has the duty already")
    assert actor.staff_id is not None, "only staff hold the permission"
    part = DutyOverride(
        prison_id=actor.prison_id,
        duty_id=duty.id,
        recorded_by=actor.staff_id,
        **body.model_dump(),
    )
    db.add(part)
    await db.flush()
    outbox.say(db, duty.prison_id, "duty.part_taken", duty.id, staff_id=staff.id)
    return part


async def give_back(db: AsyncSession, actor: Actor, duty: Duty, part: DutyOverride) -> None:
    """It is the duty of the one it was taken from again. What is over stays as it was."""
    if part.duty_id != duty.id:
        raise NotFound()
    if duty.post is Post.last_resort:
        governors_only(actor)
    now = clock.now()
    if part.withdrawn_at is not None or part.ends_at <= now:
        raise Conflicting("It is over.")
    if part.starts_at < now:
        part.ends_at = now
    else:
        part.withdrawn_at = now
    outbox.say(db, duty.prison_id, "duty.part_given_back", duty.id)
    await db.flush()


async def of(db: AsyncSession, duty: Duty) -> Sequence[DutyOverride]:
    """Every part of a duty that was taken, by its beginning."""
    found = everything(DutyOverride, duty.prison_id).where(col(DutyOverride.duty_id) == duty.id)
    return (await db.scalars(found.order_by(col(DutyOverride.starts_at)))).all()
