"""HMPPS tells that two numbers are one person: `prison-offender-events.prisoner.merged`.

As it stands on a topic's queue: an envelope whose `MessageAttributes` say which event it is, and
whose `Message` is JSON in a string. Other events are passed over; what is not known of this one
is let be.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.integrations.prison.documents import FileRefused
from app.models.people import PersonMerge

EVENT = "prison-offender-events.prisoner.merged"
WALL_CLOCK = ZoneInfo("Europe/London")


class _About(BaseModel):
    model_config = ConfigDict(extra="ignore")

    number: str = Field(alias="nomsNumber")
    removed_number: str = Field(alias="removedNomsNumber")


class _Message(BaseModel):
    model_config = ConfigDict(extra="ignore")

    occurred_at: Any = Field(default=None, alias="occurredAt")
    about: _About = Field(alias="additionalInformation")


@dataclass(frozen=True, slots=True)
class Told:
    """One envelope of a file: the merge it tells of, or why there is none."""

    position: int
    merge: PersonMerge | None = None
    passed_over: str | None = None  # the other event that it is
    refused: str | None = None
    at: float = 0.0


def read(data: bytes) -> list[Told]:
    """Every envelope of a file: one, a list of them, or one a line. Merges come in the order in
    which they happened. Raises FileRefused for what is no JSON."""
    told = [_told(position, each) for position, each in enumerate(_envelopes(data), 1)]
    return sorted(told, key=lambda each: (each.at, each.position))


def _envelopes(data: bytes) -> list[Any]:
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError:
        try:
            return [orjson.loads(line) for line in data.splitlines() if line.strip()]
        except orjson.JSONDecodeError as error:
            raise FileRefused("it is not JSON", error.lineno, error.colno, error.pos) from None
    return found if isinstance(found, list) else [found]


def _told(position: int, envelope: Any) -> Told:
    event = _event(envelope)
    if event is None:
        return Told(position, refused="it does not say which event it is")
    if event != EVENT:
        return Told(position, passed_over=event)
    try:
        message = _Message.model_validate_json(envelope.get("Message") or "")
        merge = PersonMerge.model_validate(message.about.model_dump())
    except ValidationError as error:
        where = ".".join(str(each) for each in error.errors()[0]["loc"]) or "Message"
        return Told(position, refused=f"{where}: {error.errors()[0]['msg']}")
    return Told(position, merge, at=_at(message.occurred_at))


def _at(said: Any) -> float:
    """When it happened, for the order alone: no merge is lost by its time. Without an offset it is
    the wall clock's; one that is missing or cannot be read comes first."""
    try:
        at = datetime.fromisoformat(said)
        return (at if at.tzinfo else at.replace(tzinfo=WALL_CLOCK)).timestamp()
    except (TypeError, ValueError, OverflowError):
        return 0.0


def _event(envelope: Any) -> str | None:
    """The event's name, or None where there is none to read."""
    found: Any = envelope
    for name in ("MessageAttributes", "eventType", "Value"):
        if not isinstance(found, dict):
            return None
        found = found.get(name)
    return found if isinstance(found, str) else None
