"""Series: meetings of one kind, week after week; the plan of each stretch, and every occurrence."""

from datetime import date, datetime, time
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, PlainSerializer, WithJsonSchema, model_validator
from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Day,
    Identified,
    Input,
    Instant,
    Name,
    Output,
    Versioned,
    choice,
    given,
    reference,
)
from app.models.moves import MoveOption
from app.models.sessions import (
    EXAMPLE_ID,
    ClashRead,
    SessionCreate,
    SessionKind,
    SessionStatus,
)

MEETINGS_AT_MOST = 60
PLACES_AT_MOST = 40
ANSWER_HOURS_AT_MOST = 14 * 24
SHORTEST, LONGEST = 10, 720  # minutes
DAYS_AWAY_AT_MOST = 27
WEEKS_APART_AT_MOST = 8
ALONE = frozenset({SessionKind.one_to_one})


def _on_the_minute(value: time) -> time:
    if value.tzinfo is not None:
        raise ValueError("must be a time on the prison's wall, without an offset")
    if value.second or value.microsecond:
        raise ValueError("must be a full minute")
    return value


WallTime = Annotated[
    time,
    AfterValidator(_on_the_minute),
    PlainSerializer(lambda value: value.isoformat("seconds"), when_used="json"),
    WithJsonSchema({"type": "string", "pattern": r"^\d{2}:\d{2}(:\d{2})?$"}),
]
"""A time on the prison's wall."""


class SeriesStatus(StrEnum):
    planned = "planned"
    running = "running"
    completed = "completed"
    ended = "ended"


class OnClash(StrEnum):
    """What becomes of the whole when one of its meetings clashes."""

    leave_out = "leave_out"
    refuse = "refuse"


class ChangeScope(StrEnum):
    """Which meetings a change is about, as far as they are to come."""

    this = "this"
    following = "following"
    all = "all"


class Series(Versioned, table=True):
    """Meetings of one kind, from a first day on."""

    __tablename__ = "series"
    __table_args__ = (
        CheckConstraint("(meetings IS NULL) <> (last_day IS NULL)", name="one_end"),
        CheckConstraint("last_day >= first_day", name="in_order"),
        CheckConstraint("places >= 1", name="at_least_one"),
        Index("ix_series_status", "prison_id", "status", "recorded_at"),
    )

    title: str = Field(max_length=100)
    kind: SessionKind = Field(sa_type=choice(SessionKind, "kind"))
    first_day: date
    meetings: int | None = None
    last_day: date | None = None
    skip_bank_holidays: bool = Field(nullable=False)
    places: int
    attend_at_least: int | None = None
    join_until: int | None = None
    answer_hours: int
    status: SeriesStatus = Field(
        default=SeriesStatus.planned, sa_type=choice(SeriesStatus, "status")
    )


class SeriesPlan(Versioned, table=True):
    """Where, when on the wall, every how many weeks and with whom the meetings are, from one number
    on. A change makes a new plan, which supersedes the one before, which stays as it was."""

    __tablename__ = "series_plan"
    __table_args__ = (
        reference("series", "series_id"),
        reference("room", "room_id"),
        reference("mentor", "mentor_id"),
        reference("staff", "lead_staff_id", name="fk_series_plan_lead_staff"),
        reference("series_plan", "supersedes_id", name="fk_series_plan_supersedes"),
        UniqueConstraint("prison_id", "supersedes_id", name="uq_series_plan_supersedes"),
        Index(
            "uq_series_plan_now",
            "prison_id",
            "series_id",
            unique=True,
            postgresql_where=text("superseded_at IS NULL"),
        ),
        Index("ix_series_plan_mentor", "prison_id", "mentor_id"),
        CheckConstraint("minutes > 0", name="minutes"),
        CheckConstraint("every_weeks >= 1", name="every_weeks"),
    )

    series_id: UUID
    from_number: int
    starts: time
    minutes: int
    every_weeks: int
    room_id: UUID | None = None
    mentor_id: UUID
    lead_staff_id: UUID | None = None
    supersedes_id: UUID | None = None
    superseded_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class Occurrence(Versioned, table=True):
    """One meeting of a series: a session, and its number in the order. Of one number there is one
    that counts; those that it superseded stay."""

    __tablename__ = "occurrence"
    __table_args__ = (
        reference("series", "series_id"),
        reference("session", "session_id"),
        reference("occurrence", "supersedes_id", name="fk_occurrence_supersedes"),
        UniqueConstraint("prison_id", "session_id", name="uq_occurrence_session"),
        UniqueConstraint("prison_id", "supersedes_id", name="uq_occurrence_supersedes"),
        Index(
            "uq_occurrence_number",
            "prison_id",
            "series_id",
            "number",
            unique=True,
            postgresql_where=text("superseded_at IS NULL"),
        ),
        CheckConstraint("number >= 1", name="number"),
    )

    series_id: UUID
    session_id: UUID
    number: int
    day: date
    supersedes_id: UUID | None = None
    superseded_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class OccurrenceCreate(SessionCreate):
    """A session of a series, which may be planned before anybody is in it."""

    mentee_ids: list[UUID] = Field(default_factory=list, max_length=60)

    @model_validator(mode="after")
    def _sane(self) -> Self:
        if self.kind is SessionKind.art_therapy and self.lead_staff_id is None:
            raise ValueError("lead_staff_id: art therapy needs its qualified lead")
        return self


class SeriesCreate(Input):
    """A series to plan: until a last day, or of so many meetings."""

    title: Name = Field(schema_extra={"examples": ["Tuesday group"]})
    kind: SessionKind = Field(schema_extra={"examples": ["group"]})
    room_id: UUID | None = None
    mentor_id: UUID = Field(schema_extra={"examples": [EXAMPLE_ID]})
    lead_staff_id: UUID | None = Field(
        default=None, description="The qualified lead; art therapy needs one."
    )
    first_day: Day = Field(schema_extra={"examples": ["2035-11-27"]})
    starts: WallTime = Field(
        description="The time on the prison's wall.", schema_extra={"examples": ["14:00:00"]}
    )
    minutes: int = Field(ge=SHORTEST, le=LONGEST, schema_extra={"examples": [90]})
    every_weeks: int = Field(default=1, ge=1, le=WEEKS_APART_AT_MOST)
    meetings: int | None = Field(
        default=None, ge=1, le=MEETINGS_AT_MOST, schema_extra={"examples": [8]}
    )
    last_day: Day | None = Field(
        default=None, description="Instead of `meetings`: none is later than this."
    )
    skip_bank_holidays: bool = Field(
        default=True,
        description="Nothing on bank holidays; with `meetings` what is skipped is added at the"
        " end.",
    )
    places: int = Field(default=8, ge=1, le=PLACES_AT_MOST)
    attend_at_least: int | None = Field(
        default=None,
        ge=1,
        le=MEETINGS_AT_MOST,
        description="Who came to so many meetings has completed it; absent: it is not completed.",
    )
    join_until: int | None = Field(
        default=None,
        ge=1,
        le=MEETINGS_AT_MOST,
        description="Nobody joins after the meeting with this number has begun.",
    )
    answer_hours: int = Field(
        default=48, ge=1, le=ANSWER_HOURS_AT_MOST, description="How long an offer stands."
    )
    on_clash: OnClash = Field(
        default=OnClash.refuse,
        description="Whether a meeting that clashes is left out, or the whole is refused.",
    )

    @model_validator(mode="after")
    def _plannable(self) -> Self:
        if self.kind is SessionKind.night_callout:
            raise ValueError("kind: night call-outs are not planned")
        if self.kind is SessionKind.art_therapy and self.lead_staff_id is None:
            raise ValueError("lead_staff_id: art therapy needs its qualified lead")
        if self.kind in ALONE and self.places != 1:
            raise ValueError("places: a one-to-one has one place")
        if (self.meetings is None) == (self.last_day is None):
            raise ValueError("meetings: say either how many, or the last day")
        if self.last_day is not None and self.last_day < self.first_day:
            raise ValueError("last_day: must not be before the first day")
        if self.meetings is not None and (self.attend_at_least or 0) > self.meetings:
            raise ValueError("attend_at_least: must not be more than there are meetings")
        return self


class SeriesUpdate(Input):
    """What changes of a series besides its plan."""

    title: Annotated[Name | None, AfterValidator(given)] = Field(
        default=None, schema_extra={"examples": ["Tuesday group"]}
    )
    places: Annotated[int | None, AfterValidator(given)] = Field(
        default=None, ge=1, le=PLACES_AT_MOST
    )
    attend_at_least: int | None = Field(default=None, ge=1, le=MEETINGS_AT_MOST)
    join_until: int | None = Field(default=None, ge=1, le=MEETINGS_AT_MOST)
    answer_hours: Annotated[int | None, AfterValidator(given)] = Field(
        default=None, ge=1, le=ANSWER_HOURS_AT_MOST
    )


class ChangeCreate(Input):
    """A change of one meeting, of this and the following, or of all that are to come. What is left
    out stays as it is. Without a room they are held wherever there is space."""

    scope: ChangeScope = Field(schema_extra={"examples": ["following"]})
    number: int | None = Field(
        default=None,
        ge=1,
        le=MEETINGS_AT_MOST,
        description="The meeting, or the first of those that follow; absent for all.",
        schema_extra={"examples": [3]},
    )
    days_later: int = Field(
        default=0,
        ge=-DAYS_AWAY_AT_MOST,
        le=DAYS_AWAY_AT_MOST,
        description="To another day: so many days later, or earlier.",
    )
    starts: Annotated[WallTime | None, AfterValidator(given)] = Field(
        default=None, schema_extra={"examples": ["10:30:00"]}
    )
    minutes: Annotated[int | None, AfterValidator(given)] = Field(
        default=None, ge=SHORTEST, le=LONGEST
    )
    every_weeks: Annotated[int | None, AfterValidator(given)] = Field(
        default=None,
        ge=1,
        le=WEEKS_APART_AT_MOST,
        description="How many weeks apart, counted from the first meeting that is changed.",
    )
    room_id: UUID | None = None
    mentor_id: Annotated[UUID | None, AfterValidator(given)] = None
    lead_staff_id: UUID | None = None
    on_clash: OnClash = Field(
        default=OnClash.refuse,
        description="Whether a meeting whose new plan clashes stays as it was, or the whole is"
        " refused.",
    )

    @model_validator(mode="after")
    def _something(self) -> Self:
        if (self.number is None) != (self.scope is ChangeScope.all):
            raise ValueError("number: say from which on, and for all say none")
        if self.every_weeks is not None and self.scope is ChangeScope.this:
            raise ValueError("every_weeks: one meeting alone is no number of weeks apart")
        if not self.model_fields_set - {"scope", "number", "on_clash"}:
            raise ValueError("scope: say what changes")
        return self


class OccurrenceAnew(Input):
    """A meeting that was called off, at another time. What is left out is as it was to be."""

    number: int = Field(ge=1, le=MEETINGS_AT_MOST, schema_extra={"examples": [4]})
    day: Day = Field(
        description="After the meeting before it, and before the one that follows.",
        schema_extra={"examples": ["2035-12-24"]},
    )
    starts: Annotated[WallTime | None, AfterValidator(given)] = Field(
        default=None, schema_extra={"examples": ["10:30:00"]}
    )
    minutes: Annotated[int | None, AfterValidator(given)] = Field(
        default=None, ge=SHORTEST, le=LONGEST
    )
    room_id: UUID | None = None
    mentor_id: Annotated[UUID | None, AfterValidator(given)] = None
    lead_staff_id: UUID | None = None


class PlanRead(Output):
    """Where, when and with whom the meetings are, from one number on."""

    id: UUID
    from_number: int
    starts: WallTime
    minutes: int
    every_weeks: int
    room_id: UUID | None
    mentor_id: UUID
    lead_staff_id: UUID | None
    supersedes_id: UUID | None = Field(description="The plan that this one took the place of.")
    superseded_at: Instant | None


class SeriesRow(Identified):
    """A series in a list, with its present plan."""

    title: str
    kind: SessionKind
    first_day: date
    every_weeks: int = Field(description="As the present plan has it.")
    meetings: int | None
    last_day: date | None
    skip_bank_holidays: bool
    places: int
    attend_at_least: int | None
    join_until: int | None
    answer_hours: int
    status: SeriesStatus
    plan: PlanRead


class SeriesRead(SeriesRow):
    """A series, with what the caller may do next."""

    moves: list[MoveOption] = []


class OccurrenceRead(Output):
    """One meeting of a series, in its order."""

    id: UUID
    number: int
    day: date = Field(description="The day in the prison's own zone.")
    session_id: UUID
    status: SessionStatus
    starts_at: Instant
    ends_at: Instant
    supersedes_id: UUID | None = Field(description="The occurrence that this took the place of.")
    superseded_at: Instant | None


class LeftOut(Output):
    """A meeting that cannot be, and every reason why."""

    day: date
    starts_at: Instant
    clashes: list[ClashRead]


class SeriesPlanned(SeriesRead):
    """A series as it was planned, and what was left out of it."""

    left_out: list[LeftOut]
