"""A database that takes every word and answers none: nobody is kept waiting for it."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from app.config import Settings
from app.db import PATIENCE_SECONDS, Database
from app.embedded import EmbeddedPostgres
from app.main import create_app
from app.services.people.identities import people_lock
from app.tokens import verifier_for
from tests.concerns.conftest import concern
from tests.story import Caller, Wing

PATIENCE = 0.5
HALF_A_MINUTE = 30


@dataclass
class Line:
    """The line to PostgreSQL, which can freeze: open, and silent in both directions."""

    socket: Path
    flowing: asyncio.Event = field(default_factory=asyncio.Event)
    ends: list[asyncio.StreamWriter] = field(default_factory=list)

    async def joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(self.socket)
        self.ends += [writer, back]
        with suppress(ConnectionError):
            await asyncio.gather(self._passed(reader, back), self._passed(there, writer))

    async def _passed(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while words := await reader.read(65536):
            await self.flowing.wait()
            writer.write(words)
        writer.close()


@pytest.fixture
def line(postgres: EmbeddedPostgres, settings: Settings) -> Line:
    asked = parse_qs(urlsplit(settings.database_url or "").query)
    line = Line(Path(asked["host"][0]) / f".s.PGSQL.{asked.get('port', ['5432'])[0]}")
    line.flowing.set()
    return line


@pytest.fixture
async def http_over(settings: Settings, line: Line) -> AsyncIterator[httpx.AsyncClient]:
    """The API with its database at the other end of the line."""
    folder = Path(tempfile.mkdtemp(prefix="ww"))
    server = await asyncio.start_unix_server(line.joined, folder / line.socket.name)
    url = (settings.database_url or "").replace(str(line.socket.parent), str(folder))
    made = create_app(settings)
    made.state.database = Database(url, 2, PATIENCE)
    await made.state.database.open()
    made.state.verifier = verifier_for(settings)
    transport = httpx.ASGITransport(app=made, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://wellwing") as client:
        yield client
    line.flowing.set()
    await made.state.database.close()
    server.close()
    for end in line.ends:
        end.close()
    shutil.rmtree(folder)


async def test_a_concern_is_said_not_to_be_saved_while_someone_waits(
    wing: Wing, http_over: httpx.AsyncClient, line: Line
) -> None:
    worker = wing.support_worker
    caller = Caller(http_over, wing.prison_id, worker.token, worker.subject)
    await caller.post("concerns", concern())
    line.flowing.clear()
    started = monotonic()
    async with asyncio.timeout(15):
        answers = await asyncio.gather(
            *[caller.request("POST", "concerns", json=concern()) for _ in range(6)]
        )
    took = monotonic() - started
    for answer in answers:
        assert answer.status_code == 503
        assert answer.json()["title"].startswith("NOT SAVED")
        assert answer.headers["retry-after"]
    assert took / PATIENCE * PATIENCE_SECONDS < HALF_A_MINUTE
    line.flowing.set()
    await asyncio.sleep(PATIENCE)
    assert (await caller.post("concerns", concern()))["reference"]


async def test_freezing_in_the_midst_of_saving_keeps_nobody_waiting(
    wing: Wing, http_over: httpx.AsyncClient, line: Line
) -> None:
    worker = wing.support_worker
    caller = Caller(http_over, wing.prison_id, worker.token, worker.subject)
    await caller.post("concerns", concern())
    started = monotonic()
    sending = asyncio.create_task(caller.request("POST", "concerns", json=concern()))
    await asyncio.sleep(0.006)
    line.flowing.clear()
    async with asyncio.timeout(15):
        answer = await sending
    assert answer.status_code in {201, 503}
    assert (monotonic() - started) / PATIENCE * PATIENCE_SECONDS < HALF_A_MINUTE


async def test_whoever_adds_people_waits_for_a_long_import_and_is_not_refused(
    wing: Wing, settings: Settings
) -> None:
    database = Database(settings.database_url or "", 2, PATIENCE)
    order: list[str] = []

    async def adds(name: str, seconds: float) -> None:
        async with database.write(wing.prison_id) as session:
            await people_lock(session, wing.prison_id)
            await asyncio.sleep(seconds)
            order.append(name)

    long = asyncio.create_task(adds("import", 2 * PATIENCE))
    await asyncio.sleep(0.1)
    await adds("person", 0)
    await long
    assert order == ["import", "person"]
    await database.close()
