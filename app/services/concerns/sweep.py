"""One step of one concern's escalation: pages, history and outbox in one transaction."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import and_, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access import the_system
from app.models.concerns import CONCERN_OPEN, Concern
from app.models.prisons import Prison
from app.scope import everything
from app.services import lifecycle, notifications
from app.services.concerns.clocks import NOWHERE, duty_for, state_of
from app.services.concerns.moves import CONCERN
from app.services.escalation import Step, next_step
from app.services.notifications import NobodyToPage

log = structlog.get_logger(__name__)
SOONER = timedelta(minutes=1)


async def next_due(
    db: AsyncSession, prison_id: str, now: datetime, besides: Collection[UUID] = ()
) -> Concern | None:
    """The concern whose step is due longest, locked. None when none is due, or others hold those
    that are. `besides`: the ones whose step has just failed. The first step is due by any clock:
    the machine on which it was raised may be ahead of this one."""
    first = and_(col(Concern.step) == 0, col(Concern.next_step_at) == col(Concern.raised_at))
    due = (
        everything(Concern, prison_id)
        .where(col(Concern.status).in_(CONCERN_OPEN), or_(col(Concern.next_step_at) <= now, first))
        .where(col(Concern.id).not_in(besides))
        .order_by(col(Concern.next_step_at))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return (await db.execute(due)).scalar_one_or_none()


async def take(db: AsyncSession, concern: Concern, now: datetime) -> None:
    """Take the step that is due: someone is always paged, if only outside the prison. Raises
    NobodyToPage where there is no one inside and no address outside: the step stays due."""
    prison = await db.get_one(Prison, concern.prison_id)
    duty = await duty_for(db, concern, prison, now)
    state = state_of(concern, prison.tz)
    if state.next_step_at is not None and state.next_step_at > now:
        state = replace(state, next_step_at=now)
    step = next_step(state, duty, now)
    if step is not None:
        await _write(db, concern, prison, step)


async def _write(db: AsyncSession, concern: Concern, prison: Prison, step: Step) -> None:
    system = the_system(concern.prison_id)
    reached = [page for page in step.pages if page.to != NOWHERE]
    if not reached:
        raise NobodyToPage
    if len(reached) < len(step.pages):
        log.critical("nobody_outside_to_page", prison_id=prison.id)
    for page in reached:
        await notifications.page(db, concern, prison, page, step.step_index)
    for alarm in step.alarms:
        log.error("escalation_alarm", alarm=alarm, prison_id=prison.id, concern_id=str(concern.id))
        await lifecycle.mark(db, CONCERN, concern, system, alarm)
    concern.step, concern.next_step_at = step.new_step_index, step.next_step_at
    note = f"step {step.step_index}: {step.why}, {len(reached)} paged"
    await lifecycle.mark(db, CONCERN, concern, system, "escalated", note=note)
    await db.flush()


async def hasten(db: AsyncSession, prison_id: str, concern_id: UUID, now: datetime) -> None:
    """A page could not be handed over: take the next step sooner, in a minute at the latest."""
    found = everything(Concern, prison_id).where(
        col(Concern.id) == concern_id,
        col(Concern.status).in_(CONCERN_OPEN),
        col(Concern.next_step_at) > now + SOONER,
    )
    concern = (await db.execute(found.with_for_update())).scalar_one_or_none()
    if concern is not None:
        concern.next_step_at = now + SOONER
        await lifecycle.mark(db, CONCERN, concern, the_system(prison_id), "page_not_delivered")
