"""A concern's clocks: between the table's columns and the pure decisions of `escalation`."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.concerns import CONCERN_OPEN, Concern, ConcernKind
from app.models.duties import Post
from app.models.prisons import Prison
from app.models.staff import Role, Staff, StaffRole
from app.scope import everything
from app.services import duties, regimes
from app.services.escalation import (
    Clocks,
    ConcernState,
    Duty,
    Policy,
    Target,
    clocks,
    default_policy,
    rescheduled,
)

READ_BY_CLINICIANS = {ConcernKind.safeguarding, ConcernKind.coercion_of_mentor}


def state_of(concern: Concern, zone: ZoneInfo) -> ConcernState:
    """What the decision needs of a concern."""
    return ConcernState(
        immediacy=concern.immediacy,
        raised_at=concern.raised_at,
        clocks=Clocks(concern.acknowledge_by, concern.seen_by, concern.decide_by),
        policy=Policy.from_json(concern.policy),
        next_step_at=concern.next_step_at,
        step_index=concern.step,
        acknowledged_at=concern.acknowledged_at,
        accepted_on_duty=concern.accepted_on_duty_at is not None,
        verbal_handover_made=concern.handed_over_at is not None,
        seen_at=concern.seen_at,
        decided_at=concern.decided_at,
        is_open=concern.status in CONCERN_OPEN,
        lock_up=concern.lock_up,
        zone=zone,
    )


def keep(concern: Concern, state: ConcernState) -> None:
    """Write a decided state back to the concern's columns."""
    concern.immediacy = state.immediacy
    concern.raised_at = state.raised_at
    concern.lock_up = state.lock_up
    concern.acknowledge_by = state.clocks.acknowledge_by
    concern.seen_by = state.clocks.seen_by
    concern.decide_by = state.clocks.decide_by
    concern.step = state.step_index
    concern.next_step_at = state.next_step_at


async def zone_of(db: AsyncSession, prison_id: str) -> ZoneInfo:
    return (await db.get_one(Prison, prison_id)).tz


async def start_clocks(db: AsyncSession, concern: Concern, now: datetime) -> None:
    """Start the clocks of the concern's immediacy under the policy in force now."""
    zone = await zone_of(db, concern.prison_id)
    concern.raised_at = now
    concern.lock_up = await regimes.lock_up_after(db, concern.prison_id, now)
    concern.policy = default_policy().to_json()
    fresh = clocks(concern.immediacy, now, concern.lock_up, zone)
    concern.acknowledge_by = fresh.acknowledge_by
    concern.seen_by, concern.decide_by = fresh.seen_by, fresh.decide_by
    concern.step, concern.next_step_at = 0, now


async def reschedule(db: AsyncSession, concern: Concern, now: datetime) -> None:
    """Set the next step anew after something a person did."""
    if concern.status in CONCERN_OPEN:
        state = state_of(concern, await zone_of(db, concern.prison_id))
        keep(concern, rescheduled(state, now))


def may_work(concern: Concern, role: StaffRole | Role, staff_id: UUID) -> bool:
    """Whether someone may read and so be paged about this concern: never about themselves, and
    one about a mentor or about staff only where it is routed (see `scope`)."""
    if concern.about_staff_id == staff_id:
        return False
    family = Role(role.value).family
    if family is Role.clinician:
        routed = concern.about_mentor or concern.about_staff_id is not None
        return not routed or concern.kind in READ_BY_CLINICIANS
    return family is Role.governor or concern.about_staff_id is None


async def duty_for(db: AsyncSession, concern: Concern, now: datetime) -> Duty | None:
    """Who can be paged about the concern now. None when the prison has no one at all."""
    prison = await db.get_one(Prison, concern.prison_id)
    everyone = (
        (await db.execute(everything(Staff, prison.id).where(col(Staff.active)))).scalars().all()
    )
    on_duty = await duties.on_duty(db, prison.id, now)
    governors = [staff.id for staff in everyone if staff.role is StaffRole.governor]
    last = [*on_duty.get(Post.last_resort, []), *governors, *[staff.id for staff in everyone]]
    if not last:
        return None
    return Duty(
        on_duty={
            Target(post.value): tuple(ids)
            for post, ids in on_duty.items()
            if post is not Post.last_resort
        },
        last_resort=last[0],
        outside=prison.outside_last_resort or "outside last resort is not configured",
        conflicted=frozenset(
            staff.id for staff in everyone if not may_work(concern, staff.role, staff.id)
        ),
    )
