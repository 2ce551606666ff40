"""Whether a plan can be: pure, no session, no clock. `clashes(plan, facts)` decides.

Times are half-open, [starts_at, ends_at): a session may begin the moment another ends. Only plans
are held against this; what has happened is recorded, with the same findings as warnings.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.clock import spell
from app.models.mentees import MenteeStatus
from app.models.mentors import MentorStatus
from app.models.sessions import ClashKind

BOOKABLE = frozenset(
    {MenteeStatus.accepted, MenteeStatus.waiting, MenteeStatus.offered, MenteeStatus.engaged}
)
"""The states in which a mentee may be offered a session: a pause is kept free of them."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be: who meets, where and when. `mentees_field` is what errors call the list."""

    starts_at: datetime
    ends_at: datetime
    room_id: UUID | None
    mentor_id: UUID
    mentee_ids: tuple[UUID, ...]
    lead_staff_id: UUID | None = None
    mentees_field: str = "mentee_ids"

    @property
    def heads(self) -> int:
        """Everyone in the room: mentees, the mentor, and a qualified lead."""
        return len(self.mentee_ids) + 1 + (self.lead_staff_id is not None)


@dataclass(frozen=True, slots=True)
class Taken:
    """A room, mentor or mentee that another live session holds for a time."""

    kind: ClashKind
    thing_id: UUID
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """What a plan is held against, loaded beforehand; the plan's own session is not in it."""

    now: datetime
    taken: Sequence[Taken]
    capacity: int | None
    mentor: MentorStatus
    mentees: Mapping[UUID, MenteeStatus]


@dataclass(frozen=True, slots=True)
class Clash:
    """One reason why the plan cannot be, and the field of the request it belongs to."""

    kind: ClashKind
    field: str
    detail: str
    thing_id: UUID | None = None


def clashes(plan: Plan, facts: Facts) -> list[Clash]:
    """Every reason at once why the plan cannot be; empty when it can."""
    return [*_past(plan, facts), *_room(plan, facts), *_mentor(plan, facts), *_mentees(plan, facts)]


def _taken(
    plan: Plan, facts: Facts, kind: ClashKind, thing_id: UUID, field: str
) -> Iterator[Clash]:
    """At most one clash for a thing, naming the earliest session that holds it."""
    overlapping = [
        each
        for each in facts.taken
        if each.kind is kind
        and each.thing_id == thing_id
        and each.starts_at < plan.ends_at
        and plan.starts_at < each.ends_at
    ]
    if overlapping:
        first = min(overlapping, key=lambda each: each.starts_at)
        when = f"from {spell(first.starts_at)} until {spell(first.ends_at)}"
        yield Clash(kind, field, f"The {kind} is taken {when}.", thing_id)


def _past(plan: Plan, facts: Facts) -> Iterator[Clash]:
    if plan.starts_at < facts.now:
        yield Clash(ClashKind.in_the_past, "starts_at", "A plan begins in the future.")


def _room(plan: Plan, facts: Facts) -> Iterator[Clash]:
    if plan.room_id is None:
        return
    yield from _taken(plan, facts, ClashKind.room, plan.room_id, "room_id")
    if facts.capacity is not None and plan.heads > facts.capacity:
        detail = f"The room holds {facts.capacity}; {plan.heads} would be in it."
        yield Clash(ClashKind.capacity, "room_id", detail, plan.room_id)


def _mentor(plan: Plan, facts: Facts) -> Iterator[Clash]:
    yield from _taken(plan, facts, ClashKind.mentor, plan.mentor_id, "mentor_id")
    if facts.mentor is not MentorStatus.active:
        detail = f"The mentor is {facts.mentor}, not active."
        yield Clash(ClashKind.mentor_not_active, "mentor_id", detail, plan.mentor_id)


def _mentees(plan: Plan, facts: Facts) -> Iterator[Clash]:
    for number, mentee_id in enumerate(plan.mentee_ids):
        field = f"{plan.mentees_field}.{number}"
        yield from _taken(plan, facts, ClashKind.mentee, mentee_id, field)
        status = facts.mentees[mentee_id]
        if status not in BOOKABLE:
            detail = f"The mentee is {status}: no sessions are planned then."
            yield Clash(ClashKind.mentee_not_engaged, field, detail, mentee_id)
