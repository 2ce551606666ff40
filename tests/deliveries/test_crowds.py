"""A flood, a provider that hangs, a worker that dies: pages of concerns go first all the same."""

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import pytest

from app import worker
from app.integrations.notify import PageMessage, Undeliverable
from app.integrations.notify.log import LogChannel
from app.models.base import new_id
from app.models.deliveries import DeliveryCode
from app.models.notifications import Urgency
from app.services import deliveries
from app.services.deliveries import sending
from app.services.deliveries.routing import Rank, rank_of
from tests.concerns.conftest import Night
from tests.deliveries.test_sending import Fake, down, execute, pages, proves, rows

FLOOD = 80


@pytest.mark.parametrize(
    ("urgency", "of_concern", "rank"),
    [
        (Urgency.now, True, Rank.now),
        (Urgency.safety, True, Rank.concern),
        (Urgency.safety, False, Rank.safety),
        (Urgency.ordinary, False, Rank.ordinary),
    ],
)
def test_concerns_go_before_all_else(urgency: Urgency, of_concern: bool, rank: Rank) -> None:
    assert rank_of(urgency, of_concern=of_concern) is rank


async def floods(night: Night, rank: Rank) -> None:
    """Many deliveries that wait for longer than anything else, to the clinician's address."""
    await execute(
        night,
        "INSERT INTO delivery (prison_id, id, recorded_at, version, address_id, channel, status,"
        " rank, attempts, asked, next_attempt_at)"
        " SELECT prison_id, gen_random_uuid(), recorded_at, 1, id,"
        f" 'email', 'pending', {rank}, 0, 0, recorded_at - interval '1 hour'"
        f" FROM address, generate_series(1, {FLOOD}) WHERE value = 'n.mockham@prison.example'",
    )


async def test_a_page_for_now_is_taken_before_a_flood_that_waits_longer(night: Night) -> None:
    await proves(night, night.wing.clinician)
    await night.raises(immediacy="within_24h")
    await pages(night)
    await floods(night, Rank.ordinary)
    raised = await night.raises()
    await pages(night)
    fake = Fake()
    await sending.turn(night.wing.db, night.wing.prison_id, fake, most=3)
    assert raised["reference"] in fake.sent[0].text
    assert "concern" in fake.sent[1].text, "then what was raised within a day"
    assert "code" in fake.sent[2].text


async def test_the_log_has_pages_of_concerns_first(night: Night) -> None:
    await night.raises(immediacy="within_24h")
    now = await night.raises()
    await worker.sweep(night.wing.db, night.wing.prison_id)
    ranks = await rows(
        night, "SELECT DISTINCT rank FROM outbox WHERE topic = 'notification.page' ORDER BY rank"
    )
    assert ranks == [(Rank.now,), (Rank.concern,)]
    await execute(night, "UPDATE outbox SET rank = 3 WHERE rank = 1")
    await worker.deliver(
        night.wing.db, night.wing.prison_id, LogChannel(night.sink), most=worker.PAGES_A_TRANSACTION
    )
    said = night.sink.read_text().splitlines()
    assert now["reference"] in said[0]


class HangsFor(Fake):
    """Hangs with what is no page of a concern."""

    patience = 60.0

    def __init__(self, prison_id: str) -> None:
        super().__init__()
        self.prison_id, self.hanging = prison_id, 0

    async def send(self, page: PageMessage) -> str | None:
        if page.prison_id != self.prison_id:
            return None
        if "concern" not in page.text:
            self.hanging += 1
            await asyncio.sleep(60)
        self.sent.append(page)
        return None


@asynccontextmanager
async def serving(night: Night, carrier: Fake) -> AsyncIterator[None]:
    """A worker's sender at work."""
    task = asyncio.create_task(sending.serve(night.wing.db, carrier, asyncio.Event(), 0.05))
    yield
    task.cancel()
    await asyncio.wait([task])


async def comes(said: Any, seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not said():  # noqa: ASYNC110 - it has no event to wait for
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("rank", [Rank.ordinary, Rank.concern])
async def test_what_hangs_keeps_no_page_for_now_waiting(night: Night, rank: Rank) -> None:
    await proves(night, night.wing.clinician)
    await floods(night, rank)
    hangs = HangsFor(night.wing.prison_id)
    async with serving(night, hangs):
        await comes(lambda: hangs.hanging >= sending.OF_A_PRISON)
        raised = await night.raises()
        await pages(night)
        await comes(lambda: hangs.sent)
    assert raised["reference"] in hangs.sent[0].text
    assert hangs.hanging == sending.OF_A_PRISON, "and one prison does not have all there is"


async def test_what_came_of_many_ways_of_one_page_is_written_at_once(night: Night) -> None:
    class Slow(Fake):
        async def send(self, page: PageMessage) -> str | None:
            await asyncio.sleep(0.1)
            if page.to.startswith("n1"):
                raise Undeliverable(DeliveryCode.unreachable)
            return None

    for number in range(6):
        await proves(night, night.wing.clinician, f"n{number}@prison.example")
    for _ in range(4):
        await night.raises()
        await pages(night)
        await sending.turn(night.wing.db, night.wing.prison_id, Slow())
    left = "SELECT count(*) FROM delivery WHERE status = 'sending'"
    assert await rows(night, left) == [(0,)], "two that settle one page never wait for each other"


async def test_a_sender_that_is_stopped_leaves_what_it_had_to_the_next(night: Night) -> None:
    await proves(night, night.wing.clinician)
    await floods(night, Rank.ordinary)
    hangs = HangsFor(night.wing.prison_id)
    async with serving(night, hangs):
        await comes(lambda: hangs.hanging)
    assert (await rows(night, "SELECT count(*) FROM delivery WHERE status = 'sending'"))[0][0]
    await execute(night, "UPDATE delivery SET next_attempt_at = recorded_at")
    fake = Fake()
    await sending.turn(night.wing.db, night.wing.prison_id, fake, most=FLOOD)
    assert len(fake.sent) == FLOOD


async def test_a_worker_that_dies_between_a_failure_and_its_ladder_leaves_that_to_the_next(
    night: Night,
) -> None:
    wing = night.wing
    await proves(night, wing.clinician)
    await night.raises(immediacy="within_24h")
    await pages(night)
    [job] = await sending.claim(wing.db, wing.prison_id, Fake(), 1)
    async with wing.db.write(wing.prison_id) as session:  # the last that it does
        delivery = await session.get_one(deliveries.Delivery, (wing.prison_id, job.delivery_id))
        await deliveries.not_carried(session, delivery, down())
        assert job.page_id
        assert await deliveries.follow(session, wing.prison_id, job.page_id)
    marks = "SELECT count(*) FROM history WHERE reason = 'page_not_delivered'"
    assert await rows(night, marks) == [(0,)]
    for _ in range(2):
        await pages(night)
    assert await rows(night, marks) == [(1,)]


async def test_the_log_waits_for_no_thread_that_others_hold(night: Night) -> None:
    go_on = threading.Event()
    held = ThreadPoolExecutor(1)
    loop = asyncio.get_running_loop()
    loop.set_default_executor(held)
    waiting = loop.run_in_executor(None, go_on.wait, 30)
    try:
        async with asyncio.timeout(10):
            words = "SLI: a concern needs you, reference CABC."
            await LogChannel(night.sink).send(PageMessage(new_id(), "SLI", "x", words))
    finally:
        go_on.set()
        await waiting
        loop.set_default_executor(ThreadPoolExecutor())
    assert "CABC" in night.sink.read_text()
