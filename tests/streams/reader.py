"""A reader of streams, as a browser's EventSource is one."""

import asyncio
import json
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.story import Caller

PATIENCE = 6.0


async def path_for(caller: Caller) -> str:
    """A ticket's path."""
    made = await caller.post("stream-tickets")
    return str(made["path"])


@dataclass
class Reader:
    """An open stream: every message it has been sent."""

    response: httpx.Response
    messages: list[dict[str, Any]] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    ended: bool = False
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self) -> None:
        message: dict[str, Any] = {}
        try:
            async for line in self.response.aiter_lines():
                if line.startswith(":"):
                    self.comments.append(line[1:].strip())
                elif line:
                    name, _, value = line.partition(": ")
                    message[name] = json.loads(value) if name == "data" else value
                elif message:
                    self.messages.append(message)
                    message = {}
                    self._came.set()
        except httpx.HTTPError:
            pass
        self.ended = True
        self._came.set()

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events about things."""
        return [each["data"] for each in self.messages if "event" not in each]

    @property
    def last_id(self) -> str:
        """The id of the last message that had one."""
        return [str(each["id"]) for each in self.messages if "id" in each][-1]

    def of(self, thing_id: str) -> list[str]:
        """The types of the events about one thing."""
        return [each["type"] for each in self.events if each["thing_id"] == thing_id]

    async def until_numbered(self) -> str:
        """Wait until the last event's number is told, from which one goes on; others' transactions
        may take their time."""
        last = self.events[-1]["id"]
        await self.until(lambda: self.last_id == last, seconds=30)
        return self.last_id

    async def until(self, true: Any, seconds: float = PATIENCE) -> None:
        """Wait until something holds of the stream."""
        async with asyncio.timeout(seconds):
            while not true():
                self._came.clear()
                await self._came.wait()


class Readers:
    """Opens streams, and closes them at the end."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.open_ones: list[Reader] = []
        self._stack = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self, caller: Caller, last: str | None = None) -> Reader:
        """A stream of this caller's, once it says that it is open."""
        headers = {"Last-Event-ID": last} if last else {}
        return await self.follow(await path_for(caller), **headers)

    async def follow(self, path: str, **headers: str) -> Reader:
        asked = self.client.stream("GET", path, headers=headers)
        response = await self._stack.enter_async_context(asked)
        assert response.status_code == 200, await response.aread()
        reader = Reader(response)
        self.open_ones.append(reader)
        self._tasks.append(asyncio.create_task(reader.read()))
        await reader.until(lambda: reader.messages)
        return reader

    async def drop_all_but(self, kept: Reader) -> None:
        """Close every connection but this reader's."""
        for reader in self.open_ones:
            if reader is not kept:
                await reader.response.aclose()
        self.open_ones = [kept]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._stack.aclose()
