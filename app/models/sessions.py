"""Sessions and who takes part in them. Constraints bind what is planned, never what happened."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from pydantic import model_validator
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Identified,
    Input,
    Instant,
    Output,
    Story,
    Versioned,
    choice,
    reference,
)
from app.models.moves import MoveOption


class SessionKind(StrEnum):
    one_to_one = "one_to_one"
    group = "group"
    cbt_course = "cbt_course"
    art_therapy = "art_therapy"
    day_to_day = "day_to_day"
    night_callout = "night_callout"


class SessionStatus(StrEnum):
    planned = "planned"
    confirmed = "confirmed"
    held = "held"
    noted = "noted"
    locked = "locked"
    cancelled = "cancelled"


class ParticipationStatus(StrEnum):
    offered = "offered"
    accepted = "accepted"
    declined = "declined"
    attended = "attended"
    dna = "dna"
    cancelled = "cancelled"


class CancelReason(StrEnum):
    regime_lockdown = "regime_lockdown"
    staff_shortage = "staff_shortage"
    no_room = "no_room"
    no_escort = "no_escort"
    clash = "clash"
    segregation = "segregation"
    transfer = "transfer"
    mentor_unavailable = "mentor_unavailable"
    mentee_unwell = "mentee_unwell"
    safety = "safety"
    other = "other"


class Session(Versioned, table=True):
    """A session. `during` and `live` are computed by the database, so they cannot lie."""

    __tablename__ = "session"
    __table_args__ = (
        reference("room", "room_id"),
        reference("mentor", "mentor_id"),
        reference("staff", "lead_staff_id", name="fk_session_lead_staff"),
        reference("staff", "authorised_by", name="fk_session_authorised_by"),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        UniqueConstraint("prison_id", "id", "during", "live", name="uq_session_plan"),
        ExcludeConstraint(
            ("prison_id", "="),
            ("room_id", "="),
            ("during", "&&"),
            where=text("live"),
            using="gist",
            name="ex_session_room_during",
        ),
        ExcludeConstraint(
            ("prison_id", "="),
            ("mentor_id", "="),
            ("during", "&&"),
            where=text("live"),
            using="gist",
            name="ex_session_mentor_during",
        ),
        Index("ix_session_starts_at", "prison_id", "starts_at", "id"),
        Index("ix_session_mentor", "prison_id", "mentor_id", "starts_at"),
    )

    kind: SessionKind = Field(sa_type=choice(SessionKind, "kind"))
    status: SessionStatus = Field(
        default=SessionStatus.planned, sa_type=choice(SessionStatus, "status")
    )
    room_id: UUID | None = None
    mentor_id: UUID
    lead_staff_id: UUID | None = None
    authorised_by: UUID | None = None
    starts_at: datetime = Field(sa_type=TIMESTAMP)
    ends_at: datetime = Field(sa_type=TIMESTAMP)
    during: Any = Field(
        default=None,
        sa_column=Column(
            TSTZRANGE, Computed("tstzrange(starts_at, ends_at)", persisted=True), nullable=False
        ),
    )
    live: bool | None = Field(
        default=None,
        sa_column=Column(
            Boolean,
            Computed("status IN ('planned', 'confirmed')", persisted=True),
            nullable=False,
        ),
    )
    note: str | None = None
    noted_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class Participation(Versioned, table=True):
    """One mentee's part in one session; copies the session's plan so that clashes are seen."""

    __tablename__ = "participation"
    __table_args__ = (
        reference("mentee", "mentee_id"),
        ForeignKeyConstraint(
            ["prison_id", "session_id", "during", "live"],
            ["session.prison_id", "session.id", "session.during", "session.live"],
            onupdate="CASCADE",
            name="fk_participation_session",
        ),
        UniqueConstraint("prison_id", "session_id", "mentee_id", name="uq_participation_mentee"),
        ExcludeConstraint(
            ("prison_id", "="),
            ("mentee_id", "="),
            ("during", "&&"),
            where=text("live AND status IN ('offered', 'accepted')"),
            using="gist",
            name="ex_participation_mentee_during",
        ),
    )

    session_id: UUID
    mentee_id: UUID
    during: Any = Field(sa_column=Column(TSTZRANGE, nullable=False))
    live: bool
    status: ParticipationStatus = Field(
        default=ParticipationStatus.offered, sa_type=choice(ParticipationStatus, "status")
    )


class _Booking(Input):
    kind: SessionKind
    room_id: UUID | None = None
    mentor_id: UUID
    lead_staff_id: UUID | None = Field(
        default=None, description="The qualified lead; art therapy needs one."
    )
    starts_at: Instant = Field(schema_extra={"examples": ["2026-11-23T09:00:00+00:00"]})
    ends_at: Instant = Field(schema_extra={"examples": ["2026-11-23T10:00:00+00:00"]})
    mentee_ids: list[UUID] = Field(min_length=1, max_length=60)

    @model_validator(mode="after")
    def _sane(self) -> Self:
        if self.ends_at <= self.starts_at:
            raise ValueError("ends_at must be after starts_at")
        if (self.ends_at - self.starts_at).total_seconds() > 12 * 3600:
            raise ValueError("ends_at: a session lasts at most 12 hours")
        if len(set(self.mentee_ids)) != len(self.mentee_ids):
            raise ValueError("mentee_ids: each mentee may stand once")
        if self.kind is SessionKind.one_to_one and len(self.mentee_ids) != 1:
            raise ValueError("mentee_ids: a one-to-one has exactly one mentee")
        if self.kind is SessionKind.art_therapy and self.lead_staff_id is None:
            raise ValueError("lead_staff_id: art therapy needs its qualified lead")
        return self


class SessionCreate(_Booking):
    """A session to plan."""

    @model_validator(mode="after")
    def _plannable(self) -> Self:
        if self.kind is SessionKind.night_callout:
            raise ValueError("kind: a night call-out is recorded as held, not planned")
        return self


class SessionHeld(_Booking):
    """A session that took place without a plan: a walk-in, or a night call-out."""

    note: Story | None = None


class NotePut(Input):
    """The mentor's note on their session; locks 24 hours after it was first written."""

    note: Story


class ParticipationRead(Output):
    """One mentee's part in a session."""

    id: UUID
    version: int
    mentee_id: UUID
    display_name: str
    status: ParticipationStatus


class SessionRow(Identified):
    """A session in a list."""

    kind: SessionKind
    status: SessionStatus
    room_id: UUID | None
    mentor_id: UUID
    lead_staff_id: UUID | None
    starts_at: Instant
    ends_at: Instant
    participations: list[ParticipationRead]


class SessionRead(SessionRow):
    """A session, with what the caller may do next."""

    note: str | None
    noted_at: Instant | None
    authorised_by: UUID | None
    moves: list[MoveOption] = []


class SessionNoteless(SessionRow):
    """A session, for those who read no notes."""

    authorised_by: UUID | None
    moves: list[MoveOption] = []


class ClashKind(StrEnum):
    room = "room"
    mentor = "mentor"
    mentee = "mentee"
    capacity = "capacity"
    mentor_not_active = "mentor_not_active"
    mentee_not_engaged = "mentee_not_engaged"
    in_the_past = "in_the_past"
    unavailable = "unavailable"


class ClashRead(Output):
    """One reason why a plan cannot be; towards mentors always `unavailable`."""

    kind: ClashKind
    detail: str
    thing_id: UUID | None = None
