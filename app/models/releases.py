"""Releases: what leaves the service about people, let go by two persons, never by one."""

from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import model_validator
from sqlalchemy import BigInteger, CheckConstraint, Column, Index
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Disclosure,
    Identified,
    Instant,
    Story,
    Versioned,
    Writing,
    Written,
    choice,
    reference,
)
from app.models.moves import MoveOption
from app.models.staff import Role


class ReleaseKind(StrEnum):
    chronology_bundle = "chronology_bundle"
    identifiable_export = "identifiable_export"


class ReleaseStatus(StrEnum):
    """It may be collected until `expires_at`, whatever state is recorded."""

    requested = "requested"
    released = "released"
    collected = "collected"
    refused = "refused"
    expired = "expired"


class Release(Versioned, Written, table=True):
    """Something to be let out: asked for by one person, released by another.

    `audit_position` and `audit_digest` are the head of the audit's chain when it was released.
    """

    __tablename__ = "release"
    __table_args__ = (
        reference("person", "person_id"),
        reference("staff", "requested_by", name="fk_release_requested_by"),
        reference("staff", "released_by", name="fk_release_released_by"),
        CheckConstraint("released_by <> requested_by", name="two_persons"),
        CheckConstraint(
            "(kind = 'chronology_bundle') = (person_id IS NOT NULL AND as_at IS NOT NULL)",
            name="bundle_of_a_person",
        ),
        Index("ix_release_recorded", "prison_id", "recorded_at", "id"),
    )

    kind: ReleaseKind = Field(sa_type=choice(ReleaseKind, "kind"))
    status: ReleaseStatus = Field(
        default=ReleaseStatus.requested, sa_type=choice(ReleaseStatus, "status")
    )
    person_id: UUID | None = None
    as_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    purpose: str
    requested_by: UUID
    requested_role: Role = Field(sa_type=choice(Role, "requested_role"))
    released_by: UUID | None = None
    released_role: Role | None = Field(default=None, sa_type=choice(Role, "released_role"))
    released_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    expires_at: datetime = Field(sa_type=TIMESTAMP)
    collected_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    audit_position: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    audit_digest: str | None = Field(default=None, max_length=64)


class ReleaseCreate(Writing):
    """Something to be let out, and what for. A second person releases it."""

    kind: ReleaseKind = Field(schema_extra={"examples": ["chronology_bundle"]})
    person_id: UUID | None = Field(
        default=None,
        description="Whose chronology.",
        schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000003"]},
    )
    as_at: Instant | None = Field(
        default=None, description="Of a chronology: as known at this instant; absent: now."
    )
    purpose: Story = Field(schema_extra={"examples": ["Asked for by the Ombudsman, 17/2026."]})

    @model_validator(mode="after")
    def _of_a_person(self) -> Self:
        bundle = self.kind is ReleaseKind.chronology_bundle
        if bundle and self.person_id is None:
            raise ValueError("person_id: a chronology is a person's")
        if not bundle and (self.person_id is not None or self.as_at is not None):
            raise ValueError("person_id: an export is of no one person, and of now")
        return self


class ReleaseRow(Identified):
    """A release in a list."""

    kind: ReleaseKind
    status: ReleaseStatus
    person_id: UUID | None
    as_at: Instant | None
    requested_by: UUID
    released_by: UUID | None
    released_at: Instant | None
    expires_at: Instant = Field(description="Until then it can be released, and then collected.")
    collected_at: Instant | None


class ReleaseRead(ReleaseRow):
    """A release: what, what for, by which two persons, until when; with what you may do next."""

    purpose: str
    disclosure: Disclosure
    moves: list[MoveOption] = []
