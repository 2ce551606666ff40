"""Interviews: what a support worker and a clinician, each for themselves, made of an applicant."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Disclosure,
    Identified,
    Instant,
    Output,
    Rewriting,
    Story,
    Versioned,
    Writing,
    Written,
    choice,
    reference,
)


class Interviewer(StrEnum):
    """As what somebody interviewed: a nurse and a lead are clinicians."""

    support_worker = "support_worker"
    clinician = "clinician"


class Recommendation(StrEnum):
    recommended = "recommended"
    recommended_with_support = "recommended_with_support"
    not_recommended = "not_recommended"


class Interview(Versioned, Written, table=True):
    """One interviewer's part in one round of an application: the first, or that of the appeal."""

    __tablename__ = "interview"
    __table_args__ = (
        reference("mentor", "mentor_id"),
        reference("staff", "staff_id", name="fk_interview_staff"),
        UniqueConstraint(
            "prison_id", "mentor_id", "staff_id", "on_appeal", name="uq_interview_interviewer"
        ),
    )

    mentor_id: UUID
    staff_id: UUID
    interviewer: Interviewer = Field(sa_type=choice(Interviewer, "interviewer"))
    on_appeal: bool = Field(default=False, nullable=False)
    held_at: datetime = Field(sa_type=TIMESTAMP)
    recommendation: Recommendation = Field(sa_type=choice(Recommendation, "recommendation"))
    notes: str


class InterviewCreate(Writing):
    """An interview that was held, by whoever enters it."""

    mentor_id: UUID = Field(
        description="The application.",
        schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000002"]},
    )
    held_at: Instant = Field(
        description="Never in the future, nor before the application began.",
        schema_extra={"examples": ["2026-11-23T10:00:00+00:00"]},
    )
    recommendation: Recommendation = Field(schema_extra={"examples": ["recommended"]})
    notes: Story = Field(schema_extra={"examples": ["Knows why he wants it, and what it costs."]})


class InterviewPut(Rewriting):
    """An interview of one's own, as it is right."""

    held_at: Instant = Field(schema_extra={"examples": ["2026-11-23T10:00:00+00:00"]})
    recommendation: Recommendation = Field(schema_extra={"examples": ["recommended_with_support"]})
    notes: Story = Field(schema_extra={"examples": ["Knows why he wants it, and what it costs."]})


class InterviewForGovernor(Output):
    """An interview, as whoever decides sees it: by whom, when, and what they recommend.

    Without a version: it would rise with words they cannot read.
    """

    id: UUID
    recorded_at: Instant
    mentor_id: UUID
    staff_id: UUID
    interviewer: Interviewer
    on_appeal: bool = Field(description="False: in the first round; true: for the appeal.")
    held_at: Instant
    recommendation: Recommendation


class InterviewRow(Identified):
    """An interview in a list, as support workers and clinicians see it."""

    mentor_id: UUID
    staff_id: UUID
    interviewer: Interviewer
    on_appeal: bool
    held_at: Instant
    recommendation: Recommendation


class InterviewRead(InterviewRow):
    """An interview with its notes."""

    notes: str
    disclosure: Disclosure
