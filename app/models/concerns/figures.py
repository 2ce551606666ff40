"""How soon people came of the concerns of a period: figures, of nobody by name."""

from datetime import date
from enum import StrEnum

from sqlmodel import Field

from app.models.base import Output
from app.services.escalation import Immediacy


class ConcernClock(StrEnum):
    """What is timed, from when a concern was raised."""

    paged = "paged"
    acknowledged = "acknowledged"
    seen = "seen"
    decided = "decided"


class Doors(StrEnum):
    """Whether the doors were locked when a concern was raised: day and night, as the prison has
    them."""

    any = "any"
    unlocked = "unlocked"
    locked = "locked"


class FigureFormat(StrEnum):
    """As what figures are answered."""

    json = "json"
    csv = "csv"
    svg = "svg"
    png = "png"


class Interval(Output):
    """Between what a share lies in 95 of 100 such periods (Wilson's interval), in percent; or a
    rate (the exact one of Poisson's), in 1,000 days."""

    low: float
    high: float


class ConcernFigure(Output):
    """One clock of the concerns of one immediacy."""

    immediacy: Immediacy | None = Field(description="Null: all of them.")
    doors: Doors
    clock: ConcernClock
    due: int = Field(
        description="Concerns whose time is over: done, ended without, or past the deadline."
    )
    running: int = Field(description="Still within their time.")
    breached: int = Field(description="Of those due, not done by the deadline.")
    breached_percent: float | None = Field(description="Null: none was due, or has no deadline.")
    interval: Interval | None
    done: int
    median_minutes: float | None = Field(description="Of those done. Null: none was.")
    p90_minutes: float | None
    p99_minutes: float | None


class ConcernFigures(Output):
    """How soon people came of the concerns raised in a period. A reopened one counts by its clocks
    since; a merged one in the one that it was merged into."""

    first_day: date
    last_day: date
    concerns: int
    description: str = Field(description="The most important of it in words.")
    figures: list[ConcernFigure]
