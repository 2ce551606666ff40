"""Working a contact request: answering it, an officer's own choice, letting them meet, parting."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor, the_system
from app.errors import Invalid, MoveNotInTable, MoveNotYours
from app.models.contact_requests import (
    ContactAuthorisation,
    ContactEnd,
    ContactOffer,
    ContactOfferCreate,
    ContactRequest,
    ContactStatus,
    OfferAnswer,
)
from app.models.mentees import Mentee
from app.models.mentors import Mentor
from app.models.moves import MoveCreate
from app.models.rooms import Room
from app.models.sessions import ClashKind, SessionHeld, SessionKind
from app.models.staff import Role
from app.scope import everything, referred
from app.services import lifecycle, on_duty
from app.services.contact_requests.asking import offer, offer_next, warnings_of
from app.services.contact_requests.moves import CONTACT, hold_mentees
from app.services.lifecycle import Context
from app.services.scheduling import Clash
from app.services.sessions.booking import refusal
from app.services.sessions.held import record_held

S = ContactStatus
LONGEST_VISIT_HOURS = 12


async def make_move(
    db: AsyncSession, actor: Actor, request: ContactRequest, body: MoveCreate
) -> None:
    """The move a caller asked for. Whoever says no is followed by the next on duty at once. Who
    asked answers for nobody, and learns of no answer by trying."""
    theirs = actor.mentor_id is not None and actor.mentor_id == request.mentor_id
    if actor.family is Role.mentor and not theirs and body.to in {S.accepted, S.asked}:
        raise MoveNotYours()
    await lifecycle.make(db, CONTACT, request, actor, body)
    if request.status is S.asked:
        await offer_next(db, request)


async def put_to(
    db: AsyncSession, actor: Actor, request: ContactRequest, body: ContactOfferCreate
) -> None:
    """An officer puts it to a mentor of their own choice, on duty or not. What a plan of the two
    would be refused by is refused here too, unless they say that they know."""
    if request.status is not S.asked:
        raise MoveNotInTable("It is put to somebody, or over: wait for the answer or say no.")
    mentor = await referred(db, Mentor, actor.prison_id, body.mentor_id, "mentor_id")
    mentee = await referred(db, Mentee, actor.prison_id, request.mentee_id, "mentee_id")
    if mentor.person_id == mentee.person_id:
        raise Invalid.field("mentor_id", "same_person", "is who asked")
    found = await warnings_of(db, request, body.mentor_id, asker=actor.staff_id)
    _hear(found, actor, in_spite_of=body.in_spite_of_warnings)
    await offer(db, request, body.mentor_id, actor)


def _hear(found: list[Clash], actor: Actor, *, in_spite_of: bool) -> None:
    """An officer may go past what plans are refused by; not past it that somebody is no active
    mentor now: whose work was stopped, or is not begun, meets nobody."""
    no_mentor = [clash for clash in found if clash.kind is ClashKind.mentor_not_active]
    if no_mentor or (found and not in_spite_of):
        raise refusal(no_mentor if in_spite_of else found, actor)


async def authorise(
    db: AsyncSession, actor: Actor, request: ContactRequest, body: ContactAuthorisation
) -> None:
    """An officer lets the two meet, now; or enters later that they did. A plan would be refused by
    what is found: the officer may go past it, and it is kept."""
    if request.status is not S.accepted or request.mentor_id is None:
        raise MoveNotInTable("Somebody must have accepted it first.")
    if body.room_id is not None:
        await referred(db, Room, actor.prison_id, body.room_id, "room_id")
    met_at = body.occurred_at
    found = await warnings_of(
        db, request, request.mentor_id, body.room_id, asker=actor.staff_id, at=met_at
    )
    _hear(found, actor, in_spite_of=body.in_spite_of_warnings)
    request.authorised_by, request.started_at = actor.staff_id, met_at or clock.now()
    request.room_id = body.room_id
    request.warnings = list(dict.fromkeys(clash.kind.value for clash in found))
    await lifecycle.move(db, CONTACT, request, to=S.under_way, actor=actor, occurred_at=met_at)


async def end(db: AsyncSession, actor: Actor, request: ContactRequest, body: ContactEnd) -> None:
    """The two have parted: it becomes a session that was held, a night call-out while the doors
    are locked, whose mentor is owed a debrief."""
    if request.status is not S.under_way or request.started_at is None:
        raise MoveNotInTable("They have not met, or have parted already.")
    ended_at = body.ended_at or clock.now()
    _check_end(request.started_at, ended_at)
    locked_up = await on_duty.behind_doors(db, request.prison_id, request.started_at)
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
    """Put one request that nobody answered in time to the next on duty, the one that waits longest;
    what others hold is left to the next round. For the worker, which asks again until there is
    none: each in a transaction of its own. Answers how many there were."""
    due = (
        everything(ContactRequest, prison_id)
        .join(ContactOffer, _offer_of(ContactRequest))
        .where(col(ContactRequest.status) == S.offered, *_overdue())
        .order_by(col(ContactOffer.answer_by), col(ContactRequest.id))
    )
    columns = due.with_only_columns(col(ContactRequest.id), col(ContactRequest.mentee_id))
    for request_id, mentee_id in (await db.execute(columns)).all():
        await hold_mentees(db, prison_id, [mentee_id])
        request = await _still_offered(db, prison_id, request_id)
        if request is not None:
            await _put_on(db, request)
            return 1
    return 0


def _offer_of(request: type[ContactRequest]) -> ColumnElement[bool]:
    return and_(
        col(ContactOffer.prison_id) == col(request.prison_id),
        col(ContactOffer.contact_request_id) == col(request.id),
    )


def _overdue() -> tuple[ColumnElement[bool], ...]:
    return col(ContactOffer.answer) == OfferAnswer.open, col(ContactOffer.answer_by) <= clock.now()


async def _still_offered(
    db: AsyncSession, prison_id: str, request_id: UUID
) -> ContactRequest | None:
    """The request, locked, if nobody else holds it and its last offer is overdue still: somebody
    may have said no meanwhile, and the next have all their time."""
    found = everything(ContactRequest, prison_id).where(
        col(ContactRequest.id) == request_id, col(ContactRequest.status) == S.offered
    )
    request = (await db.scalars(found.with_for_update(skip_locked=True))).one_or_none()
    if request is None:
        return None
    last = everything(ContactOffer, prison_id).where(
        col(ContactOffer.contact_request_id) == request_id, *_overdue()
    )
    return request if (await db.execute(last)).first() is not None else None


async def release(db: AsyncSession, context: Context) -> None:
    """A mentor leaves work: what was put to them, or taken on by them, goes to the next on duty.

    Locked as they are found: whom an officer lets them meet in this instant they have met."""
    mentor: Mentor = context.thing
    found = everything(ContactRequest, mentor.prison_id).where(
        col(ContactRequest.mentor_id) == mentor.id,
        col(ContactRequest.status).in_((S.offered, S.accepted)),
    )
    mentees = found.with_only_columns(col(ContactRequest.mentee_id))
    await hold_mentees(db, mentor.prison_id, (await db.scalars(mentees)).all())
    locked = found.order_by(col(ContactRequest.id)).with_for_update()
    fresh = locked.execution_options(populate_existing=True)
    for request in (await db.scalars(fresh)).all():
        await _put_on(db, request)


async def _put_on(db: AsyncSession, request: ContactRequest) -> None:
    system = the_system(request.prison_id)
    reason = "cannot_come" if request.status is S.accepted else "no_answer"
    await lifecycle.move(db, CONTACT, request, to=S.asked, actor=system, reason=reason)
    await offer_next(db, request)
