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
from app.services.streams.reading import Happened, Position
from app.services.streams.stream import Ending, Stream
from app.services.streams.topics import noun_of, type_for

log = structlog.get_logger(__name__)
LOOK_SECONDS = 2.0
"""How long nobody looks at all: for events that nobody announced, and for access that has ended."""
REST_SECONDS = 0.05
"""The least between two turns: a flood is read in lots, a single event at once."""
FIRST_LOOK_AGAIN = 0.02
"""The first pause while an event waits for a slower writer; then ever longer ones."""
HELD_SECONDS = 0.3
"""How long an event waits for a slower writer at most."""


class Feed:
    """The streams of one prison in this process."""

    def __init__(self, db: Database, prison_id: str) -> None:
        self._db = db
        self._prison_id = prison_id
        self.streams: set[Stream] = set()
        self.wake = asyncio.Event()
        self._until = Position(0)
        self._moved_at = self._looked_at = 0.0

    async def run(self) -> None:
        """Take turns for as long as there is a stream. A database that is away is waited for."""
        pause = LOOK_SECONDS
        while self.streams:
            began, before = _now(), self._until
            self.wake.clear()
            try:
                held_back = await self._turn()
            except Exception:
                log.exception("stream_turn_failed", prison_id=self._prison_id)
                held_back = False
            if not held_back:
                pause = LOOK_SECONDS
            else:  # by a slower writer: look soon, and less soon while it goes on
                moved = self._until > before
                pause = FIRST_LOOK_AGAIN if moved else min(2 * pause, HELD_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self.wake.wait()
            await asyncio.sleep(began + REST_SECONDS - _now())

    async def _turn(self) -> bool:
        """Read what there is, and give it out. Answers whether there is more, which waits for a
        slower writer: when that goes on, nobody waits for it any longer."""
        if _now() - self._looked_at >= LOOK_SECONDS:
            self._looked_at = _now()
            await self._let_go([*self.streams])
        until, held_back = await reading.bound(self._db, self._prison_id)
        if until > self._until:
            self._until, self._moved_at = until, _now()
        behind: dict[Position, list[Stream]] = defaultdict(list)
        for stream in self._ready():
            if stream.after < until:
                behind[stream.after].append(stream)
        for position, streams in behind.items():
            found, read_to = await reading.after(self._db, self._prison_id, position, until)
            await self._give(found, streams, read_to)
            if read_to < until:
                self.wake.set()
        if held_back and _now() - self._moved_at >= HELD_SECONDS:
            await self._overtake(until)
        return held_back

    def _ready(self) -> list[Stream]:
        return [each for each in self.streams if each.ended is None and not each.full]

    async def _overtake(self, until: Position) -> None:
        """Give out what waits behind a writer that goes on. It moves nobody's place: whoever comes
        again is given it again, and what the slow one has to say before it."""
        abreast = [each for each in self._ready() if each.after == until]
        if abreast:
            known = set.intersection(*(each.ahead for each in abreast))
            found = await reading.ahead(self._db, self._prison_id, until, known)
            await self._give(found, abreast, None)

    async def _give(
        self, found: Sequence[Happened], streams: Sequence[Stream], read_to: Position | None
    ) -> None:
        """Give each stream what its reader may see now, as they stand now. What fails for one role
        is tried again, and costs the others nothing."""
        if found:
            await self._let_go(streams)
        alike: dict[Role, list[Stream]] = defaultdict(list)
        for stream in streams:
            if stream.ended is None:
                alike[stream.actor.role].append(stream)
        for role, some in alike.items():
            try:
                frames = self._frames(found, role, numbered=read_to is not None)
                seen = await self._seen([each for each in found if each.id in frames], some)
            except Exception:
                log.exception("stream_turn_failed", prison_id=self._prison_id)
                continue
            for stream, visible in zip(some, seen, strict=True):
                mine = [each for each in visible if each not in stream.ahead]
                if mine:
                    stream.put(b"".join(frames[each] for each in mine))
                if read_to is None:
                    stream.ahead.update(mine)
                else:
                    stream.after = read_to
                    stream.ahead.difference_update(each.id for each in found)

    async def _seen(self, found: Sequence[Happened], streams: Sequence[Stream]) -> list[list[UUID]]:
        """For each stream, those of the events that happened to what its reader may see."""
        things: dict[type[SQLModel], set[UUID]] = defaultdict(set)
        for each in found:
            things[noun_of(each.topic).model].add(each.thing_id)
        actors = [stream.actor for stream in streams]
        seen = {
            model: await reading.visible_to(self._db, model, actors, ids)
            for model, ids in things.items()
        }
        return [
            [each.id for each in found if each.thing_id in seen[noun_of(each.topic).model][number]]
            for number in range(len(streams))
        ]

    async def _let_go(self, streams: Sequence[Stream]) -> None:
        """End the streams of those who are not any more who they were."""
        bearers = [stream.bearer for stream in streams]
        actors = await as_they_stand(self._db, self._prison_id, bearers)
        for stream, actor in zip(streams, actors, strict=True):
            if actor != stream.actor:
                stream.end(Ending.access_ended)

    def _frames(
        self, found: Sequence[Happened], role: Role, *, numbered: bool
    ) -> dict[UUID, bytes]:
        """The events as this role is told of them. Without a number an event moves nobody's
        place."""
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
            number = f"id: {each.id}\n" if numbered else ""
            frames[each.id] = f"{number}data: {event.model_dump_json()}\n\n".encode()
        return frames


def _now() -> float:
    """Seconds that only grow, for pauses."""
    return asyncio.get_running_loop().time()
