"""A prison's feed: reads its events once for all its streams, and gives each what it may see.

Nothing is held between turns: no connection, no transaction. A turn is taken when an event is
announced, and every two seconds in any case: nobody's access outlives them.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

import structlog
from sqlmodel import SQLModel

from app.db import Database
from app.models.staff import Role
from app.models.streams import StreamEvent
from app.services.streams import reading
from app.services.streams.bearers import as_they_stand
from app.services.streams.reading import Happened, Place, Snapshot
from app.services.streams.stream import Ending, Stream
from app.services.streams.topics import noun_of, type_for

log = structlog.get_logger(__name__)
LOOK_SECONDS = 2.0
"""How long nobody looks at all: for events that nobody announced, and for access that has ended."""
REST_SECONDS, REST_TURNS = 0.05, 5
"""The least between two turns, and as many times what the last one took where that is less: a flood
is read in lots, a single event at once."""


class Feed:
    """The streams of one prison in this process."""

    def __init__(self, db: Database, prison_id: str) -> None:
        self._db = db
        self._prison_id = prison_id
        self.streams: dict[Stream, None] = {}  # in the order in which they came
        self.wake = asyncio.Event()
        self._looked_at = 0.0

    async def run(self) -> None:
        """Take turns for as long as there is a stream. A database that is away is waited for."""
        while self.streams:
            began = _now()
            self.wake.clear()
            try:
                await self._turn()
            except Exception:
                log.exception("stream_turn_failed", prison_id=self._prison_id)
            rest = min(REST_SECONDS, REST_TURNS * (_now() - began))
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self.wake.wait()
            await asyncio.sleep(began + rest - _now())

    async def _turn(self) -> None:
        """Read what was committed since the last turn, once for all who have come as far, and give
        it out."""
        looks = _now() - self._looked_at >= LOOK_SECONDS
        if looks:
            self._looked_at = _now()
            await self._let_go([*self.streams])
        alike: dict[Place, list[Stream]] = defaultdict(list)
        for stream in self._ready():
            alike[stream.place].append(stream)
        until: Snapshot | None = None
        for place, streams in alike.items():
            found, read_in, read_to = await reading.following(
                self._db, self._prison_id, place, until
            )
            if place.until is None:  # whoever was read to the same snapshot goes on together
                until = read_in
            await self._give(found, read_in, streams, read_to)
            if read_to.until is not None:
                self.wake.set()
        if looks:
            for stream in self._ready():
                stream.mark()

    def _ready(self) -> list[Stream]:
        return [each for each in self.streams if each.ended is None and not each.full]

    async def _give(
        self,
        found: Sequence[Happened],
        read_in: Snapshot,
        streams: Sequence[Stream],
        read_to: Place,
    ) -> None:
        """Give each stream what its reader may see now, as they stand now: both are asked at once.
        What fails for one role is tried again, and costs the others nothing."""
        alike: dict[Role, list[Stream]] = defaultdict(list)
        for stream in streams:
            alike[stream.actor.role].append(stream)
        frames = {role: self._frames(found, role, read_in) for role in alike}
        told = {role: [each for each in found if each.id in frames[role]] for role in alike}
        stand, *sights = await asyncio.gather(
            self._let_go(streams if found else ()),
            *(self._by_sight(told[role], some) for role, some in alike.items()),
            return_exceptions=True,
        )
        if isinstance(stand, BaseException):
            raise stand
        for role, by_sight in zip(alike, sights, strict=True):
            if not isinstance(by_sight, dict):
                log.error("stream_turn_failed", prison_id=self._prison_id, exc_info=by_sight)
                continue
            for seen, readers in by_sight.items():
                mine = [told[role][number] for number in seen]
                chunk = b"".join(frames[role][each.id] for each in mine)
                for stream in readers:  # whose access has ended takes no more
                    stream.give(chunk, mine, read_in)
                    stream.place = read_to

    async def _by_sight(
        self, found: Sequence[Happened], streams: Sequence[Stream]
    ) -> dict[tuple[int, ...], list[Stream]]:
        """The streams by which of the events happened to what their readers may see."""
        things: dict[type[SQLModel], set[UUID]] = defaultdict(set)
        for each in found:
            things[noun_of(each.topic).model].add(each.thing_id)
        actors = [stream.actor for stream in streams]
        sets = (reading.visible_to(self._db, model, actors, ids) for model, ids in things.items())
        seen = dict(zip(things, await asyncio.gather(*sets), strict=True))
        lots = [(n, each.thing_id, seen[noun_of(each.topic).model]) for n, each in enumerate(found)]
        by_sight: dict[tuple[int, ...], list[Stream]] = defaultdict(list)
        for number, stream in enumerate(streams):
            mine = tuple(n for n, thing_id, by_reader in lots if thing_id in by_reader[number])
            by_sight[mine].append(stream)
        return by_sight

    async def _let_go(self, streams: Sequence[Stream]) -> None:
        """End the streams of those who are not any more who they were."""
        if not streams:
            return
        bearers = [stream.bearer for stream in streams]
        actors = await as_they_stand(self._db, self._prison_id, bearers)
        for stream, actor in zip(streams, actors, strict=True):
            if actor != stream.actor:
                stream.end(Ending.access_ended)

    def _frames(
        self, found: Sequence[Happened], role: Role, read_in: Snapshot
    ) -> dict[UUID, bytes]:
        """The events as this role is told of them, each written once for all. Where something may
        yet be committed before an event it has no number: it moves nobody's place."""
        frames = {}
        for each in found:
            told = type_for(role, each.topic)
            if told is None:
                continue
            event = StreamEvent(
                id=each.id,
                type=told,
                thing=noun_of(each.topic).address,
                thing_id=each.thing_id,
                prison_id=self._prison_id,
                time=each.recorded_at,
            )
            number = f"id: {each.id}\n" if each.settled_in(read_in) else ""
            frames[each.id] = f"{number}data: {event.model_dump_json()}\n\n".encode()
        return frames


def _now() -> float:
    """Seconds that only grow, for pauses."""
    return asyncio.get_running_loop().time()
