"""What is planned for people when the prison needs them elsewhere: their sessions and shifts, by
kind and time. Whoever plans for them in that instant waits, and then finds the event."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.models.mentees import Mentee
from app.models.mentors import Mentor, MentorStatus
from app.models.prison_events import PlannedThen, PrisonEvent
from app.models.sessions import Participation, Session
from app.models.shifts import Shift
from app.scope import everything
from app.services.scheduling import BOOKABLE
from app.services.sessions.facts import hold_plans
from app.services.sessions.moves import COMING


@dataclass(frozen=True, slots=True)
class _Whole:
    """Whom the events are about, and from the first of them to the last."""

    prison_id: str
    people: frozenset[UUID]
    during: Any


async def hold(db: AsyncSession, prison_id: str, people: Collection[UUID]) -> None:
    """Wait for everyone who plans sessions or shifts for these people; until the commit."""
    mentors = everything(Mentor, prison_id).where(
        col(Mentor.person_id).in_(people), col(Mentor.status) == MentorStatus.active
    )
    mentees = everything(Mentee, prison_id).where(
        col(Mentee.person_id).in_(people), col(Mentee.status).in_(BOOKABLE)
    )
    leading = await db.scalars(mentors.with_only_columns(col(Mentor.id)))
    coming = await db.scalars(mentees.with_only_columns(col(Mentee.id)))
    things = [*(("mentor", each) for each in leading), *(("mentee", each) for each in coming)]
    await hold_plans(db, prison_id, things)


async def hold_those_of(db: AsyncSession, event: PrisonEvent) -> None:
    """As `hold`, for an event that is to be changed."""
    await hold(db, event.prison_id, [event.person_id])


async def planned_then(
    db: AsyncSession, prison_id: str, events: Sequence[PrisonEvent]
) -> Mapping[UUID, list[PlannedThen]]:
    """What is still to come of the plans that each of the events falls on, by the event's id; in
    three queries however many events there are."""
    standing = [each for each in events if each.cancelled_at is None]
    if not standing:
        return {}
    first = max(min(each.starts_at for each in standing), clock.now())
    last = max(each.ends_at for each in standing)
    if last <= first:
        return {}
    people = frozenset(each.person_id for each in standing)
    found = await _plans(db, _Whole(prison_id, people, Range(first, last)))
    return {
        event.id: [
            each
            for each in found[event.person_id]
            if each.starts_at < event.ends_at and event.starts_at < each.ends_at
        ]
        for event in standing
    }


async def _plans(db: AsyncSession, whole: _Whole) -> Mapping[UUID, list[PlannedThen]]:
    """What is planned for each of the people in the time, in order."""
    found: dict[UUID, list[PlannedThen]] = defaultdict(list)
    for noun, wanted in (("sessions", _led), ("sessions", _joined), ("shifts", _served)):
        for person_id, thing_id, kind, starts_at, ends_at in await db.execute(wanted(whole)):
            plan = PlannedThen(
                thing_noun=noun, thing_id=thing_id, kind=kind, starts_at=starts_at, ends_at=ends_at
            )
            found[person_id].append(plan)
    for plans in found.values():
        plans.sort(key=lambda each: (each.starts_at, each.thing_id))
    return found


def _led(whole: _Whole) -> Select[Any]:
    return (
        everything(Session, whole.prison_id)
        .join(
            Mentor,
            (col(Mentor.prison_id) == col(Session.prison_id))
            & (col(Mentor.id) == col(Session.mentor_id)),
        )
        .where(
            col(Session.live),
            col(Session.during).overlaps(whole.during),  # type: ignore[attr-defined]
            col(Mentor.person_id).in_(whole.people),
        )
        .with_only_columns(*_columns(col(Mentor.person_id), Session, col(Session.kind)))
    )


def _joined(whole: _Whole) -> Select[Any]:
    return (
        everything(Session, whole.prison_id)
        .join(
            Participation,
            (col(Participation.prison_id) == col(Session.prison_id))
            & (col(Participation.session_id) == col(Session.id)),
        )
        .join(
            Mentee,
            (col(Mentee.prison_id) == col(Participation.prison_id))
            & (col(Mentee.id) == col(Participation.mentee_id)),
        )
        .where(
            col(Participation.live),
            col(Participation.status).in_(COMING),
            col(Participation.during).overlaps(whole.during),  # type: ignore[attr-defined]
            col(Mentee.person_id).in_(whole.people),
        )
        .with_only_columns(*_columns(col(Mentee.person_id), Session, col(Session.kind)))
    )


def _served(whole: _Whole) -> Select[Any]:
    return (
        everything(Shift, whole.prison_id)
        .join(
            Mentor,
            (col(Mentor.prison_id) == col(Shift.prison_id))
            & (col(Mentor.id) == col(Shift.mentor_id)),
        )
        .where(
            col(Shift.live),
            col(Shift.during).overlaps(whole.during),  # type: ignore[attr-defined]
            col(Mentor.person_id).in_(whole.people),
        )
        .with_only_columns(*_columns(col(Mentor.person_id), Shift, col(Shift.role)))
    )


def _columns(person_id: Any, plan: Any, kind: Any) -> Iterable[Any]:
    return person_id, col(plan.id), kind, col(plan.starts_at), col(plan.ends_at)
