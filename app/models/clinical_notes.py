"""Clinical notes: written by clinicians, read by clinicians who care for the person."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import field_validator
from sqlalchemy import Index
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Disclosure,
    Identified,
    Instant,
    Output,
    Rewriting,
    Story,
    Versioned,
    Writing,
    Written,
    choice,
    given,
    reference,
)
from app.models.staff import Role

EXAMPLE = "Sleeps four hours; eats again. Agreed to meet weekly."


class ClinicalNoteKind(StrEnum):
    contact = "contact"
    assessment = "assessment"
    plan = "plan"
    review = "review"
    telephone = "telephone"


class ClinicalNote(Versioned, Written, table=True):
    """A clinician's note on a person: its author's to change for a day, then locked."""

    __tablename__ = "clinical_note"
    __table_args__ = (
        reference("person", "person_id"),
        reference("staff", "author_staff_id", name="fk_clinical_note_author"),
        Index("ix_clinical_note_person", "prison_id", "person_id", "occurred_at", "id"),
        Index("ix_clinical_note_author", "prison_id", "author_staff_id"),
    )

    person_id: UUID
    author_staff_id: UUID
    kind: ClinicalNoteKind = Field(sa_type=choice(ClinicalNoteKind, "kind"))
    text: str
    occurred_at: datetime = Field(sa_type=TIMESTAMP)
    locks_at: datetime = Field(sa_type=TIMESTAMP)


class ClinicalNoteCreate(Writing):
    """A note to write. It can be changed by its author for 24 hours."""

    person_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000003"]})
    kind: ClinicalNoteKind = Field(schema_extra={"examples": ["contact"]})
    text: Story = Field(schema_extra={"examples": [EXAMPLE]})
    occurred_at: Instant | None = Field(
        default=None, description="When what it tells of was; absent: now. Never in the future."
    )


class ClinicalNoteUpdate(Rewriting):
    """What its author changes of a note before it locks. What is left out stays."""

    kind: ClinicalNoteKind | None = Field(default=None, schema_extra={"examples": ["review"]})
    text: Story | None = Field(default=None, schema_extra={"examples": [EXAMPLE]})
    occurred_at: Instant | None = None

    _given = field_validator("kind", "text", "occurred_at", "disclosure")(given)


class NoteAddendumCreate(Writing):
    """Words to add to a note; the note itself stays as it is."""

    text: Story = Field(schema_extra={"examples": ["His sister rang: she will visit on Sunday."]})


class NoteAddendum(Output):
    """Words added to a note."""

    id: UUID
    recorded_at: Instant
    text: str
    disclosure: Disclosure
    author_subject: str
    author_role: Role


class ClinicalNoteRow(Identified):
    """A clinical note in a list: that it is there, not what it says."""

    person_id: UUID
    author_staff_id: UUID
    kind: ClinicalNoteKind
    disclosure: Disclosure
    occurred_at: Instant
    locks_at: Instant = Field(description="From then on there are addenda only.")


class ClinicalNoteRead(ClinicalNoteRow):
    """A clinical note."""

    text: str
    addenda: list[NoteAddendum]
