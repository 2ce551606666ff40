"""Turns at what takes long: so many at once, a few who wait, and no more.

Whoever waits keeps a connection to the database. Without a bound a flood of prints or pictures
would leave none for somebody who raises a concern.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.errors import Busy


class Turns:
    """The turns of one process at one thing."""

    def __init__(self, at_once: int, most_waiting: int) -> None:
        self.at_once, self.most_waiting = at_once, most_waiting
        self._free = asyncio.Semaphore(at_once)
        self._waiting = 0

    @asynccontextmanager
    async def take(self) -> AsyncIterator[None]:
        """Wait for one's turn. Raises Busy when too many wait already."""
        if self._free.locked() and self._waiting >= self.most_waiting:
            raise Busy("Many ask for this at once; try again.")
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._free.release()
