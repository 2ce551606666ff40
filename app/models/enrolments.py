"""Enrolments: a mentee in a series, from asking for a place to the end of it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
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
from app.models.sessions import EXAMPLE_ID


class EnrolmentStatus(StrEnum):
    waiting = "waiting"
    offered = "offered"
    accepted = "accepted"
    declined = "declined"
    completed = "completed"
    ended = "ended"
    withdrawn = "withdrawn"


ENROLMENT_LIVE = frozenset(
    {EnrolmentStatus.waiting, EnrolmentStatus.offered, EnrolmentStatus.accepted}
)
_LIVE = "status IN ('waiting', 'offered', 'accepted')"


class PlaceOrder(StrEnum):
    """Why someone stands where they stand."""

    safety_need = "safety_need"
    asked_first = "asked_first"


class Enrolment(Versioned, table=True):
    """A mentee in a series. Whoever is offered a place, or has one, holds one of its numbers, and
    nobody else holds the same."""

    __tablename__ = "enrolment"
    __table_args__ = (
        reference("series", "series_id"),
        reference("mentee", "mentee_id"),
        CheckConstraint(
            "(status IN ('offered', 'accepted')) = (place IS NOT NULL)", name="holds_a_place"
        ),
        CheckConstraint("(status = 'offered') = (answer_by IS NOT NULL)", name="answer_by"),
        Index(
            "uq_enrolment_live",
            "prison_id",
            "series_id",
            "mentee_id",
            unique=True,
            postgresql_where=text(_LIVE),
        ),
        Index(
            "uq_enrolment_place",
            "prison_id",
            "series_id",
            "place",
            unique=True,
            postgresql_where=text("place IS NOT NULL"),
        ),
        Index("ix_enrolment_mentee", "prison_id", "mentee_id"),
        Index(
            "ix_enrolment_answer_by",
            "prison_id",
            "answer_by",
            postgresql_where=text("answer_by IS NOT NULL"),
        ),
    )

    series_id: UUID
    mentee_id: UUID
    status: EnrolmentStatus = Field(
        default=EnrolmentStatus.waiting, sa_type=choice(EnrolmentStatus, "status")
    )
    waiting_since: datetime = Field(sa_type=TIMESTAMP)
    place: int | None = None
    offered_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    answer_by: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    place_free_since: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    passed_over_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class EnrolmentCreate(Input):
    """A mentee who asks for a place in a series."""

    series_id: UUID = Field(schema_extra={"examples": [EXAMPLE_ID]})
    mentee_id: UUID = Field(schema_extra={"examples": [EXAMPLE_ID]})


class EnrolmentRow(Identified):
    """A mentee in a series."""

    series_id: UUID
    mentee_id: UUID
    display_name: str
    status: EnrolmentStatus
    waiting_since: Instant = Field(description="Since when they ask for a place.")
    offered_at: Instant | None
    answer_by: Instant | None = Field(description="Until then the place is kept for them.")


class EnrolmentRead(EnrolmentRow):
    """A mentee in a series, with the meetings to come that they are not in, and what the caller
    may do next."""

    not_in: list[int] = Field(
        description="Numbers of meetings to come that clash with something else of theirs."
    )
    attended: int = Field(description="How many meetings of the series they came to.")
    moves: list[MoveOption] = []


class WaitingForPlace(Output):
    """One who waits for a place. Safety needs come first; then whoever asked first."""

    position: int
    enrolment_id: UUID
    mentee_id: UUID
    display_name: str
    waiting_since: Instant
    order_reason: PlaceOrder
    passed_over_at: Instant | None = Field(
        description="When an offer was not answered in time. It costs them nothing but that place."
    )
