"""Asking: where a receipt does not come by itself, the provider is asked what became of a page.

A callback may be lost, or never have been set up. What has been taken is asked about after half a
minute, and then ever more seldom, until longer than a provider tries.
"""

from uuid import UUID

import structlog
from sqlalchemy import case, func, literal, update
from sqlmodel import col

from app import clock
from app.db import Database
from app.integrations.notify import Answers, Undeliverable
from app.models.deliveries import Delivery
from app.scope import everything
from app.services.deliveries import FIRST_ASKED
from app.services.deliveries.receipts import note
from app.slots import Slots

log = structlog.get_logger(__name__)
AT_ONCE = 6
MOST_ASKED = 82  # eight times in the first two hours, then once an hour for three days
DOUBLINGS = 7
SELDOM = 3600.0


class Asking:
    """What one worker is asking of one provider. It has the slots that sending has."""

    def __init__(self, db: Database, provider: Answers) -> None:
        self.slots = Slots(AT_ONCE, of_one=AT_ONCE)
        self._db, self._provider = db, provider

    async def begin(self, prison_id: str) -> int:
        """Ask what is to be asked in a prison, as far as there is room. Answers how many."""
        room = self.slots.room(prison_id)
        due = await self._claim(prison_id, room) if room else []
        for delivery_id, reference in due:
            self.slots.begin(prison_id, self._ask(prison_id, delivery_id, reference))
        return len(due)

    async def _claim(self, prison_id: str, most: int) -> list[tuple[UUID, str]]:
        """Take those that wait longest, and put each off until it is to be asked again."""
        now = clock.real_now()
        due = (
            everything(Delivery, prison_id)
            .with_only_columns(col(Delivery.id))
            .where(col(Delivery.channel) == self._provider.kind, col(Delivery.ask_at) <= now)
            .order_by(col(Delivery.ask_at), col(Delivery.id))
            .limit(most)
            .with_for_update(skip_locked=True)
        )
        doublings = func.least(col(Delivery.asked) + 1, DOUBLINGS)
        seconds = func.least(FIRST_ASKED.total_seconds() * func.power(2, doublings), SELDOM)
        pause = func.make_interval(0, 0, 0, 0, 0, 0, seconds)
        put_off = case((col(Delivery.asked) + 1 < MOST_ASKED, literal(now) + pause))
        asked = (
            update(Delivery)
            .where(col(Delivery.prison_id) == prison_id, col(Delivery.id).in_(due))
            .values(asked=col(Delivery.asked) + 1, ask_at=put_off)
            .returning(col(Delivery.id), col(Delivery.provider_reference))
            .execution_options(synchronize_session=False)
        )
        async with self._db.write(prison_id) as session:
            return [(each, told) for each, told in await session.execute(asked) if told]

    async def _ask(self, prison_id: str, delivery_id: UUID, reference: str) -> None:
        try:
            fate = await self._provider.fate(reference)
            await note(self._db, prison_id, delivery_id, fate, reference)
        except Undeliverable as why:
            log.warning("not_answered", prison_id=prison_id, id=str(delivery_id), why=why.code)
        except Exception:
            log.exception("asking_failed", prison_id=prison_id, id=str(delivery_id))
