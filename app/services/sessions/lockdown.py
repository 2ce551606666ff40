"""A lockdown: every plan it touches is called off at once, and nobody is forgotten over it."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access import Actor
from app.models.concerns import CONCERN_OPEN, Concern
from app.models.mentees import Mentee
from app.models.people import Person
from app.models.sessions import (
    LockdownCreate,
    LockdownRead,
    Participation,
    ParticipationStatus,
    Session,
    SessionStatus,
    WelfareCheck,
    WelfareReason,
)
from app.scope import everything, visible
from app.services import lifecycle
from app.services.sessions.moves import COMING, SESSION


async def lock_down(db: AsyncSession, actor: Actor, body: LockdownCreate) -> LockdownRead:
    """Cancel every planned session that touches the time; name the mentees to look in on."""
    found = (
        visible(Session, actor)
        .where(col(Session.live), col(Session.during).overlaps(Range(body.from_, body.to)))  # type: ignore[attr-defined]
        .order_by(col(Session.id))
        .with_for_update()
    )
    sessions = (await db.execute(found)).scalars().all()
    cancelled = [session.id for session in sessions]
    checks = await _welfare_checks(db, actor, cancelled)
    for session in sessions:
        await lifecycle.move(
            db, SESSION, session, to=SessionStatus.cancelled, actor=actor, reason=body.reason
        )
    return LockdownRead(cancelled=cancelled, welfare_checks=checks)


async def _welfare_checks(
    db: AsyncSession, actor: Actor, session_ids: Sequence[UUID]
) -> list[WelfareCheck]:
    """Whoever was to come, and has an open concern or would have come for the first time."""
    coming = everything(Participation, actor.prison_id).where(
        col(Participation.session_id).in_(session_ids), col(Participation.status).in_(COMING)
    )
    mentees = (
        visible(Mentee, actor)
        .join(
            Person,
            (col(Person.prison_id) == col(Mentee.prison_id))
            & (col(Person.id) == col(Mentee.person_id)),
        )
        .where(col(Mentee.id).in_(coming.with_only_columns(col(Participation.mentee_id))))
        .order_by(col(Person.display_name), col(Mentee.id))
        .with_only_columns(col(Mentee.id), col(Person.id), col(Person.display_name))
    )
    rows = (await db.execute(mentees)).all()
    worrying = await _with_open_concern(db, actor, [person_id for _, person_id, _ in rows])
    known = await _seen_before(db, actor, [mentee_id for mentee_id, _, _ in rows])
    checks = []
    for mentee_id, person_id, name in rows:
        reasons = [WelfareReason.open_concern] if person_id in worrying else []
        reasons += [WelfareReason.first_session] if mentee_id not in known else []
        if reasons:
            checks.append(WelfareCheck(mentee_id=mentee_id, display_name=name, reasons=reasons))
    return checks


async def _with_open_concern(
    db: AsyncSession, actor: Actor, person_ids: Sequence[UUID]
) -> set[UUID | None]:
    """Of these people, those with an open concern that the actor may know of."""
    found = visible(Concern, actor).where(
        col(Concern.status).in_(CONCERN_OPEN), col(Concern.subject_person_id).in_(person_ids)
    )
    rows = await db.execute(found.with_only_columns(col(Concern.subject_person_id)))
    return set(rows.scalars())


async def _seen_before(db: AsyncSession, actor: Actor, mentee_ids: Sequence[UUID]) -> set[UUID]:
    """Of these mentees, those who attended a session before."""
    found = everything(Participation, actor.prison_id).where(
        col(Participation.mentee_id).in_(mentee_ids),
        col(Participation.status) == ParticipationStatus.attended,
    )
    return set((await db.execute(found.with_only_columns(col(Participation.mentee_id)))).scalars())
