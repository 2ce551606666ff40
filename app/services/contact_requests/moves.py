"""The life of a contact request as a table of moves."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.contact_requests import ContactOffer, ContactRequest, ContactStatus, OfferAnswer
from app.models.mentees import Mentee
from app.models.staff import Role
from app.models.tasks import TaskKind
from app.scope import everything, referred
from app.services import tasks
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
