"""A line that dies without a word: the one end waits, the other keeps what it has locked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from time import monotonic
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app import worker
from app.cli import running
from app.config import OutOfReach, Settings
from app.db import PATIENCE_SECONDS, Database
from app.errors import Busy, Refused
from app.integrations.notify.log import LogChannel
from app.main import create_app
from app.models.prisons import Prison
from app.problems import from_database
from app.provision import APPLICATION
from app.services.audit import chain
from app.services.concerns import sweep as concern_steps
from app.services.idempotency import claim
from app.tokens import verifier_for
from benchmarks.fault.links import Link
from tests.concerns.conftest import concern
from tests.story import Caller, Wing, with_some_others

PATIENCE = 0.5
POOL = 4
HALF_A_MINUTE = 30.0


@pytest.fixture
async def link(settings: Settings) -> AsyncIterator[Link]:
    asked = parse_qs(urlsplit(settings.database_url or "").query)
    path = f"{asked['host'][0]}/.s.PGSQL.{asked['port'][0]}"
    link = Link(partial(asyncio.open_unix_connection, path))
    await link.open()
    yield link
    link.close()


@pytest.fixture
async def far(settings: Settings, link: Link) -> AsyncIterator[Database]:
    """The database at the other end of the line."""
    name = urlsplit(settings.database_url or "").path
    url = f"postgresql://{APPLICATION}@127.0.0.1:{link.port}{name}"
    database = Database(url, POOL, PATIENCE, idle=2 * PATIENCE)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def http_over(settings: Settings, far: Database) -> AsyncIterator[httpx.AsyncClient]:
    made = create_app(settings)
    made.state.database = far
    made.state.verifier = verifier_for(settings)
    transport = httpx.ASGITransport(app=made, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://wellwing") as client:
        yield client


async def _use_all(database: Database, prison_id: str) -> None:
    """Have every connection there may be, of both kinds."""
    async with AsyncExitStack() as stack:
        for _ in range(2 * POOL):
            await stack.enter_async_context(database.write(prison_id, urgent=True))
        for _ in range(POOL):
            await stack.enter_async_context(database.pool.acquire())


async def test_who_raises_a_concern_meets_the_dead_lines_once_and_not_one_after_the_other(
    wing: Wing, http_over: httpx.AsyncClient, far: Database, link: Link
) -> None:
    worker_ = wing.support_worker
    caller = Caller(http_over, wing.prison_id, worker_.token, worker_.subject)
    await _use_all(far, wing.prison_id)
    await link.suffer("half_open", 0)
    started, refused = monotonic(), 0
    async with asyncio.timeout(60):
        while True:
            answer = await caller.request(
                "POST", "concerns", json=concern(), headers={"Idempotency-Key": "dead lines"}
            )
            if answer.status_code == 201:
                break
            assert answer.status_code == 503
            assert answer.headers["retry-after"]
            refused += 1
    assert refused <= 1
    assert (monotonic() - started) / PATIENCE * PATIENCE_SECONDS < HALF_A_MINUTE


async def test_a_key_is_free_again_soon_whose_first_writer_vanished_in_the_midst(
    wing: Wing, far: Database, link: Link
) -> None:
    held_up: list[Refused | None] = []
    held = far.write(wing.prison_id, urgent=True)
    session = await held.__aenter__()
    await claim(session, wing.prison_id, "somebody", "a key", b"the same")
    await link.suffer("half_open", 0)
    started, mine = monotonic(), None
    while mine is None and monotonic() - started < 20:
        try:
            async with far.write(wing.prison_id, urgent=True) as again:
                _, mine = await claim(again, wing.prison_id, "somebody", "a key", b"the same")
        except DBAPIError as error:
            held_up.append(from_database(error))
    assert mine
    assert all(isinstance(each, Busy) for each in held_up)
    assert (monotonic() - started) / PATIENCE * PATIENCE_SECONDS < HALF_A_MINUTE
    with pytest.raises(TimeoutError):
        await held.__aexit__(None, None, None)


async def test_a_step_that_a_worker_was_cut_off_with_is_taken_by_another(
    wing: Wing, db: Database, far: Database, link: Link
) -> None:
    raised = await wing.support_worker.post("concerns", concern())
    held = far.write(wing.prison_id)
    session = await held.__aenter__()
    mine = await concern_steps.next_due(session, wing.prison_id, worker.clock.now())
    assert mine is not None
    assert str(mine.id) == raised["id"]
    await link.suffer("half_open", 0)
    assert await worker.sweep(db, wing.prison_id) == 0, "it is locked"
    started = monotonic()
    async with asyncio.timeout(20):
        while not await worker.sweep(db, wing.prison_id):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert (monotonic() - started) / PATIENCE * PATIENCE_SECONDS < HALF_A_MINUTE
    with pytest.raises(TimeoutError):
        await held.__aexit__(None, None, None)


async def test_one_prisons_lock_keeps_no_other_prison_waiting(
    wing: Wing, db: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    last, pulses = "ZZY", "SELECT swept_at FROM sweep_pulse WHERE prison_id = "
    async with db.outside() as session:
        session.add(Prison(id=last, name="HMP Last"))
    await worker.pulse(db, wing.prison_id)
    brief = Database(settings.database_url or "", 2, PATIENCE)
    await brief.open()
    with_some_others(brief, wing, monkeypatch, last)
    async with db.write(wing.prison_id) as session:
        await session.execute(text(f"{pulses} '{wing.prison_id}' FOR UPDATE"))
        await worker.round_trip(brief, LogChannel())
    assert await db.fetchrow(last, f"{pulses} $1", last)
    await brief.close()


async def test_whoever_seals_waits_for_nobody_who_seals(wing: Wing, db: Database) -> None:
    async with db.write(wing.prison_id) as session:
        assert await chain.seal(session, wing.prison_id)
        started = monotonic()
        await worker.seal(db, wing.prison_id)
    assert monotonic() - started < PATIENCE_SECONDS / 2


async def test_a_worker_that_finds_no_database_waits_for_it(
    settings: Settings, far: Database, link: Link
) -> None:
    changed = settings.model_copy(update={"database_url": far.url, "sweep_seconds": 0.1})
    away = asyncio.create_task(link.suffer("cut", 0.5))
    await asyncio.sleep(0.1)
    with pytest.raises(OutOfReach):
        await running._check(changed)
    async with asyncio.timeout(10):
        await running._awaited(changed)
    assert away.done()


@pytest.mark.parametrize("state", ["53100", "53300", "58030"])
async def test_a_database_without_room_is_busy_and_no_mistake(db: Database, state: str) -> None:
    words = text(f"DO $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '{state}'; END $$")
    with pytest.raises(DBAPIError) as raised:
        async with db.outside() as session:
            await session.execute(words)
    assert isinstance(from_database(raised.value), Busy)
