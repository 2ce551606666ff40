"""A death in custody, as it was reported; a wrong report is undone by a second person."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field

from app.models.base import TIMESTAMP, Identified, Input, Instant, Versioned, choice, reference
from app.models.people import Presence
from app.models.staff import Role


class DeathStatus(StrEnum):
    reported = "reported"
    corrected = "corrected"


class DeathSource(StrEnum):
    """Who told of it."""

    wing_staff = "wing_staff"
    healthcare = "healthcare"
    hospital = "hospital"
    control_room = "control_room"
    other_prison = "other_prison"
    recorded_with_a_move = "recorded_with_a_move"


class Death(Versioned, table=True):
    """A death as it was reported. At most one report stands for a person."""

    __tablename__ = "death"
    __table_args__ = (
        reference("person", "person_id"),
        Index(
            "uq_death_standing",
            "prison_id",
            "person_id",
            unique=True,
            postgresql_where=text("status = 'reported'"),
        ),
    )

    person_id: UUID
    status: DeathStatus = Field(default=DeathStatus.reported, sa_type=choice(DeathStatus, "status"))
    occurred_at: datetime = Field(sa_type=TIMESTAMP)
    source: DeathSource = Field(sa_type=choice(DeathSource, "source"))
    reported_by: str = Field(max_length=200)
    reported_role: Role = Field(sa_type=choice(Role, "reported_role"))
    presence_before: Presence = Field(sa_type=choice(Presence, "presence_before"))
    corrected_by: str | None = Field(default=None, max_length=200)
    corrected_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class DeathCreate(Input):
    """A death to report."""

    occurred_at: Instant = Field(
        description="When; the best that is known, never in the future.",
        schema_extra={"examples": ["2026-11-22T03:10:00+00:00"]},
    )
    source: DeathSource = Field(schema_extra={"examples": ["healthcare"]})


class DeathRead(Identified):
    """A death as it was reported: when, who told of it, and whether the report stands."""

    person_id: UUID
    status: DeathStatus
    occurred_at: Instant
    source: DeathSource
    reported_by: str
    corrected_by: str | None
    corrected_at: Instant | None
