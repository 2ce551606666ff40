"""When a post has nobody: reckoned for a period, and told before it begins."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import the_system
from app.errors import Invalid
from app.models.duties import Duty, DutyGap, Post
from app.models.staff import StaffRole
from app.models.tasks import Task, TaskKind, TaskStatus
from app.scope import everything
from app.services import tasks
from app.services.duties.roster import Roster, load
from app.services.duty_patterns.foreseeing import with_foreseen

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
    """The gaps of a period: from this hour or the instant given; for a week or until another.
    None that a pattern will fill, however far ahead."""
    begins = first or clock.now().replace(minute=0, second=0, microsecond=0)
    ends = last or begins + timedelta(days=7)
    if ends <= begins:
        raise Invalid.field("to", "in_order", "must be after from")
    if ends - begins > LONGEST:
        raise Invalid.field("to", "too_long", f"must be within {LONGEST.days} days of from")
    roster = await load(db, prison_id, begins - BEFORE, ends)
    known = await with_foreseen(db, prison_id, roster, begins - BEFORE, ends)
    return gaps(known, begins, ends)


async def tell_due(db: AsyncSession, prison_id: str) -> None:
    """Governors are told of every gap of a post in use before it begins, and no more when it is
    filled, or when one of them has ended the task: they know. A post that nobody had for weeks is
    not in use."""
    lock = func.hashtextextended(f"duty_gap:{prison_id}", 0)
    await db.execute(select(func.pg_advisory_xact_lock(lock)))
    now = clock.now()
    roster = await load(db, prison_id, now - BEFORE, now + TOLD_BEFORE)
    found = gaps(roster, now, now + TOLD_BEFORE)
    coming = {each.after_duty_id: each for each in reversed(found) if each.after_duty_id}
    told = await _told(db, prison_id, coming.keys())
    open_now = {each.thing_id: each for each in told if each.status is TaskStatus.open}
    duties = everything(Duty, prison_id).where(col(Duty.id).in_([*open_now, *coming]))
    for duty in await db.scalars(duties.order_by(col(Duty.id))):
        gap, task = coming.get(duty.id), open_now.get(duty.id)
        if gap is None:
            await tasks.drop(db, duty, TaskKind.duty_gap)
        elif task is None and any(_known(roster, gap, each) for each in told):
            continue
        elif task is None:
            await tasks.open_task(
                db,
                prison_id,
                TaskKind.duty_gap,
                thing=duty,
                due_at=max(now, gap.starts_at),
                for_role=StaffRole.governor,
                told_at_once=True,
            )
        elif now < gap.starts_at < task.due_at:
            await tasks.reschedule(db, duty, TaskKind.duty_gap, gap.starts_at)


def _known(roster: Roster, gap: DutyGap, task: Task) -> bool:
    """Whether somebody who ended the task was told of this gap: it began no later, and nobody had
    the post since."""
    if task.thing_id != gap.after_duty_id or task.due_at > gap.starts_at:
        return False
    since = roster.covered(gap.post, gap.starts_at)
    return not any(starts < gap.starts_at and ends > task.due_at for starts, ends in since)


async def _told(db: AsyncSession, prison_id: str, coming: Collection[UUID]) -> Sequence[Task]:
    """The tasks about gaps that are open, and those after these duties that a person has ended."""
    is_open = col(Task.status) == TaskStatus.open
    by_hand = and_(
        col(Task.thing_id).in_(coming), col(Task.done_by) != the_system(prison_id).subject
    )
    found = everything(Task, prison_id).where(
        col(Task.kind) == TaskKind.duty_gap, or_(is_open, by_hand)
    )
    return (await db.scalars(found.order_by(col(Task.id)))).all()
