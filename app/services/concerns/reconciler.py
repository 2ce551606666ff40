"""What must never be needed: an open concern whose next step is lost gets one, with an alarm.

Asked every minute of every open concern: a step to come or overdue, no later than the ladder may
pause, of a policy that can be read, and somebody whom it would page.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import the_system
from app.models.concerns import CONCERN_OPEN, Concern
from app.models.prisons import Prison
from app.scope import everything
from app.services import duties, lifecycle
from app.services.concerns.clocks import NOWHERE, duty_at, state_of
from app.services.concerns.moves import CONCERN
from app.services.escalation import latest
from app.services.escalation_policies.standing import policy_for, readable
from app.services.ladders import Target

log = structlog.get_logger(__name__)
BREATH = timedelta(seconds=1)


def amiss(concern: Concern, zone: ZoneInfo, now: datetime) -> str | None:
    """What is amiss with an open concern's next step, as the code of its alarm; None: nothing."""
    if readable(concern) is None:
        return "policy_unreadable"
    state = state_of(concern, zone)
    if state.next_step_at is None:
        return "no_next_step"
    return "next_step_too_late" if state.next_step_at > latest(state, now) + BREATH else None


async def reconcile(db: AsyncSession, prison_id: str) -> int:
    """Give every open concern that lost its next step one that is due now. Answers how many."""
    prison, now = await db.get_one(Prison, prison_id), clock.now()
    standing = everything(Concern, prison_id).where(col(Concern.status).in_(CONCERN_OPEN))
    found = (await db.scalars(standing.order_by(col(Concern.id)))).all()
    if not found:
        return 0
    await _reaches_somebody(db, prison, found, now)
    zone, mended = prison.tz, 0
    for concern_id in [each.id for each in found if amiss(each, zone, now)]:
        try:
            async with db.begin_nested():
                mended += await _mend(db, standing.where(col(Concern.id) == concern_id), zone, now)
        except Exception:
            log.exception("not_mended", prison_id=prison_id, concern_id=str(concern_id))
    return mended


async def _mend(db: AsyncSession, standing: Select[Concern], zone: ZoneInfo, now: datetime) -> bool:
    """Mend the one, unless somebody is at it or was in the meantime."""
    fresh = standing.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    concern = (await db.scalars(fresh)).one_or_none()
    alarm = amiss(concern, zone, now) if concern is not None else None
    if concern is None or alarm is None:
        return False
    if alarm == "policy_unreadable":
        concern.policy = (await policy_for(db, concern.prison_id, concern.kind)).to_json()
    concern.step, concern.next_step_at = 0, now
    await lifecycle.mark(db, CONCERN, concern, the_system(concern.prison_id), alarm)
    await db.flush()
    log.error("escalation_alarm", alarm=alarm, prison_id=concern.prison_id, concern_id=concern.id)
    return True


async def _reaches_somebody(
    db: AsyncSession, prison: Prison, concerns: Sequence[Concern], now: datetime
) -> None:
    """Every ladder ends in a last resort. Where even that is nobody, it is said before the step is
    due: only people can mend it."""
    roster = await duties.load(db, prison.id, now, now)
    for concern in concerns:
        last = duty_at(roster, concern, prison, now).who(Target.last_resort)
        if last == (NOWHERE,):
            log.critical(
                "escalation_alarm",
                alarm="nobody_to_page",
                prison_id=prison.id,
                concern_id=concern.id,
            )
