"""What is done to the system, and when: worked out beforehand, from the seed alone."""

import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from benchmarks.fault.system import Parts, System

POSTGRES = ("kill", "immediate", "backend", "power")
TROUBLES = ("stall", "deaf", "slow", "cut", "half_open")


@dataclass(frozen=True, slots=True)
class Act:
    """At so many seconds from the beginning, this happens to that, for so long."""

    at: float
    kind: str
    target: str
    seconds: float = 0.0

    def __str__(self) -> str:
        return f"{self.at:7.2f} s  {self.kind} {self.target} {self.seconds or ''}".rstrip()


def kills(
    seed: int,
    seconds: float,
    parts: Parts,
    stretch: float = 1,
    kinds: Sequence[str] = POSTGRES,
) -> Iterator[Act]:
    """One part killed every 1.5 to 4 seconds. Without all of PostgreSQL's deaths, only those."""
    chance, at = random.Random(f"{seed} kills"), 0.0
    while (at := at + stretch * chance.uniform(1.5, 4)) < seconds:
        if kinds != POSTGRES or chance.random() < 1 / 3:
            yield Act(round(at, 2), chance.choice(kinds), "postgres")
        else:
            yield Act(round(at, 2), "kill", chance.choice(parts.processes))


def troubles(seed: int, seconds: float, parts: Parts, stretch: float = 1) -> Iterator[Act]:
    """One line in trouble after the other: to PostgreSQL, or from the writers to an API."""
    chance, at = random.Random(f"{seed} lines"), 0.0
    lines = [f"{each} to postgres" for each in parts.processes]
    lines += [f"writers to {api}" for api in parts.apis]
    while (at := at + stretch * chance.uniform(1, 5)) < seconds:
        act = Act(round(at, 2), chance.choice(TROUBLES), chance.choice(lines), _long(chance))
        yield act
        at += act.seconds


def freezes(seed: int, seconds: float, parts: Parts, stretch: float = 1) -> Iterator[Act]:
    """A process that stands still, as a machine that swaps, and goes on as if nothing were."""
    chance, at = random.Random(f"{seed} freezes"), 0.0
    while (at := at + stretch * chance.uniform(4, 12)) < seconds:
        yield Act(round(at, 2), "freeze", chance.choice(parts.processes), _long(chance))
        at += 12


def full_disks(seed: int, seconds: float, parts: Parts, stretch: float = 1) -> Iterator[Act]:
    chance, at = random.Random(f"{seed} disks"), 0.0
    while parts.disks and (at := at + stretch * chance.uniform(8, 30)) < seconds:
        act = Act(round(at, 2), "fill", chance.choice(parts.disks), round(chance.uniform(1, 4), 1))
        yield act
        at += act.seconds


def _long(chance: random.Random) -> float:
    """Mostly moments; one in five longer than anyone's patience."""
    return round(chance.uniform(8, 12) if chance.random() < 0.2 else chance.uniform(0.5, 5), 1)


def plan(seed: int, seconds: float, parts: Parts, stretch: float = 1) -> list[list[Act]]:
    """Strands of acts: what is in one strand comes one after the other, strands at once. `stretch`
    is for machines on which a process needs long to come back."""
    strands = (kills, troubles, freezes, full_disks)
    return [list(strand(seed, seconds, parts, stretch)) for strand in strands]


@dataclass
class Done:
    """What was really done: a part that was dead already was not killed again."""

    kills: Counter[str] = field(default_factory=Counter)
    troubles: Counter[str] = field(default_factory=Counter)
    disturbed: list[tuple[str, float, float]] = field(default_factory=list)
    """Which API, or the line to it, was in trouble from when to when."""


async def carry_out(system: System, strands: list[list[Act]], done: Done) -> None:
    began = time.time()
    await asyncio.gather(*[_strand(system, strand, began, done) for strand in strands])


async def _strand(system: System, acts: list[Act], began: float, done: Done) -> None:
    for act in acts:
        await asyncio.sleep(max(0.0, began + act.at - time.time()))
        clock = time.strftime("%H:%M:%S", time.gmtime())
        print(f"{clock} {act}", file=sys.stderr, flush=True)
        since = time.time()
        match act.kind:
            case "freeze":
                happened = await system.freeze(act.target, act.seconds)
            case "fill":
                happened = await system.fill(act.target, act.seconds)
            case kind if act.target in system.links:
                await system.links[act.target].suffer(kind, act.seconds)
                happened = True
            case _:
                if died := await system.kill(act.target, act.kind):
                    done.kills[f"{died} {act.target}"] += 1
                happened = False
        if happened:
            done.troubles[act.kind] += 1
        for api in system.parts.apis:
            if act.target in {api, f"writers to {api}"}:
                done.disturbed.append((api, since, time.time()))
