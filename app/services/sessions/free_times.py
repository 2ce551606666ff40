"""The next free times: every candidate is held against `clashes()`, and there is no second rule.

The facts of the whole time are loaded once; what is near is held against each candidate.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from app.models.sessions import SessionKind
from app.services.scheduling import Facts, Place, Plan, Span, clashes

STEP = timedelta(minutes=15)
STRETCH = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who is to meet, for how long, and between when."""

    kind: SessionKind
    mentor_id: UUID
    mentee_ids: tuple[UUID, ...]
    length: timedelta
    first: datetime
    last: datetime
    lead_staff_id: UUID | None = None

    def plan(self, starts_at: datetime, room_id: UUID | None = None) -> Plan:
        return Plan(
            self.kind,
            starts_at,
            starts_at + self.length,
            room_id,
            self.mentor_id,
            self.mentee_ids,
            self.lead_staff_id,
        )

    @property
    def whole(self) -> Plan:
        """All of the time, as one plan: what is loaded for it holds for each that lies in it."""
        return replace(self.plan(self.first), ends_at=self.last)


@dataclass(frozen=True, slots=True)
class Free:
    """A time at which nothing stands against it, and the first of the rooms that is free then."""

    starts_at: datetime
    ends_at: datetime
    room_id: UUID | None


def free_times(wanted: Wanted, facts: Facts, places: Sequence[Place]) -> Iterator[Free]:
    """The free times, the earliest first; none that runs into another. Rooms are tried in their
    order."""
    starts_at, stretch, near = _on_the_quarter(wanted.first), None, facts
    while starts_at + wanted.length <= wanted.last:
        if stretch is None or starts_at >= stretch:
            stretch = starts_at + STRETCH
            near = _near(facts, starts_at, stretch + wanted.length)
        room = _room_for(wanted, near, places, starts_at)
        if room is None:
            starts_at += STEP
            continue
        yield Free(starts_at, starts_at + wanted.length, room.room_id)
        starts_at = _on_the_quarter(starts_at + wanted.length)


def _room_for(
    wanted: Wanted, facts: Facts, places: Sequence[Place], starts_at: datetime
) -> Place | None:
    """The first room in which they can meet then; None, too, when they can meet in none."""
    if clashes(wanted.plan(starts_at), facts):
        return None  # whatever the room
    for place in places:
        if not clashes(wanted.plan(starts_at, place.room_id), place.within(facts)):
            return place
    return None


def _on_the_quarter(instant: datetime) -> datetime:
    whole = instant.replace(minute=instant.minute // 15 * 15, second=0, microsecond=0)
    return whole if whole == instant else whole + STEP


def _near(facts: Facts, first: datetime, last: datetime) -> Facts:
    """Of all that holds a time, what touches this one; what counts by the week stays whole."""

    def touches(span: Span) -> bool:
        return span[0] < last and first < span[1]

    return replace(
        facts,
        taken=[each for each in facts.taken if touches((each.starts_at, each.ends_at))],
        needed=[each for each in facts.needed if touches((each.starts_at, each.ends_at))],
        open=None if facts.open is None else [each for each in facts.open if touches(each)],
        lockdowns=[each for each in facts.lockdowns if touches(each)],
    )
