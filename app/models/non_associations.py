"""Non-associations: which two numbers the prison keeps apart. Held to be asked, never to be read:
no shape of a row exists, and no role sees one."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, UniqueConstraint, text
from sqlmodel import Field

from app.models.base import TIMESTAMP, Output, Versioned, choice


class Restriction(StrEnum):
    cell = "cell"
    landing = "landing"
    wing = "wing"


class NonAssociation(Versioned, table=True):
    """Two prisoner numbers, the smaller first. Keyed by numbers, so that it binds people who are
    not here yet. Who harmed whom, and why, has no purpose here and is not held."""

    __tablename__ = "non_association"
    __table_args__ = (
        UniqueConstraint(
            "prison_id",
            "source_id",
            "number_low",
            "number_high",
            name="uq_non_association_source",
        ),
        CheckConstraint("number_low < number_high", name="in_order"),
        Index(
            "ix_non_association_low", "prison_id", "number_low", postgresql_where=text("is_open")
        ),
        Index(
            "ix_non_association_high", "prison_id", "number_high", postgresql_where=text("is_open")
        ),
    )

    source_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    number_low: str = Field(max_length=7)
    number_high: str = Field(max_length=7)
    restriction: Restriction = Field(sa_type=choice(Restriction, "restriction"))
    is_open: bool
    changed_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    seen_at: datetime = Field(sa_type=TIMESTAMP)


class PairImportOutcome(StrEnum):
    created = "created"
    updated = "updated"
    unchanged = "unchanged"
    refused = "refused"


class PairImportRow(Output):
    """What became of one non-association of an import. It names nobody."""

    position: int = Field(description="Counted over the whole file, from 1.")
    line: int = Field(description="Where the document it stands in begins.")
    outcome: PairImportOutcome
    field: str | None = Field(default=None, description="As HMPPS spells it.")
    reason: str | None = None


class PairImportReport(Output):
    """What became of every non-association of an import; a bad one spoils no other."""

    counts: dict[PairImportOutcome, int]
    rows: list[PairImportRow]
