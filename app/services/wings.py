"""Wings."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor
from app.models.wings import Wing, WingCreate, WingUpdate
from app.services import outbox


async def create(db: AsyncSession, actor: Actor, body: WingCreate) -> Wing:
    """Add a wing. A code that is taken is refused by the database."""
    wing = Wing(prison_id=actor.prison_id, **body.model_dump())
    db.add(wing)
    await db.flush()
    return wing


async def update(db: AsyncSession, wing: Wing, body: WingUpdate) -> None:
    """Change what is known of a wing. Fewer places than are taken move nobody off."""
    for name, value in body.model_dump(exclude_unset=True).items():
        setattr(wing, name, value)
    outbox.say(db, wing.prison_id, "wing.updated", wing.id)
    await db.flush()
