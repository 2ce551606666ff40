"""Caseloads: which clinician has whom as patient, and so reads and writes their clinical notes."""

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
    Versioned,
    choice,
    reference,
)


class CaseloadEnd(StrEnum):
    """Why a person is no longer a clinician's patient."""

    discharged = "discharged"
    handed_over = "handed_over"
    left_prison = "left_prison"
    entered_in_error = "entered_in_error"
    merged = "merged"


class Caseload(Versioned, table=True):
    """A person on one clinician's caseload, for a time."""

    __tablename__ = "caseload"
    __table_args__ = (
        reference("person", "person_id"),
        reference("staff", "staff_id", name="fk_caseload_staff"),
        CheckConstraint("(ended_at IS NULL) = (ended_reason IS NULL)", name="ended"),
        CheckConstraint("ended_at >= started_at", name="ends_after_start"),
        Index(
            "uq_caseload_live",
            "prison_id",
            "person_id",
            "staff_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_caseload_staff", "prison_id", "staff_id", "started_at", "id"),
    )

    person_id: UUID
    staff_id: UUID
    started_at: datetime = Field(sa_type=TIMESTAMP)
    ended_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    ended_reason: CaseloadEnd | None = Field(
        default=None, sa_type=choice(CaseloadEnd, "ended_reason")
    )


class CaseloadCreate(Input):
    """A person to take on, or, by the mental health lead, to give to a clinician."""

    person_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000003"]})
    staff_id: UUID | None = Field(default=None, description="The clinician; absent: yourself.")


class CaseloadUpdate(Input):
    """The end of someone's time on a caseload."""

    ended_reason: CaseloadEnd = Field(schema_extra={"examples": ["discharged"]})
    ended_at: Instant | None = Field(
        default=None, description="When; absent: now. Never in the future."
    )


class CaseloadRead(Identified):
    """A person on a clinician's caseload."""

    person_id: UUID
    display_name: str
    staff_id: UUID
    started_at: Instant
    ended_at: Instant | None
    ended_reason: CaseloadEnd | None
