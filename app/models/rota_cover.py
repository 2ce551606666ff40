"""The rota's cover: hour by hour how many mentors are needed, and how many of them there are. It
names nobody."""

from datetime import date
from uuid import UUID

from sqlmodel import Field

from app.models.base import Instant, Output
from app.models.rota_demands import RotaRole


class CoverHour(Output):
    """An hour on the prison's wall in which somebody is needed."""

    starts_at: Instant
    hour: int
    again: bool = Field(description="It came twice that day; this is the second time.")
    needed: int = Field(description="How many at once, at the most.")
    covered: int = Field(description="The needed less those that are missing at once at the most.")
    missing_minutes: int = Field(description="Of everybody who is missing, together.")


class CoverDay(Output):
    """A day on the wall, midnight to midnight; hours in which nobody is needed are left out."""

    on: date
    hours: list[CoverHour]


class CoverRole(Output):
    """One role's days, and what they come to."""

    role: RotaRole
    needed_minutes: int
    missing_minutes: int
    days: list[CoverDay]


class RotaCover(Output):
    """What is needed and what is covered, role by role."""

    rota_id: UUID | None = Field(description="Null: of whatever is published.")
    first: date
    last: date
    time_zone: str = Field(description="The prison's, in which days and hours are told.")
    description: str = Field(description="What the picture shows, in words.")
    roles: list[CoverRole]
