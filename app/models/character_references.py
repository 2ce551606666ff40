"""Character references: what others say of an applicant. No mentor ever reads one."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from app.models.base import (
    Day,
    Disclosure,
    Identified,
    Name,
    Rewriting,
    Story,
    Versioned,
    Writing,
    Written,
    choice,
    reference,
)


class RefereeRole(StrEnum):
    wing_staff = "wing_staff"
    education = "education"
    work = "work"
    chaplaincy = "chaplaincy"
    healthcare = "healthcare"
    other = "other"


class Supports(StrEnum):
    """Whether a referee supports the application."""

    yes = "yes"
    with_reservations = "with_reservations"
    no = "no"


class CharacterReference(Versioned, Written, table=True):
    """What one referee said of one application."""

    __tablename__ = "character_reference"
    __table_args__ = (
        reference("mentor", "mentor_id"),
        reference("staff", "recorded_by", name="fk_character_reference_recorded_by"),
        Index("ix_character_reference_mentor", "prison_id", "mentor_id", "recorded_at", "id"),
    )

    mentor_id: UUID
    referee_name: str = Field(max_length=100)
    referee_role: RefereeRole = Field(sa_type=choice(RefereeRole, "referee_role"))
    supports: Supports = Field(sa_type=choice(Supports, "supports"))
    text: str
    received_on: date
    recorded_by: UUID


class CharacterReferenceCreate(Writing):
    """A reference as it was received, on paper or by word of mouth."""

    mentor_id: UUID = Field(
        description="The application.",
        schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000002"]},
    )
    referee_name: Name = Field(schema_extra={"examples": ["Officer R. Sample"]})
    referee_role: RefereeRole = Field(schema_extra={"examples": ["wing_staff"]})
    supports: Supports = Field(schema_extra={"examples": ["yes"]})
    text: Story = Field(schema_extra={"examples": ["He listens, and keeps what he hears."]})
    received_on: Day = Field(
        description="Never in the future, nor before the application began.",
        schema_extra={"examples": ["2026-11-23"]},
    )


class CharacterReferencePut(Rewriting):
    """A reference that was entered wrongly, as it is right."""

    referee_name: Name = Field(schema_extra={"examples": ["Officer R. Sample"]})
    referee_role: RefereeRole = Field(schema_extra={"examples": ["wing_staff"]})
    supports: Supports = Field(schema_extra={"examples": ["with_reservations"]})
    text: Story = Field(schema_extra={"examples": ["He listens, when he is awake."]})
    received_on: date = Field(schema_extra={"examples": ["2026-11-23"]})


class CharacterReferenceRead(Identified):
    """A reference, as those read it who decide on the application."""

    mentor_id: UUID
    referee_name: str
    referee_role: RefereeRole
    supports: Supports
    text: str
    disclosure: Disclosure
    received_on: date
    recorded_by: UUID
