"""One step of one concern's escalation: pages, history and outbox in one transaction."""

from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access import the_system
from app.models.concerns import CONCERN_OPEN, Concern
from app.models.prisons import Prison
from app.scope import everything
from app.services import lifecycle, notifications
from app.services.concerns.clocks import duty_for, state_of
from app.services.concerns.moves import CONCERN
from app.services.escalation import Step, next_step

log = structlog.get_logger(__name__)


async def take_due(db: AsyncSession, prison_id: str, now: datetime) -> UUID | None:
    """Take the step that is due longest. None when none is due, or others hold those that are."""
    due = (
        everything(Concern, prison_id)
        .where(col(Concern.status).in_(CONCERN_OPEN), col(Concern.next_step_at) <= now)
        .order_by(col(Concern.next_step_at))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    concern = (await db.execute(due)).scalar_one_or_none()
    if concern is None:
        return None
    duty = await duty_for(db, concern, now)
    if duty is None:
        log.critical("nobody_to_page", prison_id=prison_id, concern_id=str(concern.id))
        return None
    prison = await db.get_one(Prison, prison_id)
    step = next_step(state_of(concern, prison.tz), duty, now)
    if step is not None:
        await _take(db, concern, prison, step)
    return concern.id


async def _take(db: AsyncSession, concern: Concern, prison: Prison, step: Step) -> None:
    system = the_system(concern.prison_id)
    for page in step.pages:
        await notifications.page(db, concern, prison, page, step.step_index)
    for alarm in step.alarms:
        log.error("escalation_alarm", alarm=alarm, prison_id=prison.id, concern_id=str(concern.id))
        await lifecycle.mark(db, CONCERN, concern, system, alarm)
    concern.step, concern.next_step_at = step.new_step_index, step.next_step_at
    note = f"step {step.step_index}: {step.why}, {len(step.pages)} paged"
    await lifecycle.mark(db, CONCERN, concern, system, "escalated", note=note)
    await db.flush()
