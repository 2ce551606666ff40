"""What people do about a concern: each act is a time with an author, and sets the clock anew."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Conflicting, Invalid, NotAllowed
from app.models.concerns import (
    CONCERN_OPEN,
    Concern,
    ConcernStatus,
    DecisionCreate,
    FeedbackCreate,
    HandoverCreate,
    ImmediacyPut,
    SeenCreate,
)
from app.models.concerns.tables import AcctDecision
from app.models.staff import Role
from app.scope import visible
from app.services import duties, escalation, lifecycle
from app.services.concerns.clocks import keep, reschedule, state_of, zone_of
from app.services.concerns.moves import CONCERN
from app.services.escalation import Immediacy, strictest


def happened_at(concern: Concern, at: datetime | None) -> datetime:
    """When an act happened: now, or earlier if entered late; never before it was known of."""
    now = clock.now()
    if at is None:
        return now
    if at > now:
        raise Invalid.field("at", "in_the_future", "must not be in the future")
    if at < concern.occurred_at:
        raise Invalid.field("at", "before_the_concern", "must not be before the concern")
    return at


def still_open(concern: Concern) -> None:
    if concern.status not in CONCERN_OPEN:
        raise Conflicting("The concern is closed; reopen it first.")


def may_decide(concern: Concern, actor: Actor) -> None:
    """Governors review only what is routed to them: about a mentor or about staff."""
    routed = concern.about_mentor or concern.about_staff_id is not None
    if actor.role is Role.governor and not routed:
        raise NotAllowed("The review belongs to the support worker and the clinician.")


async def acknowledge(
    db: AsyncSession, actor: Actor, concern: Concern, at: datetime | None
) -> None:
    """Take the concern up. The ladder stops only when someone on duty has done so."""
    still_open(concern)
    when = happened_at(concern, at)
    on_duty = await duties.on_duty(db, concern.prison_id, clock.now())
    if concern.acknowledged_at is None:
        concern.acknowledged_at, concern.acknowledged_by = when, actor.subject
        if concern.status is ConcernStatus.raised:
            to = ConcernStatus.acknowledged
            await lifecycle.move(db, CONCERN, concern, to=to, actor=actor)
    here = any(actor.staff_id in ids for ids in on_duty.values())
    if concern.accepted_on_duty_at is None and here:
        concern.accepted_on_duty_at = when
        await lifecycle.mark(db, CONCERN, concern, actor, "accepted_on_duty", occurred_at=when)
    await reschedule(db, concern, clock.now())
    await db.flush()


async def hand_over(db: AsyncSession, actor: Actor, concern: Concern, body: HandoverCreate) -> None:
    """Record the verbal handover of a concern that cannot wait."""
    still_open(concern)
    concern.handed_over_to, concern.handed_over_at = body.to, happened_at(concern, body.at)
    await lifecycle.mark(db, CONCERN, concern, actor, "handed_over", occurred_at=body.at)
    await reschedule(db, concern, clock.now())
    await db.flush()


async def see(db: AsyncSession, actor: Actor, concern: Concern, body: SeenCreate) -> None:
    """Record that the person was seen, or why they were not; only being seen stops the clock."""
    still_open(concern)
    when = happened_at(concern, body.at)
    if body.not_seen_reason is not None:
        concern.not_seen_reason = body.not_seen_reason
        await lifecycle.mark(db, CONCERN, concern, actor, "not_seen", occurred_at=when)
    elif concern.seen_at is None:
        concern.seen_at, concern.seen_by_subject = when, actor.subject
        await lifecycle.mark(db, CONCERN, concern, actor, "seen", occurred_at=when)
    await reschedule(db, concern, clock.now())
    await db.flush()


async def decide(db: AsyncSession, actor: Actor, concern: Concern, body: DecisionCreate) -> None:
    """Record the decision, with the ACCT decision where self-harm or suicide is mentioned."""
    still_open(concern)
    may_decide(concern, actor)
    if concern.mentions_self_harm and body.acct_decision is None:
        known = ", ".join(each.value for each in AcctDecision)
        raise Invalid.field("acct_decision", "acct_decision", f"is needed here, one of: {known}")
    concern.decision, concern.decided_by = body.decision, actor.subject
    concern.decided_at = happened_at(concern, body.at)
    concern.acct_decision, concern.acct_reason = body.acct_decision, body.acct_reason
    await lifecycle.mark(db, CONCERN, concern, actor, "decided", occurred_at=concern.decided_at)
    await reschedule(db, concern, clock.now())
    await db.flush()


async def set_immediacy(
    db: AsyncSession, actor: Actor, concern: Concern, body: ImmediacyPut
) -> None:
    """Raise the immediacy at once, or lower it when a second person asks for the same.

    A governor cannot lower.
    """
    still_open(concern)
    state = state_of(concern, await zone_of(db, concern.prison_id))
    if body.immediacy is concern.immediacy:
        raise Invalid.field("immediacy", "unchanged", "is the present one")
    if strictest(body.immediacy, concern.immediacy) is body.immediacy:
        keep(concern, escalation.raised(state, body.immediacy, clock.now()))
        event = "immediacy_raised"
    elif actor.family not in {Role.support_worker, Role.clinician} or actor.role is Role.wing_duty:
        raise NotAllowed("Lowering belongs to a support worker or a clinician.")
    elif concern.lower_to is body.immediacy and concern.lower_by != actor.subject:
        keep(concern, escalation.lowered(state, body.immediacy, clock.now()))
        event = "immediacy_lowered"
    else:
        concern.lower_to, concern.lower_by = body.immediacy, actor.subject
        concern.lower_reason = body.reason
        event = "lowering_proposed"
    if event != "lowering_proposed":
        concern.lower_to = concern.lower_by = concern.lower_reason = None
    note = f"{body.immediacy.value}: {body.reason}"
    await lifecycle.mark(db, CONCERN, concern, actor, event, note=note)
    await db.flush()


async def sign_off(db: AsyncSession, actor: Actor, concern: Concern) -> None:
    """A clinician's sign-off, needed to close where the person is a patient."""
    still_open(concern)
    if actor.family is not Role.clinician:
        raise NotAllowed("Only a clinician signs off.")
    concern.clinician_signed_by = actor.subject
    await lifecycle.mark(db, CONCERN, concern, actor, "signed_off")
    await db.flush()


async def feed_back(db: AsyncSession, actor: Actor, concern: Concern, body: FeedbackCreate) -> None:
    """Close the loop to who raised it: what they are told, or why they cannot be."""
    may_decide(concern, actor)
    concern.feedback, concern.feedback_text = body.outcome, body.text
    concern.feedback_told_by, concern.feedback_at = body.told_by, clock.now()
    await lifecycle.mark(db, CONCERN, concern, actor, "fed_back")
    await db.flush()


async def merge(db: AsyncSession, actor: Actor, concern: Concern, survivor_id: object) -> Concern:
    """Merge a duplicate into the concern that stays, which keeps the strictest of both clocks."""
    found = visible(Concern, actor).where(col(Concern.id) == survivor_id).with_for_update()
    survivor = (await db.execute(found)).scalar_one_or_none()
    if survivor is None or survivor.id == concern.id:
        raise Invalid.field("survivor_id", "unknown", "must be another concern that you may see")
    still_open(concern)
    still_open(survivor)
    zone = await zone_of(db, concern.prison_id)
    together = escalation.merged(state_of(survivor, zone), state_of(concern, zone), clock.now())
    keep(survivor, together)
    concern.merged_into = survivor.id
    await lifecycle.mark(db, CONCERN, survivor, actor, "duplicate_merged", note=concern.reference)
    await lifecycle.move(db, CONCERN, concern, to=ConcernStatus.merged_duplicate, actor=actor)
    return survivor


__all__ = ["Immediacy", "acknowledge", "decide", "feed_back", "hand_over", "merge", "see"]
