"""Legal holds: nothing held about a person is deleted or made anonymous while one stands."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Identified,
    Input,
    Instant,
    Output,
    Versioned,
    choice,
    reference,
)


class HoldStatus(StrEnum):
    placed = "placed"
    lift_asked = "lift_asked"
    lifted = "lifted"


class HoldReason(StrEnum):
    death_in_custody = "death_in_custody"
    investigation = "investigation"
    complaint = "complaint"
    court_order = "court_order"


class LegalHold(Versioned, table=True):
    """A hold on one person, and by that on those linked to them. It takes two to lift."""

    __tablename__ = "legal_hold"
    __table_args__ = (
        reference("person", "person_id"),
        Index(
            "uq_legal_hold_standing",
            "prison_id",
            "person_id",
            "reason",
            unique=True,
            postgresql_where=text("status <> 'lifted'"),
        ),
        Index("ix_legal_hold_recorded", "prison_id", "recorded_at", "id"),
    )

    person_id: UUID
    reason: HoldReason = Field(sa_type=choice(HoldReason, "reason"))
    status: HoldStatus = Field(default=HoldStatus.placed, sa_type=choice(HoldStatus, "status"))
    placed_by: str = Field(max_length=200)
    lift_asked_by: str | None = Field(default=None, max_length=200)
    lifted_by: str | None = Field(default=None, max_length=200)
    lifted_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class HoldCreate(Input):
    """A hold to place. A second one for the same reason is refused while the first stands."""

    person_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000003"]})
    reason: HoldReason = Field(schema_extra={"examples": ["investigation"]})


class HoldRead(Identified):
    """A hold, as governors and the mental health lead see it."""

    person_id: UUID
    reason: HoldReason
    status: HoldStatus
    placed_by: str
    lift_asked_by: str | None = Field(description="Who asks that it be lifted; a second confirms.")
    lifted_by: str | None
    lifted_at: Instant | None


class HoldStands(Output):
    """That a hold stands, as those who work with the person see it; not why."""

    id: UUID
    recorded_at: Instant
    person_id: UUID
