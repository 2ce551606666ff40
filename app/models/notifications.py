"""Notifications: pages to a person, and every attempt to reach them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from app.models.base import TIMESTAMP, Identified, Instant, Versioned, choice, reference


class NotificationStatus(StrEnum):
    pending = "pending"
    sending = "sending"
    sent = "sent"
    delivered = "delivered"
    read = "read"
    failed = "failed"


UNREACHED = (
    NotificationStatus.pending,
    NotificationStatus.sending,
    NotificationStatus.failed,
)


class PageWhy(StrEnum):
    """Why someone is paged about something other than a concern (those: `escalation.Why`)."""

    task_due_soon = "task_due_soon"
    task_overdue = "task_overdue"
    glass_broken = "glass_broken"


class Urgency(StrEnum):
    """How hard a page tries to reach somebody: what nobody can switch off, and what they may."""

    now = "now"
    safety = "safety"
    ordinary = "ordinary"


class Notification(Versioned, table=True):
    """One page: content-free, to one member of staff or to an address outside the prison.

    `hasten_owed`: it has reached nobody, and what it is about has yet to take its next step sooner.
    """

    __tablename__ = "notification"
    __table_args__ = (
        reference("concern", "concern_id"),
        reference("task", "task_id"),
        reference("break_glass", "break_glass_id"),
        reference("staff", "staff_id"),
        CheckConstraint("num_nonnulls(concern_id, task_id, break_glass_id) = 1", name="about_one"),
        Index("ix_notification_staff", "prison_id", "staff_id", "recorded_at", "id"),
        Index("ix_notification_concern", "prison_id", "concern_id", "recorded_at"),
        Index(
            "ix_notification_owed", "prison_id", "recorded_at", postgresql_where=text("hasten_owed")
        ),
    )

    concern_id: UUID | None = None
    task_id: UUID | None = None
    break_glass_id: UUID | None = None
    staff_id: UUID | None = None
    address: str | None = Field(default=None, max_length=300)
    step: int
    why: str = Field(max_length=60)
    urgency: Urgency = Field(default=Urgency.safety, sa_type=choice(Urgency, "urgency"))
    text: str = Field(max_length=300)
    status: NotificationStatus = Field(
        default=NotificationStatus.pending, sa_type=choice(NotificationStatus, "status")
    )
    attempts: int = Field(default=0, nullable=False)
    sent_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    read_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    hasten_owed: bool = Field(default=False, nullable=False)


class NotificationRead(Identified):
    """A page to me. It says which concern, task or break-glass needs me, and nothing of it."""

    concern_id: UUID | None
    task_id: UUID | None
    break_glass_id: UUID | None
    step: int
    why: str
    text: str
    status: NotificationStatus
    sent_at: Instant | None
    read_at: Instant | None
