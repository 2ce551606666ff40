"""The waiting list: who waits for support, in which order, and why in that order."""

from enum import StrEnum
from uuid import UUID

from sqlmodel import Field

from app.models.base import Instant, Output
from app.models.mentees import MenteeStatus


class OrderReason(StrEnum):
    """Why someone stands where they stand."""

    safety_need = "safety_need"
    referred_first = "referred_first"


class WaitingFor(StrEnum):
    """What has to come next."""

    offer = "offer"
    answer = "answer"
    mentor = "mentor"


class WaitingRead(Output):
    """One who waits. Safety needs come first; then whoever was referred first."""

    position: int = Field(description="From 1 on, over everybody who waits.")
    mentee_id: UUID
    display_name: str
    status: MenteeStatus
    referred_at: Instant
    since: Instant | None = Field(
        description="Since when they wait to be offered support; null: accepted, and not yet."
    )
    days_waiting: int = Field(description="Whole days since then.")
    over_alert: bool = Field(
        description="Still waiting, and for longer than the prison's `waiting_alert_days`."
    )
    order_reason: OrderReason
    waiting_for: WaitingFor = Field(
        description="`offer`: of support; `answer`: theirs to the offer; `mentor`: they said yes."
    )
