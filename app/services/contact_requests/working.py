"""Working a contact request: answering it, an officer's own choice, letting them meet, parting."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor, the_system
from app.errors import Invalid, MoveNotInTable
from app.models.contact_requests import (
    ContactAuthorisation,
    ContactEnd,
    ContactOffer,
    ContactOfferCreate,
    ContactRequest,
    ContactStatus,
    OfferAnswer,
)
from app.models.mentors import Mentor
from app.models.moves import MoveCreate
from app.models.rooms import Room
from app.models.sessions import SessionHeld, SessionKind
from app.scope import everything, referred
from app.services import lifecycle, on_duty
from app.services.contact_requests.asking import offer, offer_next, warnings_of
from app.services.contact_requests.moves import CONTACT
from app.services.lifecycle import Context
from app.services.scheduling import Clash
from app.services.sessions.booking import refusal
from app.services.sessions.held import record_held

S = ContactStatus
LONGEST_VISIT_HOURS = 12


async def make_move(
    db: AsyncSession, actor: Actor, request: ContactRequest, body: MoveCreate
) -> None:
    """The move a caller asked for. Whoever says no is followed by the next on duty at once."""
    await lifecycle.make(db, CONTACT, request, actor, body)
    if request.status is S.asked:
        await offer_next(db, request)


async def put_to(
    db: AsyncSession, actor: Actor, request: ContactRequest, body: ContactOfferCreate
) -> None:
    """An officer puts it to a mentor of their own choice, on duty or not. What a plan of the two
    would be refused by is refused here too, unless they say that they know."""
    await db.refresh(request, with_for_update=True)
    if request.status is not S.asked:
        raise MoveNotInTable("It is put to somebody, or over: wait for the answer or say no.")
    await referred(db, Mentor, actor.prison_id, body.mentor_id, "mentor_id")
    found = await warnings_of(db, request, body.mentor_id, asker=actor.staff_id)
    _hear(found, actor, in_spite_of=body.in_spite_of_warnings)
    await offer(db, request, body.mentor_id, actor)


def _hear(found: list[Clash], actor: Actor, *, in_spite_of: bool) -> None:
    if found and not in_spite_of:
        raise refusal(found, actor)


async def authorise(
    db: AsyncSession, actor: Actor, request: ContactRequest, body: ContactAuthorisation
) -> None:
    """An officer lets the two meet, now. A plan would be refused by what is found: the officer may
    go past it, and it is kept."""
    await db.refresh(request, with_for_update=True)
    if request.status is not S.accepted or request.mentor_id is None:
        raise MoveNotInTable("Somebody must have accepted it first.")
    if body.room_id is not None:
        await referred(db, Room, actor.prison_id, body.room_id, "room_id")
    found = await warnings_of(db, request, request.mentor_id, body.room_id, asker=actor.staff_id)
    _hear(found, actor, in_spite_of=body.in_spite_of_warnings)
    request.authorised_by, request.started_at = actor.staff_id, clock.now()
    request.room_id = body.room_id
    request.warnings = list(dict.fromkeys(clash.kind.value for clash in found))
    await lifecycle.move(db, CONTACT, request, to=S.under_way, actor=actor)


async def end(db: AsyncSession, actor: Actor, request: ContactRequest, body: ContactEnd) -> None:
    """The two have parted: it becomes a session that was held, a night call-out while the doors
    are locked, whose mentor is owed a debrief."""
    await db.refresh(request, with_for_update=True)
    if request.status is not S.under_way or request.started_at is None:
        raise MoveNotInTable("They have not met, or have parted already.")
    ended_at = body.ended_at or clock.now()
    _check_end(request.started_at, ended_at)
    locked_up = await on_duty.locked_up(db, request.prison_id, request.started_at)
    assert request.mentor_id is not None, "the database keeps a mentor with it"
    held = SessionHeld(
        kind=SessionKind.one_to_one if locked_up is False else SessionKind.night_callout,
        room_id=request.room_id,
        mentor_id=request.mentor_id,
        starts_at=request.started_at,
        ends_at=ended_at,
        mentee_ids=[request.mentee_id],
    )
    session, _ = await record_held(db, actor, held, authorised_by=request.authorised_by)
    request.ended_at, request.session_id = ended_at, session.id
    await lifecycle.move(db, CONTACT, request, to=S.ended, actor=actor)


def _check_end(started_at: datetime, ended_at: datetime) -> None:
    if not started_at < ended_at <= clock.now():
        message = "must be after they met, and not in the future"
        raise Invalid.field("ended_at", "in_order", message)
    if (ended_at - started_at).total_seconds() > LONGEST_VISIT_HOURS * 3600:
        message = f"a session lasts at most {LONGEST_VISIT_HOURS} hours: say when they parted"
        raise Invalid.field("ended_at", "too_long", message)


async def lapse_due(db: AsyncSession, prison_id: str) -> int:
    """Put what nobody answered in time to the next on duty. For the worker."""
    due = everything(ContactOffer, prison_id).where(
        col(ContactOffer.answer) == OfferAnswer.open, col(ContactOffer.answer_by) <= clock.now()
    )
    found = everything(ContactRequest, prison_id).where(
        col(ContactRequest.status) == S.offered,
        col(ContactRequest.id).in_(due.with_only_columns(col(ContactOffer.contact_request_id))),
    )
    locked = found.order_by(col(ContactRequest.id)).with_for_update(skip_locked=True)
    requests = (await db.scalars(locked)).all()
    for request in requests:
        await _put_on(db, request, "no_answer")
    return len(requests)


async def release(db: AsyncSession, context: Context) -> None:
    """A mentor leaves work: what was put to them, or taken on by them, goes to the next on duty."""
    mentor: Mentor = context.thing
    found = everything(ContactRequest, mentor.prison_id).where(
        col(ContactRequest.mentor_id) == mentor.id,
        col(ContactRequest.status).in_((S.offered, S.accepted)),
    )
    for request in (await db.scalars(found.order_by(col(ContactRequest.id)))).all():
        reason = "cannot_come" if request.status is S.accepted else "no_answer"
        await _put_on(db, request, reason)


async def _put_on(db: AsyncSession, request: ContactRequest, reason: str) -> None:
    system = the_system(request.prison_id)
    await lifecycle.move(db, CONTACT, request, to=S.asked, actor=system, reason=reason)
    await offer_next(db, request)
