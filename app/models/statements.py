"""Statements: what an applicant says, prompt by prompt, until the application is handed in."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from app.models.base import (
    Disclosure,
    Identified,
    Rewriting,
    Story,
    Versioned,
    Writing,
    Written,
    choice,
    reference,
)


class Prompt(StrEnum):
    """What an applicant is asked."""

    why_mentor = "why_mentor"
    what_i_bring = "what_i_bring"
    what_is_hard_for_me = "what_is_hard_for_me"
    when_i_am_available = "when_i_am_available"


class Statement(Versioned, Written, table=True):
    """An applicant's words to one prompt. `recorded_by`: who wrote them down for him."""

    __tablename__ = "statement"
    __table_args__ = (
        reference("mentor", "mentor_id"),
        reference("staff", "recorded_by", name="fk_statement_recorded_by"),
        UniqueConstraint("prison_id", "mentor_id", "prompt", name="uq_statement_prompt"),
    )

    mentor_id: UUID
    prompt: Prompt = Field(sa_type=choice(Prompt, "prompt"))
    text: str
    recorded_by: UUID | None = None


class StatementCreate(Writing):
    """Words to one prompt."""

    mentor_id: UUID = Field(
        description="The application.",
        schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000002"]},
    )
    prompt: Prompt = Field(schema_extra={"examples": ["why_mentor"]})
    text: Story = Field(schema_extra={"examples": ["I was helped here and want to give it back."]})


class StatementPut(Rewriting):
    """Other words to the same prompt."""

    text: Story = Field(schema_extra={"examples": ["I was helped here and want to give it back."]})


class StatementForMentor(Identified):
    """An applicant's own words."""

    mentor_id: UUID
    prompt: Prompt
    text: str


class StatementRead(StatementForMentor):
    """An applicant's words, as staff see them."""

    disclosure: Disclosure
    recorded_by: UUID | None = Field(
        description="Who wrote them down for him; null: he did himself."
    )
