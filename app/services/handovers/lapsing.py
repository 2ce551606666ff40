"""A concern accepted by somebody who went off duty: it is nobody's, unless it was handed over."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import the_system
from app.models.concerns import CONCERN_OPEN, Concern
from app.scope import everything
from app.services import duties, lifecycle
from app.services.concerns.moves import CONCERN


async def lapse_due(db: AsyncSession, prison_id: str) -> None:
    """Whatever waits for a decision and was accepted by somebody who is no longer on duty pages
    again, from the first step. What they have handed over and somebody accepted is theirs no
    more."""
    accepted = everything(Concern, prison_id).where(
        col(Concern.status).in_(CONCERN_OPEN),
        col(Concern.accepted_on_duty_at).is_not(None),
        col(Concern.decided_at).is_(None),
    )
    waiting = (await db.scalars(accepted.order_by(col(Concern.id)))).all()
    if not waiting:
        return
    now = clock.now()
    here = await _on_duty(db, prison_id)
    gone = [each.id for each in waiting if each.accepted_by_staff_id not in here]
    locked = accepted.where(col(Concern.id).in_(gone)).order_by(col(Concern.id))
    fresh = locked.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    for concern in await db.scalars(fresh):
        if concern.accepted_by_staff_id in here:
            continue  # somebody accepted it in the meantime
        concern.accepted_on_duty_at = concern.accepted_by_staff_id = None
        concern.step, concern.next_step_at = 0, now
        await lifecycle.mark(db, CONCERN, concern, the_system(prison_id), "acceptance_lapsed")


async def _on_duty(db: AsyncSession, prison_id: str) -> set[UUID]:
    on_duty = await duties.on_duty(db, prison_id, clock.now())
    return {each for ids in on_duty.values() for each in ids}
