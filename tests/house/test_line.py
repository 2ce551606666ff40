"""Those who write wait in line for a connection; a concern passes the line."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest

from app.config import Settings
from app.db import Database
from app.main import create_app
from app.tokens import verifier_for
from tests.before import person_body
from tests.concerns.conftest import concern
from tests.story import Caller, Wing

PATIENCE = 0.3
PLACES = 3  # of the four connections of a pool of two


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    made = Database(settings.database_url or "", 2, PATIENCE)
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def caller(wing: Wing, settings: Settings, database: Database) -> AsyncIterator[Caller]:
    """A support worker at an API with few connections."""
    made = create_app(settings)
    made.state.database = database
    made.state.verifier = verifier_for(settings)
    transport = httpx.ASGITransport(app=made, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://wellwing") as client:
        worker = wing.support_worker
        yield Caller(client, wing.prison_id, worker.token, worker.subject)


async def test_whoever_has_waited_longest_is_next(wing: Wing, database: Database) -> None:
    order: list[str] = []

    async def writes(name: str, times: int) -> None:
        for _ in range(times):
            async with database.write(wing.prison_id):
                order.append(name)
                await asyncio.sleep(0.01)

    async with AsyncExitStack() as others:
        for _ in range(PLACES - 1):
            await others.enter_async_context(database.write(wing.prison_id))
        eager = asyncio.create_task(writes("eager", 3))
        await asyncio.sleep(0)
        await asyncio.gather(eager, writes("patient", 1), writes("late", 1))
    assert order == ["eager", "patient", "late", "eager", "eager"]


async def test_a_concern_is_saved_while_others_wait_and_are_told_to_come_again(
    wing: Wing, database: Database, caller: Caller
) -> None:
    async with AsyncExitStack() as others:
        for _ in range(PLACES):
            await others.enter_async_context(database.write(wing.prison_id))
        waiting = asyncio.create_task(caller.request("POST", "people", json=person_body()))
        await asyncio.sleep(0.05)
        assert (await caller.post("concerns", concern()))["reference"]
        assert not waiting.done()
        answer = await waiting
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert answer.headers["retry-after"]
    await caller.post("people", person_body())
