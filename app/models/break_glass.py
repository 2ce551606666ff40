"""Break-glass: a clinician opens what is behind the glass of one person's records, for a time."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Disclosure,
    Identified,
    Instant,
    Story,
    Versioned,
    Writing,
    Written,
    choice,
    reference,
)


class BreakGlassStatus(StrEnum):
    """Access itself ends with `expires_at`, whatever state is recorded."""

    open = "open"
    ended = "ended"
    expired = "expired"
    reviewed_justified = "reviewed_justified"
    reviewed_not_justified = "reviewed_not_justified"


REVIEWED = frozenset({BreakGlassStatus.reviewed_justified, BreakGlassStatus.reviewed_not_justified})


class BreakGlassReason(StrEnum):
    """Why records are opened that are closed to the clinician otherwise."""

    danger_to_life = "danger_to_life"
    serious_harm = "serious_harm"
    emergency_treatment = "emergency_treatment"
    safeguarding = "safeguarding"
    other = "other"


class BreakGlass(Versioned, Written, table=True):
    """One clinician's opening of one person's records, from `begins_at` until `expires_at`."""

    __tablename__ = "break_glass"
    __table_args__ = (
        reference("staff", "staff_id", name="fk_break_glass_staff"),
        reference("person", "person_id", name="fk_break_glass_person"),
        UniqueConstraint("prison_id", "reference", name="uq_break_glass_reference"),
        CheckConstraint("expires_at > begins_at", name="expires_after_begin"),
        Index("ix_break_glass_staff", "prison_id", "staff_id", "expires_at"),
        Index(
            "ix_break_glass_open",
            "prison_id",
            "expires_at",
            postgresql_where=text("status = 'open'"),
        ),
        Index("ix_break_glass_recorded", "prison_id", "recorded_at", "id"),
    )

    reference: str = Field(max_length=12)
    staff_id: UUID
    person_id: UUID
    reason_code: BreakGlassReason = Field(sa_type=choice(BreakGlassReason, "reason_code"))
    reason: str
    begins_at: datetime = Field(sa_type=TIMESTAMP)
    expires_at: datetime = Field(sa_type=TIMESTAMP)
    ended_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    status: BreakGlassStatus = Field(
        default=BreakGlassStatus.open, sa_type=choice(BreakGlassStatus, "status")
    )
    reviewed_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    reviewed_by: str | None = Field(default=None, max_length=200)
    review_note: str | None = None

    @property
    def urgent(self) -> bool:
        """Nothing that goes wrong with the audit keeps anyone from it."""
        return True


class BreakGlassCreate(Writing):
    """The opening of one person's records behind the glass. The governor is told at once."""

    person_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000003"]})
    reason_code: BreakGlassReason = Field(schema_extra={"examples": ["danger_to_life"]})
    reason: Story = Field(
        description="Why it cannot wait, in your own words; the governor reads it.",
        schema_extra={"examples": ["Found unresponsive; the night nurse is not his clinician."]},
    )
    minutes: int = Field(
        default=60, ge=5, le=240, description="For how long.", schema_extra={"examples": [60]}
    )


class ReviewOutcome(StrEnum):
    justified = "justified"
    not_justified = "not_justified"


class BreakGlassReview(Writing):
    """A governor's judgement of a break-glass."""

    outcome: ReviewOutcome = Field(schema_extra={"examples": ["justified"]})
    note: Story = Field(schema_extra={"examples": ["Life at risk; nobody else was on duty."]})


class BreakGlassOwn(Identified):
    """A break-glass of one's own: what was opened until when, and what became of it."""

    reference: str
    person_id: UUID
    reason_code: BreakGlassReason
    reason: str
    disclosure: Disclosure
    begins_at: Instant
    expires_at: Instant
    ended_at: Instant | None
    status: BreakGlassStatus
    reviewed_at: Instant | None


class BreakGlassRow(BreakGlassOwn):
    """A break-glass in a list, as governors and the mental health lead see it: who, whom, why."""

    staff_id: UUID
    staff_name: str
    person_name: str


class BreakGlassRead(BreakGlassRow):
    """A break-glass with what was done through it, and its review."""

    acts: dict[str, int] = Field(
        description="How often each operation was done through it; the audit has every one."
    )
    reviewed_by: str | None
    review_note: str | None
