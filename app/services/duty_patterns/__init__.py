"""Duty patterns: made and ended (here), on which days (`expansion.py`), and the duties that they
make ahead (`making.py`)."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Conflicting, Invalid
from app.models.duties import Duty, Post
from app.models.duty_patterns import DutyPattern, DutyPatternCreate, DutyPatternEnd
from app.models.prisons import Prison
from app.scope import everything
from app.services import outbox
from app.services.duties.naming import who_may_hold
from app.services.duty_patterns.making import AHEAD, make_ahead, make_due
from app.services.working_days import local_date


async def create(db: AsyncSession, actor: Actor, body: DutyPatternCreate) -> DutyPattern:
    """A duty that comes again, and at once its duties of the weeks to come. Raises Invalid."""
    if body.post is Post.last_resort:
        raise Invalid.field(
            "post", "last_resort_stands", "a last resort stands until there is another"
        )
    staff = await who_may_hold(db, actor, body.post, body.staff_id)
    zone = (await db.get_one(Prison, actor.prison_id)).tz
    today = local_date(clock.now(), zone)
    if body.last_day is not None and body.last_day < today:
        raise Invalid.field("last_day", "in_the_past", "must not be in the past")
    if body.first_day > today + AHEAD:
        raise Invalid.field("first_day", "too_far", f"must be within {AHEAD.days} days")
    assert actor.staff_id is not None, "only staff hold the permission"
    pattern = DutyPattern(
        prison_id=actor.prison_id,
        recorded_by=actor.staff_id,
        made_until=today - timedelta(days=2),  # what began yesterday may be on now
        **body.model_dump(),
    )
    db.add(pattern)
    await db.flush()
    outbox.say(
        db, pattern.prison_id, "duty_pattern.added", pattern.id, post=body.post, staff_id=staff.id
    )
    await make_ahead(db, pattern, zone)
    return pattern


async def end(db: AsyncSession, actor: Actor, pattern: DutyPattern, body: DutyPatternEnd) -> None:
    """It comes no more after a day. Its duties after that which have not begun are called off; one
    that has begun goes on. Raises Conflicting where it is over by then already."""
    zone = (await db.get_one(Prison, pattern.prison_id)).tz
    now = clock.now()
    today = local_date(now, zone)
    if body.last_day is not None and body.last_day < today:
        raise Invalid.field("last_day", "in_the_past", "must not be in the past")
    last = body.last_day or today - timedelta(days=1)
    if pattern.last_day is not None and pattern.last_day <= last:
        raise Conflicting("It is over by then already.")
    pattern.last_day, pattern.ended_at = last, now
    to_come = everything(Duty, pattern.prison_id).where(
        col(Duty.pattern_id) == pattern.id,
        col(Duty.pattern_day) > last,
        col(Duty.starts_at) > now,
        col(Duty.ends_at) > col(Duty.starts_at),
    )
    for duty in await db.scalars(to_come.order_by(col(Duty.id)).with_for_update()):
        duty.ends_at = duty.starts_at
        outbox.say(db, duty.prison_id, "duty.ended", duty.id, post=duty.post)
    outbox.say(db, pattern.prison_id, "duty_pattern.ended", pattern.id, post=pattern.post)
    await db.flush()


__all__ = ["create", "end", "make_due"]
