"""Exceptions: one date on which the prison's day is another, or on which there is none."""

from datetime import date, datetime, time
from enum import StrEnum
from typing import Self

from pydantic import model_validator
from sqlalchemy import CheckConstraint, Column, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.models.base import TIMESTAMP, Day, Identified, Input, Instant, Versioned, choice
from app.models.regimes import LocalTime, SlotTimes, check_slots


class ExceptionReason(StrEnum):
    staff_training = "staff_training"
    staff_shortage = "staff_shortage"
    maintenance = "maintenance"
    searching = "searching"
    public_holiday = "public_holiday"
    event = "event"
    other = "other"


class RegimeException(Versioned, table=True):
    """What one date is like instead. Without a lock-up there is no regime: nobody is unlocked."""

    __tablename__ = "regime_exception"
    __table_args__ = (
        CheckConstraint("lock_up IS NOT NULL OR slots = '[]'::jsonb", name="no_regime"),
        Index(
            "uq_regime_exception_date",
            "prison_id",
            "on_date",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )

    on_date: date
    lock_up: time | None = None
    slots: list[dict[str, str]] = Field(sa_column=Column(JSONB, nullable=False))
    reason: ExceptionReason = Field(sa_type=choice(ExceptionReason, "reason"))
    withdrawn_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class RegimeExceptionPut(Input):
    """What the date is like. Without a lock-up there is no regime on it, and no slot."""

    lock_up: LocalTime | None = Field(schema_extra={"examples": ["17:00:00"]})
    slots: list[SlotTimes] = Field(
        max_length=4,
        schema_extra={"examples": [[{"slot": "AM", "starts": "09:00:00", "ends": "11:30:00"}]]},
    )
    reason: ExceptionReason = Field(schema_extra={"examples": ["staff_training"]})

    @model_validator(mode="after")
    def _sane(self) -> Self:
        if self.lock_up is None and self.slots:
            raise ValueError("slots: a day without a regime has none")
        check_slots(self.slots)
        return self


class RegimeExceptionCreate(RegimeExceptionPut):
    """An exception for one date, of which each has one at most."""

    on_date: Day = Field(schema_extra={"examples": ["2035-12-25"]})


class RegimeExceptionForMentor(Identified):
    """An exception to the regime. Why is not told to prisoners: a search is announced to nobody."""

    on_date: date
    lock_up: LocalTime | None
    slots: list[SlotTimes]
    withdrawn_at: Instant | None


class RegimeExceptionRead(RegimeExceptionForMentor):
    """An exception to the regime."""

    reason: ExceptionReason
