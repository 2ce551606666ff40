"""The dead man's switch that others hold: an address asked for while steps are taken in time.

Whoever serves it alarms when it is not asked for. So nothing need work here to be told that nothing
works here. Beside the worker's sweep, in a task of its own: it keeps no step waiting.
"""

import asyncio
from contextlib import suppress

import httpx
import structlog

from app.config import Settings
from app.db import Database
from app.services import pulses

log = structlog.get_logger(__name__)
PATIENCE_SECONDS = 10.0


async def beat(db: Database, http: httpx.AsyncClient, url: str | None) -> bool:
    """Judge the engine; where it is well, say so at the address. Answers whether it was said."""
    engine = await pulses.judge(db)
    for trouble in engine.troubles:
        log.critical("engine_unwell", why=trouble.value, prison_id=engine.where or "none")
    if engine.troubles or url is None:
        return False
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):  # httpx bounds each read, not all of them
            async with http.stream("GET", url) as answer:
                status = answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        log.error("heartbeat_failed", error=type(error))
        return False
    if not 200 <= status < 300:
        log.error("heartbeat_failed", status=status)
        return False
    return True


async def serve(db: Database, config: Settings, stopping: asyncio.Event) -> None:
    """Beat until stopped, whatever happens. A database that is away is no reason to beat."""
    url = config.heartbeat_url.get_secret_value() if config.heartbeat_url else None
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, follow_redirects=False) as http:
        while not stopping.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), config.heartbeat_seconds)
                break
            try:
                await beat(db, http, url)
            except Exception:
                log.exception("engine_not_judged")
