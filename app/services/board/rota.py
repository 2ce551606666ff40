"""The board's rules about shifts that somebody is to see to, and about who asks for a mentor."""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, select
from sqlmodel import col

from app.models.base import TIMESTAMP
from app.models.board import BoardBand, BoardRule
from app.models.contact_requests import ContactOffer, ContactRequest, ContactStatus, OfferAnswer
from app.models.mentors import Mentor
from app.models.shifts import Shift, ShiftStatus
from app.models.staff import Role
from app.services.board.rules import SW, M, Rule, entered, person_of
from app.ties import HERE, MY_MENTOR

_NOW: Any = bindparam("actor_now", type_=TIMESTAMP)
SAID_BEFORE = timedelta(days=1)
"""A shift is to be accepted so long before it begins, else staff ask."""
_ANSWER_BY = (
    select(col(ContactOffer.answer_by))
    .where(
        col(ContactOffer.prison_id) == HERE,
        col(ContactOffer.contact_request_id) == col(ContactRequest.id),
        col(ContactOffer.answer) == OfferAnswer.open,
    )
    .correlate(ContactRequest)
    .scalar_subquery()
)
_to_come = and_(col(Shift.superseded_at).is_(None), col(Shift.starts_at) > _NOW)


def _not_accepted(role: Role) -> ColumnElement[bool]:
    """Given out, or called in for, and not accepted: one's own; of others those that begin soon."""
    given = and_(_to_come, col(Shift.status) == ShiftStatus.published)
    if role.family is Role.mentor:
        return and_(given, col(Shift.mentor_id) == MY_MENTOR)
    return and_(given, col(Shift.starts_at) <= _NOW + SAID_BEFORE)


ROTA_RULES: tuple[Rule, ...] = (
    Rule(
        BoardRule.contact_to_answer,
        BoardBand.safety,
        (M,),
        ContactRequest,
        "contact-requests",
        when=and_(
            col(ContactRequest.status) == ContactStatus.offered,
            col(ContactRequest.mentor_id) == MY_MENTOR,
        ),
        since=entered(ContactRequest),
        due=_ANSWER_BY,
    ),
    Rule(
        BoardRule.shift_to_accept,
        BoardBand.waiting,
        (SW, M),
        Shift,
        "shifts",
        when=_not_accepted,
        since=entered(Shift),
        person=person_of(Mentor, col(Shift.mentor_id), Shift),
    ),
    Rule(
        BoardRule.shift_to_hand_over,
        BoardBand.waiting,
        (SW,),
        Shift,
        "shifts",
        when=and_(_to_come, col(Shift.status) == ShiftStatus.swap_requested),
        since=entered(Shift),
        person=person_of(Mentor, col(Shift.mentor_id), Shift),
    ),
)
