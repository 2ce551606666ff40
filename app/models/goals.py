"""Goals and the coping plan: what a mentee wants to reach, and what helps, in their own words."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from pydantic import field_validator
from sqlalchemy import Index
from sqlmodel import Field

from app.models.base import (
    Day,
    Disclosure,
    Identified,
    Rewriting,
    Story,
    Versioned,
    Writing,
    Written,
    choice,
    given,
    reference,
)
from app.models.moves import MoveOption


class GoalKind(StrEnum):
    """A goal, or a part of the coping plan."""

    goal = "goal"
    coping_strategy = "coping_strategy"
    early_sign = "early_sign"
    what_helps = "what_helps"
    who_to_turn_to = "who_to_turn_to"


class GoalStatus(StrEnum):
    open = "open"
    achieved = "achieved"
    dropped = "dropped"


class Goal(Versioned, Written, table=True):
    """One goal, or one part of the coping plan, of one episode of support."""

    __tablename__ = "goal"
    __table_args__ = (
        reference("mentee", "mentee_id"),
        Index("ix_goal_mentee", "prison_id", "mentee_id", "recorded_at", "id"),
    )

    mentee_id: UUID
    kind: GoalKind = Field(sa_type=choice(GoalKind, "kind"))
    status: GoalStatus = Field(default=GoalStatus.open, sa_type=choice(GoalStatus, "status"))
    text: str
    set_on: date
    share_with_mentor: bool = Field(default=False, nullable=False)
    recorded_by: str = Field(max_length=200)


class GoalCreate(Writing):
    """A goal or a part of the coping plan, by the mentee themselves or by staff in their words."""

    mentee_id: UUID | None = Field(
        default=None,
        description="Whose; staff say it, and whoever writes for themselves need not.",
        schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000005"]},
    )
    kind: GoalKind = Field(schema_extra={"examples": ["what_helps"]})
    text: Story = Field(schema_extra={"examples": ["Drawing, with the radio on."]})
    set_on: Day | None = Field(
        default=None,
        description="The day it was set, if it is entered later; never in the future, nor before"
        " the referral.",
        schema_extra={"examples": ["2026-11-23"]},
    )
    share_with_mentor: bool = Field(
        default=False, description="Their choice: their own mentor may read it."
    )


class GoalUpdate(Rewriting):
    """What may change of it; its words and ticks before stay as versions."""

    text: Story | None = Field(default=None, schema_extra={"examples": ["Drawing, after lock-up."]})
    share_with_mentor: bool | None = Field(default=None, schema_extra={"examples": [True]})

    _given = field_validator("text", "share_with_mentor", "disclosure")(given)


class GoalForMentor(Identified):
    """A goal, as the mentee reads their own, and their mentor what they share."""

    mentee_id: UUID
    kind: GoalKind
    status: GoalStatus
    text: str
    set_on: date
    share_with_mentor: bool
    moves: list[MoveOption] = []


class GoalRead(GoalForMentor):
    """A goal, as support workers and clinicians read it."""

    recorded_by: str
    disclosure: Disclosure
