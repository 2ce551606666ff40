"""Calendar feeds: addresses with a secret in them, under which a calendar reads when a room is in
use. Nobody is named in one."""

from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import model_validator
from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Identified,
    Input,
    Instant,
    Versioned,
    choice,
    reference,
)


class FeedKind(StrEnum):
    """Which sessions a feed tells of."""

    led = "led"
    room = "room"
    wing = "wing"


class CalendarFeed(Versioned, table=True):
    """A feed. Its secret is kept as a digest, and known to nobody but whoever was shown it once.
    `issued_at` is in real time, as a token's is."""

    __tablename__ = "calendar_feed"
    __table_args__ = (
        reference("staff", "staff_id"),
        reference("room", "room_id"),
        reference("wing", "wing_id"),
        UniqueConstraint("prison_id", "secret_digest", name="uq_calendar_feed_secret"),
        CheckConstraint(
            "(kind = 'room') = (room_id IS NOT NULL) AND (kind = 'wing') = (wing_id IS NOT NULL)",
            name="of_what",
        ),
        CheckConstraint("octet_length(secret_digest) = 32", name="secret"),
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended"),
        Index("ix_calendar_feed_staff", "prison_id", "staff_id", "recorded_at", "id"),
    )

    staff_id: UUID
    kind: FeedKind = Field(sa_type=choice(FeedKind, "kind"))
    room_id: UUID | None = None
    wing_id: UUID | None = None
    secret_digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    issued_at: datetime = Field(sa_type=TIMESTAMP)
    expires_at: datetime = Field(sa_type=TIMESTAMP)
    ended_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    ended_by: str | None = Field(default=None, max_length=200)


class CalendarFeedCreate(Input):
    """A feed to make: of the sessions one leads, of a room, or of a wing's rooms."""

    kind: FeedKind = Field(schema_extra={"examples": ["led"]})
    room_id: UUID | None = None
    wing_id: UUID | None = None

    @model_validator(mode="after")
    def _of_what(self) -> Self:
        if (self.kind is FeedKind.room) != (self.room_id is not None):
            raise ValueError("room_id: goes with a feed of a room, and only with that")
        if (self.kind is FeedKind.wing) != (self.wing_id is not None):
            raise ValueError("wing_id: goes with a feed of a wing, and only with that")
        return self


class CalendarFeedRead(Identified):
    """A feed, without its secret."""

    staff_id: UUID
    kind: FeedKind
    room_id: UUID | None
    wing_id: UUID | None
    expires_at: Instant
    ended_at: Instant | None
    ended_by: str | None


class CalendarFeedMade(CalendarFeedRead):
    """A feed just made, with the address that is shown this once."""

    path: str | None = Field(
        description="Where a calendar reads it, after this API's own address. Null when the answer"
        " is given again under the same key: the secret is kept nowhere."
    )
