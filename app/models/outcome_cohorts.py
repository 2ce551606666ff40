"""Outcome cohorts: whose figures are counted. Named, defined in advance, and frozen."""

from datetime import date, datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import field_validator, model_validator
from sqlalchemy import CheckConstraint, ForeignKeyConstraint, UniqueConstraint
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Day,
    Identified,
    Input,
    Instant,
    Name,
    Scoped,
    Versioned,
    choice,
    given,
    reference,
)
from app.models.moves import MoveOption


class OutcomeCohortStatus(StrEnum):
    draft = "draft"
    frozen = "frozen"
    withdrawn = "withdrawn"


class OutcomeCohort(Versioned, table=True):
    """A sample: episodes of support that are chosen by what was so before anybody looked at their
    outcomes. Frozen, its members never change; `digest` is of the definition and of them."""

    __tablename__ = "outcome_cohort"
    __table_args__ = (
        UniqueConstraint("prison_id", "name", name="uq_outcome_cohort_name"),
        CheckConstraint("referred_to >= referred_from", name="in_order"),
        CheckConstraint("follow_up_to_days >= follow_up_from_days", name="window"),
        CheckConstraint(
            "(frozen_at IS NULL) = (digest IS NULL) AND (frozen_at IS NULL) = (size IS NULL)",
            name="frozen_whole",
        ),
        CheckConstraint("status <> 'frozen' OR frozen_at IS NOT NULL", name="frozen"),
    )

    name: str = Field(max_length=100)
    status: OutcomeCohortStatus = Field(
        default=OutcomeCohortStatus.draft, sa_type=choice(OutcomeCohortStatus, "status")
    )
    referred_from: date
    referred_to: date
    engaged_only: bool = Field(default=True, nullable=False)
    follow_up_from_days: int
    follow_up_to_days: int
    recorded_by: str = Field(max_length=200)
    frozen_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    frozen_by: str | None = Field(default=None, max_length=200)
    definition_version: int | None = None
    digest: str | None = Field(default=None, max_length=64)
    size: int | None = None


class OutcomeCohortMember(Scoped, table=True):
    """One episode of support in a frozen cohort."""

    __tablename__ = "outcome_cohort_member"
    __table_args__ = (
        ForeignKeyConstraint(
            ["prison_id", "outcome_cohort_id"],
            ["outcome_cohort.prison_id", "outcome_cohort.id"],
            name="fk_outcome_cohort_member_cohort",
        ),
        reference("mentee", "mentee_id"),
        UniqueConstraint(
            "prison_id", "outcome_cohort_id", "mentee_id", name="uq_outcome_cohort_member"
        ),
    )

    outcome_cohort_id: UUID
    mentee_id: UUID


_NAME = {"examples": ["The first year"]}


class OutcomeCohortCreate(Input):
    """Whom to count: referred within these days, both included."""

    name: Name = Field(schema_extra=_NAME)
    referred_from: Day = Field(schema_extra={"examples": ["2025-11-01"]})
    referred_to: Day = Field(schema_extra={"examples": ["2026-10-31"]})
    engaged_only: bool = Field(
        default=True, description="Only those whose support began; false: all who were referred."
    )
    follow_up_from_days: int = Field(
        default=28,
        ge=0,
        le=730,
        description="A follow-up counts from so many days after its baseline,",
        schema_extra={"examples": [28]},
    )
    follow_up_to_days: int = Field(
        default=180, ge=1, le=730, description="to so many.", schema_extra={"examples": [180]}
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.referred_to < self.referred_from:
            raise ValueError("referred_to: must not be before referred_from")
        if self.follow_up_to_days < self.follow_up_from_days:
            raise ValueError("follow_up_to_days: must not be less than follow_up_from_days")
        return self


class OutcomeCohortUpdate(Input):
    """What changes of a definition that is not frozen. What is left out stays as it is."""

    name: Name | None = Field(default=None, schema_extra=_NAME)
    referred_from: Day | None = Field(default=None, schema_extra={"examples": ["2025-11-01"]})
    referred_to: Day | None = Field(default=None, schema_extra={"examples": ["2026-10-31"]})
    engaged_only: bool | None = Field(default=None, schema_extra={"examples": [True]})
    follow_up_from_days: int | None = Field(
        default=None, ge=0, le=730, schema_extra={"examples": [28]}
    )
    follow_up_to_days: int | None = Field(
        default=None, ge=1, le=730, schema_extra={"examples": [180]}
    )

    _given = field_validator(
        "name",
        "referred_from",
        "referred_to",
        "engaged_only",
        "follow_up_from_days",
        "follow_up_to_days",
    )(given)


class OutcomeCohortRow(Identified):
    """A cohort in a list."""

    name: str
    status: OutcomeCohortStatus
    referred_from: date
    referred_to: date
    engaged_only: bool
    follow_up_from_days: int
    follow_up_to_days: int
    recorded_by: str
    frozen_at: Instant | None
    frozen_by: str | None
    definition_version: int | None = Field(
        description="The definitions of the indicators it was frozen under."
    )
    digest: str | None = Field(
        description="SHA-256 of the definition and of the ids of its episodes."
    )
    size: int | None


class OutcomeCohortRead(OutcomeCohortRow):
    """A cohort, with what may be done next."""

    moves: list[MoveOption] = []
