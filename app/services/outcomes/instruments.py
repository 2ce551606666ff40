"""Questionnaires as `app/reference/questionnaires.toml` defines them."""

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from app.models.questionnaires import Instrument, Occasion

FILE = Path(__file__).parents[2] / "reference" / "questionnaires.toml"


class Item(BaseModel):
    """One question: on the scale of its questionnaire unless `answers` says otherwise."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str
    answers: Literal["points", "yes_no", "change"] = "points"
    at: Occasion | None = None

    def asked(self, occasion: Occasion) -> bool:
        """Whether it belongs to this occasion; without `at` it belongs to both."""
        return self.at in (None, occasion)


class Definition(BaseModel):
    """One version of one questionnaire."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int
    title: str
    source: str
    window: str | None = None
    scale: tuple[str, ...] = ()
    points: tuple[int, int] | None = None
    reversed: frozenset[str] = frozenset()
    total: tuple[int, int] | None = None
    higher_is_better: bool = False
    case_at: int | None = None
    reliable: int | None = None
    may_miss: int = 0
    review: frozenset[str] = frozenset()
    text: bool = True
    baseline_days: int | None = None
    follow_up_days: int | None = None
    items: dict[str, Item] = {}

    @property
    def between(self) -> tuple[int, int]:
        """The least and the most points of an item."""
        return self.points or (0, len(self.scale) - 1)


@lru_cache
def definitions() -> dict[Instrument, Definition]:
    """The versions in force, by instrument, in the order of the file."""
    found = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {Instrument(name): Definition.model_validate(each) for name, each in found.items()}
