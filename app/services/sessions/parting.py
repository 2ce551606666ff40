"""Two who are not to meet: what is still planned between them is cancelled."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access import the_system
from app.models.sessions import (
    CancelReason,
    Participation,
    ParticipationStatus,
    Session,
    SessionStatus,
)
from app.scope import everything
from app.services import lifecycle
from app.services.sessions.facts import in_series
from app.services.sessions.moves import (
    COMING,
    PARTICIPATION,
    PLANNED,
    SESSION,
    participations_of,
    session_of,
)


async def part(
    db: AsyncSession, prison_id: str, mentors: Any, mentees: Any, *, since: datetime | None = None
) -> list[Participation]:
    """Cancel the parts that these mentees have in what these mentors are still to lead, of all
    that is planned or, with `since`, of what begins from then on."""
    led = everything(Session, prison_id).where(
        col(Session.mentor_id).in_(mentors), col(Session.status).in_(PLANNED)
    )
    if since is not None:
        led = led.where(col(Session.starts_at) >= since)
    found = everything(Participation, prison_id).where(
        col(Participation.mentee_id).in_(mentees),
        col(Participation.session_id).in_(led.with_only_columns(col(Session.id))),
    )
    return await leave(db, (await db.scalars(found.order_by(col(Participation.id)))).all())


async def leave(db: AsyncSession, parts: Sequence[Participation]) -> list[Participation]:
    """Cancel those parts that are still to come, and the session where nobody is left; a meeting of
    a series stays, for its other places."""
    reason, left = CancelReason.other, []
    for each in parts:
        if not (each.live and each.status in COMING):
            continue
        to, system = ParticipationStatus.cancelled, the_system(each.prison_id)
        await lifecycle.move(db, PARTICIPATION, each, to=to, actor=system, reason=reason)
        session = await session_of(db, each)
        empty = not any(other.status in COMING for other in await participations_of(db, session))
        if empty and not await in_series(db, session):
            gone = SessionStatus.cancelled
            await lifecycle.move(db, SESSION, session, to=gone, actor=system, reason=reason)
        left.append(each)
    return left
