"""Rotas: a period for which it is worked out who serves when, and the solves that work it out."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from pydantic import model_validator
from sqlalchemy import CheckConstraint, Column, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Day,
    Identified,
    Input,
    Instant,
    Output,
    Scoped,
    Versioned,
    choice,
    reference,
)
from app.models.moves import MoveOption
from app.models.rota_demands import RotaRole

LONGEST_ROTA = timedelta(days=42)
MOST_GAPS = 500


class RotaStatus(StrEnum):
    draft = "draft"
    solving = "solving"
    proposed = "proposed"
    published = "published"
    superseded = "superseded"
    withdrawn = "withdrawn"


class SolveMode(StrEnum):
    """Anew, or a repair that changes as few of the published shifts as can be."""

    anew = "anew"
    repair = "repair"


class SolveOutcome(StrEnum):
    done = "done"
    failed = "failed"
    cancelled = "cancelled"


class GapWhy(StrEnum):
    """What keeps one mentor from filling a gap; the first of these that does."""

    not_available = "not_available"
    condition = "condition"
    busy = "busy"
    on_another_shift = "on_another_shift"
    rest = "rest"
    nights_used_up = "nights_used_up"
    hours_used_up = "hours_used_up"
    time_ran_out = "time_ran_out"  # nothing: a better rota was not found in time


class Rota(Versioned, table=True):
    """One period's rota. `accepted_gaps`: what was published uncovered, and said to be."""

    __tablename__ = "rota"
    __table_args__ = (
        reference("staff", "made_by", name="fk_rota_made_by"),
        reference("staff", "published_by", name="fk_rota_published_by"),
        CheckConstraint("last_day >= first_day", name="in_order"),
        CheckConstraint(
            "(published_at IS NULL) = (published_by IS NULL)", name="published_by_someone"
        ),
        Index("ix_rota_first_day", "prison_id", "first_day", "id"),
    )

    first_day: date
    last_day: date
    status: RotaStatus = Field(default=RotaStatus.draft, sa_type=choice(RotaStatus, "status"))
    made_by: UUID
    published_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    published_by: UUID | None = None
    accepted_gaps: list[dict[str, Any]] = Field(
        default_factory=list, sa_column=Column(JSONB, nullable=False)
    )


class RotaSolve(Scoped, table=True):
    """One solve of a rota: asked for, taken by a worker, and what came of it."""

    __tablename__ = "rota_solve"
    __table_args__ = (
        reference("rota", "rota_id"),
        CheckConstraint("(finished_at IS NULL) = (outcome IS NULL)", name="finished"),
        CheckConstraint("(claimed_by IS NULL) = (beat_at IS NULL)", name="claimed"),
        Index(
            "uq_rota_solve_open",
            "prison_id",
            "rota_id",
            unique=True,
            postgresql_where=text("finished_at IS NULL"),
        ),
        Index("ix_rota_solve_rota", "prison_id", "rota_id", "recorded_at"),
    )

    rota_id: UUID
    mode: SolveMode = Field(sa_type=choice(SolveMode, "mode"))
    asked_by: str = Field(max_length=200)
    cancel_asked: bool = Field(default=False, nullable=False)
    claimed_by: UUID | None = None
    beat_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    attempts: int = 0
    step: int | None = None
    best: int | None = None
    bound: int | None = None
    seconds: float | None = None
    finished_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    outcome: SolveOutcome | None = Field(default=None, sa_type=choice(SolveOutcome, "outcome"))
    optimal: bool | None = None
    gap: float | None = None
    cost: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))
    gaps: list[dict[str, Any]] = Field(
        default_factory=list, sa_column=Column(JSONB, nullable=False)
    )


class RotaCreate(Input):
    """A period to make a rota for."""

    first_day: Day = Field(schema_extra={"examples": ["2035-11-26"]})
    last_day: Day = Field(
        description="The last day on which a shift begins; 42 days at most in all.",
        schema_extra={"examples": ["2035-12-23"]},
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last_day < self.first_day:
            raise ValueError("last_day: must not be before first_day")
        if self.last_day - self.first_day >= LONGEST_ROTA:
            raise ValueError("last_day: a rota is of at most 42 days")
        return self


class SolveCreate(Input):
    """How to work it out."""

    mode: SolveMode = Field(default=SolveMode.anew, schema_extra={"examples": ["anew"]})


class GapReason(Output):
    """Of how many mentors a reason is true."""

    why: GapWhy
    mentors: int


class GapRead(Output):
    """Hours that nobody covers, and why."""

    role: RotaRole
    starts_at: Instant
    ends_at: Instant
    missing: int = Field(description="How many mentors more would be needed.")
    why: list[GapReason] = Field(description="Empty: there is no mentor at all.")


class GapAccepted(Input):
    """A gap with which a rota is published all the same, exactly as it is named."""

    role: RotaRole = Field(schema_extra={"examples": ["mentor_on_call"]})
    starts_at: Instant = Field(schema_extra={"examples": ["2035-12-01T20:00:00+00:00"]})
    ends_at: Instant = Field(schema_extra={"examples": ["2035-12-02T08:00:00+00:00"]})
    missing: int = Field(ge=1, le=100, schema_extra={"examples": [1]})


class PublishCreate(Input):
    """That a rota stands from now on."""

    accepted_gaps: list[GapAccepted] = Field(
        default=[],
        max_length=MOST_GAPS,
        description="The gaps that are left, all and exactly: a rota with others is refused.",
        schema_extra={
            "examples": [
                [
                    {
                        "role": "mentor_on_call",
                        "starts_at": "2026-12-05T20:00:00+00:00",
                        "ends_at": "2026-12-06T08:00:00+00:00",
                        "missing": 1,
                    }
                ]
            ]
        },
    )


class CostRead(Output):
    """What a rota costs, by part. Uncovered minutes, then changes, stand above all that follows."""

    uncovered_minutes: int
    changes: int = Field(description="Shifts that differ from what was published.")
    nights: int = Field(description="How unevenly nights are spread, over past rotas too.")
    weekends: int
    long_days: int = Field(description="Second shifts on one day.")
    continuity: int = Field(description="Hours of the week that change hands.")
    wishes: int
    doubled: int = Field(description="Hours with more mentors than are needed.")


class SolveRead(Output):
    """A solve: how far it is, or what came of it."""

    id: UUID
    recorded_at: Instant
    mode: SolveMode
    cancel_asked: bool
    running: bool = Field(description="A worker has it.")
    attempts: int
    step: int | None = Field(description="1: cover, 2: changes in a repair, then the rest.")
    best: int | None = Field(description="The cost of the best found in this step.")
    bound: int | None = Field(description="None can be better than this.")
    seconds: float | None
    finished_at: Instant | None
    outcome: SolveOutcome | None
    optimal: bool | None = Field(description="Whether a better one is proven not to exist.")
    gap: float | None = Field(description="How much better one might be at most, as a share.")
    cost: CostRead | None
    gaps: list[GapRead]


class RotaRow(Identified):
    """A rota in a list."""

    first_day: date
    last_day: date
    status: RotaStatus
    published_at: Instant | None


class RotaRead(RotaRow):
    """A rota, its last solve, and what the caller may do next."""

    accepted_gaps: list[GapRead]
    solve: SolveRead | None
    moves: list[MoveOption] = []
