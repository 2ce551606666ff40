"""Bounces: e-mail that a server took and then did not deliver is a page that reached nobody."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import structlog

from app.db import Database
from app.integrations.notify import Fate
from app.integrations.notify.bounces import put_away, waiting
from app.services.deliveries.receipts import REFERENCE, note

log = structlog.get_logger(__name__)
EVERY_SECONDS = 10.0


async def read(db: Database, folder: Path) -> int:
    """Note every report that has come, and put it away. One that cannot be noted stays for the
    next time. Answers how many pages had not arrived."""
    loop, thread = asyncio.get_running_loop(), ThreadPoolExecutor(1, "bounces")
    noted = 0
    with thread:
        for path, reference in await loop.run_in_executor(thread, lambda: list(waiting(folder))):
            found = REFERENCE.fullmatch(reference or "")
            if found is not None:
                await note(db, found[1], UUID(found[2]), Fate.not_arrived)
                noted += 1
            await loop.run_in_executor(thread, put_away, path)
    return noted


async def serve(db: Database, folder: Path, stopping: asyncio.Event) -> None:
    """Read what comes back until told to stop."""
    while not stopping.is_set():
        try:
            await read(db, folder)
        except Exception:
            log.exception("bounces_unread")
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), EVERY_SECONDS)
