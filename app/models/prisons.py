"""Prisons, and the one table that ties a person's episodes in different prisons."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import field_validator
from sqlalchemy import CheckConstraint, Column, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from app import clock
from app.models.base import TIMESTAMP, Input, Instant, Line, Name, Output, given, new_id
from app.models.sessions import SessionKind

OUTSIDE_REGIME = (SessionKind.one_to_one, SessionKind.day_to_day, SessionKind.night_callout)
"""What may be planned outside every slot: mentors are reached at all times of day and night."""
_KINDS = ", ".join(f"'{each}'" for each in SessionKind)


class Prison(SQLModel, table=True):
    """A prison and what its scheme is configured to ask for. Its id is the scope of everything."""

    __tablename__ = "prison"
    __table_args__ = (
        CheckConstraint("id ~ '^[A-Z]{3}$'", name="three_capitals"),
        CheckConstraint(
            f"kinds_outside_regime <@ ARRAY[{_KINDS}]::text[]",
            name="kinds_outside_regime",
        ),
    )

    id: str = Field(primary_key=True, max_length=3)
    recorded_at: datetime = Field(default_factory=clock.now, sa_type=TIMESTAMP, nullable=False)
    version: int = Field(default=1, nullable=False)
    name: str = Field(max_length=100)
    zone: str = Field(default="Europe/London", max_length=60)
    shadowing_months: int = Field(default=3, ge=3, le=24)
    observed_sessions_needed: int = Field(default=6, ge=1, le=100)
    cooling_off_days: int = Field(default=90, ge=0, le=730)
    voluntary_weekly_hours: int = Field(default=25, ge=1, le=60)
    full_time_weekly_hours: int = Field(default=37, ge=1, le=60)
    nights_in_seven_days: int = Field(default=2, ge=0, le=7)
    mentees_per_voluntary: int = Field(default=6, ge=1, le=100)
    mentees_per_full_time: int = Field(default=12, ge=1, le=100)
    waiting_alert_days: int = Field(default=14, ge=1, le=90)
    kinds_outside_regime: list[str] = Field(
        default_factory=lambda: [each.value for each in OUTSIDE_REGIME],
        sa_column=Column(
            ARRAY(Text),
            nullable=False,
            server_default=text("'{one_to_one,day_to_day,night_callout}'"),
        ),
    )
    clearance_extension_days: int = Field(default=28, ge=1, le=90)
    contact_answer_minutes: int = Field(default=10, ge=1, le=60)
    contact_look_minutes: int = Field(default=15, ge=1, le=60)
    call_back_number: str | None = Field(default=None, max_length=40)
    outside_last_resort: str | None = Field(default=None, max_length=300)
    demo: bool = Field(default=False, nullable=False)

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)


class PersonIdentity(SQLModel, table=True):
    """One human being across prisons: every number ever known for them, nothing else."""

    __tablename__ = "person_identity"
    __table_args__ = (Index("ix_person_identity_numbers", "numbers", postgresql_using="gin"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    numbers: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))


class PrisonUpdate(Input):
    """What a governor may set for the prison's scheme. What is left out stays as it is; only the
    last two may be null."""

    name: Name | None = Field(default=None, schema_extra={"examples": ["HMP Sampleford"]})
    shadowing_months: int | None = Field(default=None, ge=3, le=24, schema_extra={"examples": [3]})
    observed_sessions_needed: int | None = Field(
        default=None, ge=1, le=100, schema_extra={"examples": [6]}
    )
    cooling_off_days: int | None = Field(
        default=None,
        ge=0,
        le=730,
        description="Days between the end of one's own support and approval as a mentor.",
        schema_extra={"examples": [90]},
    )
    voluntary_weekly_hours: int | None = Field(
        default=None, ge=1, le=60, schema_extra={"examples": [25]}
    )
    full_time_weekly_hours: int | None = Field(
        default=None, ge=1, le=60, schema_extra={"examples": [37]}
    )
    nights_in_seven_days: int | None = Field(
        default=None,
        ge=0,
        le=7,
        description="Night call-outs of one mentor in any seven days.",
        schema_extra={"examples": [2]},
    )
    mentees_per_voluntary: int | None = Field(
        default=None,
        ge=1,
        le=100,
        description="Live pairings of one voluntary mentor at most.",
        schema_extra={"examples": [6]},
    )
    mentees_per_full_time: int | None = Field(
        default=None,
        ge=1,
        le=100,
        description="Live pairings of one full-time mentor at most.",
        schema_extra={"examples": [12]},
    )
    waiting_alert_days: int | None = Field(
        default=None,
        ge=1,
        le=90,
        description="Days on the waiting list after which someone is told.",
        schema_extra={"examples": [14]},
    )
    clearance_extension_days: int | None = Field(
        default=None,
        ge=1,
        le=90,
        description="How far a governor may extend a clearance, once.",
        schema_extra={"examples": [28]},
    )
    contact_answer_minutes: int | None = Field(
        default=None,
        ge=1,
        le=60,
        description="Minutes a mentor has to answer before the next is asked to come.",
        schema_extra={"examples": [10]},
    )
    contact_look_minutes: int | None = Field(
        default=None,
        ge=1,
        le=60,
        description="Minutes within which an officer sees to somebody who asks for a mentor.",
        schema_extra={"examples": [15]},
    )
    kinds_outside_regime: list[SessionKind] | None = Field(
        default=None,
        max_length=len(SessionKind),
        description="Which kinds of session may be planned outside every slot of the regime.",
        schema_extra={"examples": [["one_to_one", "day_to_day", "night_callout"]]},
    )
    call_back_number: Name | None = Field(
        default=None, max_length=40, schema_extra={"examples": ["ext. 2000"]}
    )
    outside_last_resort: Line | None = Field(
        default=None, schema_extra={"examples": ["pager@region.example"]}
    )

    _given = field_validator(
        "name",
        "shadowing_months",
        "observed_sessions_needed",
        "cooling_off_days",
        "voluntary_weekly_hours",
        "full_time_weekly_hours",
        "nights_in_seven_days",
        "mentees_per_voluntary",
        "mentees_per_full_time",
        "waiting_alert_days",
        "clearance_extension_days",
        "contact_answer_minutes",
        "contact_look_minutes",
        "kinds_outside_regime",
    )(given)


class PrisonRead(Output):
    """A prison and its scheme's settings."""

    id: str
    version: int
    recorded_at: Instant
    name: str
    zone: str
    shadowing_months: int
    observed_sessions_needed: int
    cooling_off_days: int
    voluntary_weekly_hours: int
    full_time_weekly_hours: int
    nights_in_seven_days: int
    mentees_per_voluntary: int
    mentees_per_full_time: int
    waiting_alert_days: int
    clearance_extension_days: int
    contact_answer_minutes: int
    contact_look_minutes: int
    kinds_outside_regime: list[SessionKind]
    call_back_number: str | None
    outside_last_resort: str | None
