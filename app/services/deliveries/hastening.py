"""What a page is about, and how that takes its next step sooner when the page reaches nobody."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.db import Database
from app.models.notifications import Notification
from app.services.concerns import sweep as concern_steps
from app.services.tasks import sweep as task_steps

Hasten = Callable[[AsyncSession, str, UUID, datetime], Awaitable[Any]]
HASTENED: Mapping[str, Hasten] = {
    "concern_id": concern_steps.hasten,
    "task_id": task_steps.hasten,
}


async def hasten(db: Database, page: Notification) -> None:
    """A page has reached nobody: what it is about takes its next step sooner."""
    for name, sooner in HASTENED.items():
        thing_id = getattr(page, name)
        if thing_id is not None:
            async with db.write(page.prison_id) as session:
                await sooner(session, page.prison_id, thing_id, clock.now())
