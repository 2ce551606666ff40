"""Slots: so many sends at once, so many of one owner, and a few that are kept for what is urgent.

Whoever comes next waits for a slot to come free, not for the slowest of a batch: an endpoint that
hangs holds the slots it has, and no more.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Protocol

import structlog

log = structlog.get_logger(__name__)


class Slots:
    """The sends of one worker on one channel. An owner is a prison, or a webhook."""

    def __init__(self, most: int, *, of_one: int, kept: int = 0) -> None:
        """`of_one`: of one owner; `kept`: of `most`, for what is urgent, whoever owns it."""
        self._most, self._of_one, self._kept = most, of_one, kept
        self._running: dict[asyncio.Task[None], Any] = {}

    def room(self, owner: Any, *, urgent: bool = False) -> int:
        """How many more may begin."""
        left = self._most - len(self._running)
        if urgent:
            return left
        return max(0, min(left - self._kept, self._of_one - self.held[owner]))

    @property
    def held(self) -> Counter[Any]:
        """How many slots each owner has."""
        return Counter(self._running.values())

    def begin(self, owner: Any, send: Coroutine[Any, Any, None]) -> None:
        """Begin one. It never raises."""
        self._running[asyncio.create_task(send)] = owner

    async def free(self, stopping: asyncio.Event, pause: float) -> None:
        """Wait until one has come free, a pause is over, or it is time to stop."""
        told = asyncio.create_task(stopping.wait())
        await asyncio.wait(
            {told, *self._running}, timeout=pause, return_when=asyncio.FIRST_COMPLETED
        )
        told.cancel()
        self._let_go()

    async def all_free(self) -> None:
        """Wait for every one that has begun."""
        if self._running:
            await asyncio.wait(self._running)
        self._let_go()

    async def end(self) -> None:
        """Leave what is on its way: the next worker has it."""
        for each in self._running:
            each.cancel()
        await self.all_free()

    def _let_go(self) -> None:
        for each in [each for each in self._running if each.done()]:
            del self._running[each]


class Sends(Protocol):
    """What has slots, and begins with what waits in a prison as far as there is room."""

    slots: Slots

    async def begin(self, prison_id: str) -> int: ...


async def keep_sending(
    sends: Sends,
    prisons: Callable[[], Awaitable[Sequence[str]]],
    stopping: asyncio.Event,
    pause: float,
) -> None:
    """Begin with what waits, prison by prison, until told to stop."""
    first = 0
    try:
        while not stopping.is_set():
            begun = 0
            try:
                every = list(await prisons())
                first = (first + 1) % max(len(every), 1)  # none is always the last
                for prison_id in [*every[first:], *every[:first]]:
                    begun += await sends.begin(prison_id)
            except Exception:
                log.exception("sending_failed")
            if not begun:
                await sends.slots.free(stopping, pause)
    finally:
        await sends.slots.end()
