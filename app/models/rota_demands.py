"""The rota's demand: how many mentors a wing needs, in which role, at which hours of which day."""

from datetime import date, time
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from app.models.base import Day, Identified, Input, Versioned, choice, reference
from app.models.regimes import LocalTime

MOST_NEEDED = 20


class RotaRole(StrEnum):
    """How a mentor serves: on shift is work, on call is standing by."""

    mentor_on_shift = "mentor_on_shift"
    mentor_on_call = "mentor_on_call"


class RotaDay(StrEnum):
    """The day on which demand begins. A bank holiday takes the place of its weekday where the
    prison says what it needs then."""

    monday = "monday"
    tuesday = "tuesday"
    wednesday = "wednesday"
    thursday = "thursday"
    friday = "friday"
    saturday = "saturday"
    sunday = "sunday"
    bank_holiday = "bank_holiday"


class RotaDemand(Versioned, table=True):
    """So many mentors in one role, from then until then by the clock on the wall; an end at or
    before the start is on the next day. Several at one hour add up."""

    __tablename__ = "rota_demand"
    __table_args__ = (
        reference("staff", "recorded_by", name="fk_rota_demand_recorded_by"),
        CheckConstraint(f"needed BETWEEN 1 AND {MOST_NEEDED}", name="needed"),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="in_order"),
        Index("ix_rota_demand_valid", "prison_id", "valid_from", "id"),
    )

    day: RotaDay = Field(sa_type=choice(RotaDay, "day"))
    from_time: time
    to_time: time
    role: RotaRole = Field(sa_type=choice(RotaRole, "role"))
    needed: int
    valid_from: date
    valid_to: date | None = None
    recorded_by: UUID


class RotaDemandCreate(Input):
    """Demand to add."""

    day: RotaDay = Field(schema_extra={"examples": ["monday"]})
    from_time: LocalTime = Field(schema_extra={"examples": ["20:00:00"]})
    to_time: LocalTime = Field(
        description="At or before `from_time`: on the next day.",
        schema_extra={"examples": ["08:00:00"]},
    )
    role: RotaRole = Field(schema_extra={"examples": ["mentor_on_call"]})
    needed: int = Field(ge=1, le=MOST_NEEDED, schema_extra={"examples": [1]})
    valid_from: Day = Field(schema_extra={"examples": ["2026-11-30"]})


class RotaDemandUpdate(Input):
    """Until when demand stands."""

    valid_to: Day = Field(
        description="The last day on which it begins.", schema_extra={"examples": ["2027-01-31"]}
    )


class RotaDemandRead(Identified):
    """How many mentors are needed, in which role and when."""

    day: RotaDay
    from_time: LocalTime
    to_time: LocalTime
    role: RotaRole
    needed: int
    valid_from: date
    valid_to: date | None
