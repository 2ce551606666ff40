"""One stream: what waits to be written to its reader, and why it ends."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from enum import StrEnum
from uuid import UUID

import orjson

from app.access import Actor
from app.services.streams.bearers import Bearer
from app.services.streams.reading import Happened, Place, Position, Snapshot

HEARTBEAT_SECONDS = 15.0
RETRY_MILLISECONDS = 3000
ENOUGH_BYTES = 64 * 1024
"""When so much waits for a reader, no more is read for them until they have taken it."""


class Ending(StrEnum):
    """Why a stream ended."""

    closing = "closing"
    """The service stops: ask for a ticket and come again."""
    access_ended = "access_ended"
    """The reader is not any more who they were, or their token has ended."""
    superseded = "superseded"
    """The reader has opened so many others since: do not come again."""
    too_slow = "too_slow"
    """The reader did not read: nothing is written to them any more, not even this."""


class Stream:
    """A reader's stream. Written to by its prison's feed, read from by the response."""

    def __init__(
        self, ticket_id: UUID, actor: Actor, bearer: Bearer, place: Place, *, missed: bool
    ) -> None:
        """`place`: how far it was read. `missed`: the event after which the reader asked to go on
        is not known any more."""
        self.actor, self.bearer, self.place = actor, bearer, place
        self._unmarked: list[Position] = []
        self.ended: Ending | None = None
        self.taken = asyncio.Event()
        self._waiting: list[bytes] = []
        self._bytes = 0
        self._more = asyncio.Event()
        told = {"heartbeat_seconds": HEARTBEAT_SECONDS}
        retry = RETRY_MILLISECONDS + random.randrange(RETRY_MILLISECONDS)  # noqa: S311
        self.put(f"retry: {retry}\n".encode() + framed(told, event="ready", event_id=ticket_id))
        if missed:
            self.put(framed({"reason": "unknown_event"}, event="reset"))

    @property
    def full(self) -> bool:
        """Whether enough waits for its reader already."""
        return self._bytes > ENOUGH_BYTES

    def put(self, chunk: bytes) -> None:
        """Let this be written."""
        if chunk and self.ended is None:
            self._waiting.append(chunk)
            self._bytes += len(chunk)
            self._more.set()

    def give(self, chunk: bytes, given: Sequence[Happened], read_in: Snapshot) -> None:
        """Write events, and note which of them have no number: the first and the last suffice."""
        self.put(chunk)
        for each in given:
            if each.settled_in(read_in):
                self._unmarked = [one for one in self._unmarked if one > each.position]
            else:
                self._unmarked[1:] = [each.position]

    def mark(self) -> None:
        """Tell the number of the last event that had none, once nothing can come before it any
        more. For a reader who has been given all there is."""
        settled = [each for each in self._unmarked if each.xid < self.place.since.xmin]
        if settled and self.place.until is None:
            self._unmarked = [each for each in self._unmarked if each not in settled]
            self.put(framed({}, event="mark", event_id=max(settled).event_id))

    def end(self, why: Ending) -> None:
        """End the stream, with a last word on why. It ends once."""
        self.put(framed({"reason": why.value}, event="end"))
        self.ended = self.ended or why

    async def take(self) -> bytes | None:
        """What is to be written next, a heartbeat when there is nothing for long; None at the
        end."""
        if not self._waiting and self.ended is None:
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await self._more.wait()
            except TimeoutError:
                return b": heartbeat\n\n"
        if not self._waiting:
            return None
        chunk = b"".join(self._waiting)
        self._waiting.clear()
        self._bytes = 0
        self._more.clear()
        self.taken.set()
        return chunk


def framed(told: Mapping[str, object], *, event: str, event_id: UUID | None = None) -> bytes:
    """A message of the stream itself. Events about things are the browser's plain `message`."""
    named = f"id: {event_id}\n" if event_id else ""
    return f"{named}event: {event}\ndata: ".encode() + orjson.dumps(told) + b"\n\n"
