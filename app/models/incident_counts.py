"""Counts of disruptive incidents a month, of a wing or of the whole prison, as the prison has them:
of nobody by themselves."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from pydantic import field_validator
from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from app.models.base import Day, Identified, Input, Output, Versioned, choice, reference
from app.models.life_events import IncidentKind, no_suicide
from app.models.moves import MoveOption


class IncidentCountStatus(StrEnum):
    recorded = "recorded"
    entered_in_error = "entered_in_error"


class IncidentCount(Versioned, table=True):
    """How many incidents of a kind a wing, or without one the whole prison, had in a month."""

    __tablename__ = "incident_count"
    __table_args__ = (
        reference("wing", "wing_id"),
        CheckConstraint("extract(day FROM month) = 1", name="whole_month"),
        CheckConstraint("number >= 0", name="number"),
        CheckConstraint("held > 0", name="held"),
        Index(
            "uq_incident_count_month",
            "prison_id",
            "month",
            "wing_id",
            "incident",
            unique=True,
            postgresql_where=text("status = 'recorded'"),
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_incident_count_month", "prison_id", "month", "id"),
    )

    month: date
    wing_id: UUID | None = None
    incident: IncidentKind = Field(sa_type=choice(IncidentKind, "incident"))
    number: int
    held: float | None = None
    status: IncidentCountStatus = Field(
        default=IncidentCountStatus.recorded, sa_type=choice(IncidentCountStatus, "status")
    )
    recorded_by: str = Field(max_length=200)


class IncidentCountCreate(Input):
    """A month's number of one kind."""

    month: Day = Field(
        description="Any day of the month; it must be over.",
        schema_extra={"examples": ["2026-10-01"]},
    )
    wing_id: UUID | None = Field(default=None, description="Null: of the whole prison.")
    incident: IncidentKind = Field(schema_extra={"examples": ["fight"]})
    number: int = Field(ge=0, le=10_000, schema_extra={"examples": [3]})
    held: float | None = Field(
        default=None,
        gt=0,
        le=10_000,
        description="How many prisoners it held, on average of the month: without it there is no"
        " rate.",
        schema_extra={"examples": [61.5]},
    )

    _no_suicide = field_validator("incident", mode="before")(no_suicide)


class IncidentCountsCreate(Input):
    """A file of counts: all of it is kept, or none."""

    rows: list[IncidentCountCreate] = Field(min_length=1, max_length=500)


class IncidentCountRow(Identified):
    """A count in a list."""

    month: date
    wing_id: UUID | None
    incident: IncidentKind
    number: int
    held: float | None
    status: IncidentCountStatus
    recorded_by: str


class IncidentCountRead(IncidentCountRow):
    """A count, with what may be done next."""

    moves: list[MoveOption] = []


class IncidentCountsRead(Output):
    """What was kept of a file, in its order."""

    rows: list[IncidentCountRow]
