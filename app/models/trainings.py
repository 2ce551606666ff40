"""Trainings: one mentor's way through one module of the curriculum."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from app.models.base import TIMESTAMP, Identified, Input, Instant, Versioned, choice, reference
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


class Training(Versioned, table=True):
    """One module for one mentor, the curriculum's version pinned."""

    __tablename__ = "training"
    __table_args__ = (
        reference("mentor", "mentor_id"),
        reference("staff", "assessor_id", name="fk_training_assessor"),
        reference("training", "credited_from", name="fk_training_credited_from"),
        UniqueConstraint("prison_id", "mentor_id", "module", name="uq_training_module"),
    )

    mentor_id: UUID
    module: Module = Field(sa_type=choice(Module, "module"))
    curriculum: str = Field(max_length=20)
    status: TrainingStatus = Field(
        default=TrainingStatus.not_started, sa_type=choice(TrainingStatus, "status")
    )
    assessor_id: UUID | None = None
    competent_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    expires_on: date | None = None
    credited_from: UUID | None = None


class TrainingCreate(Input):
    """A module to open for a mentor."""

    mentor_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000002"]})
    module: Module = Field(schema_extra={"examples": ["managing_concerns"]})


class TrainingRow(Identified):
    """A mentor's module."""

    mentor_id: UUID
    module: Module
    title: str
    curriculum: str = Field(description="The curriculum's version, pinned when it was opened.")
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
