"""The lines between the parts, led through here so that they can be slow, silent, cut or half-open.

A line listens on a port of its own and goes on to whoever is at the far end. What is held up is
delivered when it flows again, in its order; what is half-open never is.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

CHUNK = 65536
Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(eq=False, slots=True)
class Joined:
    """One connection: the end of whoever came, and the far end."""

    near: asyncio.StreamWriter
    far: asyncio.StreamWriter
    gone: bool = False
    """Half-open: neither end is told, and nothing passes any more."""


class Link:
    """A line to one place. `reach` opens its far end."""

    def __init__(self, reach: Callable[[], Awaitable[Ends]]) -> None:
        self._reach = reach
        self._there, self._back = asyncio.Event(), asyncio.Event()
        self._there.set()
        self._back.set()
        self._joined: set[Joined] = set()
        self._delay = 0.0
        self._refusing = False
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._join, "127.0.0.1", 0)

    @property
    def port(self) -> int:
        assert self._server is not None, "open() first"
        return int(self._server.sockets[0].getsockname()[1])

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self._cut()

    async def suffer(self, kind: str, seconds: float) -> None:
        """Be in trouble of this kind for so long, and flow again."""
        try:
            match kind:
                case "stall":  # both ways
                    self._there.clear()
                    self._back.clear()
                case "deaf":  # what is asked arrives, and no answer
                    self._back.clear()
                case "slow":
                    self._delay = 0.15
                case "cut":
                    self._refusing = True
                    self._cut()
                case "half_open":
                    for each in self._joined:
                        each.gone = True
                case _:
                    raise ValueError(kind)
            await asyncio.sleep(seconds)
        finally:
            self._there.set()
            self._back.set()
            self._delay, self._refusing = 0.0, False

    def _cut(self) -> None:
        for each in self._joined:
            each.near.transport.abort()
            each.far.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self._refusing:
                raise ConnectionRefusedError
            answers, far = await self._reach()
        except OSError:
            writer.transport.abort()
            return
        joined = Joined(writer, far)
        self._joined.add(joined)
        try:
            await asyncio.gather(
                self._pass(joined, reader, far, self._there),
                self._pass(joined, answers, writer, self._back),
            )
        finally:
            self._joined.discard(joined)
            writer.transport.abort()
            far.transport.abort()

    async def _pass(
        self,
        joined: Joined,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        flowing: asyncio.Event,
    ) -> None:
        """Pass on what is said one way. Whoever hangs up is heard only if the line is whole."""
        try:
            while words := await reader.read(CHUNK):
                if self._delay:
                    await asyncio.sleep(self._delay)
                await flowing.wait()
                if not joined.gone:
                    writer.write(words)
                    await writer.drain()
            await flowing.wait()
        except (OSError, RuntimeError):  # uvloop's word for a line that is closed is the second
            pass  # it was cut, or one end has died: the other end hears of that
        if not joined.gone:
            writer.close()
