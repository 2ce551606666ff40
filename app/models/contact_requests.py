"""Contact requests: somebody asks for a mentor now, day or night, and who came."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Identified,
    Input,
    Instant,
    Output,
    Versioned,
    choice,
    reference,
)
from app.models.moves import MoveOption
from app.models.sessions import ClashKind

EXAMPLE_ID = "0198c0de-0000-7000-8000-000000000000"


class ContactStatus(StrEnum):
    """`asked`: nobody is offered it now, an officer must look. `offered`: a mentor is to answer."""

    asked = "asked"
    offered = "offered"
    accepted = "accepted"
    under_way = "under_way"
    ended = "ended"
    withdrawn = "withdrawn"
    unmet = "unmet"


CONTACT_OPEN = frozenset(
    {ContactStatus.asked, ContactStatus.offered, ContactStatus.accepted, ContactStatus.under_way}
)
_OPEN_SQL = "status IN ('asked', 'offered', 'accepted', 'under_way')"


class OfferAnswer(StrEnum):
    open = "open"
    accepted = "accepted"
    declined = "declined"
    lapsed = "lapsed"
    taken_back = "taken_back"


class ContactRequest(Versioned, table=True):
    """A request for a mentor. `warnings`: the kinds of clash in spite of which an officer let it
    happen."""

    __tablename__ = "contact_request"
    __table_args__ = (
        reference("mentee", "mentee_id"),
        reference("mentor", "mentor_id"),
        reference("staff", "authorised_by", name="fk_contact_request_authorised_by"),
        reference("session", "session_id"),
        reference("room", "room_id"),
        CheckConstraint(
            "status NOT IN ('offered', 'accepted', 'under_way', 'ended') OR mentor_id IS NOT NULL",
            name="with_a_mentor",
        ),
        CheckConstraint(
            "(authorised_by IS NULL) = (started_at IS NULL)", name="started_by_authority"
        ),
        CheckConstraint(
            "status NOT IN ('under_way', 'ended') OR started_at IS NOT NULL", name="authorised"
        ),
        CheckConstraint("status <> 'ended' OR session_id IS NOT NULL", name="ends_in_a_session"),
        Index(
            "uq_contact_request_open",
            "prison_id",
            "mentee_id",
            unique=True,
            postgresql_where=text(_OPEN_SQL),
        ),
        Index("ix_contact_request_asked_at", "prison_id", "asked_at", "id"),
    )

    mentee_id: UUID
    asked_at: datetime = Field(sa_type=TIMESTAMP)
    recorded_by: str = Field(max_length=200)
    status: ContactStatus = Field(
        default=ContactStatus.asked, sa_type=choice(ContactStatus, "status")
    )
    mentor_id: UUID | None = None
    accepted_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    authorised_by: UUID | None = None
    room_id: UUID | None = None
    started_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    ended_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    session_id: UUID | None = None
    warnings: list[str] = Field(
        default_factory=list, sa_column=Column(JSONB, nullable=False, server_default=text("'[]'"))
    )


class ContactOffer(Versioned, table=True):
    """A request put to one mentor, and what they answered. One at a time is open."""

    __tablename__ = "contact_offer"
    __table_args__ = (
        reference("contact_request", "contact_request_id"),
        reference("mentor", "mentor_id"),
        CheckConstraint("(answer = 'open') = (answered_at IS NULL)", name="answered"),
        Index(
            "uq_contact_offer_open",
            "prison_id",
            "contact_request_id",
            unique=True,
            postgresql_where=text("answer = 'open'"),
        ),
        Index("ix_contact_offer_mentor", "prison_id", "mentor_id"),
        Index("ix_contact_offer_answer_by", "prison_id", "answer_by"),
    )

    contact_request_id: UUID
    mentor_id: UUID
    offered_at: datetime = Field(sa_type=TIMESTAMP)
    answer_by: datetime = Field(sa_type=TIMESTAMP)
    answer: OfferAnswer = Field(default=OfferAnswer.open, sa_type=choice(OfferAnswer, "answer"))
    answered_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class ContactRequestCreate(Input):
    """A request for a mentor. Prisoners ask for themselves, now; staff enter for a mentee."""

    mentee_id: UUID | None = Field(
        default=None,
        description="Who asks; staff alone say so.",
        schema_extra={"examples": [EXAMPLE_ID]},
    )
    occurred_at: Instant | None = Field(
        default=None,
        description="When they asked, if entered later, within the last day; staff alone say so.",
    )


class ContactOfferCreate(Input):
    """A mentor to put the request to: an officer's own choice."""

    mentor_id: UUID = Field(schema_extra={"examples": [EXAMPLE_ID]})
    in_spite_of_warnings: bool = Field(
        default=False,
        description="True: offer it though a plan with this mentor is refused.",
        schema_extra={"examples": [False]},
    )


class ContactAuthorisation(Input):
    """That an officer lets the two meet, now, or let them meet a while ago."""

    room_id: UUID | None = Field(
        default=None,
        description="Where; without one wherever the officer takes them.",
        schema_extra={"examples": [EXAMPLE_ID]},
    )
    in_spite_of_warnings: bool = Field(
        default=False,
        description="True: let it happen though as a plan it is refused.",
        schema_extra={"examples": [False]},
    )
    occurred_at: Instant | None = Field(
        default=None,
        description="When they met, if entered later; never before somebody accepted.",
        schema_extra={"examples": ["2026-11-23T03:20:00+00:00"]},
    )


class ContactEnd(Input):
    """That the two have parted."""

    ended_at: Instant | None = Field(
        default=None,
        description="When, if entered later; never before they met.",
        schema_extra={"examples": ["2026-11-23T04:05:00+00:00"]},
    )


class ContactOfferRead(Output):
    """A mentor whom it was put to, and what they answered."""

    mentor_id: UUID
    mentor_name: str
    offered_at: Instant
    answer_by: Instant
    answer: OfferAnswer
    answered_at: Instant | None


class ContactRequestRowForMentor(Output):
    """A request in a prisoner's list: one they made, or one that is put to them."""

    id: UUID
    status: ContactStatus
    display_name: str = Field(description="Of the mentee who asked.")
    coming_name: str | None = Field(description="Who comes, once they said so.")
    asked_at: Instant


class ContactRequestForMentor(Output):
    """A request, as the prisoner who made it and the mentor whom it was put to see it. To who asked
    it is `asked` until somebody said that they come: who may not come, or says no, is not told.

    Without a version: it would rise with everyone whom it is put to.
    """

    id: UUID
    status: ContactStatus
    mine: bool = Field(description="True: you asked. False: it was put to you.")
    display_name: str = Field(description="Of the mentee who asked.")
    coming_name: str | None = Field(description="Who comes, once they said so.")
    asked_at: Instant
    answer_by: Instant | None = Field(description="Until when you are asked to answer.")
    started_at: Instant | None
    ended_at: Instant | None
    moves: list[MoveOption] = []


class ContactRequestRow(Identified):
    """A request in a list."""

    status: ContactStatus
    mentee_id: UUID
    display_name: str
    asked_at: Instant
    mentor_id: UUID | None
    mentor_name: str | None
    accepted_at: Instant | None
    started_at: Instant | None
    ended_at: Instant | None


class ContactRequestRead(ContactRequestRow):
    """A request, with whom it was put to and what the caller may do next."""

    recorded_by: str
    authorised_by: UUID | None
    room_id: UUID | None
    session_id: UUID | None = Field(description="The session that it became.")
    warnings: list[ClashKind] = Field(description="In spite of what an officer let it happen.")
    offers: list[ContactOfferRead]
    moves: list[MoveOption] = []


class Waited(Output):
    """Minutes waited, of those who did not wait in vain."""

    counted: int
    median: float | None = Field(description="Null: there were none.")
    p90: float | None


class ContactCount(Output):
    """Requests of a period, and how they were answered."""

    asked: int
    met: int
    withdrawn: int
    unmet: int
    open: int
    minutes_to_accept: Waited
    minutes_to_meet: Waited
    offers: int
    declined: int = Field(description="Of the offers, those that a mentor said no to.")
    lapsed: int = Field(description="Of the offers, those that nobody answered in time.")


class ContactFigures(Output):
    """How fast somebody came, by day and while the doors are locked. Days are the prison's own."""

    first_day: date
    last_day: date
    all: ContactCount
    unlocked: ContactCount
    locked_up: ContactCount
