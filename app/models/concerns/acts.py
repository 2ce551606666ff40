"""What is sent while a concern is worked on."""

from typing import Self
from uuid import UUID

from pydantic import model_validator
from sqlmodel import Field

from app.models.base import Input, Instant, Line, Name, Rewriting, Story, Writing
from app.models.concerns.shapes import Handover
from app.models.concerns.tables import AcctDecision, FeedbackOutcome
from app.services.escalation import Immediacy


class AcknowledgeCreate(Input):
    """Someone takes the concern up."""

    at: Instant | None = Field(
        default=None, schema_extra={"examples": ["2026-11-23T03:10:00+00:00"]}
    )


class HandoverCreate(Handover):
    """A verbal handover, recorded after the concern."""


class SeenCreate(Rewriting):
    """The person was seen, or why they were not."""

    at: Instant | None = Field(
        default=None, schema_extra={"examples": ["2026-11-23T03:10:00+00:00"]}
    )
    not_seen_reason: Line | None = None


class DecisionCreate(Rewriting):
    """What was decided; with an ACCT decision where self-harm or suicide is mentioned."""

    decision: Story = Field(schema_extra={"examples": ["Moved next to the office; seen daily."]})
    acct_decision: AcctDecision | None = None
    acct_reason: Line | None = None
    at: Instant | None = None

    @model_validator(mode="after")
    def _reasoned(self) -> Self:
        if self.acct_decision is AcctDecision.not_opened and not self.acct_reason:
            raise ValueError("acct_reason: say why no ACCT was opened")
        return self


class ImmediacyPut(Rewriting):
    """The immediacy as staff set it. Raising holds at once; a lowering is proposed by the first
    person who asks for it and holds when a second one asks for the same."""

    immediacy: Immediacy
    reason: Line = Field(schema_extra={"examples": ["Seen and settled; his sister was reached."]})


class SubjectPut(Input):
    """The person it turned out to be about."""

    subject_person_id: UUID = Field(
        schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000003"]}
    )


class MergeCreate(Input):
    """The concern that stays, of two about the same thing."""

    survivor_id: UUID


class FeedbackCreate(Input):
    """What the mentor who raised it is told back."""

    outcome: FeedbackOutcome
    text: Line | None = Field(
        default=None, schema_extra={"examples": ["Thank you. He was seen and is safe."]}
    )
    told_by: Name | None = Field(default=None, description="Who told them in person, if so.")

    @model_validator(mode="after")
    def _explained(self) -> Self:
        if self.outcome is FeedbackOutcome.impossible and not self.text:
            raise ValueError("text: say why feedback is impossible")
        return self


class ReceivingSideCreate(Rewriting):
    """Who knows of it where the person has gone, by name; also where they have no such system."""

    side: Line | None = Field(
        default=None,
        description="Where they have gone, and to whose care.",
        schema_extra={"examples": ["HMP Exampleton, healthcare"]},
    )
    received_by: Name | None = Field(
        default=None,
        description="Who said there that they have it: a name, not a department.",
        schema_extra={"examples": ["Nurse Testwell"]},
    )
    at: Instant | None = Field(default=None, description="When they said so; absent: now.")
    not_left_reason: Line | None = Field(
        default=None, description="Instead: that they have not left, or are back, and how known."
    )

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.not_left_reason is None:
            for name in ("side", "received_by"):
                if getattr(self, name) is None:
                    raise ValueError(f"{name}: say where they have gone, and who has it there")
        elif self.side or self.received_by:
            raise ValueError("not_left_reason: either they have gone, or they have not")
        return self


class ActionCreate(Writing):
    """Something to be done about the concern."""

    what: Story = Field(schema_extra={"examples": ["Ask the chaplain to visit."]})
    owner_id: UUID
    due_at: Instant = Field(schema_extra={"examples": ["2035-11-26T03:10:00+00:00"]})


class ActionDone(Rewriting):
    """An action finished."""

    outcome: Story = Field(schema_extra={"examples": ["The chaplain came at noon."]})
    at: Instant | None = None


class ActionHandOver(Input):
    """An action given to another member of staff, who must accept it."""

    to_staff_id: UUID
