"""Permission to share: to whom and for what a person lets something of theirs be told."""

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
from app.models.moves import MoveOption


class Recipient(StrEnum):
    """To whom."""

    mentor = "mentor"
    support_workers = "support_workers"
    clinicians = "clinicians"
    wing_staff = "wing_staff"
    chaplaincy = "chaplaincy"
    education = "education"
    family = "family"
    gp = "gp"
    other_prison = "other_prison"


class Purpose(StrEnum):
    """For what."""

    peer_support = "peer_support"
    safety_plan = "safety_plan"
    questionnaire_scores = "questionnaire_scores"
    referral = "referral"
    family_contact = "family_contact"
    research = "research"


class PermissionStatus(StrEnum):
    given = "given"
    revoked = "revoked"


class HowGiven(StrEnum):
    spoken = "spoken"
    written = "written"


class SharingPermission(Versioned, table=True):
    """A person's permission to one kind of recipient for one purpose, until taken back."""

    __tablename__ = "sharing_permission"
    __table_args__ = (
        reference("person", "person_id"),
        reference("staff", "recorded_by", name="fk_sharing_permission_recorded_by"),
        CheckConstraint("(status = 'revoked') = (revoked_at IS NOT NULL)", name="revoked"),
        Index(
            "uq_sharing_permission_given",
            "prison_id",
            "person_id",
            "recipient",
            "purpose",
            unique=True,
            postgresql_where=text("status = 'given'"),
        ),
        Index("ix_sharing_permission_person", "prison_id", "person_id", "recorded_at", "id"),
    )

    person_id: UUID
    recipient: Recipient = Field(sa_type=choice(Recipient, "recipient"))
    purpose: Purpose = Field(sa_type=choice(Purpose, "purpose"))
    status: PermissionStatus = Field(
        default=PermissionStatus.given, sa_type=choice(PermissionStatus, "status")
    )
    how: HowGiven = Field(sa_type=choice(HowGiven, "how"))
    given_at: datetime = Field(sa_type=TIMESTAMP)
    revoked_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    recorded_by: UUID | None = None


class PermissionCreate(Input):
    """A permission as the person gave it."""

    person_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000003"]})
    recipient: Recipient = Field(schema_extra={"examples": ["chaplaincy"]})
    purpose: Purpose = Field(schema_extra={"examples": ["referral"]})
    how: HowGiven = Field(schema_extra={"examples": ["spoken"]})
    given_at: Instant = Field(schema_extra={"examples": ["2026-11-23T10:00:00+00:00"]})


class PermissionRow(Identified):
    """A permission in a list."""

    person_id: UUID
    recipient: Recipient
    purpose: Purpose
    status: PermissionStatus
    how: HowGiven
    given_at: Instant
    revoked_at: Instant | None
    recorded_by: UUID | None


class PermissionRead(PermissionRow):
    """A permission, with what the caller may do next."""

    moves: list[MoveOption] = []
