"""Outreach visits: staff and mentors go to the wings where the scheme does not live."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import field_validator
from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Identified,
    Input,
    Instant,
    Output,
    Scoped,
    Versioned,
    choice,
    given,
    reference,
)

MOST_PEOPLE = 1000


class OutreachKind(StrEnum):
    stall = "stall"
    talk = "talk"
    door_to_door = "door_to_door"
    group = "group"


class OutreachVisit(Versioned, table=True):
    """A visit that was made to a wing."""

    __tablename__ = "outreach_visit"
    __table_args__ = (
        reference("wing", "wing_id"),
        reference("staff", "recorded_by", name="fk_outreach_visit_recorded_by"),
        CheckConstraint(
            "people_spoken_with >= 0 AND referrals_taken >= 0"
            " AND referrals_taken <= people_spoken_with",
            name="counts",
        ),
        Index("ix_outreach_visit_wing", "prison_id", "wing_id", "held_at", "id"),
    )

    wing_id: UUID
    kind: OutreachKind = Field(sa_type=choice(OutreachKind, "kind"))
    held_at: datetime = Field(sa_type=TIMESTAMP)
    people_spoken_with: int
    referrals_taken: int
    recorded_by: UUID | None = None


class OutreachPart(Scoped, table=True):
    """Someone who went: a member of staff or a mentor."""

    __tablename__ = "outreach_part"
    __table_args__ = (
        reference("outreach_visit", "outreach_visit_id"),
        reference("mentor", "mentor_id"),
        reference("staff", "staff_id"),
        CheckConstraint("num_nonnulls(mentor_id, staff_id) = 1", name="one_of_both"),
        UniqueConstraint(
            "prison_id", "outreach_visit_id", "mentor_id", name="uq_outreach_part_mentor"
        ),
        UniqueConstraint(
            "prison_id", "outreach_visit_id", "staff_id", name="uq_outreach_part_staff"
        ),
    )

    outreach_visit_id: UUID
    mentor_id: UUID | None = None
    staff_id: UUID | None = None


EXAMPLE_STAFF = "0198c0de-0000-7000-8000-000000000006"
EXAMPLE_MENTOR = "0198c0de-0000-7000-8000-000000000002"


class OutreachVisitCreate(Input):
    """A visit as it was made."""

    wing_id: UUID = Field(
        description="A wing that is not dedicated to the scheme.",
        schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000005"]},
    )
    kind: OutreachKind = Field(schema_extra={"examples": ["stall"]})
    held_at: Instant = Field(
        description="Never in the future.", schema_extra={"examples": ["2026-11-23T10:00:00+00:00"]}
    )
    staff_ids: list[UUID] = Field(
        min_length=1, max_length=20, schema_extra={"examples": [[EXAMPLE_STAFF]]}
    )
    mentor_ids: list[UUID] = Field(
        default=[],
        max_length=30,
        description="Mentors who took part; each was active at that time.",
        schema_extra={"examples": [[EXAMPLE_MENTOR]]},
    )
    people_spoken_with: int = Field(ge=0, le=MOST_PEOPLE, schema_extra={"examples": [14]})
    referrals_taken: int = Field(
        default=0,
        ge=0,
        le=MOST_PEOPLE,
        description="At most as many as were spoken with.",
        schema_extra={"examples": [2]},
    )


class OutreachVisitUpdate(Input):
    """What is corrected of a visit. What is left out stays."""

    wing_id: UUID | None = Field(
        default=None, schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000005"]}
    )
    kind: OutreachKind | None = Field(default=None, schema_extra={"examples": ["talk"]})
    held_at: Instant | None = Field(
        default=None, schema_extra={"examples": ["2026-11-23T10:00:00+00:00"]}
    )
    staff_ids: list[UUID] | None = Field(
        default=None, min_length=1, max_length=20, schema_extra={"examples": [[EXAMPLE_STAFF]]}
    )
    mentor_ids: list[UUID] | None = Field(
        default=None, max_length=30, schema_extra={"examples": [[EXAMPLE_MENTOR]]}
    )
    people_spoken_with: int | None = Field(
        default=None, ge=0, le=MOST_PEOPLE, schema_extra={"examples": [15]}
    )
    referrals_taken: int | None = Field(
        default=None, ge=0, le=MOST_PEOPLE, schema_extra={"examples": [3]}
    )

    _given = field_validator(
        "wing_id", "kind", "held_at", "staff_ids", "mentor_ids", "people_spoken_with",
        "referrals_taken",
    )(given)  # fmt: skip


class OutreachVisitRead(Identified):
    """A visit: where, when, by whom, and how many were reached."""

    wing_id: UUID
    kind: OutreachKind
    held_at: Instant
    staff_ids: list[UUID]
    mentor_ids: list[UUID]
    people_spoken_with: int
    referrals_taken: int
    recorded_by: UUID | None


class OutreachCoverage(Output):
    """How one wing was reached in a period, and what came of it."""

    wing_id: UUID
    code: str
    last_visit_at: Instant | None = Field(description="Of all times; null: never.")
    days_since: int | None = Field(description="Whole days since the last visit.")
    visits: int
    people_spoken_with: int
    referrals_taken: int = Field(description="Taken during the visits of the period.")
    referrals: int = Field(
        description="Referrals of the period, by whatever way, of those whose cell is there now."
    )
