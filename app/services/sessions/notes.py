"""The mentor's note: written once a session is held, open for 24 hours, then locked."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor, the_system
from app.errors import NoteLocked, NoteOpen, NotHeld
from app.models.sessions import NoteAdded, NotePut, Session, SessionStatus
from app.models.texts import VersionRead
from app.scope import everything
from app.services import lifecycle, outbox, texts
from app.services.people.locked import session_locked
from app.services.sessions.moves import HELD, SESSION

MOST_AT_ONCE = 500
ADDENDUM = "addendum"
_OPEN = (SessionStatus.held, SessionStatus.noted)


async def write_note(db: AsyncSession, actor: Actor, session: Session, body: NotePut) -> None:
    """Write the note, or write it anew until it locks. The first one starts the 24 hours."""
    now = clock.now()
    if session.status is SessionStatus.locked or (
        session.status in _OPEN and session.locks_at is not None and session.locks_at <= now
    ):
        raise NoteLocked("The note could be written for 24 hours.")
    if await session_locked(db, session):
        raise NoteLocked("Notes that touch someone who has died take addenda only.")
    if session.status not in _OPEN:
        raise NotHeld("A note is written once the session is held.")
    texts.check_choice(actor, body.disclosure)
    session.note, session.disclosure = body.note, body.disclosure
    if session.status is SessionStatus.held:
        session.noted_at = now
        await db.flush()
        await lifecycle.move(db, SESSION, session, to=SessionStatus.noted, actor=actor)
    else:
        outbox.say(db, session.prison_id, "session.note_rewritten", session.id)
        await db.flush()
    await texts.keep(db, actor, session, "note")


async def add_to_note(
    db: AsyncSession, actor: Actor, session: Session, body: NoteAdded
) -> VersionRead:
    """Add words to a locked note. Raises NotHeld before there is one, NoteOpen while it is."""
    texts.check_choice(actor, body.disclosure)
    if session.status not in HELD:
        raise NotHeld("A note is written once the session is held.")
    if session.status is not SessionStatus.locked and not await session_locked(db, session):
        raise NoteOpen()
    await texts.append(db, actor, session, ADDENDUM, body.text, body.disclosure)
    outbox.say(db, session.prison_id, "session.note_added_to", session.id)
    return (await addenda(db, actor, session))[-1]


async def addenda(db: AsyncSession, actor: Actor, session: Session) -> list[VersionRead]:
    """The words added to the session's note that this actor may read, oldest first."""
    return await texts.versions(db, actor, session, ADDENDUM)


async def lock_due(db: AsyncSession, prison_id: str) -> list[UUID]:
    """Lock the sessions whose 24 hours are over, and answer which; rows held elsewhere wait."""
    due = (
        everything(Session, prison_id)
        .where(col(Session.status).in_(_OPEN), col(Session.locks_at) <= clock.now())
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
