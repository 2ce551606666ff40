"""Joint reviews: once a month a support worker and a clinician look at the scheme together."""

from datetime import date, datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import field_validator, model_validator
from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Disclosure,
    Instant,
    Output,
    Rewriting,
    Story,
    Versioned,
    Writing,
    Written,
    choice,
    given,
    reference,
)
from app.models.moves import MoveOption


class JointReviewStatus(StrEnum):
    due = "due"
    held = "held"
    signed_by_both = "signed_by_both"


class AgendaCode(StrEnum):
    """Why a joint review must look at someone."""

    supervision_overdue = "supervision_overdue"
    waiting_long = "waiting_long"
    stepped_up = "stepped_up"
    limits = "limits"
    debrief_outstanding = "debrief_outstanding"
    training_expiring = "training_expiring"


class JointReview(Versioned, Written, table=True):
    """One month's review; `month` is its first day."""

    __tablename__ = "joint_review"
    __table_args__ = (
        reference("staff", "support_worker_id", name="fk_joint_review_support_worker"),
        reference("staff", "clinician_id", name="fk_joint_review_clinician"),
        UniqueConstraint("prison_id", "month", name="uq_joint_review_month"),
        CheckConstraint("extract(day FROM month) = 1", name="first_of_the_month"),
        CheckConstraint("status = 'due' OR held_at IS NOT NULL", name="held"),
        CheckConstraint("support_worker_id <> clinician_id", name="two_people"),
    )

    month: date
    status: JointReviewStatus = Field(
        default=JointReviewStatus.due, sa_type=choice(JointReviewStatus, "status")
    )
    due_on: date
    due_at: datetime = Field(sa_type=TIMESTAMP)
    support_worker_id: UUID | None = None
    clinician_id: UUID | None = None
    held_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    summary: str | None = None
    actions: int | None = None
    support_worker_signed_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    clinician_signed_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


_SUMMARY = "Two men wait too long; the Tuesday group is full. One mentor rests this week."


class JointReviewHeld(Writing):
    """That the review was held, by whom, and what came of it."""

    held_at: Instant | None = Field(
        default=None,
        description="When it was, if entered later: never in the future, nor before its month.",
        schema_extra={"examples": ["2026-11-23T10:00:00+00:00"]},
    )
    support_worker_id: UUID = Field(
        schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000001"]}
    )
    clinician_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000004"]})
    summary: Story = Field(schema_extra={"examples": [_SUMMARY]})
    actions: int = Field(
        ge=0, le=200, description="How many actions were agreed.", schema_extra={"examples": [2]}
    )

    @model_validator(mode="after")
    def _two_people(self) -> Self:
        if self.support_worker_id == self.clinician_id:
            raise ValueError("clinician_id: must be another person")
        return self


class JointReviewSummaryPut(Rewriting):
    """The summary, until someone signs it. What is left out stays."""

    summary: Story | None = Field(default=None, schema_extra={"examples": [_SUMMARY]})
    actions: int | None = Field(default=None, ge=0, le=200, schema_extra={"examples": [2]})

    _given = field_validator("summary", "actions", "disclosure")(given)


class JointReviewRow(Output):
    """A month's review in a list: whether and when, by whom."""

    id: UUID
    recorded_at: Instant
    month: date
    status: JointReviewStatus
    due_on: date
    due_at: Instant
    overdue: bool
    support_worker_id: UUID | None
    clinician_id: UUID | None
    held_at: Instant | None
    support_worker_signed_at: Instant | None
    clinician_signed_at: Instant | None


class JointReviewForGovernor(JointReviewRow):
    """A month's review, as governors see it. No version, which would rise with words they cannot
    read."""

    moves: list[MoveOption] = []


class JointReviewRead(JointReviewForGovernor):
    """A month's review, as support workers and clinicians see it."""

    version: int
    disclosure: Disclosure
    summary: str | None
    actions: int | None


class AgendaItem(Output):
    """Someone whom the review must look at, and why."""

    code: AgendaCode
    mentor_id: UUID | None
    mentee_id: UUID | None
    display_name: str
    since: date | None = Field(description="Since when; of training, the day it expires.")


class AgendaRead(Output):
    """What a joint review must look at, as the reader may see it."""

    since: Instant
    until: Instant
    items: list[AgendaItem]
    concerns_closed: int = Field(description="Of those that the reader may see.")
