"""Contact requests: asking and whom it is put to (`asking.py`), the moves (`moves.py`), what comes
of it (`working.py`), how fast somebody came (`figures.py`), and what each role sees (here)."""

from typing import Any

from sqlalchemy import Select, and_, case, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access import Actor
from app.models.base import Output
from app.models.contact_requests import (
    ContactOffer,
    ContactRequest,
    ContactStatus,
    OfferAnswer,
)
from app.models.mentees import Mentee
from app.models.mentors import Mentor
from app.models.staff import Role
from app.scope import everything, referred
from app.services import lifecycle
from app.services.contact_requests.asking import ask
from app.services.contact_requests.figures import figures
from app.services.contact_requests.moves import CONTACT, close_all_of, hold_people
from app.services.contact_requests.working import authorise, end, lapse_due, make_move, put_to
from app.services.names import name_of, names
from app.ties import MY_PERSON
from app.visibility import shape

__all__ = [
    "CONTACT",
    "ask",
    "authorise",
    "close_all_of",
    "end",
    "figures",
    "hold_people",
    "lapse_due",
    "make_move",
    "put_to",
]
S = ContactStatus
COMING = (ContactStatus.accepted, ContactStatus.under_way, ContactStatus.ended)


MENTEE_NAME = name_of(Mentee, col(ContactRequest.mentee_id), ContactRequest)
MENTOR_NAME = name_of(Mentor, col(ContactRequest.mentor_id), ContactRequest)
# Towards prisoners: who comes, once they said so. That somebody was asked and said no is not told.
COMING_NAME = case((col(ContactRequest.status).in_(COMING), MENTOR_NAME), else_=None)
_WHO_ASKED = (
    select(col(Mentee.person_id))
    .where(
        col(Mentee.prison_id) == col(ContactRequest.prison_id),
        col(Mentee.id) == col(ContactRequest.mentee_id),
    )
    .correlate(ContactRequest)
    .scalar_subquery()
)
# To who asked, that it is put to somebody is as if nobody were asked yet: it would tell whether a
# mentor on duty may come to them, and that one said no.
seen_status = case(
    (
        and_(col(ContactRequest.status) == S.offered, _WHO_ASKED == MY_PERSON),
        literal(S.asked, type_=ContactRequest.status.type),  # type: ignore[attr-defined]
    ),
    else_=col(ContactRequest.status),
)


async def shown(db: AsyncSession, request: ContactRequest, actor: Actor) -> Output:
    """The request as this actor sees it, with what they may do next."""
    await db.flush()
    mentee = await referred(db, Mentee, request.prison_id, request.mentee_id, "mentee_id")
    mentee_name, mentor_name = await _names(db, request)
    moves = await lifecycle.options(db, CONTACT, request, actor)
    fields: dict[str, Any] = {**request.model_dump(), "display_name": mentee_name, "moves": moves}
    if actor.family is Role.mentor:
        fields["mine"] = mine = mentee.person_id == actor.person_id
        if mine:
            fields["status"] = seen(request.status)
            fields["moves"] = [move for move in moves if move.to == S.withdrawn]
        fields["coming_name"] = mentor_name if request.status in COMING else None
        fields["answer_by"] = await _answer_by(db, request, actor)
    else:
        fields["mentor_name"] = mentor_name
        fields["offers"] = await _offers(db, request)
    return shape("contact_requests", actor.role).model_validate(fields)


def seen(status: str) -> str:
    """The state as who asked sees it."""
    return S.asked.value if status == S.offered else status


async def history_shown(db: AsyncSession, request: ContactRequest, actor: Actor) -> list[Output]:
    """Every move made. Prisoners are not told whom else it was put to, nor who said no."""
    if actor.family is not Role.mentor:
        return await lifecycle.history_shown(db, request, actor, "contact_requests.history")
    wanted = shape("contact_requests.history", actor.role)
    told = []
    for row in await lifecycle.history_of(db, request):
        before = row.from_state and seen(row.from_state)
        if before != seen(row.to_state):
            states = {"from_state": before, "to_state": seen(row.to_state)}
            told.append(wanted.model_validate({**row.model_dump(), **states}))
    return told


async def _names(db: AsyncSession, request: ContactRequest) -> tuple[str, str | None]:
    found = select(MENTEE_NAME, MENTOR_NAME).where(
        col(ContactRequest.prison_id) == request.prison_id, col(ContactRequest.id) == request.id
    )
    mentee, mentor = (await db.execute(found)).one()
    return mentee, mentor


def _of(request: ContactRequest) -> Select[ContactOffer]:
    return everything(ContactOffer, request.prison_id).where(
        col(ContactOffer.contact_request_id) == request.id
    )


async def _answer_by(db: AsyncSession, request: ContactRequest, actor: Actor) -> Any:
    """Until when the mentor is to answer what is put to them; of another's offer nothing."""
    waiting = _of(request).where(
        col(ContactOffer.answer) == OfferAnswer.open, col(ContactOffer.mentor_id) == actor.mentor_id
    )
    return await db.scalar(waiting.with_only_columns(col(ContactOffer.answer_by)))


async def _offers(db: AsyncSession, request: ContactRequest) -> list[dict[str, Any]]:
    """Whom it was put to, in order."""
    in_order = _of(request).order_by(col(ContactOffer.offered_at), col(ContactOffer.id))
    made = (await db.scalars(in_order)).all()
    known = await names(db, Mentor, request.prison_id, {each.mentor_id for each in made})
    return [{**each.model_dump(), "mentor_name": known[each.mentor_id]} for each in made]
