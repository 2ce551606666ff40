"""Run with `make fault SECONDS=60`. The last line of standard output is JSON, and so is the one
before it, which tells more.

The exit code is 1 when anything was lost, doubled or never told, or when nothing was tried, and 2
when the system did not even start. With
`--break outbox`, `fsync` or `idempotency` what that stands for is taken away: the check must then
fail. `--seed` does the same again at the same times.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import asyncpg
import uvloop

from benchmarks.fault import controls, disks, nemesis
from benchmarks.fault.checker import UNSAID, Held, check
from benchmarks.fault.clients import History, write_all
from benchmarks.fault.system import DISKS, NotStarted, Parts, System

SETTLE_SECONDS = 120
HARM = (
    "lost",
    "doubled",
    "never_notified",
    "pages_lost",
    "pages_untrue",
    "unsaid",
    "dishonest",
    "kept_waiting",
    "given_up",
)
TOLD = ("acknowledged", "lost", "doubled", "never_notified", "notified_twice")
TIMES = ("p50_s", "p99_s", "worst_s")

QUIET = """
    SELECT (SELECT count(*) FROM outbox WHERE topic = 'notification.page' AND sent_at IS NULL)
        + (SELECT count(*) FROM delivery WHERE next_attempt_at IS NOT NULL)
        + (SELECT count(*) FROM concern WHERE next_step_at <= now())
"""
CONCERNS = "SELECT reference, account FROM concern"
PAGES = "SELECT id FROM notification"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


async def settle(system: System) -> None:
    """Wait until every page is sent, no step is due, and what the audit could only write to a disk
    is brought in, at most two minutes."""
    until = time.time() + SETTLE_SECONDS
    while time.time() < until:
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            if await system.fetch(QUIET) == [(0,)] and not await system.fetch(UNSAID):
                return
        await asyncio.sleep(0.5)
    say("it did not come to rest")


async def look(system: System, done: nemesis.Done) -> Held:
    concerns = [(str(ref), str(account)) for ref, account in await system.fetch(CONCERNS)]
    pages = [str(page) for (page,) in await system.fetch(PAGES)]
    unsaid = len(await system.fetch(UNSAID))
    return Held(concerns, pages, system.sink_lines(), unsaid, done.disturbed)


@dataclass(frozen=True)
class Load:
    """How much is written, and for how long."""

    seconds: float
    writers: int = 8
    pace: float = 0.4


async def attempt(
    system: System, seed: int, load: Load, acts: list[list[nemesis.Act]]
) -> dict[str, object]:
    """Let writers write while these acts are carried out; wait for rest, and check."""
    history, done = History(), nemesis.Done()
    until = time.time() + load.seconds
    await asyncio.gather(
        nemesis.carry_out(system, acts, done),
        write_all(system, history, seed, load.writers, until, load.pace),
    )
    await settle(system)
    found = check(history, await look(system, done))
    for words, count in history.dishonest.most_common(5):
        say(f"{count} times answered: {words}")
    return {
        "seed": seed,
        "kills": done.kills.total(),
        **found,
        "killed": dict(sorted(done.kills.items())),
        "troubles": dict(sorted(done.troubles.items())),
        "answers": dict(sorted(history.answers.items())),
        "longest_answer_s": round(history.longest, 1),
        "ended_by_themselves": dict(system.ended),
        "disk_full": "done" if system.disks else "not done",
    }


@asynccontextmanager
async def running(system: System, breaks: str | None = None) -> AsyncIterator[None]:
    """The system, all of it up and kept up; without what the control takes away."""
    keeping = None
    try:
        await system.start()
        if breaks:
            await controls.take_away(system, breaks)
        await system.launch_all()
        keeping = asyncio.create_task(system.keep())
        yield
    finally:
        if keeping is not None:
            keeping.cancel()
            await asyncio.wait([keeping])
        await system.stop()


def strands(given: argparse.Namespace, seed: int, parts: Parts) -> list[list[nemesis.Act]]:
    """What happens when. The control of the disk cuts the power and does nothing else."""
    if given.breaks == "fsync":
        return [list(nemesis.kills(seed, given.seconds, parts, given.stretch, ("power",)))]
    return nemesis.plan(seed, given.seconds, parts, given.stretch)


async def run(system: System, given: argparse.Namespace, seed: int) -> dict[str, object]:
    load = Load(given.seconds, given.writers, given.pace)
    async with running(system, given.breaks):
        return await attempt(system, seed, load, strands(given, seed, system.parts))


def harmed(found: dict[str, object]) -> bool:
    """Whether the check failed: harm was found, or nothing was there to be harmed."""
    tried = found["kills"] and found["acknowledged"]
    return not tried or any(found[name] for name in HARM)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--pace", type=float, default=0.4, help="seconds between two of a writer")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--stretch", type=float, default=1, help="wait so much longer between acts")
    parser.add_argument("--plan", action="store_true", help="tell what would be done, and end")
    parser.add_argument("--logs", type=Path, help="folder to keep the processes' logs and pages in")
    parser.add_argument(
        "--break",
        dest="breaks",
        choices=sorted(controls.CONTROLS),
        help="negative control: the check must fail",
    )
    return parser.parse_args()


@contextmanager
def made() -> Iterator[System]:
    """A system in a folder of its own; with small disks, where they can be mounted."""
    with tempfile.TemporaryDirectory(prefix="wellwing-fault-") as name:
        folder, parts = Path(name), Parts.of_each(2, DISKS)
        try:
            disks.keep_to_ourselves()
            disks.Disk(folder / "tried", 16).close()
        except disks.NotPossible as why:
            say(f"disk-full is not done: {why}")
            parts = Parts.of_each(2)
        system = System(folder, parts)
        try:
            yield system
        finally:
            system.close()


def main() -> int:
    given = parsed()
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(10**6)
    say(f"seed {seed}")
    if given.plan:
        acts = chain(*strands(given, seed, Parts.of_each(2, DISKS)))
        for act in sorted(acts, key=lambda act: act.at):
            print(act)
        return 0
    with made() as system, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            found = runner.run(run(system, given, seed))
        except NotStarted as why:
            say(str(why))
            return 2
        finally:
            if given.logs is not None:
                system.keep_logs(given.logs)
    print(json.dumps(found))
    print(json.dumps({name: found[name] for name in ("seed", "kills", *TOLD, *TIMES)}))
    return 1 if harmed(found) else 0


if __name__ == "__main__":
    sys.exit(main())
