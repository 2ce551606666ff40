"""Streams: the ticket that opens one, and what an event says: that something happened, never what
is in it."""

from datetime import datetime
from uuid import UUID

from pydantic import ConfigDict
from sqlalchemy import BigInteger, CheckConstraint, Column, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field

from app.models.base import TIMESTAMP, Instant, Output, PrisonId, Scoped, choice, reference
from app.models.staff import Role


class StreamTicket(Scoped, table=True):
    """A ticket for one stream, once. Its secret is kept as a digest. What it holds of the token it
    was got with ends the stream when that token ends; all its times are real ones, as a token's."""

    __tablename__ = "stream_ticket"
    __table_args__ = (
        reference("staff", "staff_id"),
        UniqueConstraint("prison_id", "secret_digest", name="uq_stream_ticket_secret"),
        CheckConstraint("octet_length(secret_digest) = 32", name="secret"),
        CheckConstraint("(used_at IS NULL) = (after_xid IS NULL)", name="used"),
        CheckConstraint("staff_id IS NOT NULL OR bearer_person_id IS NOT NULL", name="whose"),
        Index("ix_stream_ticket_recorded", "prison_id", "recorded_at"),
    )

    subject: str = Field(max_length=200)
    role: Role = Field(sa_type=choice(Role, "role"))
    staff_id: UUID | None = None
    bearer_person_id: UUID | None = None
    token_id: str | None = Field(default=None, max_length=200)
    token_issued_at: datetime = Field(sa_type=TIMESTAMP)
    token_expires_at: datetime = Field(sa_type=TIMESTAMP)
    secret_digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    expires_at: datetime = Field(sa_type=TIMESTAMP)
    used_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    after_xid: int | None = Field(default=None, sa_type=BigInteger)
    after_event_id: UUID | None = None


class StreamTicketMade(Output):
    """A ticket just made: it is shown this once, and opens one stream."""

    id: UUID
    expires_at: Instant = Field(description="Until when a stream is opened with it.")
    path: str | None = Field(
        description="Where the stream is, after this API's own address, with the ticket in it. Null"
        " when the answer is given again under the same key: the secret is kept nowhere."
    )


class StreamEvent(Output):
    """One event: that something happened to a thing which its reader may see. Read the thing at its
    own address; at least once, and known again by its id."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "0198c0de-0000-7000-8000-000000000009",
                "type": "concern.raised",
                "thing": "concerns",
                "thing_id": "0198c0de-0000-7000-8000-000000000004",
                "prison_id": "SLI",
                "time": "2026-11-22T03:00:00+00:00",
            }
        }
    )

    id: UUID
    type: str = Field(description="What happened, as `concern.raised`.")
    thing: str = Field(description="The resource's address within the prison.")
    thing_id: UUID
    prison_id: PrisonId
    time: Instant


class StreamReady(Output):
    """The data of `ready`: the stream is open."""

    model_config = ConfigDict(json_schema_extra={"example": {"heartbeat_seconds": 15.0}})

    heartbeat_seconds: float = Field(
        description="A comment comes as often; after two that failed to come, open another."
    )


class StreamReset(Output):
    """The data of `reset`: read the lists anew, since not all that was missed is told."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "unknown_event"}})

    reason: str = Field(description="`unknown_event`: what you had last is not known any more.")


class StreamEnd(Output):
    """The data of `end`: why the stream ends."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "closing"}})

    reason: str = Field(
        description="`closing`: the service stops, come again. `access_ended`: your role, your row"
        " or your token has ended. `superseded`: others of yours were opened since, stay away."
    )
