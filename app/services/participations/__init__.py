"""Attendance: who came to a session, all at once or by walking in, and how often anybody came."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import AlreadyExists, FieldError, GuardsUnmet, Invalid, NotAGroup, NotHeld
from app.models.base import Output
from app.models.mentees import Mentee
from app.models.participations import (
    CancelReason,
    ParticipationStatus,
    SessionAttendancePut,
    WalkInCreate,
)
from app.models.people import Person
from app.models.series import Series
from app.models.sessions import Participation, Session
from app.scope import everything, visible
from app.services import lifecycle
from app.services.scheduling import GROUPS
from app.services.sessions.booking import part_of
from app.services.sessions.meetings import meetings_of
from app.services.sessions.moves import COMING, HELD, PARTICIPATION, PARTICIPATION_MOVES
from app.visibility import shape

A = ParticipationStatus


async def mark(
    db: AsyncSession, actor: Actor, session: Session, body: SessionAttendancePut
) -> None:
    """Mark who came: all of it or nothing, and each mistake is named. Whoever is marked so already
    stays as they are."""
    if session.status not in HELD:
        raise NotHeld("Attendance is recorded once the session is held.")
    found = visible(Participation, actor).where(col(Participation.session_id) == session.id)
    parts = {each.id: each for each in await db.scalars(found)}
    mistakes, todo = [], []
    for number, each in enumerate(body.marks):
        part, to = parts.get(each.participation_id), ParticipationStatus(each.status.value)
        if part is None:
            message = "nobody of that id is in this session"
            mistakes.append(FieldError(f"marks.{number}.participation_id", "unknown", message))
        elif part.status is to and part.reason is each.reason:
            continue
        elif (part.status, to) not in PARTICIPATION_MOVES:
            message = f"who is {part.status} is not marked {to}"
            mistakes.append(FieldError(f"marks.{number}.status", "move_not_in_table", message))
        elif (part.status is A.attended and to is A.dna) != (each.correction is not None):
            message = "says why one who was marked as having come did not come"
            mistakes.append(FieldError(f"marks.{number}.correction", "correction", message))
        else:
            todo.append((number, part, to, each.reason or each.correction))
    if mistakes:
        raise Invalid("; ".join(each.message for each in mistakes) + ".", errors=mistakes)
    for number, part, to, why in sorted(todo, key=lambda one: one[1].mentee_id):
        try:
            await lifecycle.move(db, PARTICIPATION, part, to=to, actor=actor, reason=why)
        except GuardsUnmet as unmet:
            field = f"marks.{number}.status"
            named = [replace(each, field=field) for each in unmet.errors]
            raise GuardsUnmet(unmet.detail, errors=named) from None
    if todo:
        await _changed(db, session)


async def _changed(db: AsyncSession, session: Session) -> None:
    """Who came is part of what the session's ETag is of."""
    session.version += 1
    await db.flush()


async def walk_in(
    db: AsyncSession, actor: Actor, session: Session, body: WalkInCreate
) -> Participation:
    """One more came to a group. That is a fact, and no guard of plans is asked; somebody who had
    said no, or was not expected any more, was there after all."""
    if session.status not in HELD:
        raise NotHeld("Attendance is recorded once the session is held.")
    if session.kind not in GROUPS:
        raise NotAGroup()
    mentee = visible(Mentee, actor).where(col(Mentee.id) == body.mentee_id)
    if (await db.scalars(mentee)).one_or_none() is None:
        raise Invalid.field("mentee_id", "unknown", "there is no such mentee here")
    theirs = everything(Participation, session.prison_id).where(
        col(Participation.session_id) == session.id,
        col(Participation.mentee_id) == body.mentee_id,
    )
    part = (await db.scalars(theirs)).one_or_none()
    if part is None:
        part = part_of(session, body.mentee_id, A.attended)
        when = min(session.ends_at, clock.now())
        await lifecycle.begin(db, PARTICIPATION, part, actor, occurred_at=when)
    elif part.status is A.attended:
        raise AlreadyExists("They are marked as having come.")
    else:
        await lifecycle.move(db, PARTICIPATION, part, to=A.attended, actor=actor)
    await _changed(db, session)
    return part


def counted(parts: Iterable[Participation], now: datetime) -> dict[str, Any]:
    """How often each became of them. A DNA counts as one only as long as it is one."""
    every = list(parts)
    states = Counter(part.status for part in every)
    coming = [part for part in every if part.status in COMING]
    begun = [part for part in coming if part.during.lower <= now]
    reasons = Counter(
        part.reason or CancelReason.other for part in every if part.status is A.cancelled
    )
    return {
        "attended": states[A.attended],
        "dna": states[A.dna],
        "declined": states[A.declined],
        "to_come": len(coming) - len(begun),
        "not_marked": len(begun),
        "other": {reason: reasons[reason] for reason in CancelReason if reasons[reason]},
    }


async def of_mentee(db: AsyncSession, mentee: Mentee, actor: Actor) -> Output:
    """How often one mentee came to anything."""
    found = visible(Participation, actor).where(col(Participation.mentee_id) == mentee.id)
    rows = (await db.scalars(found)).all()
    return shape("mentees.attendance", actor.role).model_validate(counted(rows, clock.now()))


async def of_series(db: AsyncSession, series: Series, actor: Actor) -> Output:
    """How often who came to a series: by meeting, and by mentee in the order of their names."""
    meetings = await meetings_of(db, series)
    numbers = {session.id: each.number for each, session in meetings}
    found = visible(Participation, actor).where(col(Participation.session_id).in_(numbers))
    rows = (await db.scalars(found)).all()
    now = clock.now()
    people = await _names(db, actor, {row.mentee_id for row in rows})
    return shape("series.attendance", actor.role).model_validate(
        {
            "meetings": [
                {
                    "number": number,
                    "session_id": session_id,
                    **counted((row for row in rows if row.session_id == session_id), now),
                }
                for session_id, number in numbers.items()
            ],
            "mentees": [
                {
                    "mentee_id": mentee_id,
                    "display_name": name,
                    **counted((row for row in rows if row.mentee_id == mentee_id), now),
                }
                for mentee_id, name in people
            ],
        }
    )


async def _names(db: AsyncSession, actor: Actor, ids: set[UUID]) -> list[tuple[UUID, str]]:
    """Mentees by name."""
    found = (
        visible(Mentee, actor)
        .where(col(Mentee.id).in_(ids))
        .join(
            Person,
            (col(Person.prison_id) == col(Mentee.prison_id))
            & (col(Person.id) == col(Mentee.person_id)),
        )
        .order_by(col(Person.display_name), col(Mentee.id))
        .with_only_columns(col(Mentee.id), col(Person.display_name))
    )
    return [(mentee_id, name) for mentee_id, name in await db.execute(found)]
