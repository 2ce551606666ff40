"""Contact requests: asking and whom it is put to (`asking.py`), the moves (`moves.py`), what comes
of it (`working.py`), how fast somebody came (`figures.py`), and what each role sees (here)."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, case, select
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
from app.models.people import Person
from app.models.staff import Role
from app.scope import everything, referred
from app.services import lifecycle
from app.services.contact_requests.asking import ask
from app.services.contact_requests.figures import figures
from app.services.contact_requests.moves import CONTACT
from app.services.contact_requests.working import authorise, end, lapse_due, make_move, put_to
from app.visibility import shape

__all__ = ["CONTACT", "ask", "authorise", "end", "figures", "lapse_due", "make_move", "put_to"]
COMING = (ContactStatus.accepted, ContactStatus.under_way, ContactStatus.ended)


def name_of(kind: type[Mentee] | type[Mentor], column: Any) -> Any:
    """The display name of one side of a request, as a column."""
    return (
        select(col(Person.display_name))
        .join(
            kind,
            and_(
                col(kind.prison_id) == col(Person.prison_id),
                col(kind.person_id) == col(Person.id),
            ),
        )
        .where(col(kind.prison_id) == col(ContactRequest.prison_id), col(kind.id) == column)
        .correlate(ContactRequest)
        .scalar_subquery()
    )


MENTEE_NAME = name_of(Mentee, col(ContactRequest.mentee_id))
MENTOR_NAME = name_of(Mentor, col(ContactRequest.mentor_id))
# Towards prisoners: who comes, once they said so. That somebody was asked and said no is not told.
COMING_NAME = case((col(ContactRequest.status).in_(COMING), MENTOR_NAME), else_=None)


async def shown(db: AsyncSession, request: ContactRequest, actor: Actor) -> Output:
    """The request as this actor sees it, with what they may do next."""
    await db.flush()
    mentee = await referred(db, Mentee, request.prison_id, request.mentee_id, "mentee_id")
    names = await _names(db, request)
    moves = await lifecycle.options(db, CONTACT, request, actor)
    fields: dict[str, Any] = {**request.model_dump(), "display_name": names[0], "moves": moves}
    if actor.family is Role.mentor:
        mine = mentee.person_id == actor.person_id
        fields["mine"] = mine
        fields["coming_name"] = names[1] if request.status in COMING else None
        fields["answer_by"] = await _answer_by(db, request, actor)
    else:
        fields["mentor_name"] = names[1]
        fields["offers"] = await _offers(db, request)
    return shape("contact_requests", actor.role).model_validate(fields)


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
    names = await _mentor_names(db, request.prison_id, {each.mentor_id for each in made})
    return [{**each.model_dump(), "mentor_name": names[each.mentor_id]} for each in made]


async def _mentor_names(db: AsyncSession, prison_id: str, ids: set[UUID]) -> dict[UUID, str]:
    found = (
        select(col(Mentor.id), col(Person.display_name))
        .join(
            Person,
            and_(
                col(Person.prison_id) == col(Mentor.prison_id),
                col(Person.id) == col(Mentor.person_id),
            ),
        )
        .where(col(Mentor.prison_id) == prison_id, col(Mentor.id).in_(ids))
    )
    return {row.id: row.display_name for row in await db.execute(found)}
