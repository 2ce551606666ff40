"""Tests of the last resort: a page that needs nobody, and whether it arrived."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints
from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from app.models.addresses import CODE_TRIES, ChannelKind
from app.models.base import (
    TIMESTAMP,
    Identified,
    Input,
    Instant,
    Output,
    Versioned,
    choice,
    reference,
)
from app.models.deliveries import DeliveryCode, DeliveryStatus


class PageTestTo(StrEnum):
    """Which last resort."""

    inside = "inside"
    outside = "outside"


class PageTest(Versioned, table=True):
    """One page to a last resort that says it is a test. It counts once a receipt says it arrived,
    or a person by the code that stood in it (`confirmed_by`), and for the address outside as long
    as that is still the one. The code is kept nowhere."""

    __tablename__ = "page_test"
    __table_args__ = (
        reference("staff", "staff_id"),
        CheckConstraint("num_nonnulls(staff_id, address) = 1", name="of_one"),
        CheckConstraint("(last_resort = 'inside') = (staff_id IS NOT NULL)", name="staff_inside"),
        CheckConstraint("confirmed_by IS NULL OR arrived_at IS NOT NULL", name="confirmed"),
        Index("ix_page_test_address", "prison_id", "address", "arrived_at"),
    )

    last_resort: PageTestTo = Field(sa_type=choice(PageTestTo, "last_resort"))
    staff_id: UUID | None = None
    address: str | None = Field(default=None, max_length=300)
    reference: str = Field(max_length=20)
    asked_by: str = Field(max_length=200)
    arrived_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    confirmed_by: str | None = Field(default=None, max_length=200)
    tries_left: int = Field(default=CODE_TRIES, nullable=False)


class PageTestCreate(Input):
    """Which last resort to send a test page to."""

    last_resort: PageTestTo = Field(schema_extra={"examples": ["outside"]})


class PageTestConfirm(Input):
    """The code that stood in a test page, as whoever received it told it."""

    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")] = Field(
        schema_extra={"examples": ["402913"]}
    )


class PageTestRow(Identified):
    """A test of a last resort, in a list."""

    last_resort: PageTestTo
    staff_id: UUID | None = Field(description="Who was tried; null for the address outside.")
    reference: str
    asked_by: str
    arrived_at: Instant | None = Field(
        description="When a receipt said so, or its code was told. Until then: untested."
    )
    confirmed_by: str | None = Field(
        description="Who entered the code that stood in it; null where a receipt came."
    )
    tries_left: int = Field(description="How often a code may still be entered.")


class PageTestTry(Output):
    """What became of a test page on one channel."""

    channel: ChannelKind
    status: DeliveryStatus
    attempts: int
    code: DeliveryCode | None
    sent_at: Instant | None
    delivered_at: Instant | None


class PageTestRead(PageTestRow):
    """A test of a last resort, and what became of it on each channel."""

    deliveries: list[PageTestTry]
