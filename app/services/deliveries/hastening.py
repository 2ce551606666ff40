"""What a page is about, and how that takes its next step sooner when the page reaches nobody.

It is owed from the transaction on in which the page failed, and paid in one of its own, since
nobody waits for the locks of two things. A worker that dies between the two leaves it to the next.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.db import Database
from app.models.concerns import Concern
from app.models.notifications import Notification
from app.scope import everything
from app.services.concerns import sweep as concern_steps
from app.services.tasks import sweep as task_steps

log = structlog.get_logger(__name__)
Hasten = Callable[[AsyncSession, str, UUID, datetime], Awaitable[Any]]
HASTENED: Mapping[str, Hasten] = {
    "concern_id": concern_steps.hasten,
    "task_id": task_steps.hasten,
}
A_TURN = 50
OF_ONE_STEP = timedelta(seconds=5)  # the pages of one step are written within this


async def hasten(db: Database, prison_id: str, page_id: UUID) -> None:
    """A page has reached nobody: what it is about takes its next step sooner, once."""
    async with db.write(prison_id) as session:
        found = _owed(prison_id).where(col(Notification.id) == page_id)
        page = (await session.scalars(found)).one_or_none()
        if page is None:
            return
        for name, sooner in HASTENED.items():
            thing_id = getattr(page, name)
            if thing_id is not None and not await _overtaken(session, page, name, thing_id):
                await sooner(session, prison_id, thing_id, clock.now())
        await session.execute(_set(prison_id, page_id, owed=False))


async def _overtaken(db: AsyncSession, page: Notification, name: str, thing_id: UUID) -> bool:
    """Whether it no longer matters that the page reached nobody: others were paged since, or a
    concern was acknowledged. Receipts may come days later."""
    since = everything(Notification, page.prison_id).where(
        col(getattr(Notification, name)) == thing_id,
        col(Notification.recorded_at) > page.recorded_at + OF_ONE_STEP,
    )
    if (await db.scalars(since.limit(1))).first() is not None:
        return True
    acknowledged = everything(Concern, page.prison_id).where(
        col(Concern.id) == page.concern_id, col(Concern.acknowledged_at) > page.recorded_at
    )
    return (await db.scalars(acknowledged)).first() is not None


async def owe(db: AsyncSession, prison_id: str, page_id: UUID) -> None:
    """Note in the transaction that found a page undelivered that its ladder is to be hastened."""
    await db.execute(_set(prison_id, page_id, owed=True))


async def pay(db: Database, prison_id: str) -> None:
    """Hasten what is owed still. What cannot be keeps nothing else waiting, and stays owed."""
    async with db.write(prison_id) as session:
        oldest = _owed(prison_id).order_by(col(Notification.recorded_at)).limit(A_TURN)
        owed = [page.id for page in await session.scalars(oldest)]
    for page_id in owed:
        try:
            await hasten(db, prison_id, page_id)
        except Exception:
            log.exception("not_hastened", prison_id=prison_id, id=str(page_id))


def _owed(prison_id: str) -> Any:
    return everything(Notification, prison_id).where(col(Notification.hasten_owed))


def _set(prison_id: str, page_id: UUID, *, owed: bool) -> Any:
    """Past the version: whoever reads the page has nothing to do with it."""
    return (
        update(Notification)
        .where(col(Notification.prison_id) == prison_id, col(Notification.id) == page_id)
        .values(hasten_owed=owed)
    )
