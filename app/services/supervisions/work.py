"""What people do with a supervision: hold it, write of it, put it off, sign it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Conflicting, Invalid, MoveNotInTable, MoveNotYours, NoteLocked
from app.models.mentors import Mentor, MentorStatus
from app.models.staff import Role
from app.models.supervisions import (
    MentorSignature,
    RescheduleCreate,
    SignatureCreate,
    Supervision,
    SupervisionHeld,
    SupervisionNotesPut,
    SupervisionStatus,
    SupervisionText,
)
from app.scope import everything, load
from app.services import lifecycle, outbox, tasks, texts
from app.services.people.locked import notes_locked
from app.services.supervisions import plans
from app.services.supervisions.moves import SUPERVISION, zone_of
from app.services.supervisions.rules import PUT_OFF_AT_MOST
from app.services.working_days import local_date

S = SupervisionStatus
TEXTS = tuple(text.value for text in SupervisionText)


async def mentor_of(db: AsyncSession, supervision: Supervision, *, hold: bool = False) -> Mentor:
    """The mentor; with `hold` they stay as they are until the commit."""
    found = everything(Mentor, supervision.prison_id).where(col(Mentor.id) == supervision.mentor_id)
    found = found.with_for_update(key_share=True) if hold else found
    fresh = found.execution_options(populate_existing=True)
    return (await db.execute(fresh)).scalar_one()


async def to_work_on(db: AsyncSession, actor: Actor, row_id: UUID) -> Supervision:
    """A supervision to work on, locked: its mentor first, as whoever moves the mentor does."""
    supervision = await load(db, Supervision, actor, row_id, lock=False)
    await mentor_of(db, supervision, hold=True)
    await db.refresh(supervision, with_for_update=True)
    return supervision


async def hold(
    db: AsyncSession, actor: Actor, supervision: Supervision, body: SupervisionHeld
) -> None:
    """Record that it was held, and plan the next one from that day."""
    mentor = await mentor_of(db, supervision)
    held_at = body.held_at or clock.now()
    last_move = await _check_when(db, mentor, supervision, held_at)
    late_entry = supervision.status is S.cancelled
    supervision.held_at, supervision.held_by = held_at, actor.staff_id
    supervision.mode, supervision.disclosure = body.mode, body.disclosure
    for text in TEXTS:
        setattr(supervision, text, getattr(body, text))
    when = max(held_at, last_move)
    await lifecycle.move(db, SUPERVISION, supervision, to=S.held, actor=actor, occurred_at=when)
    supervision.next_alert_at = None
    await texts.keep_first(db, actor, supervision, *TEXTS)
    for kind in plans.ASKING:
        await tasks.finish(db, supervision, kind, actor)
    if late_entry:
        await plans.follow_late_entry(db, mentor, supervision, held_at)
    await plans.plan(db, actor, mentor, held_at)


async def _check_when(
    db: AsyncSession, mentor: Mentor, supervision: Supervision, held_at: datetime
) -> datetime:
    """When the supervision was moved last. Raises Invalid, naming the field, for a time that
    cannot be, and MoveNotInTable for one after it was cancelled."""
    if held_at > clock.now():
        raise Invalid.field("held_at", "in_the_future", "must not be in the future")
    history = await lifecycle.history_of(db, mentor)
    active = [each.occurred_at for each in history if each.to_state == MentorStatus.active]
    if held_at < min(active, default=mentor.recorded_at):
        message = "must not be before the mentor became active"
        raise Invalid.field("held_at", "before_active", message)
    before = everything(Supervision, supervision.prison_id).where(
        col(Supervision.mentor_id) == supervision.mentor_id,
        col(Supervision.recorded_at) < supervision.recorded_at,
        col(Supervision.held_at) >= held_at,
    )
    if (await db.scalars(before.limit(1))).first() is not None:
        message = "must not be before the supervision before it was held"
        raise Invalid.field("held_at", "before_the_last", message)
    moves = await lifecycle.history_of(db, supervision)
    last = max(each.occurred_at for each in moves if each.from_state != each.to_state)
    if supervision.status is S.cancelled and held_at > last:
        raise MoveNotInTable("It was cancelled before that.", state=supervision.status.value)
    return last


async def rewrite(
    db: AsyncSession, actor: Actor, supervision: Supervision, body: SupervisionNotesPut
) -> None:
    """Write the notes anew. What was signed stays as it was signed; a refusal asks to be answered
    again, for it was of other words."""
    if supervision.status is not S.held:
        raise NoteLocked("Notes are written of a supervision that was held and is not signed.")
    mentor = await mentor_of(db, supervision)
    if await notes_locked(db, mentor.prison_id, mentor.person_id):
        raise NoteLocked("Notes that touch someone who has died are not written anew.")
    by_mentor = supervision.mentor_signature is MentorSignature.signed
    if by_mentor or supervision.supervisor_signed_at is not None:
        raise NoteLocked("What was signed is not written anew.")
    given = body.model_dump(exclude_unset=True)
    for field, value in given.items():
        setattr(supervision, field, value)
    if {"shared_note", "next_steps"} & given.keys():
        supervision.mentor_signature = supervision.mentor_signature_reason = None
        supervision.mentor_signature_at = supervision.mentor_signature_recorded_by = None
    outbox.say(db, supervision.prison_id, "supervision.rewritten", supervision.id)
    await db.flush()
    for text in TEXTS:
        await texts.keep(db, actor, supervision, text)


async def put_off(
    db: AsyncSession, actor: Actor, supervision: Supervision, body: RescheduleCreate
) -> None:
    """Put a missed supervision off to another day, at most seven days ahead."""
    zone = await zone_of(db, supervision)
    today = local_date(clock.now(), zone)
    if not today <= body.due_on <= today + PUT_OFF_AT_MOST:
        message = f"must lie between {today} and {today + PUT_OFF_AT_MOST}"
        raise Invalid.field("due_on", "at_most_seven_days", message)
    await lifecycle.move(db, SUPERVISION, supervision, to=S.rescheduled, actor=actor)
    plans.set_due(supervision, body.due_on, zone)
    await plans.cancel_tasks(db, supervision)
    await db.flush()


async def sign_as_mentor(
    db: AsyncSession, actor: Actor, supervision: Supervision, body: SignatureCreate
) -> None:
    """Record the mentor's signature, refusal or why there is none: given by the mentor, or entered
    for one without a device."""
    own = actor.family is Role.mentor
    if own and body.signature is MentorSignature.unable:
        message = "that you are unable is recorded by staff"
        raise Invalid.field("signature", "not_yours", message)
    texts.check_choice(actor, body.disclosure)
    _may_be_signed(supervision)
    if supervision.mentor_signature is MentorSignature.signed:
        raise Conflicting("The mentor has signed it.")
    if not own and supervision.mentor_signature and await _answered_alone(db, supervision):
        raise Conflicting("The mentor has answered themselves, and alone takes that back.")
    when = _signed_at(supervision, body.signed_at)
    supervision.mentor_signature, supervision.mentor_signature_at = body.signature, when
    supervision.mentor_signature_reason = body.reason
    supervision.mentor_signature_recorded_by = actor.subject
    if body.reason is not None:
        supervision.disclosure = supervision.disclosure.stricter(body.disclosure)
    event = f"mentor_{body.signature.value}"
    await lifecycle.mark(
        db,
        SUPERVISION,
        supervision,
        actor,
        event,
        note=body.reason,
        occurred_at=when,
        disclosure=body.disclosure,
    )
    await _close(db, actor, supervision)


async def _answered_alone(db: AsyncSession, supervision: Supervision) -> bool:
    """Whether the mentor gave the answer that stands, and nobody for them."""
    events = {f"mentor_{each.value}" for each in MentorSignature}
    history = await lifecycle.history_of(db, supervision)
    last = next(each for each in reversed(history) if each.reason in events)
    return last.actor_role.family is Role.mentor


async def sign_as_supervisor(db: AsyncSession, actor: Actor, supervision: Supervision) -> None:
    """Whoever held it signs it; or who supervises the mentor now, where they have left."""
    mentor = await mentor_of(db, supervision)
    if actor.staff_id not in {supervision.held_by, mentor.supervisor_id}:
        raise MoveNotYours("It is signed by whoever held it, or by the mentor's supervisor.")
    _may_be_signed(supervision)
    if supervision.supervisor_signed_at is not None:
        raise Conflicting("It is signed already.")
    supervision.supervisor_signed_at = clock.now()
    supervision.supervisor_signed_by = actor.staff_id
    await lifecycle.mark(db, SUPERVISION, supervision, actor, "supervisor_signed")
    await _close(db, actor, supervision)


def _may_be_signed(supervision: Supervision) -> None:
    if supervision.status is not S.held:
        raise MoveNotInTable(
            "Signed is what was held, and not signed yet.", state=supervision.status.value
        )


def _signed_at(supervision: Supervision, at: datetime | None) -> datetime:
    when, held_at = at or clock.now(), supervision.held_at
    assert held_at is not None
    if not held_at <= when <= clock.now():
        message = "must not be in the future, nor before it was held"
        raise Invalid.field("signed_at", "in_order", message)
    return when


async def _close(db: AsyncSession, actor: Actor, supervision: Supervision) -> None:
    """Signed by one, and answered by the other: it is signed."""
    if supervision.supervisor_signed_at is None or supervision.mentor_signature is None:
        await db.flush()
        return
    await lifecycle.move(db, SUPERVISION, supervision, to=S.signed, actor=actor)
