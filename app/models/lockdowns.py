"""Lockdowns: a time in which nobody is unlocked. What was planned in it is cancelled, whoever it
leaves alone is looked in on, and it is planned anew."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import model_validator
from sqlalchemy import CheckConstraint, Column, Index, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

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
from app.models.sessions import CancelReason

LONGEST_LOCKDOWN = timedelta(days=31)
LONGEST_SEARCH = timedelta(days=31)


class Lockdown(Versioned, table=True):
    """A time in which no session can be; over when it ends, or earlier, when it is lifted."""

    __tablename__ = "lockdown"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint("lifted_at < ends_at", name="lifted_early"),
        Index("ix_lockdown_ends_at", "prison_id", "ends_at"),
        Index("ix_lockdown_starts_at", "prison_id", "starts_at", "id"),
    )

    starts_at: datetime = Field(sa_type=TIMESTAMP)
    ends_at: datetime = Field(sa_type=TIMESTAMP)
    reason: CancelReason = Field(sa_type=choice(CancelReason, "reason"))
    declared_by: str = Field(max_length=200)
    lifted_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    lifted_by: str | None = Field(default=None, max_length=200)


class LockdownSession(Versioned, table=True):
    """A session that a lockdown cancelled, and the one that it was planned anew as."""

    __tablename__ = "lockdown_session"
    __table_args__ = (
        reference("lockdown", "lockdown_id"),
        reference("session", "session_id"),
        reference("session", "reoffered_as", name="fk_lockdown_session_reoffered_as"),
        UniqueConstraint("prison_id", "session_id", name="uq_lockdown_session_session"),
        Index("ix_lockdown_session_lockdown", "prison_id", "lockdown_id"),
    )

    lockdown_id: UUID
    session_id: UUID
    mentee_ids: list[UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    reoffered_as: UUID | None = None


class WelfareReason(StrEnum):
    open_acct = "open_acct"
    open_concern = "open_concern"
    first_session = "first_session"


class WelfareCheck(Versioned, table=True):
    """A mentee whom a lockdown left without their session, and why to look in on them. Concerns by
    their ids, so that nobody learns of one that is kept from them."""

    __tablename__ = "welfare_check"
    __table_args__ = (
        reference("lockdown", "lockdown_id"),
        reference("mentee", "mentee_id"),
        UniqueConstraint("prison_id", "lockdown_id", "mentee_id", name="uq_welfare_check_mentee"),
        CheckConstraint(
            "open_acct OR first_session OR cardinality(concern_ids) > 0", name="for_a_reason"
        ),
        CheckConstraint("(looked_in_at IS NULL) = (looked_in_by IS NULL)", name="looked_in"),
    )

    lockdown_id: UUID
    mentee_id: UUID
    open_acct: bool
    first_session: bool
    concern_ids: list[UUID] = Field(
        sa_column=Column(ARRAY(Uuid), nullable=False, server_default=text("'{}'"))
    )
    looked_in_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    looked_in_by: str | None = Field(default=None, max_length=200)


class LockdownCreate(Input):
    """A time in which no session can be: every plan that touches it is cancelled."""

    from_: Instant = Field(alias="from", schema_extra={"examples": ["2035-11-26T08:00:00+00:00"]})
    to: Instant = Field(schema_extra={"examples": ["2035-11-26T17:30:00+00:00"]})
    reason: CancelReason = CancelReason.regime_lockdown

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.to <= self.from_:
            raise ValueError("to: must be after from")
        if self.to - self.from_ > LONGEST_LOCKDOWN:
            raise ValueError("to: a lockdown is entered for at most 31 days at a time")
        return self


class LockdownRow(Identified):
    """A lockdown: from when to when, and why."""

    starts_at: Instant
    ends_at: Instant
    reason: CancelReason
    declared_by: str
    lifted_at: Instant | None
    lifted_by: str | None


class CancelledSession(Output):
    """A session that a lockdown cancelled."""

    session_id: UUID
    reoffered_as: UUID | None = Field(description="The session that it was planned anew as.")


class LockdownRead(LockdownRow):
    """A lockdown, with what it cancelled."""

    cancelled: list[CancelledSession]


class WelfareCheckRead(Identified):
    """A mentee whom a lockdown leaves without their session, why to look in on them, and who
    did."""

    lockdown_id: UUID
    mentee_id: UUID
    display_name: str
    reasons: list[WelfareReason]
    looked_in_at: Instant | None
    looked_in_by: str | None


class LockdownDeclared(LockdownRead):
    """A lockdown as it was declared: whom to look in on now."""

    welfare_checks: list[WelfareCheckRead]


class LookedIn(Input):
    """Somebody has looked in on them."""

    occurred_at: Instant | None = Field(
        default=None,
        description="When, if entered later; never in the future.",
        schema_extra={"examples": ["2026-11-23T10:00:00+00:00"]},
    )


class ReoffersCreate(Input):
    """Plan what a lockdown cancelled anew, each at the next time that is free."""

    until: Instant | None = Field(
        default=None,
        description="The latest end; two weeks after the lockdown unless told, 31 days at most.",
        schema_extra={"examples": ["2026-12-07T17:00:00+00:00"]},
    )


class ReofferOutcome(StrEnum):
    planned = "planned"
    planned_before = "planned_before"
    nobody_comes = "nobody_comes"
    mentor_not_active = "mentor_not_active"
    lead_not_active = "lead_not_active"
    cannot_attend_together = "cannot_attend_together"
    no_free_time = "no_free_time"


class ReofferRow(Output):
    """What became of one session."""

    session_id: UUID
    outcome: ReofferOutcome
    reoffered_as: UUID | None = None
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    room_id: UUID | None = None


class ReoffersRead(Output):
    """What became of every session that the lockdown cancelled, in the order of their start."""

    items: list[ReofferRow]
