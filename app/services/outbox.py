"""What the service has to say: written in the transaction that made it true, sent after it."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.models.outbox import Outbox


def say(db: AsyncSession, prison_id: str, topic: str, thing_id: UUID, **ids: Any) -> Outbox:
    """Put one event into the outbox. `ids` are ids and codes, never a name or a story."""
    row = Outbox(
        prison_id=prison_id,
        topic=topic,
        thing_id=thing_id,
        payload={name: str(value) for name, value in ids.items()},
    )
    db.add(row)
    return row
