"""What people do about a concern: each act is a time with an author, and sets the clock anew."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.access import Actor
from app.errors import Conflicting, Invalid, NotAllowed
from app.models.concerns import (
    CONCERN_OPEN,
    Concern,
    ConcernStatus,
    DecisionCreate,
    FeedbackCreate,
    FeedbackOutcome,
    HandoverCreate,
    ImmediacyPut,
    SeenCreate,
)
from app.models.concerns.tables import AcctDecision
from app.models.staff import Role
from app.rights import Permission
from app.services import duties, escalation, lifecycle
from app.services.concerns import answered, debriefs
from app.services.concerns.clocks import keep, reschedule, state_of, zone_of
from app.services.concerns.moves import CONCERN, reviews
from app.services.concerns.routing import duplicates_of
from app.services.escalation import Immediacy, strictest

CLOCKS_DIFFER = timedelta(minutes=5)
NO_TIME = timedelta()
TOLD_FIRST = timedelta(hours=1)
"""An officer is told first, and then it is written down: for danger now within the hour."""


def happened_at(concern: Concern, at: datetime | None, before: timedelta = NO_TIME) -> datetime:
    """When an act happened: now, or earlier if entered late; never before it was known of, but for
    the time that what comes `before` may."""
    now = clock.now()
    if at is None:
        return now
    if at > now + CLOCKS_DIFFER:
        raise Invalid.field("at", "in_the_future", "must not be in the future")
    if at < concern.occurred_at - before:
        raise Invalid.field("at", "before_the_concern", "must not be before the concern")
    return min(at, now)


def answers_at(concern: Concern, at: datetime | None, before: timedelta = NO_TIME) -> datetime:
    """When an act happened that a clock waits for. One from before the concern was reopened
    answers nothing of what it was reopened for."""
    when = happened_at(concern, at, before)
    if concern.was_reopened and when < concern.raised_at - before:
        message = "must not be before the concern was reopened"
        raise Invalid.field("at", "before_the_concern", message)
    return when


def still_open(concern: Concern) -> None:
    if concern.status is ConcernStatus.merged_duplicate:
        raise Conflicting("It was merged into another concern about the same: go on with that one.")
    if concern.status not in CONCERN_OPEN:
        raise Conflicting("The concern is closed; reopen it first.")


def may_decide(concern: Concern, actor: Actor) -> None:
    """Governors review only what is routed to them: about a mentor or about staff."""
    if not reviews(actor, concern):
        raise NotAllowed("The review belongs to the support worker and the clinician.")


async def acknowledge(
    db: AsyncSession, actor: Actor, concern: Concern, at: datetime | None
) -> None:
    """Take the concern up. The ladder stops only when someone on duty has done so who can review
    it: an officer's word does not let the clinician sleep. Whoever had it and went off duty has it
    no more."""
    still_open(concern)
    when = answers_at(concern, at)
    on_duty = await duties.on_duty(db, concern.prison_id, clock.now())
    if concern.acknowledged_at is None:
        concern.acknowledged_at, concern.acknowledged_by = when, actor.subject
        if concern.status is ConcernStatus.raised:
            to = ConcernStatus.acknowledged
            await lifecycle.move(db, CONCERN, concern, to=to, actor=actor)
        else:  # reopened, and taken up anew
            await lifecycle.mark(db, CONCERN, concern, actor, "acknowledged", occurred_at=when)
    here = any(actor.staff_id in ids for ids in on_duty.values())
    accepts = here and actor.allowed(Permission.concern_review)
    held = any(concern.accepted_by_staff_id in ids for ids in on_duty.values())
    if accepts and not (concern.accepted_on_duty_at is not None and held):
        concern.accepted_on_duty_at, concern.accepted_by_staff_id = when, actor.staff_id
        await lifecycle.mark(db, CONCERN, concern, actor, "accepted_on_duty", occurred_at=when)
    await reschedule(db, concern, clock.now())
    await db.flush()


async def hand_over(db: AsyncSession, actor: Actor, concern: Concern, body: HandoverCreate) -> None:
    """Record the verbal handover of a concern that cannot wait; it may have come before the words
    that were written of it."""
    still_open(concern)
    when, note = answers_at(concern, body.at, TOLD_FIRST), f"to {body.to}"
    concern.handed_over_to, concern.handed_over_at = body.to, when
    await lifecycle.mark(db, CONCERN, concern, actor, "handed_over", note=note, occurred_at=when)
    await reschedule(db, concern, clock.now())
    await db.flush()


async def see(db: AsyncSession, actor: Actor, concern: Concern, body: SeenCreate) -> None:
    """Record that the person was seen, or why they were not; only being seen stops the clock."""
    still_open(concern)
    when = answers_at(concern, body.at)
    if body.not_seen_reason is not None:
        concern.not_seen_reason = note = body.not_seen_reason
        concern.disclosure = concern.disclosure.stricter(body.disclosure)
        said = body.disclosure
        await lifecycle.mark(
            db, CONCERN, concern, actor, "not_seen", note=note, occurred_at=when, disclosure=said
        )
    else:
        event = "seen" if concern.seen_at is None else "seen_again"
        if concern.seen_at is None or when < concern.seen_at:  # the first time counts
            concern.seen_at, concern.seen_by_subject = when, actor.subject
        await lifecycle.mark(db, CONCERN, concern, actor, event, occurred_at=when)
    await reschedule(db, concern, clock.now())
    await db.flush()


async def decide(db: AsyncSession, actor: Actor, concern: Concern, body: DecisionCreate) -> None:
    """Record the decision, with the ACCT decision for `now` and where self-harm or suicide is
    mentioned. An earlier one stays in the history, and so does a clinician's sign-off of it."""
    still_open(concern)
    may_decide(concern, actor)
    needed = concern.mentions_self_harm or concern.immediacy is Immediacy.now
    if needed and body.acct_decision is None:
        known = ", ".join(each.value for each in AcctDecision)
        raise Invalid.field("acct_decision", "acct_decision", f"is needed here, one of: {known}")
    concern.decision, concern.decided_by = body.decision, actor.subject
    concern.decided_at = answers_at(concern, body.at)
    concern.acct_decision, concern.acct_reason = body.acct_decision, body.acct_reason
    if actor.family is not Role.clinician:
        concern.clinician_signed_by = None  # of what was decided before
    concern.disclosure = concern.disclosure.stricter(body.disclosure)
    acct = f"ACCT: {body.acct_decision}" if body.acct_decision else None
    note = "; ".join(filter(None, (body.decision, acct, body.acct_reason)))
    when, said = concern.decided_at, body.disclosure
    await lifecycle.mark(
        db, CONCERN, concern, actor, "decided", note=note, occurred_at=when, disclosure=said
    )
    await reschedule(db, concern, clock.now())
    await db.flush()


async def set_immediacy(
    db: AsyncSession, actor: Actor, concern: Concern, body: ImmediacyPut
) -> None:
    """Raise the immediacy at once, or lower it when a second person asks for the same. What was
    decided while it could wait longer is to be decided anew: else its ladder would rest for a day.

    A governor cannot lower.
    """
    still_open(concern)
    state = state_of(concern, await zone_of(db, concern.prison_id))
    if body.immediacy is concern.immediacy:
        raise Invalid.field("immediacy", "unchanged", "is the present one")
    if strictest(body.immediacy, concern.immediacy) is body.immediacy:
        keep(concern, escalation.raised(state, body.immediacy, clock.now()))
        answered.forget_decision(concern)
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
    concern.disclosure = concern.disclosure.stricter(body.disclosure)
    await lifecycle.mark(db, CONCERN, concern, actor, event, note=note, disclosure=body.disclosure)
    await db.flush()
    await debriefs.owe(db, concern)


async def sign_off(db: AsyncSession, actor: Actor, concern: Concern) -> None:
    """A clinician's sign-off, needed to close where the person is a patient."""
    still_open(concern)
    if actor.family is not Role.clinician:
        raise NotAllowed("Only a clinician signs off.")
    concern.clinician_signed_by = actor.subject
    await lifecycle.mark(db, CONCERN, concern, actor, "signed_off")
    await db.flush()


async def feed_back(db: AsyncSession, actor: Actor, concern: Concern, body: FeedbackCreate) -> None:
    """Close the loop to who raised it: what they are told, or why they cannot be. Who raised a
    duplicate of it is told the outcome as well, not the words meant for another."""
    still_open(concern)
    may_decide(concern, actor)
    for each in [concern, *await duplicates_of(db, concern, lock=True)]:
        each.feedback, each.feedback_at = body.outcome, clock.now()
        each.feedback_told_by = body.told_by
    concern.feedback_text = body.text
    note = ": ".join(filter(None, (body.outcome.value, body.text)))
    told = body.outcome is not FeedbackOutcome.impossible
    event = "fed_back" if told else "feedback_impossible"  # of which no stream tells the raiser
    await lifecycle.mark(db, CONCERN, concern, actor, event, note=note)
    await db.flush()
