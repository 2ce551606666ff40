"""Mentors: prisoners who apply, are approved, shadow, are trained, and then support others."""

from datetime import date, datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import model_validator
from sqlalchemy import CheckConstraint, Column, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Disclosure,
    Identified,
    Input,
    Instant,
    Line,
    Output,
    Scoped,
    Story,
    Versioned,
    Writing,
    Written,
    choice,
    reference,
)
from app.models.moves import MoveOption


class MentorStatus(StrEnum):
    draft = "draft"
    submitted = "submitted"
    screened = "screened"
    interviewed = "interviewed"
    governor_review = "governor_review"
    approved_conditionally = "approved_conditionally"
    declined = "declined"
    appealed = "appealed"
    withdrawn = "withdrawn"
    shadowing = "shadowing"
    ready_for_sign_off = "ready_for_sign_off"
    active = "active"
    paused = "paused"
    suspended = "suspended"
    stepped_down = "stepped_down"
    removed = "removed"
    transferred = "transferred"
    released = "released"
    deceased = "deceased"
    merged = "merged"


MENTOR_ENDED = frozenset(
    {
        MentorStatus.withdrawn,
        MentorStatus.declined,
        MentorStatus.stepped_down,
        MentorStatus.removed,
        MentorStatus.transferred,
        MentorStatus.released,
        MentorStatus.deceased,
        MentorStatus.merged,
    }
)
LEFT = frozenset({MentorStatus.transferred, MentorStatus.released, MentorStatus.deceased})
LONGEST_CLEARANCE_DAYS = 3653  # ten years
_ENDED_SQL = ", ".join(f"'{status.value}'" for status in sorted(MENTOR_ENDED))


class Commitment(StrEnum):
    full_time = "full_time"
    voluntary = "voluntary"


class ClearanceOutcome(StrEnum):
    cleared = "cleared"
    refused = "refused"


class ApprovalCondition(StrEnum):
    """What a governor may approve on: a closed list, since a condition in words would hold what
    is not held here."""

    no_nights = "no_nights"
    no_one_to_one = "no_one_to_one"
    groups_with_staff_only = "groups_with_staff_only"
    own_wing_only = "own_wing_only"
    review_after_three_months = "review_after_three_months"


_CONDITIONS_SQL = ", ".join(f"'{condition.value}'" for condition in ApprovalCondition)


class Mentor(Versioned, Written, table=True):
    """One episode of a person as mentor, from application to its end."""

    __tablename__ = "mentor"
    __table_args__ = (
        reference("person", "person_id"),
        reference("staff", "supervisor_id", name="fk_mentor_supervisor"),
        reference("mentor", "merged_into", name="fk_mentor_merged_into"),
        CheckConstraint("status <> 'merged' OR merged_into IS NOT NULL", name="merged"),
        Index(
            "uq_mentor_live_person",
            "prison_id",
            "person_id",
            unique=True,
            postgresql_where=text(f"status NOT IN ({_ENDED_SQL})"),
        ),
        CheckConstraint("clearance_to IS NULL OR clearance_to >= clearance_from", name="clearance"),
        CheckConstraint(f"conditions <@ ARRAY[{_CONDITIONS_SQL}]::text[]", name="conditions"),
    )

    person_id: UUID
    status: MentorStatus = Field(default=MentorStatus.draft, sa_type=choice(MentorStatus, "status"))
    suspended_from: MentorStatus | None = Field(
        default=None, sa_type=choice(MentorStatus, "suspended_from")
    )
    commitment: Commitment = Field(sa_type=choice(Commitment, "commitment"))
    motivation: str | None = None
    clearance: ClearanceOutcome | None = Field(
        default=None, sa_type=choice(ClearanceOutcome, "clearance_outcome")
    )
    clearance_from: date | None = None
    clearance_to: date | None = None
    agreement_signed_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    supervisor_id: UUID | None = None
    conditions: list[str] = Field(
        default_factory=list,
        sa_column=Column(ARRAY(Text), nullable=False, server_default=text("'{}'")),
    )
    declined_by: str | None = Field(default=None, max_length=200)
    reapply_on: date | None = None
    correction_asked_by: str | None = Field(default=None, max_length=200)
    merged_into: UUID | None = None


class Observation(Scoped, Written, table=True):
    """One session a mentor in shadowing observed with another mentor."""

    __tablename__ = "observation"
    __table_args__ = (
        reference("mentor", "mentor_id"),
        reference("mentor", "observed_mentor_id", name="fk_observation_observed_mentor"),
        reference("staff", "assessor_id", name="fk_observation_assessor"),
        CheckConstraint("mentor_id <> observed_mentor_id", name="another_mentor"),
    )

    mentor_id: UUID
    observed_mentor_id: UUID
    held_at: datetime = Field(sa_type=TIMESTAMP)
    minutes: int
    learnt: str
    assessor_id: UUID | None = None


class MentorCreate(Writing):
    """An application to become a mentor. A prisoner applies for themselves; staff may enter it."""

    person_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000003"]})
    commitment: Commitment = Commitment.voluntary
    motivation: Story | None = Field(
        default=None, schema_extra={"examples": ["I was helped here and want to give it back."]}
    )


class ClearancePut(Input):
    """The outcome of security clearance. The material it rests on is never held here."""

    outcome: ClearanceOutcome
    valid_from: date = Field(schema_extra={"examples": ["2026-11-23"]})
    valid_to: date = Field(schema_extra={"examples": ["2028-11-22"]})

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_to < self.valid_from:
            raise ValueError("valid_to: must not be before valid_from")
        if (self.valid_to - self.valid_from).days > LONGEST_CLEARANCE_DAYS:
            raise ValueError("valid_to: clearance is given for at most ten years")
        return self


class AgreementPut(Input):
    """The signed role agreement, and the explanation of confidentiality that went with it."""

    signed_at: Instant = Field(schema_extra={"examples": ["2026-11-23T10:00:00+00:00"]})
    explained_version: Line | None = Field(
        default=None, max_length=20, schema_extra={"examples": ["2026-1"]}
    )
    explained_language: Line | None = Field(
        default=None, max_length=40, schema_extra={"examples": ["English"]}
    )

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.explained_version is None) is not (self.explained_language is None):
            raise ValueError("explained_language: goes with explained_version")
        return self


class SupervisorPut(Input):
    """The member of staff who supervises the mentor."""

    staff_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000001"]})


class ObservationCreate(Writing):
    """A session observed while shadowing."""

    observed_mentor_id: UUID = Field(
        schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000002"]}
    )
    held_at: Instant = Field(schema_extra={"examples": ["2026-11-23T10:00:00+00:00"]})
    minutes: int = Field(ge=5, le=480, schema_extra={"examples": [50]})
    learnt: Story = Field(schema_extra={"examples": ["How silence lets a man find his words."]})
    assessed: bool = Field(
        default=False, description="True when the entering member of staff assessed it themselves."
    )


class ObservationForMentor(Output):
    """A session observed while shadowing, as the mentor who observed it sees it."""

    id: UUID
    recorded_at: Instant
    mentor_id: UUID
    observed_mentor_id: UUID
    held_at: Instant
    minutes: int
    learnt: str
    assessor_id: UUID | None


class ObservationRead(ObservationForMentor):
    """A session observed while shadowing."""

    disclosure: Disclosure


class MentorOwnRow(Identified):
    """A mentor's own record in a list; clinicians see the same of every mentor."""

    person_id: UUID
    display_name: str
    status: MentorStatus
    commitment: Commitment
    clearance: ClearanceOutcome | None
    supervisor_id: UUID | None


class MentorRow(MentorOwnRow):
    """A mentor in a list, as support workers and governors see them."""

    clearance_to: date | None


class MentorForClinician(MentorOwnRow):
    """A mentor, as clinicians see them: of the clearance the outcome only."""

    motivation: str | None
    disclosure: Disclosure
    conditions: list[ApprovalCondition]
    agreement_signed_at: Instant | None
    reapply_on: date | None
    correction_asked_by: str | None
    moves: list[MoveOption] = []


class MentorRead(MentorForClinician):
    """A mentor, as support workers and governors see them, with what the caller may do next."""

    clearance_from: date | None
    clearance_to: date | None


class MentorOwn(MentorOwnRow):
    """A mentor's own record: the clearance as an outcome only."""

    conditions: list[ApprovalCondition]
    agreement_signed_at: Instant | None
    reapply_on: date | None
    moves: list[MoveOption] = []
