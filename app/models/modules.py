"""Modules: what mentors are trained in: the five of the curriculum, and the site's own."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator
from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field

from app.models.base import Identified, Input, Name, Output, Versioned, choice, given
from app.models.moves import MoveOption
from app.models.trainings import Module, ModuleCode

GRACE_DAYS = 92  # how long an active mentor has for a module that has newly become required


class ModuleStatus(StrEnum):
    active = "active"
    retired = "retired"


class ModuleSource(StrEnum):
    curriculum = "curriculum"
    site = "site"


class SiteModule(Versioned, table=True):
    """A module of the site's own. `edition` rises with each change of what is taught."""

    __tablename__ = "module"
    __table_args__ = (
        UniqueConstraint("prison_id", "code", name="uq_module_code"),
        CheckConstraint("required = (required_from IS NOT NULL)", name="required_from"),
    )

    code: str = Field(max_length=60)
    title: str = Field(max_length=100)
    validity_months: int
    required: bool = Field(nullable=False)
    required_from: date | None = None
    edition: int = Field(default=1, nullable=False)
    status: ModuleStatus = Field(
        default=ModuleStatus.active, sa_type=choice(ModuleStatus, "status")
    )


def _own(code: str) -> str:
    if code in {module.value for module in Module}:
        raise ValueError("is a module of the curriculum")
    return code


class ModuleCreate(Input):
    """A module of the site's own."""

    code: Annotated[ModuleCode, AfterValidator(_own)] = Field(
        description="A short name that stays; none of the curriculum's.",
        schema_extra={"examples": ["sleep_and_rest"]},
    )
    title: Name = Field(schema_extra={"examples": ["Sleep and rest"]})
    required: bool = Field(
        default=False,
        description="Whether a mentor must have it. Who is or was active has 92 days for it.",
    )
    validity_months: int = Field(
        default=12,
        ge=1,
        le=60,
        description="How many calendar months a sign-off counts.",
        schema_extra={"examples": [12]},
    )


class ModuleUpdate(Input):
    """What changes of a module of the site's own. Trainings keep what they were opened under."""

    title: Annotated[Name | None, AfterValidator(given)] = Field(
        default=None, schema_extra={"examples": ["Sleep and rest"]}
    )
    required: Annotated[bool | None, AfterValidator(given)] = Field(default=None)
    validity_months: Annotated[int | None, AfterValidator(given)] = Field(
        default=None, ge=1, le=60, schema_extra={"examples": [12]}
    )


class ModuleRow(Output):
    """A module that mentors are trained in."""

    id: UUID | None = Field(description="Absent (null) for the curriculum's, which ship with us.")
    code: str
    title: str
    source: ModuleSource
    edition: str = Field(description="The version that a training opened today is pinned to.")
    validity_months: int
    required: bool
    required_from: date | None = Field(description="Since when, for those of the site.")
    status: ModuleStatus


class ModuleRead(Identified):
    """A module of the site's own, with what the caller may do next."""

    code: str
    title: str
    edition: int
    validity_months: int
    required: bool
    required_from: date | None
    status: ModuleStatus
    moves: list[MoveOption] = []
