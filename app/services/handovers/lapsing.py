"""A concern accepted by somebody who went off duty, or who may know of it no more: it is nobody's,
unless it was handed over."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import the_system
from app.models.concerns import CONCERN_OPEN, Concern
from app.models.staff import StaffRole
from app.scope import everything
from app.services import duties, lifecycle
from app.services.concerns.moves import CONCERN
from app.services.concerns.routing import may_work


async def lapse_due(db: AsyncSession, prison_id: str) -> None:
    """Whatever waits for a decision and was accepted by somebody who is no longer on duty, or from
    whom it is kept by now, pages again, from the first step. What they have handed over and
    somebody accepted is theirs no more."""
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
    gone = [each.id for each in waiting if not _has_it(each, here)]
    locked = accepted.where(col(Concern.id).in_(gone)).order_by(col(Concern.id))
    fresh = locked.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    for concern in await db.scalars(fresh):
        if _has_it(concern, here):
            continue  # somebody accepted it in the meantime
        concern.accepted_on_duty_at = concern.accepted_by_staff_id = None
        concern.step, concern.next_step_at = 0, now
        await lifecycle.mark(db, CONCERN, concern, the_system(prison_id), "acceptance_lapsed")


def _has_it(concern: Concern, here: Mapping[UUID, StaffRole]) -> bool:
    """Whether its acceptor is on duty and may work on it."""
    staff_id = concern.accepted_by_staff_id
    role = here.get(staff_id) if staff_id is not None else None
    return staff_id is not None and role is not None and may_work(concern, role, staff_id)


async def _on_duty(db: AsyncSession, prison_id: str) -> dict[UUID, StaffRole]:
    now = clock.now()
    roster = await duties.load(db, prison_id, now, now)
    ids = {each for on_post in roster.on_duty(now).values() for each in on_post}
    return {staff.id: staff.role for staff in roster.working if staff.id in ids}
