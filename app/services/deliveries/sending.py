"""Sending: a worker takes what waits on a channel, hands it over outside any transaction, and
writes what came of it.

What it takes is its own for as long as the channel needs (`patience`). A worker that dies with it
leaves it `sending`, and the next one sends it again under the same id: at least once.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import the_system
from app.db import Database
from app.integrations.notify import Carrier, PageMessage, Undeliverable
from app.models.addresses import Address
from app.models.base import Scoped
from app.models.deliveries import Delivery, DeliveryCode, DeliveryStatus
from app.models.notifications import Notification
from app.models.page_tests import PageTest
from app.scope import everything
from app.services import addresses, deliveries, lifecycle, page_tests
from app.services.deliveries.hastening import hasten
from app.services.deliveries.moves import DELIVERY
from app.services.deliveries.routing import Rank
from app.services.deliveries.withheld import withheld
from app.slots import Slots, keep_sending

log = structlog.get_logger(__name__)
AT_ONCE = 24
OF_A_PRISON = 9
KEPT_FOR_NOW = 6
WRITING_AT_ONCE = 3  # connections to the database that a channel may have
A_TURN = 50
MARGIN = timedelta(seconds=5)  # a send that takes its whole patience is not sent by another yet


@dataclass(frozen=True, slots=True)
class Job:
    """A delivery taken to be sent."""

    delivery_id: UUID
    page_id: UUID | None
    attempt: int
    message: PageMessage | DeliveryCode  # or why there is nothing to send any more


async def turn(db: Database, prison_id: str, carrier: Carrier, most: int = A_TURN) -> int:
    """Send what waits in a prison on one channel. Answers how many."""
    sending, tried = Sending(db, carrier), 0
    try:
        while tried < most and (begun := await sending.begin(prison_id)):
            tried += begun
            await sending.slots.all_free()
    finally:
        await sending.slots.end()
    return tried


class Sending:
    """What one worker has on its way on one channel."""

    def __init__(self, db: Database, carrier: Carrier) -> None:
        self.slots = Slots(AT_ONCE, of_one=OF_A_PRISON, kept=KEPT_FOR_NOW)
        self._db, self._carrier = db, carrier
        self._writing = asyncio.Semaphore(WRITING_AT_ONCE)

    async def begin(self, prison_id: str) -> int:
        """Begin with what waits in a prison, as far as there is room. Answers how many."""
        room = self.slots.room(prison_id)
        begun = await self._take(prison_id, room, urgent=False)
        if begun == room:  # there may be more
            kept = self.slots.room(prison_id, urgent=True)
            begun += await self._take(prison_id, kept, urgent=True)
        return begun

    async def _take(self, prison_id: str, room: int, *, urgent: bool) -> int:
        if not room:
            return 0
        jobs = await claim(self._db, prison_id, self._carrier, room, urgent=urgent)
        for job in jobs:
            self.slots.begin(prison_id, self._send(prison_id, job))
        return len(jobs)

    async def _send(self, prison_id: str, job: Job) -> None:
        """Hand one over, and write what came of it. Where that fails it is sent again."""
        try:
            outcome = await _attempt(self._carrier, job)
            async with self._writing:
                await _settle(self._db, prison_id, job, outcome)
        except Exception:
            log.exception("sending_failed", prison_id=prison_id, id=str(job.delivery_id))


async def claim(
    db: Database, prison_id: str, carrier: Carrier, most: int, *, urgent: bool = False
) -> list[Job]:
    """Take deliveries, pages of concerns first and of each rank what waits longest: they are this
    worker's until its patience is over. `urgent`: only those for now."""
    now = clock.real_now()
    waiting = (
        everything(Delivery, prison_id)
        .where(
            col(Delivery.channel) == carrier.kind,
            col(Delivery.next_attempt_at) <= now,
            col(Delivery.rank) <= (Rank.now if urgent else Rank.ordinary),
            func.coalesce(col(Delivery.not_before), clock.now()) <= clock.now(),
        )
        .order_by(col(Delivery.rank), col(Delivery.next_attempt_at), col(Delivery.id))
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    async with db.write(prison_id) as session:
        taken = (await session.scalars(waiting)).all()
        for each in taken:
            each.attempts += 1
            each.next_attempt_at = now + timedelta(seconds=carrier.patience) + MARGIN
            system = the_system(prison_id)
            await lifecycle.move(session, DELIVERY, each, to=DeliveryStatus.sending, actor=system)
        for page_id in sorted({each.notification_id for each in taken if each.notification_id}):
            await deliveries.follow(session, prison_id, page_id)  # in one order: nobody waits twice
        return [await _job(session, each) for each in taken]


async def _job(db: AsyncSession, delivery: Delivery) -> Job:
    message = await _message(db, delivery)
    return Job(delivery.id, delivery.notification_id, delivery.attempts, message)


async def _message(db: AsyncSession, delivery: Delivery) -> PageMessage | DeliveryCode:
    """What is sent, and where: the page's sentence, that of a test, or the code that proves the
    address. Else why nothing is."""
    prison_id = delivery.prison_id
    address = await _one(db, Address, prison_id, delivery.address_id)
    if address is not None and address.ended_at is not None:
        return DeliveryCode.no_such_address
    page = await _one(db, Notification, prison_id, delivery.notification_id)
    if page is not None and await withheld(db, page):
        return DeliveryCode.withheld
    test = await _one(db, PageTest, prison_id, delivery.page_test_id)
    if page is not None:
        outside, words, head = page.address, page.text, ""
    elif test is not None:
        outside, words, head = test.address, page_tests.words(test), f"{prison_id}: a test"
    else:
        assert address is not None, "a delivery is of a page, a test or an address"
        outside, words = None, addresses.words_with_code(address)
        head = f"{prison_id}: your code"
    return PageMessage(
        page.id if page is not None else delivery.id,
        prison_id,
        address.value if address is not None else str(outside),
        words,
        f"{prison_id}.{delivery.id}",
        head,
        again=delivery.attempts > 1,
    )


async def _one(db: AsyncSession, model: type[Scoped], prison_id: str, row_id: UUID | None) -> Any:
    """A row that a delivery refers to; None without."""
    if row_id is None:
        return None
    found = everything(model, prison_id).where(col(model.id) == row_id)
    return (await db.scalars(found)).one()


async def _attempt(carrier: Carrier, job: Job) -> str | Undeliverable | None:
    """Hand one over: the provider's reference, or why not."""
    if isinstance(job.message, DeliveryCode):
        return Undeliverable(job.message, for_good=True)
    try:
        async with asyncio.timeout(carrier.patience):
            return await carrier.send(job.message)
    except Undeliverable as why:
        return why
    except (TimeoutError, OSError):
        return Undeliverable(DeliveryCode.unreachable)
    except Exception:
        log.exception("channel_failed", id=str(job.delivery_id))
        return Undeliverable(DeliveryCode.broken)


async def _settle(
    db: Database,
    prison_id: str,
    job: Job,
    outcome: str | Undeliverable | None,
) -> None:
    """Write what came of one; where it leaves a page with nobody reached, hasten its ladder."""
    async with db.write(prison_id) as session:
        found = everything(Delivery, prison_id).where(col(Delivery.id) == job.delivery_id)
        delivery = (await session.scalars(found.with_for_update())).one()
        if isinstance(outcome, Undeliverable):
            if delivery.attempts == job.attempt:  # else another worker has it since
                await deliveries.not_carried(session, delivery, outcome)
        else:
            await deliveries.carried(session, delivery, outcome)
        lost = job.page_id and await deliveries.follow(session, prison_id, job.page_id)
    if isinstance(outcome, Undeliverable):
        log.warning("not_delivered", prison_id=prison_id, id=str(job.delivery_id), why=outcome.code)
    if lost:
        await hasten(db, prison_id, lost.id)


async def serve(db: Database, carrier: Carrier, stopping: asyncio.Event, pause: float) -> None:
    """Send on one channel, prison by prison, until told to stop. A channel that hangs keeps no
    other waiting, nor any step; and of its own no page for now, as long as it takes any."""
    await keep_sending(Sending(db, carrier), db.prison_ids, stopping, pause)
