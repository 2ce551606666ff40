"""The worker: sweeps escalations, delivers the outbox, keeps the pulse that health reads.

It holds nothing in memory: killed at any point, the next one goes on from the database. Steps and
pages are taken in small turns, prison by prison, so that no flood keeps anyone's page waiting.
"""

import asyncio
import signal
from collections.abc import Collection
from contextlib import suppress
from typing import Any
from uuid import UUID

import asyncpg
import structlog
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock, heartbeat, logs
from app.chores import CHORES, ONE_BY_ONE
from app.config import Settings
from app.db import LOST_CONNECTION, Database
from app.integrations.notify import Channel
from app.integrations.notify.log import LogChannel
from app.models.addresses import ChannelKind
from app.models.outbox import Outbox
from app.models.software import Process
from app.runtime import find_database, open_database, take_up_clock
from app.scope import everything
from app.senders import Senders
from app.services import (
    notifications,
    pulses,
    retention,
    revocations,
    software,
    webhooks,
)
from app.services.audit import chain
from app.services.audit.anchors import Anchors
from app.services.concerns import sweep as concern_steps
from app.services.deliveries import after, hastening
from app.services.export_jobs import running as writing_exports
from app.services.rotas import solving
from app.services.tasks import sweep as task_steps

log = structlog.get_logger(__name__)
STEPS_A_TURN = 25
SLOW_A_TURN = 2
PAGES_A_TURN = 100
PAGES_A_TRANSACTION = 10  # few: a crash sends a whole transaction's pages again
EVENTS_A_TURN = 1000
HOUSEKEEPING_EVERY = 60
ABANDONED_SECONDS = 10  # what a worker that froze or was cut off has locked, another then takes


def away(error: Exception) -> bool:
    """Whether the database itself is gone, for every prison; else it is one row's trouble, as is
    a statement that waited too long: somebody holds what it waits for."""
    if isinstance(error, TimeoutError):
        return False
    if isinstance(error, DBAPIError):
        state = str(getattr(error.orig, "sqlstate", None))
        return error.connection_invalidated or state[:2] in {"08", "57"}
    return isinstance(error, (*LOST_CONNECTION, OSError, asyncpg.CannotConnectNowError))


async def sweep(db: Database, prison_id: str, most: int = STEPS_A_TURN) -> int:
    """Take the steps that are due in the prison: of concerns, then of tasks, at most so many of
    each. Answers how many were taken."""
    concerns = await _steps(db, prison_id, "concern_id", concern_steps, most)
    return concerns + await _steps(db, prison_id, "task_id", task_steps, most)


async def _steps(db: Database, prison_id: str, name: str, steps: Any, most: int) -> int:
    """The steps of one noun, each in a transaction of its own.

    A step that fails is logged and stays due, which health reports; the others are taken. Where
    several wait too long for something that somebody holds, the rest wait for the next turn.
    """
    taken, failed, slow = 0, set[UUID](), 0
    while taken + len(failed) < most:
        thing_id: UUID | None = None
        try:
            async with db.write(prison_id) as session:
                thing = await steps.next_due(session, prison_id, clock.now(), besides=failed)
                if thing is None:
                    break
                thing_id = thing.id
                await steps.take(session, thing, clock.now())
        except Exception as error:
            slow += isinstance(error, TimeoutError)
            if away(error) or thing_id is None or slow > SLOW_A_TURN:
                raise
            log.exception("step_failed", prison_id=prison_id, **{name: str(thing_id)})
            failed.add(thing_id)
        else:
            taken += 1
    return taken


async def deliver(
    db: Database,
    prison_id: str,
    channel: Channel,
    most: int = PAGES_A_TURN,
    channels: Collection[ChannelKind] = (),
) -> int:
    """Log the pages the outbox holds, a handful in a transaction: at least once, never before the
    step that needs them is true; and set them on their way on the site's other `channels`. Answers
    how many were handed over."""
    delivered = tried = 0
    while tried < most:
        async with db.write(prison_id) as session:
            rows = await _waiting_pages(session, prison_id)
            for row in rows:
                if await _send(session, row, channel, channels):
                    delivered += 1
                elif row.attempts == 1:
                    await hastening.owe(session, prison_id, row.thing_id)
        tried += len(rows)
        if not rows:
            break
    await hastening.pay(db, prison_id)
    await _let_go(db, prison_id)
    return delivered


async def _send(
    session: AsyncSession, row: Outbox, channel: Channel, channels: Collection[ChannelKind]
) -> bool:
    """Send one page. One that fails, for whatever reason, is tried later and stops no other."""
    row.attempts += 1
    try:
        async with session.begin_nested():
            sent = await notifications.send(
                session, row.prison_id, row.thing_id, channel, channels, again=row.attempts > 1
            )
    except Exception as error:
        if away(error):
            raise
        log.exception("page_failed", prison_id=row.prison_id, notification_id=str(row.thing_id))
        sent = False
    if sent:
        row.sent_at = clock.now()
    else:
        row.next_attempt_at = after(row.attempts)
    return sent


async def _let_go(db: Database, prison_id: str) -> None:
    """Events are done with as soon as they are written down for the webhooks told of them."""
    async with db.write(prison_id) as session:
        unsent = (
            everything(Outbox, prison_id)
            .with_only_columns(col(Outbox.id))
            .where(col(Outbox.sent_at).is_(None), col(Outbox.topic) != notifications.PAGE)
            .limit(EVENTS_A_TURN)
            .with_for_update(skip_locked=True)  # two workers never wait for each other
        )
        events = (await session.scalars(unsent)).all()
        await webhooks.fan_out(session, prison_id, events)
        await session.execute(
            update(Outbox)
            .where(col(Outbox.prison_id) == prison_id, col(Outbox.id).in_(events))
            .values(sent_at=clock.now())
        )


async def _waiting_pages(session: AsyncSession, prison_id: str) -> list[Outbox]:
    """The pages not handed over yet: those of concerns first, and of each rank the oldest."""
    waiting = (
        everything(Outbox, prison_id)
        .where(
            col(Outbox.topic) == notifications.PAGE,
            col(Outbox.sent_at).is_(None),
            func.coalesce(col(Outbox.next_attempt_at), clock.real_now()) <= clock.real_now(),
        )
        .order_by(col(Outbox.rank), col(Outbox.recorded_at))
        .limit(PAGES_A_TRANSACTION)
        .with_for_update(skip_locked=True)
    )
    return list((await session.execute(waiting)).scalars())


async def pulse(db: Database, prison_id: str) -> None:
    """Write when the prison was swept, and since when a step is overdue or a page unsent: what
    health judges."""
    async with db.write(prison_id) as session:
        await pulses.write(session, prison_id)


async def housekeeping(db: Database, prison_id: str) -> int:
    """What falls due without anyone's doing, each chore in a transaction of its own: notes lock,
    modules and clearances expire, nobody works without what the work asks for, staff are asked for
    what they owe. One that fails keeps none of the others. Answers how many failed."""
    failed = 0
    for chore in CHORES:
        try:
            for _ in range(STEPS_A_TURN if chore in ONE_BY_ONE else 1):
                async with db.write(prison_id) as session:
                    mine = await alone(session, prison_id, chore.__name__)
                    done = mine and await chore(session, prison_id)
                if not done:
                    break
        except Exception as error:
            if away(error):
                raise
            failed += 1
            log.exception("chore_failed", prison_id=prison_id, operation=chore.__name__)
    return failed


async def alone(session: AsyncSession, prison_id: str, work: str) -> bool:
    """Whether no other worker is at this work of the prison's; none comes to it until the
    transaction ends. Two that look for what is missing would both make it."""
    lock = func.pg_try_advisory_xact_lock(func.hashtextextended(f"{work}:{prison_id}", 0))
    return bool((await session.execute(select(lock))).scalar())


async def seal(db: Database, prison_id: str) -> None:
    """Seal what the audit has gained into its chain. Where another worker is at it, no step waits
    for its end."""
    async with db.write(prison_id) as session:
        if await alone(session, prison_id, "audit"):
            await chain.seal(session, prison_id)


async def expire(db: Database, prison_id: str) -> int:
    """Take away what has expired, one class of one person in a transaction. Answers how many."""
    async with db.write(prison_id) as session:
        await retention.tidy(session, prison_id, clock.now())
        waiting = await retention.due(session, prison_id, clock.now())
    for each in waiting:
        async with db.write(prison_id) as session:
            await retention.take_away(session, prison_id, each, clock.now())
    return len(waiting)


async def daily(db: Database, prison_id: str, anchors: Anchors) -> None:
    """Once a day: take away what has expired, and anchor the head of the audit's chain."""
    today = clock.real_now().date()
    if anchors.last_day(prison_id) == today:
        return
    await expire(db, prison_id)
    sealed = chain.SEALED_A_TURN
    while sealed == chain.SEALED_A_TURN:
        async with db.write(prison_id) as session:
            sealed = await chain.seal(session, prison_id, left_over=True)
    if head := await chain.head(db, prison_id):
        await asyncio.to_thread(anchors.write, head, today)


async def round_trip(
    db: Database, channel: Channel, *, channels: Collection[ChannelKind] = ()
) -> bool:
    """Once around every prison, a turn each; one prison's trouble does not keep the next one
    waiting. Answers whether some prison had more to do than fits a turn."""
    more = False
    for prison_id in await db.prison_ids():
        try:
            taken = await sweep(db, prison_id)
            delivered = await deliver(db, prison_id, channel, channels=channels)
            await pulse(db, prison_id)
            more = more or taken >= STEPS_A_TURN or delivered >= PAGES_A_TURN
            await seal(db, prison_id)
        except Exception as error:
            if away(error):
                raise
            log.exception("sweep_failed", prison_id=prison_id)
    return more


async def keep_house(db: Database, anchors: Anchors | None = None) -> None:
    """Once around every prison for what falls due without anyone's doing, and what is daily."""
    for prison_id in await db.prison_ids():
        try:
            await housekeeping(db, prison_id)
            if anchors is not None:
                await daily(db, prison_id, anchors)
        except Exception as error:
            if away(error):
                raise
            log.exception("house_not_kept", prison_id=prison_id)
    await revocations.forget(db, clock.real_now())


async def _keep_house(db: Database, anchors: Anchors, stopping: asyncio.Event) -> None:
    """Every minute, beside the sweep: however much there is to tidy, no step waits for it."""
    while not stopping.is_set():
        try:
            await keep_house(db, anchors)
        except Exception as error:
            log.exception("database_away" if away(error) else "house_not_kept")
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), HOUSEKEEPING_EVERY)


async def run(settings: Settings) -> None:
    """Sweep until stopped. A database that goes away is waited for."""
    logs.configure(settings.log_level)
    settings.check_production()
    urls = await asyncio.to_thread(find_database, settings)
    db = await open_database(settings, urls.application, idle=ABANDONED_SECONDS)
    apart = await open_database(settings, urls.application, idle=ABANDONED_SECONDS)
    await software.started(db, Process.worker, settings)
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    senders = Senders(db, settings, stopping)
    beside = [
        *senders.tasks,
        asyncio.create_task(solving.serve(db, stopping, settings.sweep_seconds)),
        asyncio.create_task(writing_exports.serve(apart, settings, stopping)),
        asyncio.create_task(_keep_house(db, Anchors(settings.anchor_file), stopping)),
        asyncio.create_task(heartbeat.serve(db, settings, stopping)),
    ]
    channel = LogChannel(settings.page_file)
    while not stopping.is_set():
        more = False
        try:
            if not settings.production:
                await take_up_clock(db)
            more = await round_trip(db, channel, channels=senders.channels)
        except Exception as error:
            log.exception("database_away" if away(error) else "round_failed")
        if not more:
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), settings.sweep_seconds)
    for task in beside:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    await apart.close()
    await db.close()
