"""When nothing can be, wherever and whoever: lockdowns."""

from datetime import datetime

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.lockdowns import Lockdown
from app.scope import everything
from app.services.scheduling import Span


async def lockdowns(
    db: AsyncSession, prison_id: str, first: datetime, last: datetime
) -> list[Span]:
    """The lockdowns that stand, or stood, between two instants; one that was lifted before it
    began stands for nothing."""
    over = func.coalesce(col(Lockdown.lifted_at), col(Lockdown.ends_at))
    found = everything(Lockdown, prison_id).where(
        col(Lockdown.starts_at) < last, over > first, over > col(Lockdown.starts_at)
    )
    rows = await db.scalars(found.order_by(col(Lockdown.starts_at), col(Lockdown.id)))
    return [(row.starts_at, row.lifted_at or row.ends_at) for row in rows]
