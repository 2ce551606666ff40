"""What is sent to raise concerns, and what each audience is shown of them."""

from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import ConfigDict, field_validator, model_validator
from sqlmodel import Field

from app.models.base import (
    Disclosure,
    Identified,
    Input,
    Instant,
    Line,
    Name,
    Output,
    Story,
    Writing,
)
from app.models.concerns.tables import AcctDecision, ConcernKind, ConcernStatus, FeedbackOutcome
from app.models.moves import MoveOption
from app.models.staff import Role
from app.services.escalation import MENTOR_CHOICES, Immediacy, is_risk_word


class Handover(Input):
    """The verbal handover of a concern that cannot wait: to whom, and when."""

    to: Name = Field(schema_extra={"examples": ["Officer Testwick"]})
    at: Instant = Field(schema_extra={"examples": ["2026-01-05T03:10:00+00:00"]})


class ImmediacySaid(StrEnum):
    """How soon a person must act, in the words it is said in; kept as they were said."""

    now = "now"
    this_session = "this_session"
    within_24h = "within_24h"
    routine = "routine"
    right_now = "right_now"
    today = "today"
    can_wait_a_day = "can_wait_a_day"

    @property
    def means(self) -> Immediacy:
        return MENTOR_CHOICES.get(self.value) or Immediacy(self.value)


class ConcernCreate(Writing):
    """A concern to raise. Say what was seen or said, in the words it was said in."""

    model_config = ConfigDict(  # type: ignore[assignment]
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "immediacy": "right_now",
                    "subject_as_told": "the lad in the end cell",
                    "account": "He gave his radio away and would not say why.",
                }
            ]
        },
    )

    kind: ConcernKind = ConcernKind.welfare
    immediacy: ImmediacySaid | None = Field(
        default=None,
        description="How soon a person must act. Mentors say `right_now`, `today` or"
        " `can_wait_a_day`. Missing: this_session. low/medium/high is refused: no risk scores.",
    )
    subject_person_id: UUID | None = None
    subject_as_told: Line | None = Field(
        default=None,
        description="Who it is about, as told, where the person is not known.",
        schema_extra={"examples": ["the lad in the end cell"]},
    )
    about_staff_id: UUID | None = Field(default=None, description="A concern about this colleague.")
    about_staff_as_told: Line | None = Field(
        default=None,
        description="A concern about a member of staff, in your own words. Either field takes it"
        " past everyone but governors (safeguarding: and clinicians).",
        schema_extra={"examples": ["the tall officer on nights"]},
    )
    account: Story = Field(
        description="What was seen or said.",
        schema_extra={"examples": ["He gave his radio away and would not say why."]},
    )
    needs: Story | None = None
    protects: Story | None = None
    told: Line | None = Field(default=None, description="Who has been told already.")
    mentions_self_harm: bool = False
    handover: Handover | None = Field(
        default=None, description="For `now`: the verbal handover already made, or absent."
    )
    raised_by_person_id: UUID | None = Field(
        default=None, description="Staff entering for a mentor or another prisoner."
    )
    occurred_at: Instant | None = Field(default=None, description="When; absent: now.")

    @field_validator("immediacy", mode="before")
    @classmethod
    def _no_risk_levels(cls, value: object) -> object:
        if isinstance(value, str) and is_risk_word(value):
            raise ValueError(
                "this service holds no risk levels (NICE NG225): say how soon a person must"
                " act: now, this_session, within_24h or routine"
            )
        return value

    @model_validator(mode="after")
    def _has_subject(self) -> Self:
        told = (self.subject_as_told, self.about_staff_as_told)
        if not any((self.subject_person_id, self.about_staff_id, *told)):
            raise ValueError("subject_as_told: say who it is about, in your own words if need be")
        return self


class AddendumCreate(Writing):
    """More words to a concern."""

    account: Story = Field(schema_extra={"examples": ["He is asking for his sister now."]})


class ActionRead(Output):
    """An action."""

    id: UUID
    version: int
    what: str
    disclosure: Disclosure
    owner_id: UUID
    due_at: Instant
    done_at: Instant | None
    outcome: str | None
    handed_to: UUID | None
    accepted_at: Instant | None


class ActionForGovernor(Output):
    """An action, as a governor sees it: whose, and by when."""

    id: UUID
    what: str
    disclosure: Disclosure
    owner_id: UUID
    due_at: Instant
    done_at: Instant | None


class AddendumRead(Output):
    """Words added later."""

    id: UUID
    recorded_at: Instant
    account: str
    disclosure: Disclosure
    said_by: str


class _Clocks(Identified):
    reference: str
    kind: ConcernKind
    status: ConcernStatus
    immediacy: Immediacy
    subject_person_id: UUID | None
    subject_as_told: str | None
    raised_at: Instant
    acknowledge_by: Instant
    acknowledged_at: Instant | None
    seen_by: Instant
    seen_at: Instant | None
    decide_by: Instant
    decided_at: Instant | None


class ConcernRow(_Clocks):
    """A concern in a list, as support workers and clinicians see it."""

    account: str
    raised_by_role: Role
    next_step_at: Instant | None


class ConcernRead(ConcernRow):
    """A concern, as support workers and clinicians see it."""

    disclosure: Disclosure
    occurred_at: Instant
    immediacy_as_said: str | None
    about_staff_id: UUID | None
    about_staff_as_told: str | None
    about_mentor: bool
    needs: str | None
    protects: str | None
    told: str | None
    mentions_self_harm: bool
    handed_over_to: str | None
    handed_over_at: Instant | None
    raised_by_person_id: UUID | None
    recorded_by: str
    acknowledged_by: str | None
    not_seen_reason: str | None
    decision: str | None
    decided_by: str | None
    acct_decision: AcctDecision | None
    acct_reason: str | None
    clinician_signed_by: str | None
    feedback: FeedbackOutcome | None
    feedback_text: str | None
    feedback_at: Instant | None
    closed_at: Instant | None
    subject_left_at: Instant | None
    not_left_reason: str | None
    receiving_side: str | None
    received_there_by: str | None
    received_there_at: Instant | None
    lower_to: Immediacy | None
    lower_reason: str | None
    merged_into: UUID | None
    step: int
    actions: list[ActionRead] = []
    addenda: list[AddendumRead] = []
    moves: list[MoveOption] = []


class ConcernForGovernorRow(_Clocks):
    """A concern in a list, as a governor sees it (now, breached, or about a mentor or staff)."""

    account: str
    next_step_at: Instant | None


class ConcernForGovernor(ConcernForGovernorRow):
    """A concern, as a governor sees it: the account, the actions and the timers, no review."""

    disclosure: Disclosure
    acct_decision: AcctDecision | None
    addenda: list[AddendumRead] = []
    actions: list[ActionForGovernor] = []


class ConcernForWing(_Clocks):
    """A concern, as wing officers on duty see it: whom to see, and by when; no account."""


class ConcernForMachine(Identified):
    """A concern, as a machine client counts it: how it is, and its clocks; no word of anyone."""

    reference: str
    kind: ConcernKind
    status: ConcernStatus
    immediacy: Immediacy
    raised_at: Instant
    acknowledge_by: Instant
    acknowledged_at: Instant | None
    seen_by: Instant
    seen_at: Instant | None
    decide_by: Instant
    decided_at: Instant | None
    closed_at: Instant | None


class ConcernReceipt(Output):
    """A concern, as the mentor who raised it sees it: their words, and what became of them."""

    id: UUID
    reference: str
    recorded_at: Instant
    kind: ConcernKind
    immediacy: Immediacy
    subject_as_told: str | None
    account: str
    received: bool
    seen: bool
    acted: bool
    feedback: FeedbackOutcome | None
    feedback_text: str | None


class ConcernRaised(ConcernReceipt):
    """The answer to a concern raised. The record is not the alarm: read `tell`."""

    tell: str
    warnings: list[str] = []
