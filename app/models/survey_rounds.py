"""Rounds of the experience survey: what mentees, clinicians and staff think of the scheme, without
anybody's learning who said what.

An answer is kept nowhere. It raises counters, one of each question, that were made with the round;
and it uses up a code, of which only a digest was kept until then. Neither holds a time, a person,
or a word of the other. What is asked stands in `app/reference/experience.toml`.
"""

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from pydantic import field_validator
from sqlalchemy import CheckConstraint, Column, LargeBinary, UniqueConstraint
from sqlmodel import Field

from app.models.base import Identified, Input, Output, Scoped, Versioned, choice, reference
from app.models.moves import MoveOption


class SurveyAudience(StrEnum):
    """Who is asked."""

    mentees = "mentees"
    clinicians = "clinicians"
    staff = "staff"


class SurveyRoundStatus(StrEnum):
    open = "open"
    closed = "closed"
    withdrawn = "withdrawn"


class SurveyRound(Versioned, table=True):
    """One time of asking. It is counted only once it is closed, and is never opened again."""

    __tablename__ = "survey_round"
    __table_args__ = (
        CheckConstraint("(status = 'closed') = (closed_on IS NOT NULL)", name="closed"),
        CheckConstraint("codes_made >= 0", name="codes"),
    )

    audience: SurveyAudience = Field(sa_type=choice(SurveyAudience, "audience"))
    survey_version: int
    status: SurveyRoundStatus = Field(
        default=SurveyRoundStatus.open, sa_type=choice(SurveyRoundStatus, "status")
    )
    opened_on: date
    closed_on: date | None = None
    codes_made: int = Field(default=0, nullable=False)
    recorded_by: str = Field(max_length=200)


class SurveyCode(Scoped, table=True):
    """A code that nobody has used yet, as a digest; deleted when it is used. Its id tells no order,
    and it is of no person."""

    __tablename__ = "survey_code"
    __table_args__ = (
        reference("survey_round", "survey_round_id"),
        UniqueConstraint("prison_id", "digest", name="uq_survey_code_digest"),
        CheckConstraint("octet_length(digest) = 32", name="digest"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    survey_round_id: UUID
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class SurveyTally(Scoped, table=True):
    """How many gave one answer to one question of a round. Made with the round, at none."""

    __tablename__ = "survey_tally"
    __table_args__ = (
        reference("survey_round", "survey_round_id"),
        UniqueConstraint(
            "prison_id", "survey_round_id", "question", "answer", name="uq_survey_tally_answer"
        ),
        CheckConstraint("number >= 0", name="number"),
    )

    survey_round_id: UUID
    question: str = Field(max_length=60)
    answer: str = Field(max_length=60)
    number: int = Field(default=0, nullable=False)


class SurveyRoundCreate(Input):
    """Whom to ask; by the version of the questions that is in force."""

    audience: SurveyAudience = Field(schema_extra={"examples": ["mentees"]})


class SurveyCodesCreate(Input):
    """How many more codes to make: as many as there are people to hand one to."""

    number: int = Field(ge=1, le=500, schema_extra={"examples": [40]})


class SurveyCodesMade(Output):
    """Codes just made, in no order. They are shown this once and kept nowhere: print them, hand
    them out as they come, and keep no list of who got which."""

    codes: list[str]


class SurveyAnswer(Input):
    """What somebody answers, with the code that was on their paper. Questions may be left out."""

    code: str = Field(
        min_length=1,
        max_length=40,
        description="Capitals or not, with or without its hyphens.",
        schema_extra={"examples": ["7KQ2-M0XD-3VTA-9PRC"]},
    )
    answers: dict[str, int | list[str]] = Field(
        description="By the names in `GET /v1/reference/experience-surveys`: points from 1 to 5,"
        " or the choices that fit.",
        schema_extra={"examples": [{"listened": 5, "reached": 3, "held_back": ["times"]}]},
    )

    @field_validator("answers", mode="before")
    @classmethod
    def _points_and_choices(cls, value: Any) -> Any:
        """Said of all of them: a refusal that named one would say the caller's own word back."""
        if isinstance(value, dict) and not all(_an_answer(each) for each in value.values()):
            raise ValueError("each answer must be a whole number or a list of choices")
        return value


def _an_answer(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(each, str) for each in value)
    return type(value) is int


class SurveyRoundRow(Identified):
    """A round in a list. How many answered is told by its report, once it is closed."""

    audience: SurveyAudience
    survey_version: int
    status: SurveyRoundStatus
    opened_on: date
    closed_on: date | None
    codes_made: int
    recorded_by: str


class SurveyRoundRead(SurveyRoundRow):
    """A round, with what may be done next."""

    moves: list[MoveOption] = []


class SurveyItemRead(Output):
    """One question."""

    name: str
    text: str
    choices: dict[str, str] = Field(
        description="By name what may be chosen, any number of them. None: it takes points."
    )


class SurveyDefinition(Output):
    """One version of what an audience is asked."""

    audience: SurveyAudience
    version: int
    in_force: bool
    title: str
    scale: list[str] = Field(description="The words of 1, 2 and so on.")
    items: list[SurveyItemRead]
