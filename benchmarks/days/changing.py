"""Shifts that change: whoever goes off hands over, or forgets to; whoever comes on takes all of it,
some, or never answers; and a second opinion on whether anybody was told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access import Actor
from app.db import Database
from app.errors import Refused
from app.models.handovers import (
    AcceptanceCreate,
    DutyHandoverCreate,
    DutyHandoverStatus,
    Handover,
    ItemAnswer,
)
from app.models.moves import MoveCreate
from app.rights import Permission
from app.scope import visible
from app.services import handovers
from benchmarks.days.acts import Doing
from benchmarks.days.checker import BOUND, Outages, Verdict
from benchmarks.days.world import OnDuty, Site

FORGETS, NEVER_ANSWERS, TAKES_BACK, DECLINES_SOME = 0.35, 0.15, 0.1, 0.25
BEFORE_THE_END = timedelta(minutes=25)
MEETS = timedelta(minutes=45)
"""So long before the end of a duty the next of its post has begun, at the earliest."""
MOST_ASKED = 4
OFFERED = """
    SELECT h.id, h.recorded_at, h.accept_by, coalesce(h.accepted_at, (
            SELECT min(recorded_at) FROM history
            WHERE thing_id = h.id AND to_state = 'withdrawn')) AS answered_at,
        array(SELECT n.recorded_at FROM notification n JOIN task t ON t.id = n.task_id
              WHERE t.thing_id = h.id ORDER BY n.recorded_at) AS pages
    FROM handover h
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A hand-over that somebody has yet to answer, and how often they were about to."""

    handover_id: UUID
    to: Actor
    times: int = 0


def when(site: Site, duty: OnDuty) -> datetime | None:
    """When whoever has a duty hands it over; None: they forget."""
    if site.random.random() < FORGETS:
        return None
    return max(duty.starts_at, duty.ends_at - BEFORE_THE_END * site.random.random())


async def offers(doing: Doing, site: Site, duty: OnDuty) -> Asked | None:
    """Whoever goes off hands over all they have. Answers what is asked of whom."""
    if duty not in site.duties or not duty.actor.allowed(Permission.duty_hand_over):
        return None
    to = _comes_on(site, duty)
    assert to.staff_id is not None
    body = DutyHandoverCreate(duty_id=duty.duty_id, to_staff_id=to.staff_id, notes="Two on watch.")
    try:
        async with doing.db.write(site.prison_id) as session:
            made = await handovers.offer(session, duty.actor, body)
        doing.done["offered"] += 1
    except Refused as refused:
        doing.refused[refused.code] += 1
        return None
    return None if site.random.random() < NEVER_ANSWERS else Asked(made.id, to)


def _comes_on(site: Site, duty: OnDuty) -> Actor:
    """Mostly whoever has the next duty of the post, at times anybody."""
    begins, ends = duty.ends_at - MEETS, duty.ends_at + MEETS
    able = [each for each in site.staff if each.allowed(Permission.duty_hand_over)]
    following = [
        each.actor
        for each in site.duties
        if each.post is duty.post and begins <= each.starts_at <= ends and each.actor in able
    ]
    others = [each for each in following if each is not duty.actor]
    return site.random.choice(others if others and site.random.random() < 0.9 else able)


async def answers(doing: Doing, site: Site, asked: Asked) -> Asked | None:
    """Whoever comes on answers, or whoever went off takes it back. Answers what is asked still."""
    random = site.random
    try:
        async with doing.db.write(site.prison_id) as session:
            name = await _answer(session, site, asked)
        doing.done[name] += 1
    except Refused as refused:
        doing.refused[refused.code] += 1
        if asked.times < MOST_ASKED and random.random() < 0.8:
            return Asked(asked.handover_id, asked.to, asked.times + 1)
    return None


async def _answer(session: AsyncSession, site: Site, asked: Asked) -> str:
    found = visible(Handover, asked.to).where(col(Handover.id) == asked.handover_id)
    handover = (await session.scalars(found.with_for_update())).one()
    if site.random.random() < TAKES_BACK:
        own = [each for each in site.staff if each.staff_id == handover.from_staff_id]
        if own and handover.status is DutyHandoverStatus.offered:
            body = MoveCreate(to="withdrawn", reason="made_in_error")
            await handovers.act(session, own[0], handover, body)
            return "taken_back"
    items = [each for each in await handovers.items_of(session, handover) if not each.answered]
    if not items or site.random.random() > DECLINES_SOME:
        await handovers.accept(session, asked.to, handover, AcceptanceCreate())
        return "taken_over"
    some = [
        ItemAnswer(concern_id=each.concern_id, accept=site.random.random() < 0.5) for each in items
    ]
    await handovers.accept(session, asked.to, handover, AcceptanceCreate(items=some))
    return "taken_in_part"


async def judge(
    db: Database, prison_id: str, verdict: Verdict, outages: Outages, end: datetime
) -> None:
    """Whoever is handed a duty was told at once; of what is not answered in time, others were."""
    for row in await db.fetch(prison_id, OFFERED):
        verdict.handovers += 1
        until = min(end, row["answered_at"] or end)
        for due in (row["recorded_at"], row["accept_by"]):
            by = outages.up(due) + BOUND
            if by < until and not _between(row["pages"], due, by):
                verdict.unanswered_untold += 1
                verdict.say(f"{row['id']}: nobody was told by {by} of what was offered")


def _between(pages: Sequence[datetime], since: datetime, until: datetime) -> bool:
    return any(since <= each <= until for each in pages)
