"""The worker: sweeps escalations, delivers the outbox, keeps the pulse that health reads.

It holds nothing in memory: killed at any point, the next one goes on from the database.
"""

import asyncio
import signal
from contextlib import suppress
from datetime import datetime, timedelta

import asyncpg
import structlog
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock, logs
from app.config import Settings
from app.db import Database
from app.integrations.notify import Channel
from app.integrations.notify.log import LogChannel
from app.models.concerns import CONCERN_OPEN, Concern
from app.models.outbox import Outbox
from app.runtime import find_database, open_database, take_up_clock
from app.scope import everything
from app.services import notifications, sessions, trainings
from app.services.concerns.sweep import take_due

log = structlog.get_logger(__name__)
LOST = (OSError, DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError)
MOST_A_SWEEP = 1000
PAGES_A_TRANSACTION = 10
HOUSEKEEPING_EVERY = 60


async def sweep(db: Database, prison_id: str) -> int:
    """Take every step that is due in the prison, one transaction a concern. Answers how many."""
    taken = 0
    while taken < MOST_A_SWEEP:
        async with db.write(prison_id) as session:
            if await take_due(session, prison_id, clock.now()) is None:
                break
        taken += 1
    return taken


async def deliver(db: Database, prison_id: str, channel: Channel) -> int:
    """Send the pages the outbox holds, a handful in a transaction: at least once, never before
    the step that needs them is true. Answers how many were handed over."""
    delivered = 0
    while delivered < MOST_A_SWEEP:
        async with db.write(prison_id) as session:
            rows = await _waiting_pages(session, prison_id)
            for row in rows:
                row.attempts += 1
                if await notifications.send(session, prison_id, row.thing_id, channel):
                    row.sent_at = clock.now()
                    delivered += 1
                else:
                    row.next_attempt_at = _after(row.attempts)
        if not rows:
            break
    await _let_go(db, prison_id)
    return delivered


async def _let_go(db: Database, prison_id: str) -> None:
    """Events that nobody subscribes to yet are done with as soon as they are committed."""
    async with db.write(prison_id) as session:
        await session.execute(
            update(Outbox)
            .where(
                col(Outbox.prison_id) == prison_id,
                col(Outbox.sent_at).is_(None),
                col(Outbox.topic) != notifications.PAGE,
            )
            .values(sent_at=clock.now())
        )


def _after(attempts: int) -> datetime:
    """When to try again: 5 s, doubling, at most 5 min. Real time: networks know no other."""
    seconds = min(5 * 2 ** min(attempts - 1, 6), 300)
    return clock.real_now() + timedelta(seconds=seconds)


async def _waiting_pages(session: AsyncSession, prison_id: str) -> list[Outbox]:
    """The oldest pages not handed over yet; few, since a crash sends them all again."""
    waiting = (
        everything(Outbox, prison_id)
        .where(
            col(Outbox.topic) == notifications.PAGE,
            col(Outbox.sent_at).is_(None),
            func.coalesce(col(Outbox.next_attempt_at), clock.real_now()) <= clock.real_now(),
        )
        .order_by(col(Outbox.recorded_at))
        .limit(PAGES_A_TRANSACTION)
        .with_for_update(skip_locked=True)
    )
    return list((await session.execute(waiting)).scalars())


async def pulse(db: Database, prison_id: str) -> None:
    """Write when the prison was swept and its oldest overdue step: what health judges."""
    async with db.write(prison_id) as session:
        overdue = select(func.min(col(Concern.next_step_at))).where(
            col(Concern.prison_id) == prison_id,
            col(Concern.status).in_(CONCERN_OPEN),
            col(Concern.next_step_at) <= clock.now(),
        )
        await session.execute(
            text(
                "INSERT INTO sweep_pulse (prison_id, swept_at, oldest_overdue_at)"
                " VALUES (:prison, :at, :overdue) ON CONFLICT (prison_id) DO UPDATE"
                " SET swept_at = excluded.swept_at, oldest_overdue_at = excluded.oldest_overdue_at"
            ),
            {
                "prison": prison_id,
                "at": clock.real_now(),
                "overdue": (await session.execute(overdue)).scalar(),
            },
        )


async def housekeeping(db: Database, prison_id: str) -> None:
    """What falls due without anyone's doing: notes lock, modules expire."""
    async with db.write(prison_id) as session:
        await sessions.lock_due(session, prison_id, clock.now())
        await trainings.expire_due(session, prison_id)


async def round_trip(db: Database, channel: Channel, *, tidy: bool) -> None:
    """Once around every prison. One prison's trouble does not keep the next one waiting."""
    for prison_id in await db.prison_ids():
        try:
            await sweep(db, prison_id)
            await deliver(db, prison_id, channel)
            await pulse(db, prison_id)
            if tidy:
                await housekeeping(db, prison_id)
        except LOST:
            raise
        except Exception:
            log.exception("sweep_failed", prison_id=prison_id)


async def run(settings: Settings) -> None:
    """Sweep until stopped. A database that goes away is waited for."""
    logs.configure(settings.log_level)
    settings.check_production()
    urls = await asyncio.to_thread(find_database, settings)
    db = await open_database(settings, urls.application)
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    channel = LogChannel(settings.page_file)
    tidied = clock.real_now().timestamp() - HOUSEKEEPING_EVERY
    while not stopping.is_set():
        now = clock.real_now().timestamp()
        tidy = now - tidied >= HOUSEKEEPING_EVERY
        try:
            if not settings.production:
                await take_up_clock(db)
            await round_trip(db, channel, tidy=tidy)
            tidied = now if tidy else tidied
        except LOST:
            log.exception("database_away")
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), settings.sweep_seconds)
    await db.close()
