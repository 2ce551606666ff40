"""The curriculum that ships with the service: `app/reference/curriculum.toml`."""

import tomllib
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.models.trainings import Module

CURRICULUM_FILE = Path(__file__).parents[1] / "reference" / "curriculum.toml"


class Version(BaseModel):
    """One version of the curriculum."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    validity_months: int = Field(ge=1, le=60)
    titles: dict[Module, str]

    @model_validator(mode="after")
    def _complete(self) -> "Version":
        if missing := [module.value for module in Module if module not in self.titles]:
            raise ValueError(f"titles: missing are {', '.join(missing)}")
        return self


class Curriculum(BaseModel):
    """Every version that was ever taught, and which one is now."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: int
    current: str = Field(max_length=20)
    versions: dict[str, Version]

    @model_validator(mode="after")
    def _current_is_there(self) -> "Curriculum":
        if self.current not in self.versions:
            raise ValueError("current: must be one of the versions")
        return self


@lru_cache(maxsize=1)
def curriculum() -> Curriculum:
    """The curriculum of `app/reference/curriculum.toml`; ValidationError if it is unsound."""
    return Curriculum.model_validate(tomllib.loads(CURRICULUM_FILE.read_text("utf-8")))


def title_of(version: str, module: Module) -> str:
    """The module's title in one version of the curriculum."""
    return curriculum().versions[version].titles[module]
