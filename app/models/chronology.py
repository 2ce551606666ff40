"""A chronology: what was recorded about a person up to an instant, in the order it happened."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import ConfigDict
from sqlmodel import Field

from app.models.base import Disclosure, Instant, Output
from app.models.staff import Role


class EventKind(StrEnum):
    """What kind of event: made, moved, marked, changed, written, looked at; and what was around
    it."""

    recorded = "recorded"
    moved = "moved"
    marked = "marked"
    changed = "changed"
    text_saved = "text_saved"
    read = "read"
    listed = "listed"
    written = "written"
    refused = "refused"
    on_duty = "on_duty"
    policy_in_force = "policy_in_force"
    configuration = "configuration"
    software_started = "software_started"
    outage = "outage"


class EventWho(Output):
    """Whose act it was, and in which role."""

    subject: str
    role: Role | None


class EventThing(Output):
    """What it happened to: the table's name, and the id where it has one."""

    noun: str
    id: UUID | None


class EventRead(Output):
    """One event. `what` are codes, times and ids; `texts` the words, as far as yours to read.

    Absent: there is none, or it is out of your reach.
    """

    model_config = ConfigDict(extra="forbid", json_schema_serialization_defaults_required=False)

    at: Instant = Field(description="When it happened.")
    known_at: Instant = Field(description="When it was recorded: known here from then on.")
    kind: EventKind
    thing: EventThing
    who: EventWho | None = None
    what: dict[str, Any] = {}
    texts: dict[str, str | None] = Field(
        default={}, description="Words by the field they stand in."
    )
    disclosure: Disclosure | None = None
