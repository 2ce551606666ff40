"""Mentors: prisoners who apply, are approved, shadow, are trained, and then support others."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import StringConstraints, model_validator
from sqlalchemy import CheckConstraint, Column, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Disclosure,
    Exported,
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
_ENDED_SQL = ", ".join(f"'{status.value}'" for status in sorted(MENTOR_ENDED))


PayReference = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9/-]{1,20}$")]


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


CONDITIONS_SQL = ", ".join(f"'{condition.value}'" for condition in ApprovalCondition)


class Mentor(Versioned, Written, Exported, table=True):
    """One episode of a person as mentor, from application to its end."""

    __tablename__ = "mentor"
    __table_args__ = (
        reference("person", "person_id"),
        reference("staff", "supervisor_id", name="fk_mentor_supervisor"),
        reference("campaign", "campaign_id", name="fk_mentor_campaign"),
        Index("ix_mentor_campaign", "prison_id", "campaign_id"),
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
        CheckConstraint(f"conditions <@ ARRAY[{CONDITIONS_SQL}]::text[]", name="conditions"),
        CheckConstraint(
            f"clearance_conditions <@ ARRAY[{CONDITIONS_SQL}]::text[]", name="clearance_conditions"
        ),
        CheckConstraint("pay_reference IS NULL OR commitment = 'full_time'", name="paid_full_time"),
    )

    person_id: UUID
    status: MentorStatus = Field(default=MentorStatus.draft, sa_type=choice(MentorStatus, "status"))
    suspended_from: MentorStatus | None = Field(
        default=None, sa_type=choice(MentorStatus, "suspended_from")
    )
    commitment: Commitment = Field(sa_type=choice(Commitment, "commitment"))
    motivation: str | None = None
    campaign_id: UUID | None = None
    clearance: ClearanceOutcome | None = Field(
        default=None, sa_type=choice(ClearanceOutcome, "clearance_outcome")
    )
    clearance_from: date | None = None
    clearance_to: date | None = None
    clearance_conditions: list[str] = Field(
        default_factory=list,
        sa_column=Column(ARRAY(Text), nullable=False, server_default=text("'{}'")),
    )
    agreement_signed_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    supervisor_id: UUID | None = None
    pay_reference: str | None = Field(default=None, max_length=20)
    conditions: list[str] = Field(
        default_factory=list,
        sa_column=Column(ARRAY(Text), nullable=False, server_default=text("'{}'")),
    )
    declined_by: str | None = Field(default=None, max_length=200)
    reapply_on: date | None = None
    correction_asked_by: str | None = Field(default=None, max_length=200)
    merged_into: UUID | None = None

    @property
    def limits(self) -> list[ApprovalCondition]:
        """What the mentor works on: the conditions of the approval and those of the clearance."""
        both = {*self.conditions, *self.clearance_conditions}
        return [condition for condition in ApprovalCondition if condition in both]


class Observation(Scoped, Written, table=True):
    """One session a mentor in shadowing observed with another mentor."""

    __tablename__ = "observation"
    __table_args__ = (
        reference("mentor", "mentor_id"),
        reference("mentor", "observed_mentor_id", name="fk_observation_observed_mentor"),
        reference("staff", "assessor_id", name="fk_observation_assessor"),
        reference("placement", "placement_id"),
        CheckConstraint("mentor_id <> observed_mentor_id", name="another_mentor"),
    )

    mentor_id: UUID
    observed_mentor_id: UUID
    held_at: datetime = Field(sa_type=TIMESTAMP)
    minutes: int
    learnt: str
    placement_id: UUID | None = None
    assessor_id: UUID | None = None  # the first of staff who found that it meets the standard


class MentorCreate(Writing):
    """An application to become a mentor. A prisoner applies for themselves; staff may enter it."""

    person_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000003"]})
    commitment: Commitment = Commitment.voluntary
    motivation: Story | None = Field(
        default=None, schema_extra={"examples": ["I was helped here and want to give it back."]}
    )
    campaign_id: UUID | None = Field(
        default=None, description="The campaign it answers; absent: none."
    )
    occurred_at: Instant | None = Field(
        default=None,
        description="When staff received it, if they enter it later; never in the future.",
    )


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


class CommitmentPut(Input):
    """How much the mentor works, and for those who do nothing else the pointer to their pay."""

    commitment: Commitment = Field(schema_extra={"examples": ["full_time"]})
    pay_reference: PayReference | None = Field(
        default=None,
        description="Where the prison's own pay records have it: a pointer, for `full_time` only.",
        schema_extra={"examples": ["EWB/1042"]},
    )

    @model_validator(mode="after")
    def _paid(self) -> Self:
        if self.pay_reference is not None and self.commitment is not Commitment.full_time:
            raise ValueError("pay_reference: only mentors who work full time have one")
        return self


class SuspensionOutcome(StrEnum):
    """What a review of a suspension ends with besides a move: it goes on."""

    upheld = "upheld"


class SuspensionReviewCreate(Input):
    """A suspension was reviewed and goes on, until the next review."""

    outcome: SuspensionOutcome = Field(schema_extra={"examples": ["upheld"]})
    review_in_days: int = Field(
        ge=1, le=28, description="When it is due again.", schema_extra={"examples": [7]}
    )


class ObservationCreate(Writing):
    """A session observed while shadowing."""

    observed_mentor_id: UUID = Field(
        schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000002"]}
    )
    held_at: Instant = Field(schema_extra={"examples": ["2026-11-23T10:00:00+00:00"]})
    minutes: int = Field(ge=5, le=480, schema_extra={"examples": [50]})
    learnt: Story = Field(schema_extra={"examples": ["How silence lets a man find his words."]})
    assessed: bool = Field(
        default=False,
        description="True when the entering member of staff assessed it themselves, as `meets`.",
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
    placement_id: UUID | None
    assessor_id: UUID | None = Field(description="Who of staff first found that it meets.")


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
    campaign_id: UUID | None
    conditions: list[ApprovalCondition] = Field(
        description="Those of the approval and those of the clearance together."
    )
    agreement_signed_at: Instant | None
    reapply_on: date | None
    correction_asked_by: str | None
    moves: list[MoveOption] = []


class MentorRead(MentorForClinician):
    """A mentor, as support workers and governors see them, with what the caller may do next."""

    clearance_from: date | None
    clearance_to: date | None
    pay_reference: str | None


class MentorOwn(MentorOwnRow):
    """A mentor's own record: the clearance as an outcome only."""

    campaign_id: UUID | None
    conditions: list[ApprovalCondition]
    agreement_signed_at: Instant | None
    reapply_on: date | None
    moves: list[MoveOption] = []


class ShadowingPlacement(Output):
    """A placement of the shadowing."""

    id: UUID
    host_id: UUID
    host_name: str
    starts_on: date
    ended_at: Instant | None


class ShadowingRead(Output):
    """How far a mentor's shadowing is, and what is still missing before they can be active."""

    mentor_id: UUID
    began_on: date | None
    complete_on: date | None = Field(
        description="The day on which it has lasted long enough; suspensions so far counted in."
    )
    days_stopped: int = Field(
        description="Days that suspensions have taken, a part counting whole."
    )
    observations_logged: int
    observations_needed: int
    observations_assessed: int = Field(description="Those that staff found to meet the standard.")
    placements: list[ShadowingPlacement]
    missing: list[str] = Field(description="Codes of what stands in the way of becoming active.")
