"""Closures: a time in which a room cannot be used."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import model_validator
from sqlalchemy import CheckConstraint, Index
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

LONGEST_CLOSURE = timedelta(days=366)


class ClosureReason(StrEnum):
    repair = "repair"
    cleaning = "cleaning"
    searching = "searching"
    other_use = "other_use"
    other = "other"


class RoomClosure(Versioned, table=True):
    """A room is closed from one time to another."""

    __tablename__ = "room_closure"
    __table_args__ = (
        reference("room", "room_id"),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        Index("ix_room_closure_room", "prison_id", "room_id", "ends_at"),
        Index("ix_room_closure_starts_at", "prison_id", "starts_at", "id"),
    )

    room_id: UUID
    starts_at: datetime = Field(sa_type=TIMESTAMP)
    ends_at: datetime = Field(sa_type=TIMESTAMP)
    reason: ClosureReason = Field(sa_type=choice(ClosureReason, "reason"))
    withdrawn_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class RoomClosureCreate(Input):
    """A time in which a room cannot be used. What is planned in it is listed, and stays until it is
    moved or cancelled."""

    room_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000002"]})
    from_: Instant = Field(alias="from", schema_extra={"examples": ["2026-11-24T08:00:00+00:00"]})
    to: Instant = Field(schema_extra={"examples": ["2026-11-26T17:00:00+00:00"]})
    reason: ClosureReason = Field(schema_extra={"examples": ["repair"]})

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.to <= self.from_:
            raise ValueError("to: must be after from")
        if self.to - self.from_ > LONGEST_CLOSURE:
            raise ValueError("to: a room is closed for at most 366 days at a time")
        return self


class RoomClosureForMentor(Identified):
    """When a room is closed. Why is not told to prisoners: a search is announced to nobody."""

    room_id: UUID
    starts_at: Instant
    ends_at: Instant
    withdrawn_at: Instant | None


class RoomClosureRow(RoomClosureForMentor):
    """A closure of a room."""

    reason: ClosureReason


class PlannedThere(Output):
    """A session that is planned in a room while it is closed."""

    session_id: UUID
    starts_at: Instant
    ends_at: Instant


class RoomClosureRead(RoomClosureRow):
    """A closure of a room, with what is planned in it."""

    planned: list[PlannedThere]
