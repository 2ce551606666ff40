"""What becomes of plans when a mentee leaves the scheme: nobody waits for a man who is gone."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access import the_system
from app.models.sessions import CancelReason, Participation, ParticipationStatus, SessionStatus
from app.scope import everything
from app.services import lifecycle
from app.services.sessions.moves import (
    COMING,
    PARTICIPATION,
    SESSION,
    participations_of,
    session_of,
)


async def leave_plans(
    db: AsyncSession, prison_id: str, mentee_id: UUID, reason: CancelReason
) -> None:
    """Cancel the mentee's part in every plan, and the session itself where nobody is left."""
    system = the_system(prison_id)
    coming = everything(Participation, prison_id).where(
        col(Participation.mentee_id) == mentee_id,
        col(Participation.live),
        col(Participation.status).in_(COMING),
    )
    for part in (await db.execute(coming.order_by(col(Participation.id)))).scalars().all():
        cancelled = ParticipationStatus.cancelled
        await lifecycle.move(db, PARTICIPATION, part, to=cancelled, actor=system, reason=reason)
        session = await session_of(db, part)
        if not any(each.status in COMING for each in await participations_of(db, session)):
            await lifecycle.move(
                db, SESSION, session, to=SessionStatus.cancelled, actor=system, reason=reason
            )
