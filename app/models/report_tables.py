"""Reports of a period: tables of one shape, for the spreadsheet, the picture and the pack."""

from datetime import date
from enum import StrEnum

from sqlmodel import Field

from app.models.base import Output
from app.models.concerns import Interval


class ReportName(StrEnum):
    """What a report is about."""

    activity = "activity"
    mentor_pipeline = "mentor_pipeline"
    fidelity = "fidelity"
    response_times = "response_times"
    equity = "equity"
    resource_use = "resource_use"
    unmet_demand = "unmet_demand"
    growth = "growth"
    life_events = "life_events"
    experience = "experience"


class Measure(StrEnum):
    """What the values of a table are."""

    number = "number"
    share = "share"
    median = "median"
    rate = "rate"


class Unit(StrEnum):
    """What is counted, or what a median is in."""

    sessions = "sessions"
    places = "places"
    people = "people"
    mentors = "mentors"
    mentees = "mentees"
    concerns = "concerns"
    requests = "requests"
    referrals = "referrals"
    supervisions = "supervisions"
    joint_reviews = "joint_reviews"
    debriefs = "debriefs"
    modules = "modules"
    shifts = "shifts"
    minutes = "minutes"
    hours = "hours"
    days = "days"
    events = "events"
    incidents = "incidents"
    answers = "answers"


class ReportRow(Output):
    """One value of a table."""

    key: str = Field(description="What it is of: a code, a month, or the name of a wing.")
    value: int | float | None = Field(description="Null: a median of nothing.")
    of: int | None = Field(
        description="Of a share the denominator, of a median how many were timed, of a rate the"
        " days; else null."
    )
    percent: float | None = Field(description="Of a share; null where there is no denominator.")
    per_1000: float | None = Field(
        default=None, description="Of a rate: in 1,000 days. Null: there were none."
    )
    interval: Interval | None = Field(
        description="Of a share, in percent; of a rate, in 1,000 days."
    )
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
