"""Assessments of observed sessions: by staff, and the view of the mentor who was observed."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from app.models.base import (
    Disclosure,
    Instant,
    Output,
    Scoped,
    Story,
    Writing,
    Written,
    choice,
    reference,
)


class AssessmentOutcome(StrEnum):
    meets = "meets"
    more_practice = "more_practice"


class Assessment(Scoped, Written, table=True):
    """What one person thought of one observed session: a member of staff, or its host."""

    __tablename__ = "assessment"
    __table_args__ = (
        reference("observation", "observation_id"),
        reference("mentor", "mentor_id"),
        reference("mentor", "host_id", name="fk_assessment_host"),
        reference("staff", "assessor_id", name="fk_assessment_assessor"),
        CheckConstraint("(host_id IS NULL) <> (assessor_id IS NULL)", name="one_assessor"),
        Index(
            "uq_assessment_by_staff",
            "prison_id",
            "observation_id",
            "assessor_id",
            unique=True,
            postgresql_where=text("assessor_id IS NOT NULL"),
        ),
        Index(
            "uq_assessment_by_host",
            "prison_id",
            "observation_id",
            unique=True,
            postgresql_where=text("host_id IS NOT NULL"),
        ),
        Index("ix_assessment_mentor", "prison_id", "mentor_id"),
    )

    observation_id: UUID
    mentor_id: UUID
    assessor_id: UUID | None = None
    host_id: UUID | None = None
    outcome: AssessmentOutcome = Field(sa_type=choice(AssessmentOutcome, "outcome"))
    note: str | None = None
    recorded_by: str = Field(max_length=200)


class AssessmentCreate(Writing):
    """What you think of an observed session."""

    outcome: AssessmentOutcome = Field(schema_extra={"examples": ["meets"]})
    note: Story | None = Field(
        default=None, schema_extra={"examples": ["Listens well; lets the silence be."]}
    )


class AssessmentForMentor(Output):
    """An assessment by staff, as the mentor who was assessed reads it."""

    id: UUID
    recorded_at: Instant
    observation_id: UUID
    outcome: AssessmentOutcome


class AssessmentRead(AssessmentForMentor):
    """An assessment of an observed session: by staff, or the view of its host."""

    mentor_id: UUID
    assessor_id: UUID | None
    host_id: UUID | None = Field(description="The mentor observed, where the view is theirs.")
    note: str | None
    disclosure: Disclosure
    recorded_by: str
