"""Complaints: routed past the mentor or the member of staff whom they are about."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Column, Index, UniqueConstraint, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from app.models.base import (
    LINE_AND_ID,
    TIMESTAMP,
    Disclosure,
    Identified,
    Input,
    Instant,
    Line,
    Output,
    Story,
    Versioned,
    Writing,
    Written,
    choice,
    reference,
)
from app.models.moves import MoveOption

EXAMPLE_ID = "0198c0de-0000-7000-8000-000000000000"


class ComplaintStatus(StrEnum):
    received = "received"
    assigned = "assigned"
    answered = "answered"
    reopened = "reopened"
    closed = "closed"
    withdrawn_by_person = "withdrawn_by_person"


class ComplaintAbout(StrEnum):
    mentor = "mentor"
    staff = "staff"
    decision = "decision"
    service = "service"
    other = "other"


UNANSWERED = frozenset(
    {ComplaintStatus.received, ComplaintStatus.assigned, ComplaintStatus.reopened}
)
COMPLAINT_OPEN = UNANSWERED | {ComplaintStatus.answered}


class Complaint(Versioned, Written, table=True):
    """A complaint and its answer. `about_line_ids` are all who have supervised the mentor it is
    about since it was made: whoever hands the mentor over reads it no more than before."""

    __tablename__ = "complaint"
    __table_args__ = (
        reference("person", "raised_by_person_id", name="fk_complaint_raised_by"),
        reference("mentor", "about_mentor_id", name="fk_complaint_about_mentor"),
        reference("staff", "about_staff_id", name="fk_complaint_about_staff"),
        reference("staff", "assigned_to", name="fk_complaint_assigned_to"),
        UniqueConstraint("prison_id", "reference", name="uq_complaint_reference"),
        Index("ix_complaint_due", "prison_id", "due_at", "id"),
        Index("ix_complaint_raised_by", "prison_id", "raised_by_person_id"),
    )

    reference: str = Field(max_length=12)
    status: ComplaintStatus = Field(
        default=ComplaintStatus.received, sa_type=choice(ComplaintStatus, "status")
    )
    about: ComplaintAbout = Field(sa_type=choice(ComplaintAbout, "about"))
    about_mentor_id: UUID | None = None
    about_staff_id: UUID | None = None
    about_line_ids: list[UUID] = Field(
        default_factory=list, sa_column=Column(ARRAY(Uuid), nullable=False)
    )
    about_as_told: str | None = Field(default=None, max_length=LINE_AND_ID)
    raised_by_person_id: UUID
    recorded_by: str = Field(max_length=200)
    account: str
    wanted: str | None = None
    occurred_at: datetime = Field(sa_type=TIMESTAMP)
    due_at: datetime = Field(sa_type=TIMESTAMP)
    assigned_to: UUID | None = None
    answer: str | None = None
    answered_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    answered_by: str | None = Field(default=None, max_length=200)

    @property
    def governors_only(self) -> bool:
        """About staff; or about a mentor nobody has named yet, whose line is not known."""
        unnamed = self.about is ComplaintAbout.mentor and self.about_mentor_id is None
        return self.about is ComplaintAbout.staff or self.about_staff_id is not None or unnamed


class ComplaintCreate(Writing):
    """A complaint, by whoever makes it, or entered for them."""

    about: ComplaintAbout = Field(schema_extra={"examples": ["service"]})
    account: Story = Field(schema_extra={"examples": ["Nobody came for three weeks."]})
    wanted: Story | None = Field(
        default=None,
        description="What they would like to come of it.",
        schema_extra={"examples": ["Someone should tell me when they will come."]},
    )
    about_mentor_id: UUID | None = Field(
        default=None,
        description="The mentor it is about, where known. One who is not known here is no refusal.",
    )
    about_staff_id: UUID | None = Field(
        default=None, description="The member of staff it is about, where known; likewise."
    )
    about_as_told: Line | None = Field(
        default=None,
        description="Whom it is about, as it was told; governors say who it is.",
        schema_extra={"examples": ["the desk on a Sunday"]},
    )
    raised_by_person_id: UUID | None = Field(
        default=None,
        description="Whose complaint it is; staff say it, and whoever complains need not.",
        schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000003"]},
    )
    occurred_at: Instant | None = Field(
        default=None,
        description="When it was made, if it is entered later; never in the future.",
        schema_extra={"examples": ["2026-11-23T10:00:00+00:00"]},
    )


class AssignmentCreate(Input):
    """Who is to answer."""

    staff_id: UUID = Field(schema_extra={"examples": [EXAMPLE_ID]})


class AnswerCreate(Writing):
    """The answer, in words meant for whoever complained."""

    answer: Story = Field(schema_extra={"examples": ["You were right. Ms Wickham comes today."]})
    occurred_at: Instant | None = Field(
        default=None, description="When it was given, if it is entered later."
    )


class AboutPut(Input):
    """Whom the complaint is about, as it turned out."""

    about: ComplaintAbout = Field(schema_extra={"examples": ["service"]})
    about_mentor_id: UUID | None = None
    about_staff_id: UUID | None = None


class ComplaintReceipt(Output):
    """What whoever raises or enters a complaint gets: that it arrived, and by when it is
    answered."""

    id: UUID
    reference: str
    status: ComplaintStatus
    due_at: Instant


class ComplaintOwn(Output):
    """A complaint, as whoever made it sees it: their own words, its state, the answer.

    Without a version: it would rise with what staff do with it.
    """

    id: UUID
    recorded_at: Instant
    reference: str
    status: ComplaintStatus
    about: ComplaintAbout
    about_as_told: str | None
    account: str
    wanted: str | None
    due_at: Instant
    answer: str | None
    answered_at: Instant | None
    moves: list[MoveOption] = []


class ComplaintRow(Identified):
    """A complaint in a list, as staff see it."""

    reference: str
    status: ComplaintStatus
    about: ComplaintAbout
    raised_by_person_id: UUID
    occurred_at: Instant
    due_at: Instant
    assigned_to: UUID | None


class ComplaintRead(ComplaintRow):
    """A complaint, as those see it who may work on it."""

    about_mentor_id: UUID | None
    about_staff_id: UUID | None
    about_as_told: str | None
    recorded_by: str
    account: str
    wanted: str | None
    answer: str | None
    answered_at: Instant | None
    answered_by: str | None
    disclosure: Disclosure
    moves: list[MoveOption] = []
