"""Supervisions: a mentor and their supervisor meet, every week or every month, and both sign."""

from datetime import date, datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import field_validator, model_validator
from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Day,
    Disclosure,
    Input,
    Instant,
    Line,
    Output,
    Rewriting,
    Story,
    Versioned,
    Writing,
    Written,
    choice,
    given,
    reference,
)
from app.models.mentors import Commitment
from app.models.moves import MoveOption


class SupervisionStatus(StrEnum):
    scheduled = "scheduled"
    held = "held"
    signed = "signed"
    missed = "missed"
    rescheduled = "rescheduled"
    cancelled = "cancelled"


SUPERVISION_OPEN = frozenset(
    {SupervisionStatus.scheduled, SupervisionStatus.missed, SupervisionStatus.rescheduled}
)
_OPEN_SQL = ", ".join(f"'{status.value}'" for status in sorted(SUPERVISION_OPEN))


class SupervisionMode(StrEnum):
    in_person = "in_person"
    by_phone = "by_phone"
    other = "other"


class MentorSignature(StrEnum):
    signed = "signed"
    refused = "refused"
    unable = "unable"


class SupervisionText(StrEnum):
    """The free texts of a supervision."""

    shared_note = "shared_note"
    next_steps = "next_steps"
    staff_note = "staff_note"


class Supervision(Versioned, Written, table=True):
    """One supervision of a mentor, from the day it is planned for to both signatures.

    `first_due_on` is when the mentor's commitment asks for it; `due_on` is later where it was
    missed and put off. `next_alert_at` is the clock that housekeeping reads.
    """

    __tablename__ = "supervision"
    __table_args__ = (
        reference("mentor", "mentor_id"),
        reference("staff", "supervisor_id", name="fk_supervision_supervisor"),
        reference("staff", "held_by", name="fk_supervision_held_by"),
        reference("staff", "supervisor_signed_by", name="fk_supervision_signed_by"),
        Index(
            "uq_supervision_open_mentor",
            "prison_id",
            "mentor_id",
            unique=True,
            postgresql_where=text(f"status IN ({_OPEN_SQL})"),
        ),
        Index("ix_supervision_mentor", "prison_id", "mentor_id", "first_due_on"),
        Index("ix_supervision_due", "prison_id", "due_at", "id"),
        Index(
            "ix_supervision_alert",
            "prison_id",
            "next_alert_at",
            postgresql_where=text(f"status IN ({_OPEN_SQL})"),
        ),
        CheckConstraint("due_on >= first_due_on", name="put_off"),
        CheckConstraint("status NOT IN ('held', 'signed') OR held_at IS NOT NULL", name="held"),
    )

    mentor_id: UUID
    supervisor_id: UUID | None = None
    status: SupervisionStatus = Field(
        default=SupervisionStatus.scheduled, sa_type=choice(SupervisionStatus, "status")
    )
    commitment: Commitment = Field(sa_type=choice(Commitment, "commitment"))
    counts_from: date
    first_due_on: date
    due_on: date
    due_at: datetime = Field(sa_type=TIMESTAMP)
    alerts: int = Field(default=0, nullable=False)
    next_alert_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    held_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    held_by: UUID | None = None
    mode: SupervisionMode | None = Field(default=None, sa_type=choice(SupervisionMode, "mode"))
    shared_note: str | None = None
    next_steps: str | None = None
    staff_note: str | None = None
    supervisor_signed_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    supervisor_signed_by: UUID | None = None
    mentor_signature: MentorSignature | None = Field(
        default=None, sa_type=choice(MentorSignature, "mentor_signature")
    )
    mentor_signature_reason: str | None = Field(default=None, max_length=300)
    mentor_signature_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    mentor_signature_recorded_by: str | None = Field(default=None, max_length=200)


_SHARED = "We spoke of the long night on Tuesday. He sleeps again."
_STEPS = "Two shorter sessions this week; we meet again on Monday."
_STAFF = "He takes on more than he says; watch the nights."


class SupervisionHeld(Writing):
    """That a supervision was held, and what was written of it."""

    held_at: Instant | None = Field(
        default=None,
        description="When it was, if entered later: never in the future, nor before the mentor"
        " became active.",
        schema_extra={"examples": ["2026-11-23T10:00:00+00:00"]},
    )
    mode: SupervisionMode = Field(schema_extra={"examples": ["in_person"]})
    shared_note: Story | None = Field(
        default=None, description="The mentor reads it.", schema_extra={"examples": [_SHARED]}
    )
    next_steps: Story | None = Field(
        default=None, description="The mentor reads it.", schema_extra={"examples": [_STEPS]}
    )
    staff_note: Story | None = Field(
        default=None, description="For staff alone.", schema_extra={"examples": [_STAFF]}
    )


class SupervisionNotesPut(Rewriting):
    """What is written of a supervision, until someone signs it. What is left out stays."""

    shared_note: Story | None = Field(default=None, schema_extra={"examples": [_SHARED]})
    next_steps: Story | None = Field(default=None, schema_extra={"examples": [_STEPS]})
    staff_note: Story | None = Field(default=None, schema_extra={"examples": [_STAFF]})

    _given = field_validator("disclosure")(given)


class RescheduleCreate(Input):
    """The day to which a missed supervision is put off."""

    due_on: Day = Field(
        description="Today or later, at most seven days ahead.",
        schema_extra={"examples": ["2026-11-30"]},
    )


class SignatureCreate(Writing):
    """The mentor's signature, or why there is none. The mentor gives it, or staff enter it."""

    signature: MentorSignature = Field(
        description="`unable` is entered by staff.", schema_extra={"examples": ["signed"]}
    )
    reason: Line | None = Field(
        default=None,
        description="Needed where it is refused or cannot be given.",
        schema_extra={"examples": ["I did not say that I would stop the nights."]},
    )
    signed_at: Instant | None = Field(
        default=None, description="When, if entered later; never before it was held."
    )

    @model_validator(mode="after")
    def _with_its_reason(self) -> Self:
        if self.signature is not MentorSignature.signed and self.reason is None:
            raise ValueError("reason: is needed where it is not signed")
        return self


class SupervisionRow(Output):
    """A supervision in a list: when it is due, when it was held, whether it is signed."""

    id: UUID
    recorded_at: Instant
    mentor_id: UUID
    supervisor_id: UUID | None
    status: SupervisionStatus
    first_due_on: date = Field(description="The day the mentor's commitment asks for.")
    due_on: date = Field(description="The day it is planned for now.")
    due_at: Instant
    overdue: bool
    held_at: Instant | None
    mode: SupervisionMode | None
    supervisor_signed_at: Instant | None
    mentor_signature: MentorSignature | None
    mentor_signature_at: Instant | None


class SupervisionForGovernor(SupervisionRow):
    """A supervision, as governors see it: whether and when, and nothing of what was said. No
    version, which would rise with words they cannot read."""

    moves: list[MoveOption] = []


class SupervisionForMentor(SupervisionForGovernor):
    """A mentor's own supervision: the shared part of it."""

    shared_note: str | None
    next_steps: str | None
    mentor_signature_reason: str | None


class SupervisionRead(SupervisionForMentor):
    """A supervision, as support workers and clinicians see it."""

    version: int
    disclosure: Disclosure
    commitment: Commitment
    staff_note: str | None
    held_by: UUID | None
    supervisor_signed_by: UUID | None
    mentor_signature_recorded_by: str | None


class ComplianceRead(Output):
    """One mentor's supervisions that fell due in a span of days. `due` is the sum of the next
    three."""

    mentor_id: UUID
    display_name: str
    commitment: Commitment
    due: int
    on_time: int = Field(description="Held on the first day it was due, or before.")
    late: int = Field(description="Held after that day.")
    missed: int = Field(description="Not held, and the day has passed.")
    signed_by_both: int
