"""Rooms where sessions are held."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from pydantic import field_validator
from sqlalchemy import CheckConstraint, Column, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from app.models.base import Identified, Input, Instant, Name, Output, Versioned, given, reference
from app.models.sessions import SessionKind

EVERY_KIND = list(SessionKind)
_KINDS = ", ".join(f"'{each}'" for each in SessionKind)
_ALL = ",".join(SessionKind)


class Room(Versioned, table=True):
    """A room on a wing, and the kinds of session that it is fit for."""

    __tablename__ = "room"
    __table_args__ = (
        UniqueConstraint("prison_id", "wing_id", "name", name="uq_room_name"),
        reference("wing", "wing_id"),
        CheckConstraint(
            f"kinds <@ ARRAY[{_KINDS}]::text[] AND cardinality(kinds) > 0", name="kinds"
        ),
    )

    wing_id: UUID
    name: str = Field(max_length=100)
    capacity: int
    kinds: list[str] = Field(
        default_factory=lambda: [each.value for each in SessionKind],
        sa_column=Column(ARRAY(Text), nullable=False, server_default=text(f"'{{{_ALL}}}'")),
    )


_CAPACITY = {"examples": [8]}
_EXAMPLE_KINDS = {"examples": [["one_to_one", "day_to_day"]]}


class RoomCreate(Input):
    """A room to add. `capacity` counts everyone in it, the mentor included."""

    wing_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000002"]})
    name: Name = Field(schema_extra={"examples": ["Quiet room"]})
    capacity: int = Field(ge=1, le=200, schema_extra=_CAPACITY)
    kinds: list[SessionKind] = Field(
        default_factory=lambda: list(SessionKind),
        min_length=1,
        max_length=len(SessionKind),
        description="The kinds of session it is fit for; all, unless told.",
        schema_extra=_EXAMPLE_KINDS,
    )


class RoomUpdate(Input):
    """What changes of a room. What is planned in it stays; from now on the rules are these."""

    name: Name | None = Field(default=None, schema_extra={"examples": ["Quiet room"]})
    capacity: int | None = Field(default=None, ge=1, le=200, schema_extra=_CAPACITY)
    kinds: list[SessionKind] | None = Field(
        default=None, min_length=1, max_length=len(SessionKind), schema_extra=_EXAMPLE_KINDS
    )

    _given = field_validator("name", "capacity", "kinds")(given)


class RoomRead(Identified):
    """A room."""

    wing_id: UUID
    name: str
    capacity: int
    kinds: list[SessionKind]


class RoomTimeTaken(Output):
    """A time in which the room is not free."""

    starts_at: Instant
    ends_at: Instant


class RoomTimeUsed(RoomTimeTaken):
    """A time in which the room is not free, and by what."""

    session_id: UUID | None = Field(description="The session that is planned in it.")
    room_closure_id: UUID | None = Field(description="The closure, if it is closed.")


class RoomUseForMentor(Output):
    """When a room is taken."""

    items: list[RoomTimeTaken]


class RoomUse(Output):
    """When a room is in use or closed, in order."""

    items: list[RoomTimeUsed]


class UseFormat(StrEnum):
    """As what the use of rooms is answered."""

    json = "json"
    csv = "csv"
    svg = "svg"
    png = "png"


class RoomUsageHour(Output):
    """How much one hour of one weekday a room is in use."""

    weekday: int = Field(description="1 is Monday.")
    hour: int = Field(description="From 0, by the prison's wall.")
    minutes: int = Field(description="In use, of all such hours of the period.")
    percent: int


class RoomUsage(Output):
    """One room in a period; hours in which it was never in use are left out."""

    room_id: UUID
    name: str
    wing: str
    minutes: int
    hours: list[RoomUsageHour]


class RoomUsageRead(Output):
    """When rooms are in use, by weekday and hour: counts, and nobody in them."""

    first: date
    last: date
    description: str = Field(description="The picture in words.")
    rooms: list[RoomUsage]
