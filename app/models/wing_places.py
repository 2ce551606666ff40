"""Wing places: who asks for a place on a dedicated wing, waits for one, lives there, moves off.

A place is one thing, the scheme's support another: neither begins or ends with the other.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
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
from app.models.moves import MoveOption


class WingPlaceStatus(StrEnum):
    requested = "requested"
    waiting = "waiting"
    allocated = "allocated"
    resident = "resident"
    moved_off = "moved_off"
    declined = "declined"
    withdrawn = "withdrawn"


class WingPlaceEnd(StrEnum):
    """Why a place was not given, or is no longer someone's."""

    support_ended = "support_ended"
    own_wish = "own_wish"
    conduct = "conduct"
    moved_wing = "moved_wing"
    left_prison = "left_prison"
    merged = "merged"
    other = "other"


WING_PLACE_ENDED = frozenset(
    {WingPlaceStatus.moved_off, WingPlaceStatus.declined, WingPlaceStatus.withdrawn}
)
UNDECIDED = frozenset({WingPlaceStatus.requested, WingPlaceStatus.waiting})
TAKEN = frozenset({WingPlaceStatus.allocated, WingPlaceStatus.resident})
_ENDED_SQL = ", ".join(f"'{status.value}'" for status in sorted(WING_PLACE_ENDED))


class WingPlace(Versioned, table=True):
    """One person's place on one wing, from the request to its end."""

    __tablename__ = "wing_place"
    __table_args__ = (
        reference("person", "person_id"),
        reference("wing", "wing_id"),
        reference("staff", "recorded_by", name="fk_wing_place_recorded_by"),
        CheckConstraint(
            f"(status IN ({_ENDED_SQL})) = (end_reason IS NOT NULL AND ended_at IS NOT NULL)",
            name="ended",
        ),
        Index(
            "uq_wing_place_live_person",
            "prison_id",
            "person_id",
            unique=True,
            postgresql_where=text(f"status NOT IN ({_ENDED_SQL})"),
        ),
        Index("ix_wing_place_order", "prison_id", "wing_id", "requested_at", "id"),
    )

    person_id: UUID
    wing_id: UUID
    status: WingPlaceStatus = Field(
        default=WingPlaceStatus.requested, sa_type=choice(WingPlaceStatus, "status")
    )
    requested_at: datetime = Field(sa_type=TIMESTAMP)
    recorded_by: UUID | None = None
    allocated_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    moved_in_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    ended_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    end_reason: WingPlaceEnd | None = Field(
        default=None, sa_type=choice(WingPlaceEnd, "end_reason")
    )


class WingPlaceCreate(Input):
    """A request for a place, by the person or entered for them."""

    person_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000003"]})
    wing_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000005"]})
    occurred_at: Instant | None = Field(
        default=None,
        description="When they asked, if entered later; never in the future. Staff alone say so.",
        schema_extra={"examples": ["2026-11-23T10:00:00+00:00"]},
    )


class WingPlaceWithdrawal(Input):
    """That the person no longer wants the place they asked for."""

    occurred_at: Instant | None = Field(
        default=None,
        description="When they said so, if entered later; never in the future.",
        schema_extra={"examples": ["2026-11-23T10:00:00+00:00"]},
    )


class WingPlaceOwn(Output):
    """A prisoner's own place: where it stands, and nothing of others or of why."""

    id: UUID
    wing_id: UUID
    status: WingPlaceStatus
    requested_at: Instant
    ended_at: Instant | None


class WingPlaceRow(Identified):
    """A place, as staff see it: in the order of asking."""

    person_id: UUID
    display_name: str
    wing_id: UUID
    status: WingPlaceStatus
    requested_at: Instant
    recorded_by: UUID | None = Field(description="Who entered it; null: the person themselves.")
    position: int | None = Field(
        description="How many of the wing's undecided requests are not later; the first is 1."
    )
    allocated_at: Instant | None
    moved_in_at: Instant | None
    ended_at: Instant | None
    end_reason: WingPlaceEnd | None
    resident_elsewhere: bool = Field(
        description="True for a resident whose cell is on another wing by the prison's record."
    )


class WingPlaceRead(WingPlaceRow):
    """A place, with what the caller may do next."""

    moves: list[MoveOption] = []


class WingOccupancy(Output):
    """How full a wing is: its places, and how many are taken and waited for."""

    wing_id: UUID
    places: int | None = Field(description="Null: how many there are is not recorded.")
    resident: int
    allocated: int
    waiting: int
    requested: int
    free: int | None = Field(description="Places neither lived in nor given; never below 0.")
