"""Hand-overs: whoever goes off duty hands their open concerns and what matters to the next."""

from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import model_validator
from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Identified,
    Input,
    Instant,
    Output,
    Scoped,
    Story,
    Versioned,
    Writing,
    Written,
    choice,
    reference,
)
from app.models.duties import Post
from app.models.moves import MoveOption

MOST_ITEMS = 200


class DutyHandoverStatus(StrEnum):
    offered = "offered"
    accepted = "accepted"
    withdrawn = "withdrawn"


class Handover(Versioned, Written, table=True):
    """A duty handed over by whoever goes off it to whoever comes on."""

    __tablename__ = "handover"
    __table_args__ = (
        reference("duty", "duty_id"),
        reference("staff", "from_staff_id", name="fk_handover_from_staff"),
        reference("staff", "to_staff_id", name="fk_handover_to_staff"),
        CheckConstraint("from_staff_id <> to_staff_id", name="two_people"),
        CheckConstraint("(status = 'accepted') = (accepted_at IS NOT NULL)", name="accepted"),
        Index("ix_handover_recorded", "prison_id", "recorded_at", "id"),
    )

    duty_id: UUID
    post: Post = Field(sa_type=choice(Post, "post"))
    from_staff_id: UUID
    to_staff_id: UUID
    status: DutyHandoverStatus = Field(
        default=DutyHandoverStatus.offered, sa_type=choice(DutyHandoverStatus, "status")
    )
    notes: str | None = None
    accept_by: datetime = Field(sa_type=TIMESTAMP)
    accepted_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class HandoverItem(Scoped, table=True):
    """One open concern that is handed over, and what the next said to it."""

    __tablename__ = "handover_item"
    __table_args__ = (
        reference("handover", "handover_id"),
        reference("concern", "concern_id"),
        UniqueConstraint("prison_id", "handover_id", "concern_id", name="uq_handover_item"),
        CheckConstraint("accepted_at IS NULL OR declined_at IS NULL", name="one_answer"),
        Index("ix_handover_item_concern", "prison_id", "concern_id"),
    )

    handover_id: UUID
    concern_id: UUID
    accepted_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    declined_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)

    @property
    def answered(self) -> bool:
        return self.accepted_at is not None or self.declined_at is not None


class DutyHandoverCreate(Writing):
    """A duty of one's own to hand over."""

    duty_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000004"]})
    to_staff_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000002"]})
    notes: Story | None = Field(
        default=None,
        description="What the next must know; read by the two of you, and by clinicians where the"
        " post is theirs. Write of nobody what belongs in their own record.",
        schema_extra={"examples": ["Two on watch, the crisis team rings at 22:00."]},
    )
    concern_ids: list[UUID] | None = Field(
        default=None,
        max_length=MOST_ITEMS,
        description="Absent: every open concern that one accepted on duty and has not decided.",
    )


class ItemAnswer(Input):
    """What the next says to one concern."""

    concern_id: UUID
    accept: bool


class AcceptanceCreate(Input):
    """The hand-over taken, concern by concern. Absent: all of it."""

    items: list[ItemAnswer] | None = Field(
        default=None,
        max_length=MOST_ITEMS,
        schema_extra={
            "examples": [[{"concern_id": "0198c0de-0000-7000-8000-000000000005", "accept": True}]]
        },
    )

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        ids = [each.concern_id for each in self.items or []]
        if len(ids) != len(set(ids)):
            raise ValueError("items: each concern may stand once")
        return self


class HandoverItemRead(Output):
    """One concern of a hand-over, as far as one may read it."""

    concern_id: UUID
    reference: str
    accepted_at: Instant | None
    declined_at: Instant | None


class HandoverRow(Identified):
    """A hand-over in a list."""

    duty_id: UUID
    post: Post
    from_staff_id: UUID
    to_staff_id: UUID
    status: DutyHandoverStatus
    accept_by: Instant
    accepted_at: Instant | None


class HandoverRead(HandoverRow):
    """A hand-over with its notes."""

    notes: str | None
    disclosure: str
    concerns: list[HandoverItemRead] = []
    moves: list[MoveOption] = []
