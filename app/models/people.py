"""People: the prisoners of a prison, as far as the scheme must know them."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Identified,
    Input,
    Line,
    Name,
    Output,
    PrisonerNumber,
    Versioned,
    choice,
)


class Source(StrEnum):
    prisoner_search = "prisoner_search"
    manual = "manual"


class Presence(StrEnum):
    here = "here"
    away = "away"
    left = "left"


class Person(Versioned, table=True):
    """A prisoner in this prison."""

    __tablename__ = "person"
    __table_args__ = (
        UniqueConstraint("prison_id", "number", name="uq_person_number"),
        # A pseudonym, once what is known of the person has expired, is a star and six digits.
        CheckConstraint(r"number ~ '^([A-Z]\d{4}[A-Z]{2}|\*[0-9a-f]{6})$'", name="number"),
        ForeignKeyConstraint(["identity_id"], ["person_identity.id"]),
        Index("ix_person_display_name", "prison_id", "display_name", "id"),
    )

    identity_id: UUID
    number: str = Field(max_length=7)
    first_name: str = Field(max_length=100)
    middle_names: str | None = Field(default=None, max_length=100)
    last_name: str = Field(max_length=100)
    display_name: str = Field(max_length=210)
    date_of_birth: date | None = None
    cell_location: str | None = Field(default=None, max_length=60)
    presence: Presence = Field(default=Presence.here, sa_type=choice(Presence, "presence"))
    came_back_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    no_it_access: bool = Field(default=False, nullable=False)
    source: Source = Field(sa_type=choice(Source, "source"))


class PersonCreate(Input):
    """A prisoner entered by hand, where no prison system sends them."""

    number: PrisonerNumber = Field(schema_extra={"examples": ["A1234BC"]})
    first_name: Name = Field(schema_extra={"examples": ["Jo"]})
    middle_names: Name | None = None
    last_name: Name = Field(schema_extra={"examples": ["Sampleford"]})
    date_of_birth: date | None = Field(default=None, schema_extra={"examples": ["1990-02-28"]})
    cell_location: Line | None = Field(
        default=None, max_length=60, schema_extra={"examples": ["D-2-014"]}
    )
    no_it_access: bool = Field(default=False, description="Alert XIT: staff enter for them.")


class PersonRead(Identified):
    """A prisoner, as staff see them."""

    number: str
    first_name: str
    middle_names: str | None
    last_name: str
    display_name: str
    date_of_birth: date | None
    cell_location: str | None
    presence: Presence
    no_it_access: bool
    source: Source


class PersonForMentor(Output):
    """A prisoner, as a mentor who supports them sees them: the name, and nothing else."""

    id: UUID
    display_name: str


class ImportOutcome(StrEnum):
    created = "created"
    updated = "updated"
    unchanged = "unchanged"
    marked_away = "marked_away"
    kept_out = "kept_out"
    refused = "refused"


class ImportRow(Output):
    """What became of one document of an import."""

    position: int
    line: int
    number: str | None
    outcome: ImportOutcome
    field: str | None = None
    reason: str | None = None
    person_id: UUID | None = None


class ImportReport(Output):
    """What became of every document of an import; a bad row spoils no other."""

    counts: dict[ImportOutcome, int]
    rows: list[ImportRow]
