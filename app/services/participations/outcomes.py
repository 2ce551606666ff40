"""What HMPPS calls what became of somebody's part in a session: `reference/hmpps_outcomes.toml`."""

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, case, cast, literal
from sqlalchemy.types import String
from sqlmodel import col

from app.models.participations import CancelReason, HmppsOutcome, ParticipationStatus
from app.models.sessions import Participation

FILE = Path(__file__).parents[2] / "reference" / "hmpps_outcomes.toml"


@lru_cache
def by_status() -> dict[ParticipationStatus, HmppsOutcome]:
    """Of the states that are an outcome by themselves."""
    return {ParticipationStatus(name): HmppsOutcome(code) for name, code in _file("status").items()}


@lru_cache
def by_reason() -> dict[CancelReason, HmppsOutcome]:
    """Of a part that was cancelled."""
    return {CancelReason(name): HmppsOutcome(code) for name, code in _file("reason").items()}


def _file(table: str) -> dict[str, str]:
    found: dict[str, str] = tomllib.loads(FILE.read_text(encoding="utf-8"))[table]
    return found


def outcome(status: ParticipationStatus, reason: CancelReason | None) -> HmppsOutcome | None:
    """The outcome, or None while it is to come, or where no reason was kept."""
    if status is ParticipationStatus.cancelled:
        return by_reason()[reason] if reason is not None else HmppsOutcome.cancelled
    return by_status().get(status)


def in_sql() -> ColumnElement[Any]:
    """The same, of a row of the list."""
    status, reason = (
        cast(col(each), String) for each in (Participation.status, Participation.reason)
    )
    called_off = status == ParticipationStatus.cancelled.value
    whens: list[tuple[Any, Any]] = [
        (called_off & (reason == name.value), literal(code.value))
        for name, code in by_reason().items()
    ]
    whens.append((called_off, literal(HmppsOutcome.cancelled.value)))
    whens += [(status == name.value, literal(code.value)) for name, code in by_status().items()]
    return case(*whens, else_=None)
