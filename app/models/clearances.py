"""Clearances: what was decided of a mentor's security clearance, and until when. Nothing of why.

The mentor's own columns are what stands now; here is every decision there was.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from pydantic import ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError
from sqlalchemy import CheckConstraint, Column, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Day,
    Identified,
    Input,
    Instant,
    Output,
    Versioned,
    choice,
    reference,
)
from app.models.mentors import (
    CONDITIONS_SQL,
    ApprovalCondition,
    ClearanceOutcome,
    MentorStatus,
)

LONGEST_CLEARANCE_DAYS = 3653  # ten years
NOT_HELD = "vetting material is not held here"


class ClearanceStage(StrEnum):
    """How near the end of a clearance is."""

    current = "current"
    within_30_days = "within_30_days"
    within_7_days = "within_7_days"
    lapsed = "lapsed"


class Clearance(Versioned, table=True):
    """One decision about one mentor. The one that stands is not superseded."""

    __tablename__ = "clearance"
    __table_args__ = (
        reference("mentor", "mentor_id"),
        Index(
            "uq_clearance_standing",
            "prison_id",
            "mentor_id",
            unique=True,
            postgresql_where=text("superseded_at IS NULL"),
        ),
        Index("ix_clearance_mentor", "prison_id", "mentor_id", "decided_at"),
        CheckConstraint("valid_to >= valid_from", name="in_order"),
        CheckConstraint("extended_to > valid_to", name="extension"),
        CheckConstraint(
            "(extended_to IS NULL) = (extended_by IS NULL)"
            " AND (extended_to IS NULL) = (extended_at IS NULL)",
            name="extended_whole",
        ),
        CheckConstraint(f"conditions <@ ARRAY[{CONDITIONS_SQL}]::text[]", name="conditions"),
    )

    mentor_id: UUID
    outcome: ClearanceOutcome = Field(sa_type=choice(ClearanceOutcome, "outcome"))
    valid_from: date
    valid_to: date
    conditions: list[str] = Field(
        default_factory=list,
        sa_column=Column(ARRAY(Text), nullable=False, server_default=text("'{}'")),
    )
    decided_by: str = Field(max_length=200)
    decided_at: datetime = Field(sa_type=TIMESTAMP)
    extended_to: date | None = None
    extended_by: str | None = Field(default=None, max_length=200)
    extended_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    superseded_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    told: ClearanceStage | None = Field(default=None, sa_type=choice(ClearanceStage, "told"))
    lapsed_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    lost_pairings: int | None = None
    lost_sessions: int | None = None
    lost_mentees: int | None = None

    @property
    def ends_on(self) -> date:
        """The last day on which it counts."""
        return self.extended_to or self.valid_to


def _named(field: Any) -> str:
    """A field's name as it may be said again: what does not look like a name may be material."""
    name = str(field)
    return name if name.isascii() and name.isidentifier() and len(name) <= 30 else "body"


class _NoMaterial(Input):
    """A body of codes and days: there is no field to put vetting material into."""

    @model_validator(mode="wrap")
    @classmethod
    def _not_held(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """What is unknown is refused with words of its own, and is not kept in the error."""
        try:
            return handler(data)
        except ValidationError as error:
            found = [_spoken(each) for each in error.errors(include_url=False)]
        raise ValidationError.from_exception_data(cls.__name__, found)


def _spoken(error: Any) -> InitErrorDetails:
    kind, loc, message = error["type"], error["loc"], error["msg"]
    if kind == "extra_forbidden":
        kind, message = "vetting_material", NOT_HELD
        loc = (*loc[:-1], _named(loc[-1]))
    said = message.replace("{", "(").replace("}", ")")
    return InitErrorDetails(type=PydanticCustomError(kind, said), loc=loc, input=None)


class ClearancePut(_NoMaterial):
    """The outcome of security clearance. The material it rests on is never held here."""

    outcome: ClearanceOutcome
    valid_from: Day = Field(schema_extra={"examples": ["2026-11-23"]})
    valid_to: Day = Field(schema_extra={"examples": ["2028-11-22"]})
    conditions: list[ApprovalCondition] = Field(
        default=[],
        max_length=len(ApprovalCondition),
        description="What the clearance is given on; added to those of the approval.",
        schema_extra={"examples": [["no_nights"]]},
    )
    decided_at: Instant | None = Field(
        default=None,
        description="When it was decided, if entered later; never in the future, nor before the"
        " decision that it replaces.",
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_to < self.valid_from:
            raise ValueError("valid_to: must not be before valid_from")
        if (self.valid_to - self.valid_from).days > LONGEST_CLEARANCE_DAYS:
            raise ValueError("valid_to: clearance is given for at most ten years")
        return self


class ExtensionCreate(_NoMaterial):
    """The one bounded extension of a clearance: its new last day."""

    until: Day = Field(schema_extra={"examples": ["2028-12-10"]})


class ClearanceRow(Identified):
    """One decision about a mentor's clearance: outcome, days, and the cover its end cost."""

    mentor_id: UUID
    outcome: ClearanceOutcome
    valid_from: date
    valid_to: date
    conditions: list[ApprovalCondition]
    extended_to: date | None
    superseded_at: Instant | None = Field(description="When another took its place.")
    lapsed_at: Instant | None = Field(description="When its end paused the mentor.")
    lost_pairings: int | None
    lost_sessions: int | None
    lost_mentees: int | None = Field(description="Mentees then left without any mentor.")


class ClearanceRead(ClearanceRow):
    """One decision about a mentor's clearance, as governors see it."""

    decided_by: str
    decided_at: Instant
    extended_by: str | None
    extended_at: Instant | None


class CoverLost(Output):
    """What ends with one mentor's clearance, everyone's that ends by then counted in."""

    live_pairings: int
    planned_sessions: int = Field(description="In the next 28 days.")
    mentors_remaining: int = Field(description="Active mentors whose clearance goes on longer.")
    mentees_without_mentor: int


class ExpiringRow(Output):
    """A mentor whose clearance ends soon, or has ended."""

    mentor_id: UUID
    display_name: str
    status: MentorStatus
    ends_on: date
    days_left: int = Field(description="0 on the last day; below, it has lapsed.")
    stage: ClearanceStage
    extendable_to: date | None = Field(
        description="The last day to which it may still be extended; null: no more."
    )
    cover_lost: CoverLost
