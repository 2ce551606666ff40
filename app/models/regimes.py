"""The regime: a prison's day by weekday, with its slots and lock-up; and the days as they come out,
with their exceptions and bank holidays."""

from datetime import date, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, WithJsonSchema, model_validator
from sqlalchemy import CheckConstraint, Column, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.models.base import Identified, Input, Instant, Output, Versioned


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
    """One slot of the day, in the prison's local time. NIGHT may end on the following day."""

    slot: Slot = Field(schema_extra={"examples": ["AM"]})
    starts: LocalTime = Field(schema_extra={"examples": ["08:30:00"]})
    ends: LocalTime = Field(schema_extra={"examples": ["11:30:00"]})


BANK_HOLIDAYS = 8
"""What stands for a weekday in the one regime of all bank holidays."""


def _span(slot: SlotTimes) -> tuple[timedelta, timedelta]:
    """From when to when, by the day's midnight; a night may end after the next."""
    starts, ends = (
        timedelta(hours=each.hour, minutes=each.minute, seconds=each.second)
        for each in (slot.starts, slot.ends)
    )
    return starts, ends if starts < ends else ends + timedelta(days=1)


def check_slots(slots: list[SlotTimes]) -> None:
    """Raises ValueError, naming the field."""
    if len({slot.slot for slot in slots}) != len(slots):
        raise ValueError("slots: each slot may stand once")
    for slot in slots:
        if slot.slot is not Slot.night and slot.starts >= slot.ends:
            raise ValueError(f"slots: {slot.slot} ends before it starts")
    for one, other in pairwise(sorted(slots, key=_span)):
        if _span(other)[0] < _span(one)[1]:
            raise ValueError(f"slots: {one.slot} and {other.slot} overlap")


class Regime(Versioned, table=True):
    """One weekday's regime, or that of all bank holidays, in the prison's local time."""

    __tablename__ = "regime"
    __table_args__ = (
        UniqueConstraint("prison_id", "weekday", name="uq_regime_weekday"),
        CheckConstraint("weekday BETWEEN 1 AND 8", name="weekday"),
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
        check_slots(self.slots)
        return self


class RegimeRead(Identified):
    """One weekday's regime."""

    weekday: int = Field(description="1 is Monday; 8 stands for every bank holiday.")
    lock_up: LocalTime
    slots: list[SlotTimes]


class RegimeSource(StrEnum):
    """Where a day's regime comes from."""

    exception = "exception"
    bank_holiday = "bank_holiday"
    weekday = "weekday"
    unset = "unset"


class SlotSpan(Output):
    """A slot of one day, as instants."""

    slot: Slot
    starts_at: Instant
    ends_at: Instant


class RegimeDay(Output):
    """What one day is like, and where that comes from."""

    day: date
    source: RegimeSource
    bank_holiday: bool
    exception_id: UUID | None = Field(default=None, description="The exception, if it is one.")
    lock_up_at: Instant | None = Field(description="Absent on a day without a regime.")
    slots: list[SlotSpan]


class RegimeDays(Output):
    """The days asked for, in order."""

    items: list[RegimeDay]


class RegimeImportOutcome(StrEnum):
    created = "created"
    updated = "updated"
    unchanged = "unchanged"
    kept_out = "kept_out"
    refused = "refused"


class RegimeImportRow(Output):
    """What became of one weekday of an import."""

    position: int = Field(description="Counted over the whole file, from 1.")
    line: int = Field(description="Where it stands.")
    outcome: RegimeImportOutcome
    field: str | None = Field(default=None, description="As the file spells it.")
    reason: str | None = None


class RegimeImportReport(Output):
    """What became of every weekday of an import; a bad one spoils no other."""

    counts: dict[RegimeImportOutcome, int]
    rows: list[RegimeImportRow]
