"""Prisons: the settings of a prison's scheme."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor
from app.config import settings
from app.errors import NotFound
from app.models.prisons import Prison, PrisonUpdate


async def load(db: AsyncSession, actor: Actor, *, lock: bool) -> Prison:
    """The actor's prison; no one reads another."""
    prison = await db.get(Prison, actor.prison_id, with_for_update=lock or None)
    if prison is None:
        raise NotFound()
    return prison


async def update(db: AsyncSession, prison: Prison, body: PrisonUpdate) -> None:
    """Set what the body names; the rest stays."""
    for name, value in body.model_dump(exclude_unset=True).items():
        setattr(prison, name, value)
    await db.flush()


def outside(prison: Prison) -> str | None:
    """The last resort outside the prison: its own, else that of those who run the service."""
    return prison.outside_last_resort or settings().last_resort
