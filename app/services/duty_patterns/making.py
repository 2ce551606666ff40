"""Duties are made of their patterns well ahead, so that gaps, hand-overs, simulations and whoever
takes a part of one know them as they know any other."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.models.duties import Duty, Post
from app.models.duty_patterns import DutyPattern
from app.models.prisons import Prison
from app.models.staff import Staff
from app.scope import everything
from app.services import outbox
from app.services.duties.naming import fits
from app.services.duty_patterns.expansion import Cadence, days, instants
from app.services.working_days import local_date

AHEAD = timedelta(days=182)
MOST_AT_ONCE = 20


async def make_due(db: AsyncSession, prison_id: str) -> int:
    """Make what comes into reach of every pattern, a day a day; of nobody who has left, or who may
    not have the post any more. What they miss is made when they are back. Answers how many were
    looked at."""
    zone = (await db.get_one(Prison, prison_id)).tz
    reach = local_date(clock.now(), zone) + AHEAD
    due = standing(prison_id).where(col(DutyPattern.made_until) < reach)
    ordered = due.order_by(col(DutyPattern.made_until), col(DutyPattern.id)).limit(MOST_AT_ONCE)
    locked = ordered.with_for_update(skip_locked=True, of=DutyPattern)
    found = (await db.scalars(locked)).all()
    for pattern in found:
        await make_ahead(db, pattern, zone)
    return len(found)


def standing(prison_id: str) -> Select[DutyPattern]:
    """The patterns that have days yet to be made, of who works here and may have the post."""
    of_staff = (col(Staff.prison_id) == col(DutyPattern.prison_id)) & (
        col(Staff.id) == col(DutyPattern.staff_id)
    )
    return (
        everything(DutyPattern, prison_id)
        .join(Staff, of_staff)
        .where(
            or_(
                col(DutyPattern.last_day).is_(None),
                col(DutyPattern.last_day) > col(DutyPattern.made_until),
            ),
            col(Staff.active),
            or_(
                col(DutyPattern.post) != Post.clinician,
                col(Staff.role).in_(fits(Post.clinician)),
            ),
        )
    )


async def make_ahead(db: AsyncSession, pattern: DutyPattern, zone: ZoneInfo) -> None:
    """The duties of a pattern up to as far ahead as duties are made. What is over is not made."""
    now = clock.now()
    until = local_date(now, zone) + AHEAD
    cadence = Cadence(pattern.weekdays, pattern.every_weeks, pattern.first_day, pattern.last_day)
    for day in days(cadence, pattern.made_until + timedelta(days=1), until):
        times = instants(day, pattern.from_time, pattern.to_time, zone)
        if times is not None and times[1] > now:
            duty = _duty(pattern, day, *times)
            told = {"post": duty.post, "staff_id": duty.staff_id}
            db.add(duty)
            outbox.say(db, duty.prison_id, "duty.added", duty.id, **told)
    pattern.made_until = until
    await db.flush()


def _duty(pattern: DutyPattern, day: date, starts_at: datetime, ends_at: datetime) -> Duty:
    return Duty(
        prison_id=pattern.prison_id,
        staff_id=pattern.staff_id,
        post=pattern.post,
        starts_at=starts_at,
        ends_at=ends_at,
        pattern_id=pattern.id,
        pattern_day=day,
    )
