"""People: the prisoners of a prison, as far as the scheme must know them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import model_validator
from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Exported,
    Identified,
    Input,
    Line,
    Name,
    Output,
    PrisonerNumber,
    Versioned,
    choice,
    reference,
)


class Source(StrEnum):
    prisoner_search = "prisoner_search"
    manual = "manual"


class Presence(StrEnum):
    here = "here"
    away = "away"
    left = "left"


class Person(Versioned, Exported, table=True):
    """A prisoner in this prison."""

    __tablename__ = "person"
    __table_args__ = (
        UniqueConstraint("prison_id", "number", name="uq_person_number"),
        # A pseudonym, once what is known of the person has expired, is a star and six digits.
        CheckConstraint(r"number ~ '^([A-Z]\d{4}[A-Z]{2}|\*[0-9a-f]{6})$'", name="number"),
        ForeignKeyConstraint(["identity_id"], ["person_identity.id"]),
        reference("person", "merged_into", name="fk_person_merged_into"),
        CheckConstraint("(merged_into IS NULL) = (merged_at IS NULL)", name="merged"),
        CheckConstraint("merged_into IS NULL OR presence = 'left'", name="merged_away"),
        Index("ix_person_merged_into", "prison_id", "merged_into"),
        Index("ix_person_identity_id", "prison_id", "identity_id"),
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
    # Set on a number that turned out to be another's: the row of who they are stands for both.
    merged_into: UUID | None = None
    merged_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)

    @property
    def wing_code(self) -> str | None:
        """The wing they live on, by their cell; None where that is not known."""
        return self.cell_location.partition("-")[0] if self.cell_location else None


def same_wing(one: str | None, other: str | None) -> bool:
    """Whether two live on one wing, by its codes. Where either's is not known nobody can say so."""
    return one is not None and one == other


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
    numbers: list[str] = Field(description="Every number by which they are found, in order.")
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


class MergeOutcome(StrEnum):
    merged = "merged"
    renumbered = "renumbered"
    noted = "noted"
    unchanged = "unchanged"


class MergeWarning(StrEnum):
    """What a person should look at after a merge."""

    date_of_birth_differs = "date_of_birth_differs"
    kept_under_another_number = "kept_under_another_number"
    some_rows_stay_aside = "some_rows_stay_aside"


class PersonMerge(Input):
    """Two numbers that are one person, as the prison system tells."""

    number: PrisonerNumber = Field(
        description="The number that is kept.", schema_extra={"examples": ["B8888CC"]}
    )
    removed_number: PrisonerNumber = Field(
        description="The number that is not used any more.", schema_extra={"examples": ["A7777BB"]}
    )

    @model_validator(mode="after")
    def _of_two(self) -> Self:
        if self.number == self.removed_number:
            raise ValueError("removed_number: must be another number")
        return self


class MergedRow(Output):
    """A row that the merge ended, or could not carry over and left under the removed number."""

    table: str
    id: UUID


class MergeReceipt(Output):
    """What became of a merge, as a machine is told: no more than it brought."""

    number: str
    outcome: MergeOutcome
    warnings: list[MergeWarning]


class MergeRead(MergeReceipt):
    """What became of a merge, as staff see it."""

    person_id: UUID
    numbers: list[str] = Field(description="Every number by which the person is found.")
    ended: list[MergedRow] = Field(description="Live records that were one too many, and ended.")
    aside: list[MergedRow] = Field(
        description="Records that stand under the removed number, since the kept one has its own."
    )


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
