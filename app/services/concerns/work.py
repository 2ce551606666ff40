"""What people do about a concern: each act is a time with an author, and sets the clock anew."""

from datetime import datetime
from uuid import UUID

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
    SubjectPut,
)
from app.models.concerns.tables import AcctDecision
from app.models.people import Person
from app.models.staff import Role
from app.rights import Permission
from app.scope import everything, referred, visible
from app.services import duties, escalation, lifecycle
from app.services.concerns import debriefs
from app.services.concerns.clocks import keep, reschedule, state_of, zone_of
from app.services.concerns.moves import CONCERN, reviews
from app.services.concerns.routing import READ_BY_CLINICIANS, may_change, route
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
    if not reviews(actor, concern):
        raise NotAllowed("The review belongs to the support worker and the clinician.")


async def acknowledge(
    db: AsyncSession, actor: Actor, concern: Concern, at: datetime | None
) -> None:
    """Take the concern up. The ladder stops only when someone on duty has done so who can review
    it: an officer's word does not let the clinician sleep. Whoever had it and went off duty has it
    no more."""
    still_open(concern)
    when = happened_at(concern, at)
    on_duty = await duties.on_duty(db, concern.prison_id, clock.now())
    if concern.acknowledged_at is None:
        concern.acknowledged_at, concern.acknowledged_by = when, actor.subject
        if concern.status is ConcernStatus.raised:
            to = ConcernStatus.acknowledged
            await lifecycle.move(db, CONCERN, concern, to=to, actor=actor)
    here = any(actor.staff_id in ids for ids in on_duty.values())
    accepts = here and actor.allowed(Permission.concern_review)
    held = any(concern.accepted_by_staff_id in ids for ids in on_duty.values())
    if accepts and not (concern.accepted_on_duty_at is not None and held):
        concern.accepted_on_duty_at, concern.accepted_by_staff_id = when, actor.staff_id
        await lifecycle.mark(db, CONCERN, concern, actor, "accepted_on_duty", occurred_at=when)
    await reschedule(db, concern, clock.now())
    await db.flush()


async def hand_over(db: AsyncSession, actor: Actor, concern: Concern, body: HandoverCreate) -> None:
    """Record the verbal handover of a concern that cannot wait."""
    still_open(concern)
    when, note = happened_at(concern, body.at), f"to {body.to}"
    concern.handed_over_to, concern.handed_over_at = body.to, when
    await lifecycle.mark(db, CONCERN, concern, actor, "handed_over", note=note, occurred_at=when)
    await reschedule(db, concern, clock.now())
    await db.flush()


async def see(db: AsyncSession, actor: Actor, concern: Concern, body: SeenCreate) -> None:
    """Record that the person was seen, or why they were not; only being seen stops the clock."""
    still_open(concern)
    when = happened_at(concern, body.at)
    if body.not_seen_reason is not None:
        concern.not_seen_reason = note = body.not_seen_reason
        concern.disclosure = concern.disclosure.stricter(body.disclosure)
        said = body.disclosure
        await lifecycle.mark(
            db, CONCERN, concern, actor, "not_seen", note=note, occurred_at=when, disclosure=said
        )
    elif concern.seen_at is None:
        concern.seen_at, concern.seen_by_subject = when, actor.subject
        await lifecycle.mark(db, CONCERN, concern, actor, "seen", occurred_at=when)
    await reschedule(db, concern, clock.now())
    await db.flush()


async def decide(db: AsyncSession, actor: Actor, concern: Concern, body: DecisionCreate) -> None:
    """Record the decision, with the ACCT decision for `now` and where self-harm or suicide is
    mentioned. An earlier one stays in the history."""
    still_open(concern)
    may_decide(concern, actor)
    needed = concern.mentions_self_harm or concern.immediacy is Immediacy.now
    if needed and body.acct_decision is None:
        known = ", ".join(each.value for each in AcctDecision)
        raise Invalid.field("acct_decision", "acct_decision", f"is needed here, one of: {known}")
    concern.decision, concern.decided_by = body.decision, actor.subject
    concern.decided_at = happened_at(concern, body.at)
    concern.acct_decision, concern.acct_reason = body.acct_decision, body.acct_reason
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
    concern.disclosure = concern.disclosure.stricter(body.disclosure)
    await lifecycle.mark(db, CONCERN, concern, actor, event, note=note, disclosure=body.disclosure)
    await db.flush()
    await debriefs.owe(db, concern)


async def resolve_subject(
    db: AsyncSession, actor: Actor, concern: Concern, body: SubjectPut
) -> None:
    """Say whom it turned out to be about; what was said of them stays. It is routed anew, and goes
    on at once where those who were paged may no longer see it."""
    still_open(concern)
    may_decide(concern, actor)
    person = await referred(
        db, Person, concern.prison_id, body.subject_person_id, "subject_person_id"
    )
    was_routed = concern.routed
    concern.subject_person_id = person.id
    await route(db, concern)
    if concern.routed and not was_routed:
        concern.step, concern.next_step_at = 0, clock.now()
    await lifecycle.mark(db, CONCERN, concern, actor, "subject_resolved")
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
    """Close the loop to who raised it: what they are told, or why they cannot be. Who raised a
    duplicate of it is told the outcome as well, not the words meant for another."""
    still_open(concern)
    may_decide(concern, actor)
    duplicates = everything(Concern, concern.prison_id).where(
        col(Concern.merged_into) == concern.id
    )
    locked = duplicates.order_by(col(Concern.id)).with_for_update()
    for each in [concern, *(await db.execute(locked)).scalars()]:
        each.feedback, each.feedback_at = body.outcome, clock.now()
        each.feedback_told_by = body.told_by
    concern.feedback_text = body.text
    note = ": ".join(filter(None, (body.outcome.value, body.text)))
    await lifecycle.mark(db, CONCERN, concern, actor, "fed_back", note=note)
    await db.flush()


async def lock_both(db: AsyncSession, actor: Actor, concern: Concern, survivor_id: UUID) -> Concern:
    """Lock a duplicate and the concern that stays, which is answered. In the order of their ids:
    two people who merge them crosswise wait for each other, and do not deadlock."""
    pair = visible(Concern, actor).where(col(Concern.id).in_([concern.id, survivor_id]))
    locked = pair.order_by(col(Concern.id)).with_for_update()
    fresh = locked.execution_options(populate_existing=True)
    found = {each.id: each for each in (await db.execute(fresh)).scalars()}
    survivor = found.get(survivor_id)
    if survivor is None or survivor is concern:
        raise Invalid.field("survivor_id", "unknown", "must be another concern that you may see")
    for each in found.values():
        may_change(each, actor)
    return survivor


async def merge(db: AsyncSession, actor: Actor, concern: Concern, survivor: Concern) -> None:
    """Merge a duplicate into the concern that stays, which keeps the strictest of both clocks.
    Both are locked.

    Only of the same routing: else it would become known to whom it is about, or leave their
    managers.
    """
    for each in (concern, survivor):
        may_decide(each, actor)
        still_open(each)
    if _routing(survivor) != _routing(concern):
        message = "must be about the same member of staff, or likewise about a mentor's conduct"
        raise Invalid.field("survivor_id", "routed_otherwise", message)
    zone = await zone_of(db, concern.prison_id)
    together = escalation.merged(state_of(survivor, zone), state_of(concern, zone), clock.now())
    keep(survivor, together)
    await debriefs.owe(db, survivor)
    # Closing it takes an ACCT decision from now on, and a lowering proposed before is void.
    survivor.mentions_self_harm = survivor.mentions_self_harm or concern.mentions_self_harm
    survivor.lower_to = survivor.lower_by = survivor.lower_reason = None
    concern.merged_into = survivor.id
    await lifecycle.mark(db, CONCERN, survivor, actor, "duplicate_merged", note=concern.reference)
    await lifecycle.move(db, CONCERN, concern, to=ConcernStatus.merged_duplicate, actor=actor)


def _routing(concern: Concern) -> tuple[object, ...]:
    """What decides who may see a concern (see `scope`)."""
    by_kind = concern.kind in READ_BY_CLINICIANS if concern.routed else None
    about = (concern.about_mentor, concern.about_line_id)
    return *about, concern.about_staff_id, concern.about_staff_as_told, by_kind
