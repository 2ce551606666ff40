"""What every page is made of, and how days and times are told on it."""

from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from app.services.working_days import local_date


@dataclass(frozen=True, slots=True)
class Gap:
    """Words that stand out: white on black."""

    gap: str


Line = str | Gap
Cell = str | list[Line] | list[str] | None
Row = list[str]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its share of what is left (0: as wide as it needs), bold, or boxes to tick."""

    name: str
    width: int = 0
    bold: bool = False
    tick: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A table under a heading, and what stands there when it has no rows."""

    heading: str | None
    empty: str
    columns: list[Column]
    rows: list[list[Cell]]
    heavy: list[int] = field(default_factory=list)
    """After which rows a heavy line is drawn."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A sheet as `app/reference/print/sheet.typ` sets it."""

    title: str
    subtitle: str
    blocks: list[Block]
    notices: list[str] = field(default_factory=list)
    landscape: bool = False


def long_day(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B %Y}"


def beside(name: str) -> str:
    """A name that words or times follow: they keep their order also beside one that is written
    from right to left."""
    return f"{name}\u200e"


def span(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> str:
    """From when until when, on the wall; never parted at the end of a line."""
    return f"{wall(starts_at, zone)}\u00a0–\u00a0{wall(ends_at, zone)}"


def wall(instant: datetime, zone: ZoneInfo) -> str:
    """The time on the prison's wall; of an hour that comes twice, which of the two."""
    local = instant.astimezone(zone)
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{local:%H:%M} {local.tzname()}" if twice else f"{local:%H:%M}"


def day_and_wall(instant: datetime, zone: ZoneInfo) -> str:
    day = local_date(instant, zone)
    return f"{day.day} {day:%b %Y} {wall(instant, zone)}"
