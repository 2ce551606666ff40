"""The board pack: a month of the scheme for those who answer for it."""

from datetime import date
from enum import StrEnum

from sqlmodel import Field

from app.models.base import Output
from app.models.report_tables import Report
from app.models.reports import OutcomeReport


class BoardPackFormat(StrEnum):
    """As what the pack is read."""

    json = "json"
    pdf = "pdf"


class Happened(Output):
    """What a report says in plain words."""

    title: str
    sentences: list[str]


class BoardPack(Output):
    """A month that is over, as at its last day: of nobody by name."""

    prison: str
    month: str = Field(schema_extra={"examples": ["2026-10"]})
    first_day: date
    as_at: date
    happened: list[Happened] = Field(description="What happened, in plain words: the first page.")
    reports: list[Report]
    before: list[Report] = Field(description="The same of the month before.")
    outcomes: OutcomeReport | None = Field(
        description="Of the last frozen cohort whose referrals were over; null: there is none."
    )
