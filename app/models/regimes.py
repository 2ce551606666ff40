"""The regime: a prison's day by weekday, with its slots and lock-up."""

from datetime import time
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, WithJsonSchema, model_validator
from sqlalchemy import CheckConstraint, Column, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.models.base import Identified, Input, Versioned


class Slot(StrEnum):
    am = "AM"
    pm = "PM"
    ed = "ED"
    night = "NIGHT"


def _local(at: time) -> time:
    if at.tzinfo is not None or at.microsecond:
        raise ValueError("must be a local time in whole seconds, without an offset")
    return at


LocalTime = Annotated[
    time,
    AfterValidator(_local),
    WithJsonSchema({"type": "string", "pattern": r"^\d{2}:\d{2}(:\d{2})?$"}),
]
"""A time on the prison's wall."""


class SlotTimes(Input):
    """One slot of the day, in the prison's local time. NIGHT ends on the following day."""

    slot: Slot = Field(schema_extra={"examples": ["AM"]})
    starts: LocalTime = Field(schema_extra={"examples": ["08:30:00"]})
    ends: LocalTime = Field(schema_extra={"examples": ["11:30:00"]})


class Regime(Versioned, table=True):
    """One weekday's regime, in the prison's local time."""

    __tablename__ = "regime"
    __table_args__ = (
        UniqueConstraint("prison_id", "weekday", name="uq_regime_weekday"),
        CheckConstraint("weekday BETWEEN 1 AND 7", name="weekday"),
    )

    weekday: int
    lock_up: time
    slots: list[dict[str, str]] = Field(sa_column=Column(JSONB, nullable=False))


class RegimePut(Input):
    """One weekday's regime: lock-up and the slots, local times."""

    lock_up: LocalTime = Field(schema_extra={"examples": ["19:30:00"]})
    slots: list[SlotTimes] = Field(
        max_length=4,
        schema_extra={"examples": [[{"slot": "AM", "starts": "08:30:00", "ends": "11:30:00"}]]},
    )

    @model_validator(mode="after")
    def _sane(self) -> Self:
        if len({slot.slot for slot in self.slots}) != len(self.slots):
            raise ValueError("slots: each slot may stand once")
        for slot in self.slots:
            if slot.slot is not Slot.night and slot.starts >= slot.ends:
                raise ValueError(f"slots: {slot.slot} ends before it starts")
        return self


class RegimeRead(Identified):
    """One weekday's regime; weekday 1 is Monday."""

    weekday: int
    lock_up: LocalTime
    slots: list[SlotTimes]
