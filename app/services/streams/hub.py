"""The streams of one process: how many, one feed a prison, and one connection that listens.

The database announces events on `CHANNEL` as their transactions commit, with the prison and nothing
else. Where nobody hears it (the connection is lost, or a pooler takes it away) each feed looks by
itself all the same.
"""

import asyncio
from contextlib import suppress
from typing import Any

import asyncpg
import structlog

from app.db import Database
from app.errors import Busy
from app.services.streams.feed import Feed
from app.services.streams.stream import Ending, Stream

log = structlog.get_logger(__name__)
CHANNEL = "wellwing_events"
STREAMS_A_PERSON = 6
LISTEN_AGAIN_SECONDS = 1.0
ALIVE_SECONDS = 15.0


class Streams:
    """What `app.state.streams` is. Nothing runs until the first stream is opened."""

    def __init__(self, state: Any, *, most: int, patience: float) -> None:
        """`state`: the application's, which holds its database once that is open; `patience`: how
        long a reader may take nothing of what is written to them, in seconds."""
        self._state = state
        self.patience = patience
        self._most = most
        self._feeds: dict[str, Feed] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._listening: asyncio.Task[None] | None = None
        self._closing = False

    @property
    def _db(self) -> Database:
        db: Database = self._state.database
        return db

    @property
    def count(self) -> int:
        return sum(len(feed.streams) for feed in self._feeds.values())

    def admit(self) -> None:
        """Raises Busy when the process has as many streams open as it may, or stops."""
        if self._closing or self.count >= self._most:
            raise Busy("No more streams can be opened here now; ask the lists meanwhile.")

    def enter(self, stream: Stream) -> None:
        """Feed the stream from now on. Of who has more than one may the oldest is ended: its reader
        may be long gone without a word. Raises as `admit` does."""
        self.admit()
        prison_id = stream.actor.prison_id
        feed = self._feeds.get(prison_id)
        if feed is None:
            feed = self._feeds[prison_id] = Feed(self._db, prison_id)
            self._run(self._fed(prison_id, feed))
        feed.streams[stream] = None
        theirs = [each for each in feed.streams if _same(each, stream) and each.ended is None]
        for each in theirs[:-STREAMS_A_PERSON]:
            each.end(Ending.superseded)
        stream.taken = feed.wake
        feed.wake.set()
        if self._listening is None:
            self._listening = self._run(self._listen_always())

    def leave(self, stream: Stream) -> None:
        feed = self._feeds.get(stream.actor.prison_id)
        if feed is not None:
            feed.streams.pop(stream, None)
            feed.wake.set()

    def close(self) -> None:
        """Let no more in, and tell those who are in that it ends. For whatever stops the server:
        it waits for its connections before anything else is told."""
        self._closing = True
        for feed in self._feeds.values():
            for stream in feed.streams:
                stream.end(Ending.closing)

    async def stop(self) -> None:
        """Close, and end what runs. Call it before the database is closed."""
        self.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _run(self, work: Any) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _fed(self, prison_id: str, feed: Feed) -> None:
        try:
            await feed.run()
        finally:
            if self._feeds.get(prison_id) is feed:
                del self._feeds[prison_id]

    def _heard(self, *told: Any) -> None:
        feed = self._feeds.get(told[-1])
        if feed is not None:
            feed.wake.set()

    async def _listen_always(self) -> None:
        """Keep one connection listening. What was said while nobody listened is looked for."""
        while True:
            try:
                await self._listen()
            except Exception:
                log.exception("stream_listener_lost")
            await asyncio.sleep(LISTEN_AGAIN_SECONDS)

    async def _listen(self) -> None:
        lost = asyncio.Event()
        connection = await asyncpg.connect(
            self._db.url,
            timeout=5,
            command_timeout=5,
            server_settings={"application_name": "wellwing listening"},
        )
        try:
            connection.add_termination_listener(lambda _: lost.set())
            await connection.add_listener(CHANNEL, self._heard)
            for feed in self._feeds.values():
                feed.wake.set()
            while not lost.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(ALIVE_SECONDS):
                        await lost.wait()
                await connection.execute("SELECT 1")
        finally:
            connection.terminate()


def _same(one: Stream, other: Stream) -> bool:
    return one.actor.subject == other.actor.subject
