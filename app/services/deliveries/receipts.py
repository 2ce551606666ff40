"""Receipts: a provider's word on what became of a page it had taken."""

import hmac
import re
from uuid import UUID

import structlog
from sqlmodel import col

from app.config import Settings
from app.db import Database
from app.errors import Unauthenticated
from app.integrations.notify import Fate
from app.integrations.notify.govuk import fate_of
from app.models.deliveries import Delivery, NotifyReceipt
from app.scope import everything
from app.services import deliveries
from app.services.deliveries.hastening import hasten

log = structlog.get_logger(__name__)
REFERENCE = re.compile(
    r"([A-Z]{3})\.([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
)
"""What goes to a provider and comes back: the prison, and the delivery."""


def check(config: Settings, authorization: str | None) -> None:
    """Hold a callback's bearer secret against the site's. Raises Unauthenticated."""
    secret = config.notify_callback_secret
    expected = f"Bearer {secret.get_secret_value()}" if secret else ""
    given = (authorization or "").encode()
    if not (hmac.compare_digest(given, expected.encode()) and expected):
        raise Unauthenticated("The secret of the callback is another.")


async def take(db: Database, told: NotifyReceipt) -> None:
    """Write down what Notify says. What is not ours is let be: it would only be sent again."""
    found, fate = REFERENCE.fullmatch(told.reference or ""), fate_of(told.status)
    if found is None or fate is None:
        log.warning("receipt_unknown")
        return
    await note(db, found[1], UUID(found[2]), fate, str(told.id))


async def note(
    db: Database, prison_id: str, delivery_id: UUID, fate: Fate, reference: str | None = None
) -> None:
    """Write down what became of a delivery; where it leaves a page with nobody reached, hasten its
    ladder. `reference`: the provider's own, of what this is the fate of."""
    theirs = everything(Delivery, prison_id).where(col(Delivery.id) == delivery_id)
    async with db.write(prison_id) as session:
        delivery = (await session.scalars(theirs.with_for_update())).one_or_none()
        if delivery is None:
            log.warning("receipt_unknown")
            return
        await deliveries.receipt(session, delivery, fate, reference)
        page_id = delivery.notification_id
        lost = page_id and await deliveries.follow(session, prison_id, page_id)
    if lost:
        await hasten(db, prison_id, lost.id)
