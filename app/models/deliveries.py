"""Deliveries: one page on one channel, what became of it, and every attempt."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, SmallInteger, text
from sqlmodel import Field, SQLModel

from app.models.addresses import ChannelKind
from app.models.base import TIMESTAMP, Identified, Instant, Versioned, choice, reference


class DeliveryStatus(StrEnum):
    pending = "pending"
    sending = "sending"
    sent = "sent"
    delivered = "delivered"
    failed = "failed"


class DeliveryCode(StrEnum):
    """Why a delivery failed, coarsely: a provider's own words may hold an address."""

    unreachable = "unreachable"  # the provider did not answer, or not in time
    put_off = "put_off"  # it answered that it cannot now
    rate_limited = "rate_limited"
    not_authorised = "not_authorised"  # it does not take our word for who we are
    refused = "refused"  # it will not carry this
    no_such_address = "no_such_address"
    not_delivered = "not_delivered"  # taken, and then not brought there
    given_up = "given_up"
    withheld = "withheld"  # it is about what they may not know of by now
    broken = "broken"  # a fault of ours


class Delivery(Versioned, table=True):
    """One page, a code that proves an address, or a test of a last resort, on one channel.

    Its id goes with every attempt, so that a provider can drop the double. `next_attempt_at` says
    when it is tried next, in real time; nothing there: it is not. `ask_at`, likewise: when the
    provider is asked next what became of it. Each attempt is in its history.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        reference("notification", "notification_id"),
        reference("address", "address_id"),
        reference("page_test", "page_test_id"),
        CheckConstraint(
            "num_nonnulls(notification_id, address_id, page_test_id) >= 1", name="of_something"
        ),
        Index(
            "uq_delivery_notification",
            "prison_id",
            "notification_id",
            "channel",
            "address_id",
            unique=True,
            postgresql_where=text("notification_id IS NOT NULL"),
            postgresql_nulls_not_distinct=True,
        ),
        Index(
            "ix_delivery_waiting",
            "prison_id",
            "channel",
            "rank",
            "next_attempt_at",
            postgresql_where=text("next_attempt_at IS NOT NULL"),
        ),
        Index(
            "ix_delivery_to_ask",
            "prison_id",
            "channel",
            "ask_at",
            postgresql_where=text("ask_at IS NOT NULL"),
        ),
    )

    notification_id: UUID | None = None
    address_id: UUID | None = None
    page_test_id: UUID | None = None
    channel: ChannelKind = Field(sa_type=choice(ChannelKind, "channel"))
    status: DeliveryStatus = Field(
        default=DeliveryStatus.pending, sa_type=choice(DeliveryStatus, "status")
    )
    rank: int = Field(default=3, sa_type=SmallInteger, nullable=False)
    attempts: int = Field(default=0, nullable=False)
    not_before: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    next_attempt_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    provider_reference: str | None = Field(default=None, max_length=100)
    asked: int = Field(default=0, sa_type=SmallInteger, nullable=False)
    ask_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    code: DeliveryCode | None = Field(default=None, sa_type=choice(DeliveryCode, "code"))
    sent_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    delivered_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class DeliveryRead(Identified):
    """What became of a page to me on one channel."""

    notification_id: UUID
    address_id: UUID | None
    channel: ChannelKind
    status: DeliveryStatus
    attempts: int
    code: DeliveryCode | None
    sent_at: Instant | None
    delivered_at: Instant | None


class NotifyReceipt(SQLModel):
    """What GOV.UK Notify says became of a message. What else it tells, such as to whom, is not
    read."""

    id: UUID
    reference: str | None = Field(
        default=None,
        max_length=100,
        schema_extra={"examples": ["SLI.0198c0de-0000-7000-8000-000000000000"]},
    )
    status: str = Field(max_length=40, schema_extra={"examples": ["delivered"]})
