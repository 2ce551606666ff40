"""A concern's clocks: between the table's columns and the pure decisions of `escalation`."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.models.concerns import CONCERN_OPEN, Concern
from app.models.duties import Post
from app.models.prisons import Prison
from app.models.staff import StaffRole
from app.services import duties, regimes
from app.services.concerns.routing import may_work
from app.services.duties import Roster
from app.services.escalation import Clocks, ConcernState, Duty, clocks, rescheduled
from app.services.escalation_policies.standing import kept, policy_for
from app.services.ladders import Target
from app.services.prisons import outside

NOWHERE = "outside last resort is not configured"


def state_of(concern: Concern, zone: ZoneInfo) -> ConcernState:
    """What the decision needs of a concern."""
    return ConcernState(
        immediacy=concern.immediacy,
        raised_at=concern.raised_at,
        clocks=Clocks(concern.acknowledge_by, concern.seen_by, concern.decide_by),
        policy=kept(concern),
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
    policy = await policy_for(db, concern.prison_id, concern.kind)
    concern.policy = policy.to_json()
    own = policy.clocks.get(concern.immediacy)
    fresh = clocks(concern.immediacy, now, concern.lock_up, zone, own)
    concern.acknowledge_by = fresh.acknowledge_by
    concern.seen_by, concern.decide_by = fresh.seen_by, fresh.decide_by
    concern.step, concern.next_step_at = 0, now


async def reschedule(db: AsyncSession, concern: Concern, now: datetime) -> None:
    """Set the next step anew after something a person did."""
    if concern.status in CONCERN_OPEN:
        state = state_of(concern, await zone_of(db, concern.prison_id))
        keep(concern, rescheduled(state, now))


async def duty_for(db: AsyncSession, concern: Concern, prison: Prison, now: datetime) -> Duty:
    """Who can be paged about the concern now."""
    return duty_at(await duties.load(db, prison.id, now, now), concern, prison, now)


def duty_at(roster: Roster, concern: Concern, prison: Prison, at: datetime) -> Duty:
    """Who can be paged about the concern at an instant. With no one left inside, the address
    outside is the last resort: a page is always written."""
    on_duty = roster.on_duty(at)
    able = [each.id for each in roster.working if may_work(concern, each.role, each.id)]
    governors = [each.id for each in roster.working if each.role is StaffRole.governor]
    named = [*on_duty[Post.last_resort], *governors]
    if prison.outside_last_resort is None:
        named += able
    everyone = frozenset(each.id for each in roster.working)
    return Duty(
        on_duty={
            Target(post.value): tuple(ids)
            for post, ids in on_duty.items()
            if post is not Post.last_resort
        },
        last_resort=next((each for each in named if each in able), None),
        outside=outside(prison) or NOWHERE,
        conflicted=everyone - frozenset(able),
        working=everyone,
    )
