"""Tickets: a browser's EventSource sends no header, and a token does not belong in an address. So a
ticket opens the stream: once, within half a minute, for whoever got it."""

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Text, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.db import Database
from app.errors import TicketRefused
from app.models.base import new_id
from app.models.outbox import Outbox
from app.models.staff import Role
from app.models.streams import StreamTicket
from app.scope import everything
from app.services.streams.bearers import Bearer, as_they_stand
from app.services.streams.reading import FIRST, Place, Position, Snapshot
from app.services.streams.stream import Stream
from app.tokens import Claims

SECRET_BYTES = 32
LASTS = timedelta(seconds=30)
_NOW = select(cast(func.pg_current_snapshot(), Text))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


async def make(db: AsyncSession, actor: Actor, who: Claims) -> tuple[StreamTicket, str]:
    """A ticket, and the path it opens: that is kept nowhere."""
    secret, now = secrets.token_urlsafe(SECRET_BYTES), clock.real_now()
    ticket = StreamTicket(
        id=new_id(),
        prison_id=actor.prison_id,
        subject=actor.subject,
        role=actor.role,
        staff_id=actor.staff_id,
        bearer_person_id=who.person_id,
        token_id=who.token_id,
        token_issued_at=who.issued_at,
        token_expires_at=who.expires_at,
        secret_digest=_digest(secret),
        expires_at=now + LASTS,
    )
    db.add(ticket)
    await db.flush()
    return ticket, f"/v1/prisons/{actor.prison_id}/stream?ticket={secret}"


async def use(
    db: AsyncSession, reads: Database, prison_id: str, secret: str, last: str | None
) -> Stream:
    """Use a ticket up, and answer the stream it opens: from the event `last` on, or from now on.

    Raises TicketRefused alike for one that is used, that has expired, that never was, and whose
    bearer is not today what they were when they got it.
    """
    now = clock.real_now()
    unused = (
        everything(StreamTicket, prison_id)
        .where(
            col(StreamTicket.secret_digest) == _digest(secret),
            col(StreamTicket.used_at).is_(None),
            col(StreamTicket.expires_at) > now,
        )
        .with_for_update()
    )
    ticket = (await db.execute(unused)).scalar_one_or_none()
    if ticket is None:
        raise TicketRefused()
    bearer = Bearer.of(ticket)
    [actor] = await as_they_stand(reads, prison_id, [bearer])
    if actor is None or actor.role is not Role(ticket.role):
        raise TicketRefused()
    found = await _position(db, prison_id, last)
    open_now = Snapshot.of((await db.execute(_NOW)).scalar_one())
    start = found or Position(open_now.xmin)  # for who comes again before they had any event
    ticket.used_at, ticket.after_xid, ticket.after_event_id = now, start.xid, start.event_id
    await db.flush()
    place = Place.at(found) if found else Place(open_now)
    return Stream(ticket.id, actor, bearer, place, missed=last is not None and found is None)


async def _position(db: AsyncSession, prison_id: str, last: str | None) -> Position | None:
    """Where a stream goes on that had this event last: an event's id, or that of the ticket by
    which a stream was opened that had none yet. None when neither is known any more."""
    try:
        last_id = UUID(last or "")
    except ValueError:
        return None
    event = everything(Outbox, prison_id).where(col(Outbox.id) == last_id)
    row = (await db.execute(event)).scalar_one_or_none()
    if row is not None:
        return Position(row.xid, row.id)
    opened = everything(StreamTicket, prison_id).where(col(StreamTicket.id) == last_id)
    ticket = (await db.execute(opened)).scalar_one_or_none()
    if ticket is None or ticket.after_xid is None:
        return None
    return Position(ticket.after_xid, ticket.after_event_id or FIRST)
