"""Concerns: something worrying that was seen or said, and what was done about it.

No risk scores are held (NICE NG225): a concern says what was seen or said, what is needed, what
protects, who was told, and how soon a person must act.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.models.base import (
    LINE_AND_ID,
    TIMESTAMP,
    Exported,
    Scoped,
    Versioned,
    Written,
    choice,
    reference,
)
from app.models.staff import Role
from app.services.escalation import Immediacy


class ConcernStatus(StrEnum):
    raised = "raised"
    acknowledged = "acknowledged"
    under_review = "under_review"
    actions_open = "actions_open"
    ready_to_close = "ready_to_close"
    closed = "closed"
    reopened = "reopened"
    merged_duplicate = "merged_duplicate"


CONCERN_OPEN = frozenset(ConcernStatus) - {ConcernStatus.closed, ConcernStatus.merged_duplicate}


class ConcernKind(StrEnum):
    welfare = "welfare"
    self_harm_or_suicide = "self_harm_or_suicide"
    harm_to_others = "harm_to_others"
    safeguarding = "safeguarding"
    coercion_of_mentor = "coercion_of_mentor"
    misconduct = "misconduct"
    security_matter = "security_matter"


class AcctDecision(StrEnum):
    opened = "opened"
    already_open = "already_open"
    post_closure_review = "post_closure_review"
    not_opened = "not_opened"


class FeedbackOutcome(StrEnum):
    """What the mentor is told back; never more."""

    received = "received"
    acted = "acted"
    cannot_share_more = "cannot_share_more"
    impossible = "impossible"


class Concern(Versioned, Written, Exported, table=True):
    """A concern and its clocks. `next_step_at` is the clock the sweeper reads."""

    __tablename__ = "concern"
    __table_args__ = (
        reference("person", "subject_person_id", name="fk_concern_subject"),
        reference("person", "raised_by_person_id", name="fk_concern_raised_by"),
        reference("staff", "about_staff_id", name="fk_concern_about_staff"),
        reference("staff", "about_line_id", name="fk_concern_about_line"),
        reference("staff", "accepted_by_staff_id", name="fk_concern_accepted_by"),
        reference("concern", "merged_into", name="fk_concern_merged_into"),
        UniqueConstraint("prison_id", "reference", name="uq_concern_reference"),
        CheckConstraint(
            "subject_person_id IS NOT NULL OR subject_as_told IS NOT NULL", name="subject"
        ),
        CheckConstraint(
            "num_nonnulls(receiving_side, received_there_by, received_there_at) IN (0, 3)",
            name="named_receipt",
        ),
        CheckConstraint(
            "status IN ('closed', 'merged_duplicate') OR next_step_at IS NOT NULL",
            name="open_has_next_step",
        ),
        Index(
            "ix_concern_due",
            "prison_id",
            "next_step_at",
            postgresql_where=text("status NOT IN ('closed', 'merged_duplicate')"),
        ),
        Index("ix_concern_recorded", "prison_id", "recorded_at", "id"),
    )

    reference: str = Field(max_length=12)
    kind: ConcernKind = Field(sa_type=choice(ConcernKind, "kind"))
    status: ConcernStatus = Field(
        default=ConcernStatus.raised, sa_type=choice(ConcernStatus, "status")
    )
    immediacy: Immediacy = Field(sa_type=choice(Immediacy, "immediacy"))
    immediacy_as_said: str | None = Field(default=None, max_length=300)
    subject_person_id: UUID | None = None
    subject_as_told: str | None = Field(default=None, max_length=LINE_AND_ID)
    about_staff_id: UUID | None = None
    about_staff_as_told: str | None = Field(default=None, max_length=LINE_AND_ID)
    about_line_id: UUID | None = None
    about_mentor: bool = Field(default=False, nullable=False)
    account: str
    needs: str | None = None
    protects: str | None = None
    told: str | None = Field(default=None, max_length=300)
    mentions_self_harm: bool = Field(default=False, nullable=False)
    handed_over_to: str | None = Field(default=None, max_length=300)
    handed_over_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    raised_by_subject: str | None = Field(default=None, max_length=200)
    raised_by_role: Role = Field(sa_type=choice(Role, "raised_by_role"))
    raised_by_person_id: UUID | None = None
    recorded_by: str = Field(max_length=200)
    occurred_at: datetime = Field(sa_type=TIMESTAMP)

    raised_at: datetime = Field(sa_type=TIMESTAMP)
    acknowledge_by: datetime = Field(sa_type=TIMESTAMP)
    seen_by: datetime = Field(sa_type=TIMESTAMP)
    decide_by: datetime = Field(sa_type=TIMESTAMP)
    lock_up: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    acknowledged_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    acknowledged_by: str | None = Field(default=None, max_length=200)
    accepted_on_duty_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    accepted_by_staff_id: UUID | None = None
    seen_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    seen_by_subject: str | None = Field(default=None, max_length=200)
    not_seen_reason: str | None = Field(default=None, max_length=300)
    decided_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    decided_by: str | None = Field(default=None, max_length=200)
    decision: str | None = None
    acct_decision: AcctDecision | None = Field(
        default=None, sa_type=choice(AcctDecision, "acct_decision")
    )
    acct_reason: str | None = Field(default=None, max_length=300)
    clinician_signed_by: str | None = Field(default=None, max_length=200)
    feedback: FeedbackOutcome | None = Field(
        default=None, sa_type=choice(FeedbackOutcome, "feedback")
    )
    feedback_text: str | None = Field(default=None, max_length=300)
    feedback_told_by: str | None = Field(default=None, max_length=200)
    feedback_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    closed_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)

    subject_left_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    not_left_reason: str | None = Field(default=None, max_length=300)
    receiving_side: str | None = Field(default=None, max_length=300)
    received_there_by: str | None = Field(default=None, max_length=200)
    received_there_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)

    lower_to: Immediacy | None = Field(default=None, sa_type=choice(Immediacy, "lower_to"))
    lower_reason: str | None = Field(default=None, max_length=300)
    lower_by: str | None = Field(default=None, max_length=200)
    merged_into: UUID | None = None

    policy: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    step: int = Field(default=0, nullable=False)
    next_step_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)

    @property
    def urgent(self) -> bool:
        """Nothing that goes wrong with the audit keeps anyone from it."""
        return self.immediacy is Immediacy.now

    @property
    def was_reopened(self) -> bool:
        """Its clocks run from later than when it was first written down."""
        return self.raised_at > self.recorded_at

    @property
    def receipt_owed(self) -> bool:
        """Whoever it is about has gone, and nobody where they went has said that they know."""
        return self.subject_left_at is not None and self.received_there_at is None

    @property
    def governors_only(self) -> bool:
        """About staff, or a security matter: nobody on the wing reads it."""
        about_staff = self.about_staff_id is not None or self.about_staff_as_told is not None
        return about_staff or self.kind is ConcernKind.security_matter

    @property
    def routed(self) -> bool:
        """It goes past those whom it may touch, and governors review it."""
        return self.about_mentor or self.governors_only


class Addendum(Scoped, Written, table=True):
    """Words added to a concern after it was raised; nothing said is ever lost or overwritten."""

    __tablename__ = "addendum"
    __table_args__ = (
        reference("concern", "concern_id"),
        Index("ix_addendum_concern", "prison_id", "concern_id"),
    )

    concern_id: UUID
    account: str
    said_by: str = Field(max_length=200)
    as_sent: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB, nullable=True))


class Action(Versioned, Written, table=True):
    """Something to be done about a concern, by someone, by a time."""

    __tablename__ = "action"
    __table_args__ = (
        reference("concern", "concern_id"),
        reference("staff", "owner_id", name="fk_action_owner"),
        reference("staff", "handed_to", name="fk_action_handed_to"),
        reference("task", "task_id"),
        Index("ix_action_concern", "prison_id", "concern_id"),
    )

    concern_id: UUID
    what: str
    owner_id: UUID
    due_at: datetime = Field(sa_type=TIMESTAMP)
    done_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    outcome: str | None = None
    handed_to: UUID | None = None
    accepted_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    task_id: UUID | None = None
