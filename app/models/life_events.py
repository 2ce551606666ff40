"""Events of life: what happened to mentees besides the scheme, each as one kind of fact.

What somebody says of himself, what staff saw and wrote down, and what clinicians found are three
kinds of fact: each event is one of them, and no figure counts two kinds together.
"""

from datetime import date
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from pydantic import field_validator, model_validator
from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field

from app.models.base import Day, Identified, Input, Versioned, choice, reference
from app.models.moves import MoveOption


class LifeEventKind(StrEnum):
    """What happened. Groups attended and becoming a mentor are counted from their own records."""

    self_seclusion = "self_seclusion"
    education_started = "education_started"
    work_started = "work_started"
    full_time_work_started = "full_time_work_started"
    family_contact = "family_contact"
    self_care = "self_care"
    other_service = "other_service"
    mental_health_contact = "mental_health_contact"
    disruptive_incident = "disruptive_incident"


class FactKind(StrEnum):
    """Whose word it is. Never counted together."""

    self_report = "self_report"
    staff_recorded = "staff_recorded"
    clinical_finding = "clinical_finding"


class FactSource(StrEnum):
    """Where it was read or heard."""

    own_words = "own_words"
    wing_book = "wing_book"
    prison_record = "prison_record"
    education_or_work = "education_or_work"
    other_provider = "other_provider"
    clinical_record = "clinical_record"


class IncidentKind(StrEnum):
    """What kind of disruptive incident, by the prison's own record. Self-harm is none of these, and
    "attempted suicide" is no category of prison incidents at all."""

    assault_on_staff = "assault_on_staff"
    assault_on_prisoner = "assault_on_prisoner"
    fight = "fight"
    damage = "damage"
    fire = "fire"
    barricade = "barricade"
    incident_at_height = "incident_at_height"
    disobedience = "disobedience"
    other = "other"


class LifeEventStatus(StrEnum):
    recorded = "recorded"
    entered_in_error = "entered_in_error"


SOURCES = {
    FactKind.self_report: frozenset({FactSource.own_words}),
    FactKind.clinical_finding: frozenset({FactSource.clinical_record}),
    FactKind.staff_recorded: frozenset(
        {
            FactSource.wing_book,
            FactSource.prison_record,
            FactSource.education_or_work,
            FactSource.other_provider,
        }
    ),
}
"""Where each kind of fact may come from."""

_EITHER = frozenset({FactKind.self_report, FactKind.staff_recorded})
FACTS = {
    LifeEventKind.self_seclusion: _EITHER,
    LifeEventKind.education_started: _EITHER,
    LifeEventKind.work_started: _EITHER,
    LifeEventKind.full_time_work_started: _EITHER,
    LifeEventKind.family_contact: _EITHER,
    LifeEventKind.self_care: frozenset(FactKind),
    LifeEventKind.other_service: frozenset(FactKind),
    LifeEventKind.mental_health_contact: frozenset(
        {FactKind.self_report, FactKind.clinical_finding}
    ),
    LifeEventKind.disruptive_incident: frozenset({FactKind.staff_recorded}),
}
"""As which kinds of fact each event is kept."""

_SPELL = "kind = 'self_seclusion' AND status = 'recorded'"
_SOURCED = " OR ".join(
    f"(fact = '{fact}' AND source IN ({', '.join(sorted(repr(each.value) for each in sources))}))"
    for fact, sources in SOURCES.items()
)


class LifeEvent(Versioned, table=True):
    """One event in a mentee's life; of self-seclusion one spell, from a day to a day."""

    __tablename__ = "life_event"
    __table_args__ = (
        reference("mentee", "mentee_id"),
        CheckConstraint("last_day IS NULL OR kind = 'self_seclusion'", name="a_spell"),
        CheckConstraint("last_day >= first_day", name="in_order"),
        CheckConstraint(
            "(kind = 'disruptive_incident') = (incident IS NOT NULL)", name="one_incident"
        ),
        CheckConstraint(_SOURCED, name="sourced"),
        ExcludeConstraint(
            ("prison_id", "="),
            ("mentee_id", "="),
            ("fact", "="),
            (text("daterange(first_day, last_day, '[]')"), "&&"),
            where=text(_SPELL),
            using="gist",
            name="ex_life_event_spell",
        ),
        Index(
            "uq_life_event_day",
            "prison_id",
            "mentee_id",
            "kind",
            "fact",
            "first_day",
            "incident",
            unique=True,
            postgresql_where=text("status = 'recorded'"),
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_life_event_mentee", "prison_id", "mentee_id", "first_day", "id"),
        Index("ix_life_event_day", "prison_id", "first_day", "id"),
    )

    mentee_id: UUID
    kind: LifeEventKind = Field(sa_type=choice(LifeEventKind, "kind"))
    fact: FactKind = Field(sa_type=choice(FactKind, "fact"))
    source: FactSource = Field(sa_type=choice(FactSource, "source"))
    incident: IncidentKind | None = Field(default=None, sa_type=choice(IncidentKind, "incident"))
    status: LifeEventStatus = Field(
        default=LifeEventStatus.recorded, sa_type=choice(LifeEventStatus, "status")
    )
    first_day: date
    last_day: date | None = None
    recorded_by: str = Field(max_length=200)


def no_suicide(value: Any) -> Any:
    """Validates a kind of incident: an attempt on one's life is a person's or a clinician's to
    tell, and never counted among disruption."""
    if isinstance(value, str) and ("suicid" in value.casefold() or "self_harm" in value.casefold()):
        raise ValueError(
            "is no category of prison incidents: ask in the scheme's survey, or raise a concern"
        )
    return value


class LifeEventCreate(Input):
    """Something that happened to a mentee, whose word it is, and where it was read or heard."""

    mentee_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000005"]})
    kind: LifeEventKind = Field(schema_extra={"examples": ["self_seclusion"]})
    fact: FactKind = Field(schema_extra={"examples": ["staff_recorded"]})
    source: FactSource = Field(
        description="Own words go with `self_report`, the clinical record with `clinical_finding`,"
        " the others with `staff_recorded`.",
        schema_extra={"examples": ["wing_book"]},
    )
    incident: IncidentKind | None = Field(
        default=None, description="Of a disruptive incident, and only of one."
    )
    first_day: Day = Field(
        description="When it was, or began: not in the future, nor more than a year before the"
        " referral.",
        schema_extra={"examples": ["2026-11-16"]},
    )
    last_day: Day | None = Field(
        default=None,
        description="Of self-seclusion, and only of that: the last day of it. Null: it goes on.",
        schema_extra={"examples": ["2026-11-19"]},
    )

    _no_suicide = field_validator("incident", mode="before")(no_suicide)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.fact not in FACTS[self.kind]:
            raise ValueError(f"fact: must be one of: {', '.join(sorted(FACTS[self.kind]))}")
        if self.source not in SOURCES[self.fact]:
            raise ValueError(f"source: must be one of: {', '.join(sorted(SOURCES[self.fact]))}")
        if (self.kind is LifeEventKind.disruptive_incident) != (self.incident is not None):
            raise ValueError("incident: goes with a disruptive incident, and only with that")
        if self.last_day is not None and self.kind is not LifeEventKind.self_seclusion:
            raise ValueError("last_day: goes with self-seclusion, and only with that")
        if self.last_day is not None and self.last_day < self.first_day:
            raise ValueError("last_day: must not be before first_day")
        return self


class LifeEventUpdate(Input):
    """The end of a self-seclusion that went on. Nothing else changes: what was entered wrongly is
    marked so, and entered again."""

    last_day: Day = Field(schema_extra={"examples": ["2026-11-19"]})


class LifeEventRow(Identified):
    """An event in a list."""

    mentee_id: UUID
    kind: LifeEventKind
    fact: FactKind
    source: FactSource
    incident: IncidentKind | None
    status: LifeEventStatus
    first_day: date
    last_day: date | None = Field(
        description="Of self-seclusion. Null: it goes on, or it is of one day."
    )
    recorded_by: str


class LifeEventRead(LifeEventRow):
    """An event, with what may be done next."""

    moves: list[MoveOption] = []
