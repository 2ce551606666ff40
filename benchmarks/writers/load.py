"""Writers who book, move, confirm and call off sessions, and what they were answered."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from benchmarks.writers.world import Place, Wishes, Writer

REFUSALS = {404, 409, 412}
"""404: a mentor's session that went over to another mentor meanwhile."""
SAID = ("version", "status", "room_id", "mentor_id", "starts_at", "ends_at")
BOOKS, REPLANS, CANCELS = 0.55, 0.9, 0.96  # the rest confirms


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any


Send = Callable[[str, str, Any, dict[str, str]], Awaitable[Answer]]


@dataclass
class Tally:
    """What all the writers were answered. `kept`: every version of a session that was acknowledged;
    `twice`: those that two were told, each something else."""

    kept: dict[str, dict[int, dict[str, Any]]] = field(default_factory=dict)
    accepted: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    twice: int = 0
    waits: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def writes(self) -> int:
        return self.accepted.total()

    @property
    def per_second(self) -> float:
        """Answers a second, refusals too: they are decided on the same facts."""
        return (self.writes + self.refused.total()) / self.seconds

    def note(self, what: str, answer: Answer) -> None:
        if answer.status in {200, 201}:
            self.accepted[what] += 1
            versions = self.kept.setdefault(answer.body["id"], {})
            said = {name: answer.body[name] for name in SAID}
            self.twice += versions.setdefault(said["version"], said) != said
        elif answer.status in REFUSALS:
            self.refused[str(answer.body.get("code", answer.status))] += 1
        else:
            self.errors.append(f"{what}: {answer.status} {answer.body}")

    def newest(self) -> dict[str, dict[str, Any]]:
        """Every session as it was last acknowledged."""
        return {each: versions[max(versions)] for each, versions in self.kept.items()}


class Board:
    """The sessions that the writers know of, for others to find and move: an office's wall."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Any]] = {}

    def note(self, session: dict[str, Any]) -> None:
        """As it was last heard of; what is called off is taken down."""
        if session["status"] == "cancelled":
            self._known.pop(session["id"], None)
        else:
            self._known[session["id"]] = session

    def any_of(self, writer: Writer, random: Random) -> dict[str, Any] | None:
        """One of all sessions for staff, one of their own for a mentor."""
        known = list(self._known.values())
        if writer.role == "mentor":
            own = str(writer.mentors[0])
            known = [each for each in known if each["mentor_id"] == own]
        return random.choice(known) if known else None


async def work(
    send: Send, wishes: Wishes, path: str, tries: int, board: Board, tally: Tally
) -> None:
    """One writer's requests, each as soon as the last is answered."""
    writer, random = wishes.writer, wishes.random
    for _ in range(tries):
        drawn = random.random()
        session = board.any_of(writer, random) if drawn >= BOOKS else None
        what, method, where, body = "book", "POST", path, None
        match: dict[str, str] = {}
        if session is None:
            body = wishes.booking()
        elif drawn < REPLANS:
            what, method, where, body = "replan", "PATCH", f"{path}/{session['id']}", None
            body = wishes.change()
            match = {"If-Match": f'"{session["version"]}"'}
        elif drawn < CANCELS:
            what, where = "cancel", f"{path}/{session['id']}/moves"
            body = {"to": "cancelled", "reason": "mentor_unavailable"}
        else:
            what, where, body = "confirm", f"{path}/{session['id']}/moves", {"to": "confirmed"}
        began = time.perf_counter()
        try:
            answer = await send(
                method, where, body, {"Authorization": f"Bearer {writer.token}", **match}
            )
        except (OSError, asyncio.IncompleteReadError) as error:
            tally.errors.append(f"{what}: {type(error).__name__}")
            continue
        tally.waits.append(time.perf_counter() - began)
        tally.note(what, answer)
        if answer.status in {200, 201}:
            board.note(answer.body)


async def run(
    senders: Sequence[Send],
    writers: Sequence[Writer],
    place: Place,
    path: str,
    *,
    tries: int,
    seed: int,
    week: int = 0,
) -> Tally:
    """Everyone at once, each over a connection of their own."""
    board, tally = Board(), Tally()
    wishes = [
        Wishes(place, writer, Random(f"{seed} {number}"), week)
        for number, writer in enumerate(writers)
    ]
    began = time.perf_counter()
    await asyncio.gather(
        *[
            work(send, each, path, tries, board, tally)
            for send, each in zip(senders, wishes, strict=True)
        ]
    )
    tally.seconds = time.perf_counter() - began
    return tally


class Connection:
    """One kept-alive connection: as little of HTTP as asking takes, not to be the bottleneck."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)

    async def send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Answer:
        data = json.dumps(body).encode()
        lines = [
            f"{method} {path} HTTP/1.1",
            f"Host: 127.0.0.1:{self._port}",
            "Content-Type: application/json",
            f"Content-Length: {len(data)}",
            *[f"{name}: {value}" for name, value in headers.items()],
        ]
        self._writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + data)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        at = head.index(b"content-length:") + 15
        length = int(head[at : head.index(b"\r\n", at)])
        answered = await self._reader.readexactly(length)
        return Answer(int(head.split(b" ", 2)[1]), json.loads(answered))

    def close(self) -> None:
        self._writer.close()
