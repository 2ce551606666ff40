"""Escalation policies: who is paged about the prison's concerns, in which order and how soon."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Identified,
    Input,
    Instant,
    Output,
    Versioned,
    choice,
    reference,
)
from app.models.concerns import ConcernKind
from app.models.duties import Post
from app.models.moves import MoveOption
from app.services.escalation import Why
from app.services.ladders import Immediacy, Policy, Target, default_policy

MOST_STEPS = 100


class PolicyStatus(StrEnum):
    draft = "draft"
    signed_off = "signed_off"
    in_force = "in_force"
    superseded = "superseded"
    withdrawn = "withdrawn"


class EscalationPolicy(Versioned, table=True):
    """One version of a policy, for one kind of concern or (None) for all that have none of their
    own. What it says never changes: another version is another row."""

    __tablename__ = "escalation_policy"
    __table_args__ = (
        reference("staff", "drafted_by", name="fk_escalation_policy_drafted_by"),
        reference("staff", "signed_off_by", name="fk_escalation_policy_signed_off_by"),
        reference("staff", "put_in_force_by", name="fk_escalation_policy_put_in_force_by"),
        UniqueConstraint(
            "prison_id",
            "kind",
            "number",
            name="uq_escalation_policy_number",
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint("signed_off_by <> put_in_force_by", name="two_people"),
        CheckConstraint(
            "status NOT IN ('in_force', 'superseded')"
            " OR (signed_off_by IS NOT NULL AND put_in_force_by IS NOT NULL)",
            name="signed_off_and_put_in_force",
        ),
        Index(
            "uq_escalation_policy_in_force",
            "prison_id",
            "kind",
            unique=True,
            postgresql_where="status = 'in_force'",
            postgresql_nulls_not_distinct=True,
        ),
    )

    kind: ConcernKind | None = Field(default=None, sa_type=choice(ConcernKind, "kind"))
    number: int
    status: PolicyStatus = Field(default=PolicyStatus.draft, sa_type=choice(PolicyStatus, "status"))
    policy: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    drafted_by: UUID
    signed_off_by: UUID | None = None
    signed_off_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    put_in_force_by: UUID | None = None
    in_force_from: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    superseded_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class EscalationPolicyCreate(Input):
    """A version to draft."""

    kind: ConcernKind | None = Field(
        default=None,
        description="For concerns of this kind alone; absent: for all that have none of their own.",
    )
    policy: Policy = Field(
        description="Its ladders and clocks, no slower than the domain's table.",
        schema_extra={"examples": [default_policy().to_json()]},
    )


class EscalationPolicyRow(Identified):
    """A version in a list."""

    kind: ConcernKind | None
    number: int
    status: PolicyStatus
    signed_off_at: Instant | None
    in_force_from: Instant | None
    superseded_at: Instant | None


class EscalationPolicyRead(EscalationPolicyRow):
    """A version of a policy, whole."""

    policy: Policy
    drafted_by: UUID
    signed_off_by: UUID | None
    put_in_force_by: UUID | None
    moves: list[MoveOption] = []


class StandingPolicy(Output):
    """What a concern of one kind would be raised under now; without a version, the default."""

    kind: ConcernKind
    escalation_policy_id: UUID | None
    policy: Policy


class SimulationCreate(Input):
    """A concern that might be raised, to see who would be paged if nobody did anything."""

    at: Instant = Field(schema_extra={"examples": ["2026-12-25T02:00:00+00:00"]})
    kind: ConcernKind = Field(schema_extra={"examples": ["self_harm_or_suicide"]})
    immediacy: Immediacy = Field(schema_extra={"examples": ["now"]})
    about_staff_id: UUID | None = Field(
        default=None, description="As if it were about this member of staff."
    )
    about_mentor_id: UUID | None = Field(
        default=None, description="As if it were about this mentor: it goes past their supervisor."
    )
    handed_over: bool = Field(
        default=True, description="Whether an officer has been told by word of mouth."
    )
    steps: int = Field(default=12, ge=1, le=MOST_STEPS, schema_extra={"examples": [12]})


class SimulationGap(StrEnum):
    """Why a target of a step is reached by nobody, or by nobody whom it would wake."""

    nobody_on_duty = "nobody_on_duty"
    everyone_conflicted = "everyone_conflicted"
    not_working_here = "not_working_here"
    not_configured = "not_configured"
    no_contact = "no_contact"


class GapFound(Output):
    """One target of a step that would not work."""

    target: Target | UUID
    gap: SimulationGap
    staff_id: UUID | None = Field(description="Of `no_contact`: whom the page would not wake.")


class SimulatedPage(Output):
    """One page of a step; without a member of staff it goes to the address outside."""

    target: Target | UUID
    staff_id: UUID | None
    name: str | None


class SimulatedStep(Output):
    """One step: whom it would page, and what is missing."""

    at: Instant
    step: int
    why: Why
    out_of_hours: bool
    passed_over: int = Field(description="Steps before it that reach nobody.")
    pages: list[SimulatedPage]
    gaps: list[GapFound]
    wakes_nobody: bool = Field(description="No page of it reaches anyone with a contact.")


class DoubleCover(Output):
    """Somebody on duty at two posts at once, here or in another prison that you may read."""

    at: Instant
    staff_id: UUID
    name: str
    posts: list[Post]
    elsewhere: list[str] = Field(description="Other prisons in which they are on duty then.")


class SimulationRead(Output):
    """Step by step who would be paged when, if nobody did anything about it."""

    acknowledge_by: Instant
    seen_by: Instant
    decide_by: Instant
    steps: list[SimulatedStep]
    double_cover: list[DoubleCover]
    reaches_nobody: bool = Field(
        description="At the last step shown nobody is left to page: it would stay due, and alarm."
    )
