"""Duties: who answers the pages, when. A prison with a last resort never loses its only one."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Invalid, LastResortNeeded
from app.models.duties import Duty, DutyCreate, DutyUpdate, Post
from app.models.staff import Staff
from app.scope import everything
from app.services import outbox
from app.services.duties.naming import governors_only, who_may_hold
from app.services.duties.roster import Held, Roster, load


async def create(db: AsyncSession, actor: Actor, body: DutyCreate) -> Duty:
    """Put an active member of staff on a post. The last resort is the governor's to name."""
    if body.post is Post.last_resort:
        governors_only(actor)
        if body.ends_at is not None:
            raise Invalid.field(
                "ends_at", "last_resort_stands", "a last resort stands until there is another"
            )
    staff = await who_may_hold(db, actor, body.post, body.staff_id)
    duty = Duty(prison_id=actor.prison_id, **body.model_dump())
    db.add(duty)
    outbox.say(db, duty.prison_id, "duty.added", duty.id, post=duty.post, staff_id=staff.id)
    await db.flush()
    return duty


async def end(db: AsyncSession, actor: Actor, duty: Duty, body: DutyUpdate) -> None:
    """Set when a duty ends; one that has not begun is called off by its own beginning. The only
    last resort stays: LastResortNeeded."""
    begun = duty.starts_at <= clock.now()
    if body.ends_at < duty.starts_at or (begun and body.ends_at == duty.starts_at):
        raise Invalid.field("ends_at", "ends_at", "must be after starts_at")
    if duty.post is Post.last_resort:
        governors_only(actor)
        await _another_stands(db, duty.prison_id, by=body.ends_at, besides=duty.staff_id)
    duty.ends_at = body.ends_at
    outbox.say(db, duty.prison_id, "duty.ended", duty.id, post=duty.post)
    await db.flush()


async def release(db: AsyncSession, staff: Staff) -> None:
    """Hold that someone may stop working here: LastResortNeeded for the only last resort."""
    mine = _standing(staff.prison_id).where(col(Duty.staff_id) == staff.id)
    if (await db.execute(mine)).first() is not None:
        await _another_stands(db, staff.prison_id, by=clock.now(), besides=staff.id)


async def on_duty(db: AsyncSession, prison_id: str, now: datetime) -> dict[Post, list[UUID]]:
    """The active staff on duty on each post at an instant, the longest on duty first; a post
    without anyone has an empty list."""
    return (await load(db, prison_id, now, now)).on_duty(now)


async def reachable(db: AsyncSession, prison_id: str) -> list[dict[str, str | None]]:
    """Who is on duty now and how to reach them, each once, in the order of the posts."""
    rows = await _on_duty(db, prison_id, clock.now())
    found = {
        (duty.post, staff.id): {"post": duty.post, "name": staff.name, "contact": staff.contact}
        for duty, staff in rows
    }
    return sorted(found.values(), key=lambda each: list(Post).index(Post(str(each["post"]))))


async def _on_duty(db: AsyncSession, prison_id: str, now: datetime) -> list[tuple[Held, Staff]]:
    roster = await load(db, prison_id, now, now)
    staff = {each.id: each for each in roster.working}
    held = [(each, each.holder(now, staff.keys())) for each in roster.held]
    return [(each, staff[holder]) for each, holder in held if holder is not None]


def _standing(prison_id: str) -> Select[Duty]:
    return everything(Duty, prison_id).where(
        col(Duty.post) == Post.last_resort, col(Duty.ends_at).is_(None)
    )


async def _another_stands(db: AsyncSession, prison_id: str, *, by: datetime, besides: UUID) -> None:
    """Someone else, active and without an end, is the last resort by then. One at a time asks, so
    that two do not each rely on the other."""
    lock = func.hashtextextended(f"last_resort:{prison_id}", 0)
    await db.execute(select(func.pg_advisory_xact_lock(lock)))
    working = select(col(Staff.id)).where(col(Staff.prison_id) == prison_id, col(Staff.active))
    another = _standing(prison_id).where(
        col(Duty.starts_at) <= by,
        col(Duty.staff_id) != besides,
        col(Duty.staff_id).in_(working),
    )
    if (await db.execute(another)).first() is None:
        raise LastResortNeeded("Name another last resort first: this is the only one.")


__all__ = ["Roster", "create", "end", "load", "on_call", "on_duty", "reachable", "release"]
