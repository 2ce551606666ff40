"""Lockdowns: declared, lifted, read again; what was planned in them is cancelled in bulk. They move
no concern's clock: those run on the wall, day and night."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Conflicting
from app.models.base import Output
from app.models.lockdowns import (
    CancelledSession,
    Lockdown,
    LockdownCreate,
    LockdownSession,
)
from app.models.sessions import Participation, Session, SessionStatus
from app.scope import everything, visible
from app.services import lifecycle, outbox, welfare_checks
from app.services.sessions.facts import hold_the_day
from app.services.sessions.moves import COMING, SESSION
from app.visibility import shape


async def declare(db: AsyncSession, actor: Actor, body: LockdownCreate) -> Lockdown:
    """Cancel every planned session that touches the time, and list whom to look in on. Whoever
    plans in this instant waits, and then finds the lockdown. One that is over is a fact, too."""
    await hold_the_day(db, actor.prison_id, alone=True)
    lockdown = Lockdown(
        prison_id=actor.prison_id,
        starts_at=body.from_,
        ends_at=body.to,
        reason=body.reason,
        declared_by=actor.subject,
    )
    db.add(lockdown)
    await db.flush()
    outbox.say(db, actor.prison_id, "lockdown.declared", lockdown.id)
    sessions = await _planned(db, actor, body)
    coming = await _coming(db, actor.prison_id, [session.id for session in sessions])
    left = {mentee_id for mentees in coming.values() for mentee_id in mentees}
    await welfare_checks.list_them(db, lockdown, left)
    for session in sessions:
        gone = SessionStatus.cancelled
        await lifecycle.move(db, SESSION, session, to=gone, actor=actor, reason=body.reason)
        kept = LockdownSession(
            prison_id=actor.prison_id,
            lockdown_id=lockdown.id,
            session_id=session.id,
            mentee_ids=coming.get(session.id, []),
        )
        db.add(kept)
    await db.flush()
    return lockdown


async def _planned(db: AsyncSession, actor: Actor, body: LockdownCreate) -> Sequence[Session]:
    touched = Range(body.from_, body.to)
    found = visible(Session, actor).where(
        col(Session.live),
        col(Session.during).overlaps(touched),  # type: ignore[attr-defined]
    )
    return (await db.scalars(found.order_by(col(Session.id)).with_for_update())).all()


async def _coming(
    db: AsyncSession, prison_id: str, session_ids: Sequence[UUID]
) -> dict[UUID, list[UUID]]:
    """Who was to come to each session."""
    found = everything(Participation, prison_id).where(
        col(Participation.session_id).in_(session_ids), col(Participation.status).in_(COMING)
    )
    coming: dict[UUID, list[UUID]] = {}
    for part in await db.scalars(found.order_by(col(Participation.id))):
        coming.setdefault(part.session_id, []).append(part.mentee_id)
    return coming


async def lift(db: AsyncSession, actor: Actor, lockdown: Lockdown) -> None:
    """It is over earlier than was said; from now on it forbids nothing. Raises Conflicting once it
    is over."""
    now = clock.now()
    if lockdown.lifted_at is not None or lockdown.ends_at <= now:
        raise Conflicting("It is over.")
    lockdown.lifted_at, lockdown.lifted_by = now, actor.subject
    await db.flush()
    outbox.say(db, lockdown.prison_id, "lockdown.lifted", lockdown.id)


async def sessions_of(db: AsyncSession, lockdown: Lockdown) -> Sequence[LockdownSession]:
    """What the lockdown cancelled, in the order of their start."""
    found = everything(LockdownSession, lockdown.prison_id).join(
        Session,
        (col(Session.prison_id) == col(LockdownSession.prison_id))
        & (col(Session.id) == col(LockdownSession.session_id)),
    )
    mine = found.where(col(LockdownSession.lockdown_id) == lockdown.id)
    return (await db.scalars(mine.order_by(col(Session.starts_at), col(Session.id)))).all()


async def shown(
    db: AsyncSession, lockdown: Lockdown, actor: Actor, *, declared: bool = False
) -> Output:
    """The lockdown as this actor sees it; as declared, with whom to look in on."""
    wanted = shape("lockdowns.declared" if declared else "lockdowns", actor.role)
    fields: dict[str, Any] = lockdown.model_dump()
    if "cancelled" in wanted.model_fields:
        sessions = await sessions_of(db, lockdown)
        fields["cancelled"] = [CancelledSession.model_validate(each) for each in sessions]
    if declared:
        fields["welfare_checks"] = await welfare_checks.of_lockdown(db, actor, lockdown)
    return wanted.model_validate(fields)
