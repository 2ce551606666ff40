"""What the governor decides on, and how many mentees became mentors: shapes without a table."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from pydantic import field_validator
from sqlmodel import Field

from app.models.base import Input, Instant, Output, Story, Writing
from app.models.interviews import Interviewer, Recommendation
from app.models.mentors import ApprovalCondition, ClearanceOutcome, Commitment

CONDITIONS = Field(
    max_length=len(ApprovalCondition),
    description="Each once; none is an answer too.",
    schema_extra={"examples": [["no_nights", "review_after_three_months"]]},
)


def _each_once(values: list[ApprovalCondition]) -> list[ApprovalCondition]:
    if len(set(values)) < len(values):
        raise ValueError("must not name a condition twice")
    return [condition for condition in ApprovalCondition if condition in values]


class ApprovalCreate(Writing):
    """A governor's approval, and what it is bound to."""

    conditions: list[ApprovalCondition] = CONDITIONS
    note: Story | None = Field(default=None, schema_extra={"examples": ["See again in spring."]})

    _once = field_validator("conditions")(_each_once)


class ConditionsPut(Input):
    """What the approval of a mentor is bound to from now on."""

    conditions: list[ApprovalCondition] = CONDITIONS

    _once = field_validator("conditions")(_each_once)


class CoolingOff(StrEnum):
    """Whether enough time lies between an applicant's own support and being a mentor."""

    never_supported = "never_supported"
    in_support = "in_support"
    cooling_off = "cooling_off"
    over = "over"


class QueueInterview(Output):
    """What one interviewer recommends."""

    interviewer: Interviewer
    recommendation: Recommendation
    held_at: Instant


class QueueReferences(Output):
    """How many references say what."""

    yes: int
    with_reservations: int
    no: int


class QueueDecline(Output):
    """An earlier decision against the person."""

    reason: str | None
    declined_on: date


class QueueItem(Output):
    """An application that waits for the governor: what is needed to decide, and nothing more."""

    mentor_id: UUID
    person_id: UUID
    display_name: str
    commitment: Commitment
    waiting_since: Instant
    appeal: bool
    campaign_id: UUID | None
    campaign_title: str | None
    campaign_places_left: int | None
    interviews: list[QueueInterview]
    references: QueueReferences
    clearance: ClearanceOutcome | None
    clearance_from: date | None
    clearance_to: date | None
    earlier_declines: list[QueueDecline]
    cooling_off: CoolingOff
    cooling_off_until: date | None = Field(
        description="The day from which approval is possible, where support has ended."
    )
    founding_places_left: int = Field(
        description="How many of the site's first mentors may still be made without shadowing."
    )
    decidable_by_me: bool
    not_mine_because: list[str] = Field(description="The codes of why the caller may not decide.")
    stands_in_the_way: list[str] = Field(
        description="The codes of what is missing for an approval, whoever decides."
    )


class Pathway(Output):
    """How many of those whose support as mentees began in a period went on to be mentors."""

    mentees: int = Field(description="People, each counted once.")
    applied: int = Field(description="Of them: who applied after that.")
    approved: int = Field(description="Of them: whom a governor approved.")
    became_active: int = Field(description="Of them: who were ever active.")
    active_now: int = Field(description="Of them: who are active today.")
