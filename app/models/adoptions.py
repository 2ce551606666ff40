"""Adoptions: the site takes the scheme on by the word of three different people."""

from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import model_validator
from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Identified,
    Input,
    Instant,
    Line,
    Name,
    Output,
    Versioned,
    choice,
    reference,
)


class AdoptionPart(StrEnum):
    """Whose word it takes."""

    senior_manager = "senior_manager"
    governor = "governor"
    mental_health_lead = "mental_health_lead"


class Adoption(Versioned, table=True):
    """One part's sign-off: who stands for it, who entered it, until it is withdrawn."""

    __tablename__ = "adoption"
    __table_args__ = (
        reference("staff", "staff_id", name="fk_adoption_staff"),
        CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name="withdrawn_by_somebody"
        ),
        Index(
            "uq_adoption_live_part",
            "prison_id",
            "part",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )

    part: AdoptionPart = Field(sa_type=choice(AdoptionPart, "part"))
    staff_id: UUID
    signed_by: str = Field(max_length=200)
    named_person: str = Field(max_length=100)
    signed_at: datetime = Field(sa_type=TIMESTAMP)
    scheme_version: str = Field(max_length=60)
    withdrawn_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    withdrawn_by: str | None = Field(default=None, max_length=200)


class AdoptionCreate(Input):
    """A part's sign-off. Governor and mental health lead sign for themselves; a senior manager,
    who may have no account, is named by a governor who does not sign as one."""

    part: AdoptionPart = Field(schema_extra={"examples": ["senior_manager"]})
    named_person: Name | None = Field(
        default=None,
        description="The senior manager; absent for the other two parts.",
        schema_extra={"examples": ["A. Sample, head of safety"]},
    )
    scheme_version: Line = Field(
        max_length=60,
        description="Which version of the scheme's description they put their name to.",
        schema_extra={"examples": ["2026-1"]},
    )
    signed_at: Instant | None = Field(
        default=None, description="When it was signed, if entered later; never in the future."
    )

    @model_validator(mode="after")
    def _named(self) -> Self:
        if (self.part is AdoptionPart.senior_manager) is (self.named_person is None):
            raise ValueError("named_person: names the senior manager, and nobody else")
        return self


class AdoptionRead(Identified):
    """A part's sign-off."""

    part: AdoptionPart
    staff_id: UUID = Field(description="Who signed; for a senior manager, who entered it.")
    signed_by: str
    named_person: str
    signed_at: Instant
    scheme_version: str
    withdrawn_at: Instant | None
    withdrawn_by: str | None


class AdoptionState(Output):
    """How far the site has adopted the scheme."""

    complete: bool = Field(description="All three parts are signed. Campaigns open only then.")
    missing: list[AdoptionPart]
    signed: list[AdoptionRead]
    withdrawn: list[AdoptionRead]
