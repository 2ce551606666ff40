"""The life of a contact request as a table of moves."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access import the_system
from app.models.contact_requests import ContactOffer, ContactRequest, ContactStatus, OfferAnswer
from app.models.mentees import Mentee
from app.models.mentors import Mentor
from app.models.staff import Role
from app.models.tasks import TaskKind
from app.scope import everything, referred
from app.services import lifecycle, tasks
from app.services.lifecycle import Context, Lifecycle, Move, Refusal

S = ContactStatus
SW, C, M = Role.support_worker, Role.clinician, Role.mentor
ANSWERS = {
    "declined": OfferAnswer.declined,
    "no_answer": OfferAnswer.lapsed,
    "cannot_come": OfferAnswer.taken_back,
}
NO_REASONS = ("declined", "no_answer")
WITHDRAW_REASONS = ("own_wish", "no_longer_needed", "entered_in_error")
UNMET_REASONS = ("nobody_on_duty", "nobody_could_come", "regime", "not_authorised", "other")
SUPPORT_ENDED, LEFT = "support_ended", "left"  # the service's own reasons


@dataclass(frozen=True, slots=True)
class Parties:
    """What a move is decided on: who asked."""

    person_id: UUID


async def load_facts(db: AsyncSession, request: ContactRequest) -> Parties:
    mentee = await referred(db, Mentee, request.prison_id, request.mentee_id, "mentee_id")
    return Parties(mentee.person_id)


def put_to_them(context: Context) -> Refusal | None:
    """A mentor answers for themselves; staff say what a mentor behind a door answered."""
    actor = context.actor
    if actor.family is not M or actor.mentor_id == context.thing.mentor_id:
        return None
    return Refusal("put_to_them", "It was put to another mentor.")


def asked_by_them(context: Context) -> Refusal | None:
    """A prisoner takes back what they asked for themselves."""
    actor = context.actor
    if actor.family is not M or actor.person_id == context.facts.person_id:
        return None
    return Refusal("asked_by_them", "Another prisoner asked for it.")


async def _answer(db: AsyncSession, context: Context, answer: OfferAnswer) -> None:
    """Keep what came of the last offer."""
    request: ContactRequest = context.thing
    found = everything(ContactOffer, request.prison_id).where(
        col(ContactOffer.contact_request_id) == request.id,
        col(ContactOffer.answer).in_((OfferAnswer.open, OfferAnswer.accepted)),
    )
    for offer in (await db.scalars(found.order_by(col(ContactOffer.id)))).all():
        offer.answer, offer.answered_at = answer, context.now


async def note_acceptance(db: AsyncSession, context: Context) -> None:
    context.thing.accepted_at = context.now
    await _answer(db, context, OfferAnswer.accepted)


async def release_mentor(db: AsyncSession, context: Context) -> None:
    """Nobody comes as yet; what the mentor said stands in the offer."""
    context.thing.mentor_id = context.thing.accepted_at = None
    await _answer(db, context, ANSWERS[context.reason or "cannot_come"])


async def stop(db: AsyncSession, context: Context) -> None:
    """Nobody is looked for any more."""
    request: ContactRequest = context.thing
    request.mentor_id = request.accepted_at = None
    await _answer(db, context, OfferAnswer.taken_back)
    if context.actor.role is Role.system:
        await tasks.drop(db, request, TaskKind.contact_request_due)
    else:
        await looked_at(db, context)


async def looked_at(db: AsyncSession, context: Context) -> None:
    """An officer has done what they were asked for."""
    await tasks.finish(db, context.thing, TaskKind.contact_request_due, context.actor)


_NOBODY: frozenset[Role] = frozenset()
_WITHDRAW = Move(
    frozenset({M, SW, C}), guards=(asked_by_them,), reasons=WITHDRAW_REASONS, effects=(stop,)
)
_UNMET = Move(frozenset({SW}), reasons=UNMET_REASONS, effects=(stop,))
_LOOKED_FOR = (S.asked, S.offered, S.accepted)
MOVES: dict[tuple[ContactStatus, ContactStatus], Move] = {
    (S.asked, S.offered): Move(_NOBODY, offered=False),
    (S.offered, S.accepted): Move(
        frozenset({M, SW}), guards=(put_to_them,), effects=(note_acceptance,)
    ),
    (S.offered, S.asked): Move(
        frozenset({M, SW}), guards=(put_to_them,), reasons=NO_REASONS, effects=(release_mentor,)
    ),
    (S.accepted, S.asked): Move(
        frozenset({M, SW}),
        guards=(put_to_them,),
        reasons=("cannot_come",),
        effects=(release_mentor,),
    ),
    (S.accepted, S.under_way): Move(frozenset({SW}), effects=(looked_at,), offered=False),
    (S.under_way, S.ended): Move(frozenset({SW}), offered=False),
}
MOVES |= {(state, S.withdrawn): _WITHDRAW for state in _LOOKED_FOR}
MOVES |= {(state, S.unmet): _UNMET for state in _LOOKED_FOR}
CONTACT = Lifecycle("contact_requests", "contact_request", ContactStatus, MOVES, load_facts)


async def hold_people(db: AsyncSession, request: ContactRequest) -> None:
    """Keep the mentor it is put to, and the mentee, as they are until the commit. Whoever leaves is
    locked before what they asked for or are asked: everybody takes them in that order."""
    mentor = everything(Mentor, request.prison_id).where(col(Mentor.id) == request.mentor_id)
    await db.execute(mentor.with_only_columns(col(Mentor.id)).with_for_update(read=True))
    await hold_mentees(db, request.prison_id, [request.mentee_id])


async def hold_mentees(db: AsyncSession, prison_id: str, ids: Collection[UUID]) -> None:
    """Keep mentees as they are until the commit."""
    mentees = everything(Mentee, prison_id).where(col(Mentee.id).in_(ids)).order_by(col(Mentee.id))
    await db.execute(mentees.with_only_columns(col(Mentee.id)).with_for_update(read=True))


async def close_all_of(
    db: AsyncSession, prison_id: str, mentees: Collection[UUID], reason: str
) -> None:
    """Nobody is looked for any more for these mentees, who are not there to be met: what they asked
    for was not met. Those who are together now are parted by an officer."""
    found = everything(ContactRequest, prison_id).where(
        col(ContactRequest.mentee_id).in_(mentees), col(ContactRequest.status).in_(_LOOKED_FOR)
    )
    system = the_system(prison_id)
    for each in (await db.scalars(found.order_by(col(ContactRequest.id)).with_for_update())).all():
        await lifecycle.move(db, CONTACT, each, to=S.unmet, actor=system, reason=reason)


async def close_of_those_gone(db: AsyncSession, prison_id: str, people: Collection[UUID]) -> None:
    """The same for persons who have left the prison, by its own documents."""
    if not people:
        return
    mentees = everything(Mentee, prison_id).where(col(Mentee.person_id).in_(people))
    ids = (await db.scalars(mentees.with_only_columns(col(Mentee.id)))).all()
    await close_all_of(db, prison_id, ids, LEFT)
