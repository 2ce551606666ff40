"""What may be asked of an export: which dataset, in which format, of which days."""

from enum import StrEnum
from typing import Self

from pydantic import model_validator
from sqlmodel import Field

from app.models.base import Day, Input, PrisonId


class ExportDataset(StrEnum):
    """Tables that belong together: a pseudonym means the same in all of one series."""

    sessions = "sessions"
    attendance = "attendance"
    mentors = "mentors"
    mentees = "mentees"
    concerns = "concerns"
    outcomes = "outcomes"
    rota = "rota"
    history = "history"


class ExportFormat(StrEnum):
    """How an export is written."""

    csv = "csv"
    ndjson = "ndjson"
    parquet = "parquet"


class ExportCompression(StrEnum):
    """How an export is made smaller; a Parquet file within, column by column."""

    none = "none"
    gzip = "gzip"
    zstd = "zstd"


class ExportAsked(Input):
    """Which rows, and how they are written."""

    format: ExportFormat = Field(
        default=ExportFormat.csv,
        description="NDJSON is one JSON object a line.",
        schema_extra={"examples": ["ndjson"]},
    )
    compression: ExportCompression = Field(
        default=ExportCompression.none, description="Of a Parquet file: of its columns, within."
    )
    first_day: Day | None = Field(
        default=None,
        description="That happened on this day or later, by the prison's own clock.",
        schema_extra={"examples": ["2026-01-01"]},
    )
    last_day: Day | None = Field(
        default=None,
        description="That happened on this day or before, by the prison's own clock.",
        schema_extra={"examples": ["2026-12-31"]},
    )
    kind: str | None = Field(
        default=None,
        max_length=60,
        description="One code of the dataset's own: see `kind_of` in its dictionary.",
    )
    prison_id: PrisonId | None = Field(
        default=None, description="The prison of the path; any other is refused."
    )
    changed_since: str | None = Field(
        default=None,
        max_length=400,
        description="The cursor of an earlier export of the same dataset: only what has changed"
        " since, under the same pseudonyms. A row may come twice; none is missed.",
    )
    same_as: str | None = Field(
        default=None,
        max_length=400,
        description="The cursor of an export of another dataset: under its pseudonyms.",
    )

    @model_validator(mode="after")
    def _sane(self) -> Self:
        if self.first_day and self.last_day and self.last_day < self.first_day:
            raise ValueError("last_day: must not be before first_day")
        if self.changed_since and self.same_as:
            raise ValueError("same_as: changed_since says already whose pseudonyms these are")
        return self
