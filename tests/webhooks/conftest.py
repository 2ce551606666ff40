"""A real receiver of webhooks on this machine, and a prison that tells it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

import pytest
from sqlalchemy import text

from app import worker
from app.config import settings
from app.integrations.webhooks.sender import HttpSender
from app.services.webhooks import sending
from tests.story import Wing

HERE = "127.0.0.0/8"


@dataclass
class Receiver:
    """An HTTP server: what it was sent, and what it is told to answer."""

    answers: list[str] = field(default_factory=list)
    given: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    server: asyncio.Server | None = None
    holds: float = 0.0

    async def opens(self) -> None:
        self.server = await asyncio.start_server(self._take, "127.0.0.1", 0)

    @property
    def url(self) -> str:
        assert self.server is not None
        return f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}/events"

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in head[1:] if line)
        headers = {name.lower(): value for name, value in headers.items()}
        body = await reader.readexactly(int(headers["content-length"]))
        self.given.append((headers, body))
        await asyncio.sleep(self.holds)
        answer = self.answers.pop(0) if self.answers else "204 No Content"
        writer.write(
            f"HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
        )
        await writer.drain()
        writer.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    await made.opens()
    yield made
    assert made.server is not None
    made.server.close()


@pytest.fixture(autouse=True)
def _this_machine_is_allowed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The site allows this machine, as it would its own network."""
    monkeypatch.setenv("WELLWING_WEBHOOK_ALLOWED_NETWORKS", HERE)
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


@dataclass
class Told:
    """A prison that tells a receiver of some topics."""

    wing: Wing
    receiver: Receiver
    webhook: Any

    async def tells(self, *networks: str) -> int:
        """A round of the worker: events are let go, and sent."""
        await self.lets_go()
        sender = HttpSender([ip_network(each) for each in networks or (HERE,)])
        return await sending.turn(self.wing.db, self.wing.prison_id, sender)

    async def lets_go(self) -> None:
        await worker._let_go(self.wing.db, self.wing.prison_id)

    async def read(self) -> Any:
        return await self.wing.governor.get(f"webhooks/{self.webhook['id']}")

    async def log(self, query: str = "") -> list[Any]:
        path = f"webhooks/{self.webhook['id']}/deliveries{query}"
        items: list[Any] = (await self.wing.governor.get(path))["items"]
        return items


@pytest.fixture
async def told(wing: Wing, receiver: Receiver) -> Told:
    body = {"name": "Duty board", "url": receiver.url, "topics": ["room", "concern"]}
    quiet = Told(wing, receiver, await wing.governor.post("webhooks", body))
    await quiet.lets_go()
    async with wing.db.write(wing.prison_id) as session:
        await session.execute(text("DELETE FROM webhook_delivery"))
    return quiet
