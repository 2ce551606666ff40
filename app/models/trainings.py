"""Trainings: one mentor's way through one module of the curriculum."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints
from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Identified,
    Input,
    Instant,
    Output,
    Versioned,
    choice,
    reference,
)
from app.models.mentors import MentorStatus
from app.models.moves import MoveOption


class TrainingStatus(StrEnum):
    not_started = "not_started"
    attended = "attended"
    assessed = "assessed"
    competent = "competent"
    refer = "refer"
    expired = "expired"


class Module(StrEnum):
    """The five modules of the published scheme."""

    supporting = "supporting_prisoners_with_mental_health_concerns"
    managing = "managing_concerns"
    speaking = "how_to_speak_with_people"
    worrying = "what_to_do_about_worrying_issues"
    facilitating = "how_to_facilitate_a_group"


CODE = "^[a-z][a-z0-9_]{2,59}$"
ModuleCode = Annotated[str, StringConstraints(pattern=CODE, max_length=60)]
"""The code of a module, of the curriculum or of the site's own."""


class Training(Versioned, table=True):
    """One module for one mentor: what it was called, its version and how long it counts, pinned."""

    __tablename__ = "training"
    __table_args__ = (
        reference("mentor", "mentor_id"),
        reference("staff", "assessor_id", name="fk_training_assessor"),
        reference("training", "credited_from", name="fk_training_credited_from"),
        UniqueConstraint("prison_id", "mentor_id", "module", name="uq_training_module"),
        CheckConstraint(f"module ~ '{CODE}'", name="module"),
    )

    mentor_id: UUID
    module: str = Field(max_length=60)
    title: str = Field(max_length=100)
    curriculum: str = Field(max_length=20)
    validity_months: int
    status: TrainingStatus = Field(
        default=TrainingStatus.not_started, sa_type=choice(TrainingStatus, "status")
    )
    assessor_id: UUID | None = None
    competent_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    expires_on: date | None = None
    refresher_for: date | None = None  # the expiry for which a refresher was asked
    credited_from: UUID | None = None


class TrainingCreate(Input):
    """A module to open for a mentor."""

    mentor_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000002"]})
    module: ModuleCode = Field(schema_extra={"examples": ["managing_concerns"]})


class RefresherCreate(Input):
    """A refresher that a competent mentor took part in."""

    held_at: Instant | None = Field(
        default=None,
        description="When it was, if entered later; never in the future.",
        schema_extra={"examples": ["2026-11-23T10:00:00+00:00"]},
    )
    to_current: bool = Field(
        default=False,
        description="Whether it was of today's version of the module; else the pinned one stays.",
    )


class TrainingRow(Identified):
    """A mentor's module."""

    mentor_id: UUID
    module: str
    title: str
    curriculum: str = Field(
        description="The version of the curriculum, or the edition of the site's module: pinned."
    )
    status: TrainingStatus
    assessor_id: UUID | None
    competent_at: Instant | None
    expires_on: date | None = Field(description="The last day on which the sign-off counts.")
    credited_from: UUID | None = Field(
        description="The training of an earlier episode whose sign-off still counts."
    )


class TrainingRead(TrainingRow):
    """A mentor's module, with what the caller may do next."""

    moves: list[MoveOption] = []


class MatrixColumn(Output):
    """A module that mentors have or lack."""

    module: str
    title: str
    required: bool


class MatrixCell(Output):
    """Where one mentor stands with one module."""

    module: str
    status: TrainingStatus | None = Field(description="Null where it was never opened.")
    expires_on: date | None
    days_left: int | None = Field(description="Until the end of the last day that counts.")
    lacking: bool = Field(description="True where it is required and not signed off today.")


class MatrixMentor(Output):
    """One mentor's row."""

    mentor_id: UUID
    display_name: str
    mentor_status: MentorStatus
    cells: list[MatrixCell]


class TrainingMatrix(Output):
    """Who lacks which module: mentors by modules."""

    as_at: date
    modules: list[MatrixColumn]
    mentors: list[MatrixMentor]
