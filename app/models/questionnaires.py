"""Questionnaires: what mentees answered at the beginning of their support, and later.

What is asked and how it is scored stands in `app/reference/questionnaires.toml`.
"""

from datetime import date
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from pydantic import field_validator
from sqlalchemy import CheckConstraint, Column, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.models.base import (
    Day,
    Exported,
    Identified,
    Input,
    Output,
    Versioned,
    choice,
    given,
    reference,
)
from app.models.moves import MoveOption


class Instrument(StrEnum):
    """Which questionnaire."""

    survey = "survey"
    phq9 = "phq9"
    gad7 = "gad7"
    core10 = "core10"
    ons4 = "ons4"
    swemwbs = "swemwbs"
    reqol10 = "reqol10"
    outcomes_star = "outcomes_star"


class Occasion(StrEnum):
    """At the beginning of the support, or later."""

    baseline = "baseline"
    follow_up = "follow_up"


class AskedResult(StrEnum):
    """What came of asking. The last three are no answer, each for its own reason."""

    answered = "answered"
    declined = "declined"
    not_asked = "not_asked"
    unknown = "unknown"


class QuestionnaireStatus(StrEnum):
    recorded = "recorded"
    entered_in_error = "entered_in_error"


class Answer(StrEnum):
    """An answer to a yes-or-no question. The last three are no answers, each for its own reason."""

    yes = "yes"
    no = "no"
    declined = "declined"
    not_asked = "not_asked"
    unknown = "unknown"


class Change(StrEnum):
    """What became of something between the beginning and the follow-up."""

    stopped = "stopped"
    reduced = "reduced"
    unchanged = "unchanged"
    increased = "increased"
    unknown = "unknown"


class ReliableChange(StrEnum):
    """Two totals of one person against the reliable change of the questionnaire."""

    improved = "improved"
    no_reliable_change = "no_reliable_change"
    deteriorated = "deteriorated"


class Questionnaire(Versioned, Exported, table=True):
    """One questionnaire of one episode of support: answered, or why not."""

    __tablename__ = "questionnaire"
    __table_args__ = (
        reference("mentee", "mentee_id"),
        CheckConstraint(
            "(result = 'answered') = (answers IS NOT NULL OR total IS NOT NULL)", name="answered"
        ),
        Index(
            "uq_questionnaire_baseline",
            "prison_id",
            "mentee_id",
            "instrument",
            unique=True,
            postgresql_where=text("occasion = 'baseline' AND status = 'recorded'"),
        ),
        Index("ix_questionnaire_mentee", "prison_id", "mentee_id", "asked_on", "id"),
        Index("ix_questionnaire_asked", "prison_id", "asked_on", "id"),
    )

    mentee_id: UUID
    instrument: Instrument = Field(sa_type=choice(Instrument, "instrument"))
    instrument_version: int
    occasion: Occasion = Field(sa_type=choice(Occasion, "occasion"))
    result: AskedResult = Field(sa_type=choice(AskedResult, "result"))
    status: QuestionnaireStatus = Field(
        default=QuestionnaireStatus.recorded, sa_type=choice(QuestionnaireStatus, "status")
    )
    asked_on: date
    answers: dict[str, int | str] | None = Field(
        default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True)
    )
    total: float | None = None
    unanswered: int | None = None
    prorated: bool = Field(default=False, nullable=False)
    needs_review: bool = Field(default=False, nullable=False)
    share_total: bool = Field(default=False, nullable=False)
    recorded_by: str = Field(max_length=200)


class QuestionnaireCreate(Input):
    """A questionnaire that was answered, or why there is no answer. The total is worked out here;
    it is given only of those whose licence lets us keep nothing else."""

    mentee_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000005"]})
    instrument: Instrument = Field(schema_extra={"examples": ["gad7"]})
    instrument_version: int | None = Field(
        default=None,
        ge=1,
        description="The version that was on the paper; absent: the one in force.",
        schema_extra={"examples": [1]},
    )
    occasion: Occasion = Field(schema_extra={"examples": ["baseline"]})
    result: AskedResult = Field(
        default=AskedResult.answered, schema_extra={"examples": ["answered"]}
    )
    asked_on: Day | None = Field(
        default=None,
        description="The day it was asked, if it is entered later: never in the future, nor before"
        " the referral; a follow-up not before its baseline.",
        schema_extra={"examples": ["2026-11-23"]},
    )
    answers: dict[str, int | str] | None = Field(
        default=None,
        description="By the names in `GET /v1/reference/questionnaires`: points, or words. What"
        " was left out is left out.",
        schema_extra={
            "examples": [
                {
                    "nervous": 2,
                    "control_worry": 1,
                    "worry_much": 2,
                    "relax": 1,
                    "restless": 0,
                    "irritable": 1,
                    "afraid": 0,
                }
            ]
        },
    )
    total: float | None = Field(
        default=None,
        description="Only of questionnaires whose words are licensed.",
        schema_extra={"examples": [None]},
    )
    share_total: bool = Field(
        default=False, description="Their choice: support workers may read the total."
    )

    @field_validator("answers", mode="before")
    @classmethod
    def _numbers_and_words(cls, value: Any) -> Any:
        """Said of all of them: a refusal that named one would say the caller's own word back."""
        if isinstance(value, dict) and any(type(each) not in (int, str) for each in value.values()):
            raise ValueError("each answer must be a whole number or a word")
        return value


class QuestionnaireUpdate(Input):
    """The mentee's choice, which may change. Answers do not: what was entered wrongly is marked
    so, and entered again."""

    share_total: bool | None = Field(default=None, schema_extra={"examples": [True]})

    _given = field_validator("share_total")(given)


class QuestionnaireForStaff(Identified):
    """A total that the mentee shares with those who support them."""

    mentee_id: UUID
    instrument: Instrument
    instrument_version: int
    occasion: Occasion
    asked_on: date
    total: float | None


class QuestionnaireRow(QuestionnaireForStaff):
    """A questionnaire in a list, as clinicians read it."""

    result: AskedResult
    status: QuestionnaireStatus
    unanswered: int | None = Field(description="How many questions were left out.")
    prorated: bool = Field(description="The total is the mean of what was answered, times all.")
    needs_review: bool = Field(
        description="An answer was given that a person must look at, whatever the total."
    )
    share_total: bool


class ChangeRead(Output):
    """A follow-up's total beside the one of the baseline."""

    baseline_id: UUID
    first: float
    difference: float = Field(description="This total less the first.")
    reliable: ReliableChange | None = Field(
        description="Whether it is more than chance. Null: not known for this questionnaire."
    )


class QuestionnaireRead(QuestionnaireRow):
    """A questionnaire with its answers, as clinicians read it."""

    answers: dict[str, int | str] | None
    is_case: bool | None = Field(
        description="Past the questionnaire's threshold. Null: it has none, or there is no total."
    )
    change: ChangeRead | None = Field(
        description="Null: a baseline, or there are no two totals to compare."
    )
    recorded_by: str
    moves: list[MoveOption] = []


class QuestionnaireDue(Output):
    """A questionnaire that nobody has put to a mentee yet."""

    mentee_id: UUID
    display_name: str
    instrument: Instrument
    occasion: Occasion
    due_on: date
    overdue: bool


class QuestionRead(Output):
    """One question."""

    name: str
    text: str
    answers: Literal["points", "yes_no", "change"]
    occasion: Occasion | None = Field(description="Null: asked at both.")


class QuestionnaireDefinition(Output):
    """One version of a questionnaire: what is asked, how it is scored, what totals mean."""

    instrument: Instrument
    version: int
    title: str
    source: str
    window: str | None = Field(description="Of which time it asks.")
    scale: list[str] = Field(description="The words of 0, 1, 2 and so on.")
    least: int | None = Field(
        description="The fewest points of a question. Null: it has no points."
    )
    most: int | None
    total_least: float | None = Field(description="Null: its answers are never summed.")
    total_most: float | None
    higher_is_better: bool
    case_at: int | None
    reliable_change: int | None
    may_miss: int = Field(description="With more left out than this there is no total.")
    questions: list[QuestionRead] = Field(description="None of one whose words are licensed.")
