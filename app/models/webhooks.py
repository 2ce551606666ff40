"""Webhooks: addresses of other systems that are told of events, and every attempt to tell them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, field_validator, model_validator
from sqlalchemy import CheckConstraint, Column, Index, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Identified,
    Input,
    Instant,
    Line,
    Name,
    Output,
    Versioned,
    choice,
    given,
    reference,
)
from app.models.deliveries import DeliveryCode


class WebhookTopic(StrEnum):
    """Of what a machine may be told: the beginning of an event's name. Nothing of anybody's care;
    of concerns those that machines may count."""

    concern = "concern"
    session = "session"
    series = "series"
    shift = "shift"
    rota = "rota"
    lockdown = "lockdown"
    regime = "regime"
    regime_exception = "regime_exception"
    room = "room"
    room_closure = "room_closure"
    duty = "duty"
    campaign = "campaign"
    cohort = "cohort"


OF_SAFETY = frozenset({WebhookTopic.concern})
"""Who is to be told of these is never left out in silence: a person is told instead."""


class WebhookEnd(StrEnum):
    """Why nothing is sent to a webhook."""

    by_hand = "by_hand"
    gone = "gone"  # it answered 410
    failing = "failing"  # nothing but failures for days


def _known() -> CheckConstraint:
    known = ", ".join(f"'{topic.value}'" for topic in WebhookTopic)
    return CheckConstraint(f"topics <@ ARRAY[{known}]::varchar[]", name="topics")


class Webhook(Versioned, table=True):
    """One address of another system. Its secret is kept nowhere: it is worked out anew from
    `secret_number`; the one before counts until `old_secret_until`."""

    __tablename__ = "webhook"
    __table_args__ = (
        _known(),
        CheckConstraint("active = (ended_for IS NULL)", name="ended"),
    )

    name: str = Field(max_length=100)
    url: str = Field(max_length=300)
    topics: list[str] = Field(sa_column=Column(ARRAY(String()), nullable=False))
    active: bool = Field(default=True, nullable=False)
    ended_for: WebhookEnd | None = Field(default=None, sa_type=choice(WebhookEnd, "ended_for"))
    failing_since: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    secret_number: int = Field(default=1, nullable=False)
    old_secret_until: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class WebhookDelivery(Versioned, table=True):
    """One event to one webhook, and each try. `next_attempt_at`, in real time; nothing there: it is
    not tried again."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        reference("webhook", "webhook_id"),
        UniqueConstraint("prison_id", "webhook_id", "event_id", name="uq_webhook_delivery_event"),
        Index(
            "ix_webhook_delivery_waiting",
            "prison_id",
            "next_attempt_at",
            postgresql_where=text("next_attempt_at IS NOT NULL"),
        ),
    )

    webhook_id: UUID
    event_id: UUID
    topic: str = Field(max_length=80)
    thing_id: UUID
    happened_at: datetime = Field(sa_type=TIMESTAMP)
    attempts: int = Field(default=0, nullable=False)
    next_attempt_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    delivered_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    tries: list[dict[str, Any]] = Field(
        default_factory=list, sa_column=Column(JSONB, nullable=False, server_default="[]")
    )


def _once_each(topics: list[WebhookTopic] | None) -> list[WebhookTopic] | None:
    return None if topics is None else [topic for topic in WebhookTopic if topic in topics]


Topics = Annotated[list[WebhookTopic], AfterValidator(_once_each)]


class WebhookCreate(Input):
    """An address of another system to tell of events."""

    name: Name = Field(schema_extra={"examples": ["Duty board"]})
    url: Line = Field(
        description="https; private addresses only where the site allows them.",
        schema_extra={"examples": ["https://board.example/events"]},
    )
    topics: Topics = Field(
        min_length=1, max_length=20, schema_extra={"examples": [["shift", "rota"]]}
    )


class WebhookUpdate(Input):
    """What may change of a webhook. What is left out stays."""

    name: Name | None = Field(default=None, schema_extra={"examples": ["Duty board"]})
    url: Line | None = Field(
        default=None, schema_extra={"examples": ["https://board.example/events"]}
    )
    topics: Topics | None = Field(
        default=None, min_length=1, max_length=20, schema_extra={"examples": [["shift"]]}
    )
    active: bool | None = Field(default=None, schema_extra={"examples": [False]})

    _given = field_validator("name", "url", "topics", "active")(given)


class ReplayCreate(Input):
    """Which events to send again."""

    since: Instant = Field(schema_extra={"examples": ["2026-11-25T00:00:00+00:00"]})
    until: Instant = Field(schema_extra={"examples": ["2026-11-26T00:00:00+00:00"]})

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.until <= self.since:
            raise ValueError("until: must be after since")
        return self


class WebhookRead(Identified):
    """A webhook, without its secret."""

    name: str
    url: str
    topics: list[WebhookTopic]
    active: bool
    ended_for: WebhookEnd | None
    failing_since: Instant | None
    old_secret_until: Instant | None = Field(
        description="Until when events are signed with the secret before as well."
    )


class WebhookMade(WebhookRead):
    """A webhook with its secret, which is shown this once."""

    secret: str | None = Field(
        description="As Standard Webhooks has it (`whsec_...`). Null when the answer is given again"
        " under the same key."
    )


class WebhookTry(Output):
    """One try: what was answered, or why nothing was."""

    at: Instant
    status: int | None
    code: DeliveryCode | None


class WebhookDeliveryRead(Identified):
    """One event to one webhook, and each try."""

    webhook_id: UUID
    event_id: UUID = Field(description="Its `webhook-id`, and the `id` of its CloudEvent.")
    topic: str
    thing_id: UUID
    happened_at: Instant
    attempts: int
    next_attempt_at: Instant | None
    delivered_at: Instant | None
    tries: list[WebhookTry]


class Replayed(Output):
    """How many events are being sent again."""

    events: int


class CloudEventData(Output):
    """Which thing it is of, and nothing of it: read that from the API."""

    prison_id: str = Field(schema_extra={"examples": ["SLI"]})
    thing_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000004"]})


class CloudEvent(Output):
    """What a webhook is sent: CloudEvents 1.0, signed as Standard Webhooks has it."""

    specversion: Literal["1.0"] = "1.0"
    id: UUID = Field(
        description="The event's, and the header `webhook-id`; drop what you know.",
        schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000009"]},
    )
    source: str = Field(schema_extra={"examples": ["/v1/prisons/SLI"]})
    type: str = Field(
        description="`wellwing.` and what happened.",
        schema_extra={"examples": ["wellwing.shift.published"]},
    )
    subject: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000004"]})
    time: Instant = Field(schema_extra={"examples": ["2026-11-26T03:00:00+00:00"]})
    datacontenttype: Literal["application/json"] = "application/json"
    data: CloudEventData
