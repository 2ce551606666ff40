"""Sessions and who takes part in them. Constraints bind what is planned, never what happened."""

from datetime import datetime, timedelta
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
    Disclosure,
    Exported,
    Identified,
    Input,
    Instant,
    Output,
    Story,
    Versioned,
    Writing,
    Written,
    choice,
    reference,
)
from app.models.moves import MoveOption
from app.models.participations import (
    CancelReason as CancelReason,
)
from app.models.participations import (
    GroupMember,
    MyMenteesPart,
    ParticipationRow,
)
from app.models.participations import (
    ParticipationStatus as ParticipationStatus,
)

LONGEST = timedelta(hours=12)
EXAMPLE_ID = "0198c0de-0000-7000-8000-000000000000"


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


class Session(Versioned, Written, Exported, table=True):
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
        Index("ix_session_status", "prison_id", "status", "starts_at", "id"),
        Index("ix_session_mentor", "prison_id", "mentor_id", "starts_at"),
        Index(
            "ix_session_locks_at",
            "prison_id",
            "locks_at",
            postgresql_where=text("status IN ('held', 'noted')"),
        ),
    )
    # The computed columns come back with every INSERT and UPDATE.
    __mapper_args__ = {"eager_defaults": True}

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
    live: bool = Field(
        default=None,
        sa_column=Column(
            Boolean,
            Computed("status IN ('planned', 'confirmed')", persisted=True),
            nullable=False,
        ),
    )
    note: str | None = None
    noted_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    locks_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class Participation(Versioned, Exported, table=True):
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
        Index("ix_participation_mentee", "prison_id", "mentee_id", "session_id"),
    )

    session_id: UUID
    mentee_id: UUID
    during: Any = Field(sa_column=Column(TSTZRANGE, nullable=False))
    live: bool
    status: ParticipationStatus = Field(
        default=ParticipationStatus.offered, sa_type=choice(ParticipationStatus, "status")
    )
    reason: CancelReason | None = Field(default=None, sa_type=choice(CancelReason, "reason"))


def _sane_times(starts_at: datetime, ends_at: datetime) -> None:
    """Raises ValueError, naming the field."""
    if ends_at <= starts_at:
        raise ValueError("ends_at: must be after starts_at")
    if ends_at - starts_at > LONGEST:
        raise ValueError("ends_at: a session lasts at most 12 hours")


class _Booking(Input):
    kind: SessionKind = Field(schema_extra={"examples": ["one_to_one"]})
    room_id: UUID | None = None
    mentor_id: UUID = Field(schema_extra={"examples": [EXAMPLE_ID]})
    lead_staff_id: UUID | None = Field(
        default=None, description="The qualified lead; art therapy needs one."
    )
    starts_at: Instant = Field(schema_extra={"examples": ["2035-11-26T09:00:00+00:00"]})
    ends_at: Instant = Field(schema_extra={"examples": ["2035-11-26T10:00:00+00:00"]})
    mentee_ids: list[UUID] = Field(
        min_length=1, max_length=60, schema_extra={"examples": [[EXAMPLE_ID]]}
    )

    @model_validator(mode="after")
    def _sane(self) -> Self:
        _sane_times(self.starts_at, self.ends_at)
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


class SessionHeld(_Booking, Writing):
    """A session that took place without a plan: a walk-in, or a night call-out."""

    starts_at: Instant = Field(schema_extra={"examples": ["2026-11-23T09:00:00+00:00"]})
    ends_at: Instant = Field(schema_extra={"examples": ["2026-11-23T10:00:00+00:00"]})
    note: Story | None = None


class SessionUpdate(Input):
    """What changes of a plan. Without a room the session is held wherever there is space."""

    room_id: UUID | None = None
    mentor_id: UUID | None = None
    lead_staff_id: UUID | None = None
    starts_at: Instant | None = Field(
        default=None, schema_extra={"examples": ["2035-11-26T14:00:00+00:00"]}
    )
    ends_at: Instant | None = Field(
        default=None, schema_extra={"examples": ["2035-11-26T15:00:00+00:00"]}
    )

    @model_validator(mode="after")
    def _kept(self) -> Self:
        for name in ("mentor_id", "starts_at", "ends_at"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"{name}: must not be null")
        return self


class NotePut(Writing):
    """The mentor's note on their session; locks 24 hours after it was first written."""

    note: Story = Field(schema_extra={"examples": ["He talked about his sister; sleeps better."]})


class NoteAdded(Writing):
    """Words to add to a locked note; the note itself stays as it is."""

    text: Story = Field(schema_extra={"examples": ["He had asked for his sister that day."]})


class _SessionRow(Identified):
    kind: SessionKind
    status: SessionStatus
    room_id: UUID | None
    mentor_id: UUID
    lead_staff_id: UUID | None
    starts_at: Instant
    ends_at: Instant


class SessionRow(_SessionRow):
    """A session in a list."""

    participations: list[ParticipationRow]


class SessionRowForMentor(_SessionRow):
    """A session in a list, as its mentor sees it."""

    participations: list[MyMenteesPart | GroupMember]


class _Noted(Output):
    note: str | None
    noted_at: Instant | None
    locks_at: Instant | None = Field(description="From then on the note cannot be written.")


class SessionNoteless(SessionRow):
    """A session, for those who read no notes."""

    authorised_by: UUID | None
    moves: list[MoveOption] = []


class SessionForMentor(_Noted, SessionRowForMentor):
    """A session, as its mentor sees it, with what they may do next."""

    authorised_by: UUID | None
    moves: list[MoveOption] = []


class SessionRead(_Noted, SessionNoteless):
    """A session, as those of the staff who read notes see it."""

    disclosure: Disclosure


class ClashKind(StrEnum):
    room = "room"
    mentor = "mentor"
    mentee = "mentee"
    capacity = "capacity"
    room_closed = "room_closed"
    room_kind = "room_kind"
    mentor_not_active = "mentor_not_active"
    mentee_not_engaged = "mentee_not_engaged"
    in_the_past = "in_the_past"
    weekly_hours = "weekly_hours"
    night_limit = "night_limit"
    approval_condition = "approval_condition"
    spared = "spared"
    regime = "regime"
    lockdown = "lockdown"
    rest = "rest"
    shift = "shift"
    course = "course"
    commitment = "commitment"
    cannot_attend_together = "cannot_attend_together"
    unavailable = "unavailable"


class FreeSlot(Output):
    """A time at which nothing stands against a session, and a room that is free then."""

    starts_at: Instant
    ends_at: Instant
    room_id: UUID | None


class FreeSlots(Output):
    """The next free times, the earliest first; none overlaps another."""

    items: list[FreeSlot]


class ClashForMentor(Output):
    """A reason why a plan cannot be, towards a mentor: always `unavailable`, never more."""

    kind: ClashKind
    detail: str


class ClashRead(ClashForMentor):
    """One reason why a plan cannot be, and the room, mentor or mentee it is about."""

    thing_id: UUID | None = None


class SessionRecorded(SessionRead):
    """A session recorded as held. `warnings` would have refused it as a plan."""

    warnings: list[ClashRead]


class SessionRecordedForMentor(SessionForMentor):
    """A session recorded as held by its mentor."""

    warnings: list[ClashForMentor]


class SessionRecordedNoteless(SessionNoteless):
    """A session recorded as held, for those who read no notes."""

    warnings: list[ClashRead]
