"""The mentor's note: written once a session is held, open for 24 hours, then locked."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor, the_system
from app.errors import NoteLocked, NotHeld
from app.models.sessions import NotePut, Session, SessionStatus
from app.scope import everything
from app.services import lifecycle, outbox
from app.services.sessions.moves import SESSION

MOST_AT_ONCE = 500
_OPEN = (SessionStatus.held, SessionStatus.noted)


async def write_note(db: AsyncSession, actor: Actor, session: Session, body: NotePut) -> None:
    """Write the note, or write it anew until it locks. The first one starts the 24 hours."""
    now = clock.now()
    if session.status is SessionStatus.locked or (
        session.status in _OPEN and session.locks_at is not None and session.locks_at <= now
    ):
        raise NoteLocked("The note could be written for 24 hours.")
    if session.status not in _OPEN:
        raise NotHeld("A note is written once the session is held.")
    session.note = body.note
    if session.status is SessionStatus.held:
        session.noted_at = now
        await db.flush()
        await lifecycle.move(db, SESSION, session, to=SessionStatus.noted, actor=actor)
        return
    outbox.say(db, session.prison_id, "session.note_rewritten", session.id)
    await db.flush()


async def lock_due(db: AsyncSession, prison_id: str, now: datetime) -> list[UUID]:
    """Lock the sessions whose 24 hours are over, and answer which; rows held elsewhere wait."""
    due = (
        everything(Session, prison_id)
        .where(col(Session.status).in_(_OPEN), col(Session.locks_at) <= now)
        .order_by(col(Session.locks_at))
        .limit(MOST_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    system = the_system(prison_id)
    locked = []
    for session in (await db.execute(due)).scalars().all():
        await lifecycle.move(db, SESSION, session, to=SessionStatus.locked, actor=system)
        locked.append(session.id)
    return locked
