"""The writers: each raises one concern after another, under a key, until it is answered 201.

They do as clients are told to (docs/integrators.md): the same words under the same key, at the
other API if this one does not answer, until one of them says 201.
"""

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import httpx

from benchmarks.fault.system import PRISON, System

GIVE_UP_SECONDS = 120
IMPATIENT, PATIENT = 5.0, 40.0
HALF_A_MINUTE = 30.0
AGAIN = 0.05
"""How often an answered writer asks a second time under its key."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a client was answered 201 with, and when."""

    reference: str
    account: str
    at: float


@dataclass
class History:
    """What the clients know, by key; and what they were answered that is no honest answer."""

    acknowledged: dict[str, Told] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    dishonest: Counter[str] = field(default_factory=Counter)
    otherwise: list[str] = field(default_factory=list)
    """Keys under which somebody who asked again was told of another concern."""
    waits: list[tuple[str, float, float]] = field(default_factory=list)
    """Which API kept somebody waiting for more than half a minute, from when to when."""
    given_up: list[str] = field(default_factory=list)
    longest: float = 0.0


class Writer:
    """One client with a line to each API."""

    def __init__(
        self, name: str, at: int, lines: Sequence[tuple[str, httpx.AsyncClient]], history: History
    ) -> None:
        self.name, self.lines, self.history = name, lines, history
        self.at = at % len(lines)

    async def write(self, until: float, pace: float, chance: random.Random) -> None:
        for number in itertools.count(1):
            if time.time() >= until:
                return
            key = f"{self.name}-{number}"
            told = await self._until_told(key, until + GIVE_UP_SECONDS)
            if told is None:
                self.history.given_up.append(key)
                return
            self.history.acknowledged[key] = told
            if chance.random() < AGAIN:
                self.at = (self.at + 1) % len(self.lines)
                again = await self._ask(key)
                if again is not None and again.reference != told.reference:
                    self.history.otherwise.append(key)
            await asyncio.sleep(pace)

    async def _until_told(self, key: str, until: float) -> Told | None:
        failed = 0
        while time.time() < until:
            told = await self._ask(key)
            if told is not None:
                return told
            failed += 1
            self.at = (self.at + 1) % len(self.lines)
            await asyncio.sleep(0.02 if failed % len(self.lines) else 0.3)
        return None

    async def _ask(self, key: str) -> Told | None:
        account = f"key={key};"
        body = {
            "immediacy": "within_24h",
            "subject_as_told": "the lad in the end cell",
            "account": account,
        }
        (api, line), history, began = self.lines[self.at], self.history, time.time()
        try:
            path = f"/v1/prisons/{PRISON}/concerns"
            answer = await line.post(path, json=body, headers={"Idempotency-Key": key})
        except httpx.HTTPError as error:
            history.answers[type(error).__name__] += 1
            if time.time() - began > HALF_A_MINUTE:
                history.waits.append((api, began, time.time()))
            return None
        history.longest = max(history.longest, time.time() - began)
        history.answers[str(answer.status_code)] += 1
        if answer.status_code == 201:
            return Told(answer.json()["reference"], account, time.time())
        if not honest(answer):
            history.dishonest[f"{answer.status_code} {answer.text[:200]}"] += 1
        return None


def honest(answer: httpx.Response) -> bool:
    """Whether a refusal says what it must: not saved, and when to try again."""
    told = answer.headers.get("content-type") == "application/problem+json"
    return (
        told
        and answer.status_code == 503
        and answer.headers.get("retry-after", "").isdecimal()
        and answer.json()["title"].startswith("NOT SAVED")
    )


async def write_all(
    system: System, history: History, seed: int, writers: int, until: float, pace: float
) -> None:
    """Let so many write until then; every fourth has the patience that the API asks for."""
    headers = {"Authorization": f"Bearer {system.token()}"}
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
        for number in range(writers):
            patience = PATIENT if number % 4 == 3 else IMPATIENT
            lines = []
            for api, address in system.addresses.items():
                line = httpx.AsyncClient(
                    base_url=address, headers=headers, timeout=patience, trust_env=False
                )
                lines.append((api, await stack.enter_async_context(line)))
            name = f"{seed}-writer-{number}"
            writing = Writer(name, number, lines, history).write(until, pace, random.Random(name))
            tasks.create_task(writing)
