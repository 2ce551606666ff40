"""Moves of a lifecycle as the API shows them, and the history of every move made."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Disclosure,
    Exported,
    Instant,
    Line,
    Output,
    Scoped,
    Story,
    Writing,
    Written,
    choice,
)
from app.models.staff import Role


class History(Scoped, Written, Exported, table=True):
    """One move made: what changed state, from where to where, by whom, when and why."""

    __tablename__ = "history"
    __table_args__ = (Index("ix_history_thing", "prison_id", "thing_id", "recorded_at"),)

    noun: str = Field(max_length=40)
    thing_id: UUID
    from_state: str | None = Field(default=None, max_length=40)
    to_state: str = Field(max_length=40)
    reason: str | None = Field(default=None, max_length=60)
    note: str | None = None
    actor_subject: str = Field(max_length=200)
    actor_role: Role = Field(sa_type=choice(Role, "actor_role"))
    occurred_at: datetime = Field(sa_type=TIMESTAMP)


class MoveRefusal(Output):
    """Why a move may not be made yet."""

    code: str
    detail: str


class MoveOption(Output):
    """A move from the present state that the caller's role may make."""

    to: str
    allowed: bool
    reasons: list[str] = Field(description="The reason codes it takes; empty: none is needed.")
    refusals: list[MoveRefusal] = Field(description="What stands in its way; empty when allowed.")


class MoveCreate(Writing):
    """A move to make."""

    to: str = Field(max_length=40, schema_extra={"examples": ["submitted"]})
    reason: Line | None = Field(default=None, max_length=60)
    note: Story | None = None
    occurred_at: Instant | None = Field(
        default=None, description="When it happened, if entered later; never in the future."
    )


class HistoryForMentor(Output):
    """One move of a mentor's own history: no reason in detail, no names."""

    id: UUID
    occurred_at: Instant
    from_state: str | None
    to_state: str


class HistoryBare(HistoryForMentor):
    """One move, for those to whom why it was made is out of reach."""

    recorded_at: Instant
    actor_subject: str
    actor_role: Role


class HistoryCoarse(HistoryBare):
    """One move, for those who may know its reason's code and no story."""

    reason: str | None


class HistoryRead(HistoryCoarse):
    """One move of a thing's history."""

    note: str | None
    disclosure: Disclosure
