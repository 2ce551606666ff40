"""Wings."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor
from app.models.wings import Wing, WingCreate


async def create(db: AsyncSession, actor: Actor, body: WingCreate) -> Wing:
    """Add a wing. A code that is taken is refused by the database."""
    wing = Wing(prison_id=actor.prison_id, **body.model_dump())
    db.add(wing)
    await db.flush()
    return wing
