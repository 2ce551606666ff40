"""Reports of a period: tables of one shape, for the spreadsheet, the picture and the pack."""

from datetime import date
from enum import StrEnum

from sqlmodel import Field

from app.models.base import Output
from app.models.concerns import Interval


class ReportName(StrEnum):
    """What a report is about."""

    activity = "activity"


class Measure(StrEnum):
    """What the values of a table are."""

    number = "number"
    share = "share"
    median = "median"


class Unit(StrEnum):
    """What is counted, or what a median is in."""

    sessions = "sessions"
    people = "people"


class ReportRow(Output):
    """One value of a table."""

    key: str = Field(description="What it is of: a code, a month, or the name of a wing.")
    value: float | None = Field(description="Null: a median of nothing.")
    of: int | None = Field(
        description="Of a share the denominator, of a median how many were timed; else null."
    )
    percent: float | None = Field(description="Of a share; null where there is no denominator.")
    interval: Interval | None = Field(description="Of a share.")
    p90: float | None = Field(description="Of a median: nine in ten took no longer.")


class ReportTable(Output):
    """One table of a report: the same things, each in one row."""

    table: str = Field(description="Its code, which no other table of the report has.")
    title: str
    measure: Measure
    unit: Unit
    over_time: bool = Field(description="Whether the rows follow each other in time.")
    missing: dict[str, int] = Field(description="What is in no row, by reason.")
    rows: list[ReportRow]


class Report(Output):
    """What happened in a period, from its records: counts, of nobody by themselves."""

    report: ReportName
    title: str
    definition_version: int
    first_day: date
    last_day: date
    description: str = Field(description="The report in words.")
    tables: list[ReportTable]
