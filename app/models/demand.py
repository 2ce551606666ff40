"""Demand: how many ask for support, how many get it, and who is turned away. Counts only."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from app.models.base import TIMESTAMP, Input, Instant, Output, Scoped, choice
from app.models.mentees import ReferredBy


class TurnedAwayReason(StrEnum):
    """Why someone was turned away before a record was made of them."""

    not_eligible = "not_eligible"
    no_capacity = "no_capacity"
    better_served_elsewhere = "better_served_elsewhere"
    not_in_this_prison = "not_in_this_prison"
    other = "other"


class TurnedAway(Scoped, table=True):
    """One who was turned away at the door: that it happened, and nothing of whom."""

    __tablename__ = "turned_away"
    __table_args__ = (Index("ix_turned_away_occurred", "prison_id", "occurred_at"),)

    reason: TurnedAwayReason = Field(sa_type=choice(TurnedAwayReason, "reason"))
    source: ReferredBy = Field(sa_type=choice(ReferredBy, "source"))
    occurred_at: datetime = Field(sa_type=TIMESTAMP)
    recorded_by: str = Field(max_length=200)


class TurnedAwayCreate(Input):
    """Someone turned away before a record was made of them. Who, is not said."""

    reason: TurnedAwayReason = Field(schema_extra={"examples": ["no_capacity"]})
    source: ReferredBy = Field(
        description="Who asked for them.", schema_extra={"examples": ["wing_staff"]}
    )
    occurred_at: Instant | None = Field(
        default=None,
        description="When, if it is entered later; never in the future.",
        schema_extra={"examples": ["2026-11-23T10:00:00+00:00"]},
    )


class TurnedAwayRead(Output):
    """That someone was turned away."""

    id: UUID
    recorded_at: Instant
    reason: TurnedAwayReason
    source: ReferredBy
    occurred_at: Instant


class CountRead(Output):
    """How many of one kind."""

    code: str
    count: int


class DemandRead(Output):
    """Demand over a time, and who waits now. Moves are counted when they happened."""

    begins_at: Instant
    ends_at: Instant
    referrals: int
    referrals_by_source: list[CountRead]
    accepted: int
    engaged: int = Field(description="Times that support began; not those after a pause.")
    stepped_up: int
    completed: int
    disengaged: int
    signposted: int
    signposted_by_reason: list[CountRead]
    declined: int
    declined_by_reason: list[CountRead]
    turned_away: int = Field(description="Before a record was made of them.")
    turned_away_by_reason: list[CountRead]
    turned_away_by_source: list[CountRead]
    waiting_now: int = Field(description="Accepted, waiting or offered, at this moment.")
    waiting_median_days: float | None = Field(
        description="Half of those in `waiting` have been for longer; null: nobody is."
    )
    waiting_longest_days: int | None
    waiting_over_alert: int
    unserved: int = Field(
        description="Signposted or turned away for want of capacity, and those who wait now."
    )
