"""Duty patterns: duties that come again week by week, by the clock on the prison's wall."""

from datetime import date, datetime, time
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, model_validator
from sqlalchemy import CheckConstraint, Column, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Day,
    Identified,
    Input,
    Instant,
    Versioned,
    choice,
    reference,
)
from app.models.duties import Post
from app.models.regimes import LocalTime

MOST_WEEKS = 12


class DutyPattern(Versioned, table=True):
    """Somebody's duty on some days of every so many weeks. `made_until`: up to which day its duties
    are made; `last_day` comes to stand when it is ended, or from the beginning."""

    __tablename__ = "duty_pattern"
    __table_args__ = (
        reference("staff", "staff_id"),
        reference("staff", "recorded_by", name="fk_duty_pattern_recorded_by"),
        CheckConstraint("every_weeks BETWEEN 1 AND 12", name="every_weeks"),
        CheckConstraint("post <> 'last_resort'", name="no_last_resort"),
        Index("ix_duty_pattern_made_until", "prison_id", "made_until"),
    )

    staff_id: UUID
    post: Post = Field(sa_type=choice(Post, "post"))
    weekdays: list[int] = Field(sa_column=Column(JSONB, nullable=False))
    from_time: time
    to_time: time
    every_weeks: int
    first_day: date
    last_day: date | None = None
    recorded_by: UUID
    ended_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    made_until: date


def _each_once(days: list[int]) -> list[int]:
    if len(set(days)) != len(days):
        raise ValueError("each day may stand once")
    return sorted(days)


Weekdays = Annotated[
    list[Annotated[int, Field(ge=1, le=7)]],
    Field(min_length=1, max_length=7),
    AfterValidator(_each_once),
]


class DutyPatternCreate(Input):
    """A duty that comes again: on these days of the week, every so many weeks."""

    staff_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000001"]})
    post: Post = Field(schema_extra={"examples": ["clinician"]})
    weekdays: Weekdays = Field(
        description="On which days it begins; 1 is Monday.", schema_extra={"examples": [[1]]}
    )
    from_time: LocalTime = Field(
        description="By the clock on the prison's wall.", schema_extra={"examples": ["20:00:00"]}
    )
    to_time: LocalTime = Field(
        description="At or before `from_time`: on the next day.",
        schema_extra={"examples": ["08:00:00"]},
    )
    every_weeks: int = Field(
        default=1,
        ge=1,
        le=MOST_WEEKS,
        description="2: every other week, counted from the week of `first_day`.",
        schema_extra={"examples": [2]},
    )
    first_day: Day = Field(schema_extra={"examples": ["2035-11-26"]})
    last_day: Day | None = Field(default=None, description="Absent: until it is ended.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last_day is not None and self.last_day < self.first_day:
            raise ValueError("last_day: must not be before first_day")
        return self


class DutyPatternEnd(Input):
    """From when on it comes no more."""

    last_day: Day | None = Field(
        default=None,
        description="The last day on which a duty of it begins. Absent: what has not begun is"
        " called off.",
        schema_extra={"examples": ["2035-12-23"]},
    )


class DutyPatternRead(Identified):
    """A duty that comes again."""

    staff_id: UUID
    post: Post
    weekdays: list[int]
    from_time: LocalTime
    to_time: LocalTime
    every_weeks: int
    first_day: date
    last_day: date | None
    recorded_by: UUID
    ended_at: Instant | None
    made_until: date = Field(description="Up to this day its duties are made, and listed.")
