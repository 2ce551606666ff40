"""Rooms where sessions are held."""

from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from app.models.base import Identified, Input, Name, Versioned, reference


class Room(Versioned, table=True):
    """A room on a wing."""

    __tablename__ = "room"
    __table_args__ = (
        UniqueConstraint("prison_id", "wing_id", "name", name="uq_room_name"),
        reference("wing", "wing_id"),
    )

    wing_id: UUID
    name: str = Field(max_length=100)
    capacity: int


class RoomCreate(Input):
    """A room to add. `capacity` counts everyone in it, the mentor included."""

    wing_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000002"]})
    name: Name = Field(schema_extra={"examples": ["Quiet room"]})
    capacity: int = Field(ge=1, le=200, schema_extra={"examples": [8]})


class RoomRead(Identified):
    """A room."""

    wing_id: UUID
    name: str
    capacity: int
