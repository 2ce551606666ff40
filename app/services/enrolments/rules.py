"""Who is asked next for a place, who may still join, who has completed. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.models.enrolments import PlaceOrder


@dataclass(frozen=True, slots=True)
class Waiting:
    """One who waits for a place. `ready`: may be offered one as they stand now."""

    enrolment_id: UUID
    safety_need: bool
    waiting_since: datetime
    passed_over_at: datetime | None = None
    ready: bool = True

    @property
    def order_reason(self) -> PlaceOrder:
        return PlaceOrder.safety_need if self.safety_need else PlaceOrder.asked_first


def in_order(everybody: Iterable[Waiting]) -> list[Waiting]:
    """Safety needs first; then whoever asked first."""
    return sorted(
        everybody,
        key=lambda each: (not each.safety_need, each.waiting_since, each.enrolment_id),
    )


def whom_to_ask(everybody: Iterable[Waiting], free_since: datetime) -> Waiting | None:
    """The first in the order who was not asked for this place before; when all were, the first of
    all. Who did not answer keeps their turn for every other place."""
    ready = [each for each in in_order(everybody) if each.ready]
    unasked = (
        each for each in ready if each.passed_over_at is None or each.passed_over_at < free_since
    )
    return next(unasked, ready[0] if ready else None)


def in_time(next_number: int | None, join_until: int | None) -> bool:
    """Whether one may still join, before the meeting with that number."""
    return next_number is not None and (join_until is None or next_number <= join_until)


def has_completed(attended: int, attend_at_least: int | None) -> bool:
    """A course is completed by coming often enough; what has no such rule is not completed."""
    return attend_at_least is not None and attended >= attend_at_least


def free_place(places: int, taken: Iterable[int]) -> int | None:
    """The lowest place that nobody holds."""
    held = set(taken)
    return next((number for number in range(1, places + 1) if number not in held), None)
