"""Publications: figures that may leave the prison, frozen once for each period or cohort."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import StringConstraints, model_validator
from sqlalchemy import CheckConstraint, Column, text
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlmodel import Field

from app.models.base import Identified, Input, Versioned, choice, reference
from app.models.base import Output as Shape
from app.models.moves import MoveOption
from app.models.report_tables import Measure, Unit


class PublicationKind(StrEnum):
    """What its figures are of."""

    period = "period"
    outcome_cohort = "outcome_cohort"


class PublicationStatus(StrEnum):
    prepared = "prepared"
    published = "published"
    refused = "refused"
    withdrawn = "withdrawn"


class PublicationFormat(StrEnum):
    """As what a publication is read."""

    json = "json"
    csv = "csv"


class Publication(Versioned, table=True):
    """Figures as they go out: no exact one is in them. Of any day there is one at most, so none
    can be subtracted from another; only what never went out makes room for another."""

    __tablename__ = "publication"
    __table_args__ = (
        reference("outcome_cohort", "outcome_cohort_id", name="fk_publication_cohort"),
        ExcludeConstraint(
            ("prison_id", "="),
            ("kind", "="),
            (text("daterange(first_day, last_day, '[]')"), "&&"),
            where=text("status <> 'refused'"),
            using="gist",
            name="ex_publication_days",
        ),
        CheckConstraint("last_day >= first_day", name="in_order"),
        CheckConstraint(
            "(kind = 'outcome_cohort') = (outcome_cohort_id IS NOT NULL)", name="of_a_cohort"
        ),
    )

    kind: PublicationKind = Field(sa_type=choice(PublicationKind, "kind"))
    status: PublicationStatus = Field(
        default=PublicationStatus.prepared, sa_type=choice(PublicationStatus, "status")
    )
    first_day: date
    last_day: date
    outcome_cohort_id: UUID | None = None
    rule_version: int
    tables: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    digest: str = Field(max_length=64)
    recorded_by: str = Field(max_length=200)


PeriodName = Annotated[
    str, StringConstraints(pattern=r"^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2]|Q[1-4])$")
]


class PublicationCreate(Input):
    """What to publish: a month or a quarter that is over, or a frozen cohort."""

    period: PeriodName | None = Field(
        default=None,
        description="A whole month, or a quarter as 2026-Q3.",
        schema_extra={"examples": ["2026-10"]},
    )
    outcome_cohort_id: UUID | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.period is None) == (self.outcome_cohort_id is None):
            raise ValueError("period: a period or an outcome_cohort_id, one of them")
        return self


class PublishedRow(Shape):
    """One figure. What is null is hidden."""

    key: str
    value: int | None = Field(description="To the nearest 5; null where it is hidden.")
    of: int | None = Field(description="Of a share the denominator, as the value; else null.")
    percent: int | None = Field(description="Of what is shown, not of the exact counts.")


class PublishedTable(Shape):
    """One table as it goes out."""

    report: str = Field(description="The report, or the cohort's, that it is of.")
    table: str
    title: str
    measure: Measure
    unit: Unit
    withheld: bool = Field(description="Whether all of it is, because its numbers are too small.")
    missing: dict[str, int | None] = Field(description="What is in no row, by reason.")
    rows: list[PublishedRow]


class PublicationRow(Identified):
    """A publication in a list."""

    kind: PublicationKind
    status: PublicationStatus
    first_day: date = Field(description="Of a cohort the first day of its referrals.")
    last_day: date
    outcome_cohort_id: UUID | None
    rule_version: int = Field(description="Of the rule by which small numbers are hidden.")
    digest: str = Field(description="SHA-256 of what it is of and of its tables.")
    recorded_by: str


class PublicationRead(PublicationRow):
    """A publication with its tables, and what may be done next."""

    note: str = Field(description="How its figures are to be read.")
    tables: list[PublishedTable]
    moves: list[MoveOption] = []
