"""Prison events: what the prison itself has planned for a person. Of each its kind and its time;
what it is for, where, and with whom is nobody's business here, and not held."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import field_validator, model_validator
from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Identified,
    Input,
    Instant,
    Output,
    Versioned,
    choice,
    given,
    reference,
)
from app.models.rota_demands import RotaRole
from app.models.sessions import SessionKind

LONGEST_EVENT = timedelta(days=31)


class PrisonEventKind(StrEnum):
    """In the order of what comes first when two of them meet."""

    court = "court"
    transfer = "transfer"
    visit = "visit"
    adjudication = "adjudication"
    appointment = "appointment"
    activity = "activity"


class PrisonEventSource(StrEnum):
    staff = "staff"
    imported = "imported"


class PrisonEvent(Versioned, table=True):
    """A time in which the prison needs a person elsewhere. `source_id` is known only to the import,
    which follows changes by it."""

    __tablename__ = "prison_event"
    __table_args__ = (
        reference("person", "person_id"),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint("(source = 'imported') = (source_id IS NOT NULL)", name="source_id"),
        Index("uq_prison_event_source", "prison_id", "person_id", "source_id", unique=True),
        Index("ix_prison_event_person", "prison_id", "person_id", "starts_at"),
        Index("ix_prison_event_starts_at", "prison_id", "starts_at", "id"),
    )

    person_id: UUID
    kind: PrisonEventKind = Field(sa_type=choice(PrisonEventKind, "kind"))
    starts_at: datetime = Field(sa_type=TIMESTAMP)
    ends_at: datetime = Field(sa_type=TIMESTAMP)
    end_assumed: bool = False
    source: PrisonEventSource = Field(sa_type=choice(PrisonEventSource, "source"))
    source_id: str | None = Field(default=None, max_length=60)
    recorded_by: str = Field(max_length=200)
    cancelled_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    cancelled_by: str | None = Field(default=None, max_length=200)


def check_times(starts_at: datetime, ends_at: datetime) -> str | None:
    """Why an event cannot last so, if it cannot."""
    if ends_at <= starts_at:
        return "must be after starts_at"
    if ends_at - starts_at > LONGEST_EVENT:
        return "an event lasts at most 31 days"
    return None


class PrisonEventCreate(Input):
    """A time in which the prison needs somebody elsewhere. Without an end, as long as such an event
    commonly lasts."""

    person_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000003"]})
    kind: PrisonEventKind = Field(schema_extra={"examples": ["visit"]})
    starts_at: Instant = Field(schema_extra={"examples": ["2026-11-24T14:00:00+00:00"]})
    ends_at: Instant | None = Field(
        default=None, schema_extra={"examples": ["2026-11-24T16:00:00+00:00"]}
    )

    @model_validator(mode="after")
    def _sane(self) -> Self:
        if self.ends_at is not None and (wrong := check_times(self.starts_at, self.ends_at)):
            raise ValueError(f"ends_at: {wrong}")
        return self


class PrisonEventUpdate(Input):
    """What changes of an event."""

    kind: PrisonEventKind | None = None
    starts_at: Instant | None = Field(
        default=None, schema_extra={"examples": ["2026-11-24T14:30:00+00:00"]}
    )
    ends_at: Instant | None = Field(
        default=None, schema_extra={"examples": ["2026-11-24T16:30:00+00:00"]}
    )

    _given = field_validator("kind", "starts_at", "ends_at")(given)


class PrisonEventTimes(Identified):
    """That the prison needs somebody elsewhere, and when; not for what."""

    person_id: UUID
    starts_at: Instant
    ends_at: Instant
    cancelled_at: Instant | None


class PrisonEventRow(PrisonEventTimes):
    """An event in a list, for those who bring people to it and plan around it."""

    kind: PrisonEventKind
    end_assumed: bool = Field(description="Nobody said when it ends: as long as is common.")
    source: PrisonEventSource
    recorded_by: str
    cancelled_by: str | None = Field(description="Absent where the prison's own system did it.")


class PlannedThen(Output):
    """A plan that an event falls on: what it is, and when."""

    thing_noun: str = Field(description="The resource's address within the prison.")
    thing_id: UUID
    kind: SessionKind | RotaRole
    starts_at: Instant
    ends_at: Instant


class PrisonEventRead(PrisonEventRow):
    """An event, with the plans of that person that are still to come and that it falls on. They
    stay until they are moved or cancelled."""

    planned: list[PlannedThen]


class EventImportOutcome(StrEnum):
    created = "created"
    updated = "updated"
    cancelled = "cancelled"
    unchanged = "unchanged"
    kept_out = "kept_out"
    refused = "refused"


class EventImportRow(Output):
    """What became of one event of an import. It names nobody."""

    position: int = Field(description="Counted over the whole file, from 1.")
    line: int = Field(description="Where the document begins.")
    outcome: EventImportOutcome
    field: str | None = Field(default=None, description="As HMPPS spells it.")
    reason: str | None = None


class EventImportReport(Output):
    """What became of every event of an import; a bad one spoils no other."""

    counts: dict[EventImportOutcome, int]
    rows: list[EventImportRow]


class EventOnPlans(Output):
    """An event that is new or has changed, and the plans that it falls on."""

    prison_event_id: UUID
    planned: list[PlannedThen]


class EventsTakenIn(EventImportReport):
    """An import's report, for those who see plans: which of the events fall on some."""

    on_plans: list[EventOnPlans]
