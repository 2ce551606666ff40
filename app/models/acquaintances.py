"""Acquaintances: who says that they know whom, so that the two are not brought together."""

from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import model_validator
from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Disclosure,
    Identified,
    Input,
    Instant,
    Line,
    Output,
    Versioned,
    Writing,
    Written,
    choice,
    reference,
)


class Relation(StrEnum):
    family = "family"
    friend = "friend"
    partner = "partner"
    co_worker = "co_worker"
    former_cellmate = "former_cellmate"
    debt = "debt"
    conflict = "conflict"
    other = "other"


class DeclaredBy(StrEnum):
    """On whose word it stands."""

    own_word = "own_word"
    told_to_staff = "told_to_staff"
    known_to_staff = "known_to_staff"


class Acquaintance(Versioned, Written, table=True):
    """One person says that they know another: a person here, or one named as they told it. (Both
    may be absent once their words have expired.)"""

    __tablename__ = "acquaintance"
    __table_args__ = (
        reference("person", "person_id"),
        reference("person", "other_person_id", name="fk_acquaintance_other_person"),
        CheckConstraint("person_id <> other_person_id", name="another_person"),
        Index("ix_acquaintance_person", "prison_id", "person_id"),
        Index("ix_acquaintance_other_person", "prison_id", "other_person_id"),
    )

    person_id: UUID
    other_person_id: UUID | None = None
    other_as_told: str | None = Field(default=None, max_length=300)
    relation: Relation = Field(sa_type=choice(Relation, "relation"))
    declared_by: DeclaredBy = Field(sa_type=choice(DeclaredBy, "declared_by"))
    declared_at: datetime = Field(sa_type=TIMESTAMP)
    recorded_by: str = Field(max_length=200)
    withdrawn_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    withdrawn_by: str | None = Field(default=None, max_length=200)


class AcquaintanceCreate(Writing):
    """Somebody knows somebody. A prisoner says whom in their own words and for themselves only;
    staff name the other by id, or as told when they do not know yet who is meant."""

    person_id: UUID | None = Field(
        default=None,
        description="Whose acquaintance; a prisoner may leave it out.",
        schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000003"]},
    )
    other_person_id: UUID | None = Field(
        default=None,
        description="For staff.",
        schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000005"]},
    )
    other_as_told: Line | None = Field(
        default=None, schema_extra={"examples": ["Danny from the servery, off C wing"]}
    )
    relation: Relation = Field(schema_extra={"examples": ["former_cellmate"]})
    known_to_staff: bool = Field(
        default=False, description="True: what staff know, not what the person said."
    )
    occurred_at: Instant | None = Field(
        default=None,
        description="When it was said, if entered later; never in the future.",
        schema_extra={"examples": ["2026-11-23T10:00:00+00:00"]},
    )

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if self.other_person_id is None and self.other_as_told is None:
            raise ValueError("other_as_told: say who is known")
        return self


class AcquaintanceUpdate(Input):
    """Who was meant, once staff know."""

    other_person_id: UUID = Field(
        schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000005"]}
    )


class AcquaintanceOwn(Output):
    """What somebody said themselves: as they said it. Who was meant, and whether that person is
    here, is not told back."""

    id: UUID
    recorded_at: Instant
    other_as_told: str | None
    relation: Relation
    declared_at: Instant
    withdrawn_at: Instant | None


class AcquaintanceRead(Identified):
    """An acquaintance, as support workers and clinicians see it."""

    person_id: UUID
    other_person_id: UUID | None
    other_as_told: str | None
    relation: Relation
    declared_by: DeclaredBy
    declared_at: Instant
    recorded_by: str
    withdrawn_at: Instant | None
    withdrawn_by: str | None
    disclosure: Disclosure
