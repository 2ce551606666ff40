"""When a post has nobody: reckoned for a period, and told before it begins."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.errors import Invalid
from app.models.duties import Duty, DutyGap, Post
from app.models.staff import StaffRole
from app.models.tasks import Task, TaskKind, TaskStatus
from app.scope import everything
from app.services import tasks
from app.services.duties.roster import Roster, load

LONGEST = timedelta(days=92)
TOLD_BEFORE = timedelta(hours=48)
BEFORE = timedelta(days=35)
"""How far back the duty before a gap is looked for: a post nobody had for so long is not in use."""


def gaps(roster: Roster, first: datetime, last: datetime) -> list[DutyGap]:
    """The times between two instants in which a post has nobody, by post and time."""
    return [gap for post in Post for gap in _of(roster, post, first, last)]


def _of(roster: Roster, post: Post, first: datetime, last: datetime) -> Iterator[DutyGap]:
    begins = first
    for starts, ends in [*roster.covered(post, last), (last, last)]:
        if begins < min(starts, last):
            yield DutyGap(
                post=post,
                starts_at=begins,
                ends_at=min(starts, last),
                after_duty_id=_before(roster, post, begins),
            )
        begins = max(begins, ends)


def _before(roster: Roster, post: Post, at: datetime) -> UUID | None:
    """The duty on the post that began last before an instant."""
    began = [each for each in roster.held if each.post is post and each.starts_at < at]
    return max(began, key=lambda each: each.starts_at).duty_id if began else None


async def between(
    db: AsyncSession, prison_id: str, first: datetime | None, last: datetime | None
) -> list[DutyGap]:
    """The gaps of a period: from now, or the instant given; a week, or until the one given."""
    begins = first or clock.now()
    ends = last or begins + timedelta(days=7)
    if ends <= begins:
        raise Invalid.field("to", "in_order", "must be after from")
    if ends - begins > LONGEST:
        raise Invalid.field("to", "too_long", f"must be within {LONGEST.days} days of from")
    return gaps(await load(db, prison_id, begins - BEFORE, ends), begins, ends)


async def tell_due(db: AsyncSession, prison_id: str) -> None:
    """Governors are told of every gap of a post in use before it begins, and no more when it is
    filled. A post that nobody had for weeks is not in use."""
    now = clock.now()
    found = gaps(await load(db, prison_id, now - BEFORE, now + TOLD_BEFORE), now, now + TOLD_BEFORE)
    coming = {each.after_duty_id: each for each in reversed(found) if each.after_duty_id}
    waiting = everything(Task, prison_id).where(
        col(Task.kind) == TaskKind.duty_gap, col(Task.status) == TaskStatus.open
    )
    told = {task.thing_id for task in await db.scalars(waiting)}
    duties = everything(Duty, prison_id).where(col(Duty.id).in_(told | set(coming)))
    for duty in await db.scalars(duties.order_by(col(Duty.id))):
        gap = coming.get(duty.id)
        if gap is None:
            await tasks.drop(db, duty, TaskKind.duty_gap)
        elif duty.id not in told:
            await tasks.open_task(
                db,
                prison_id,
                TaskKind.duty_gap,
                thing=duty,
                due_at=max(now, gap.starts_at),
                for_role=StaffRole.governor,
                told_at_once=True,
            )
