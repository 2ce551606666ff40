"""Lives 30 days in 120 prisons, and looks for a concern that nobody was paged about in time.

Run with `make bench-days`. Staff raise, acknowledge, see, decide, hand over and close at random, or
do nothing for days; they hand their shifts over or forget to, and whoever comes on answers or does
not; they go home early and leave; posts stand empty; policies change; prisoners are moved away;
workers are gone for minutes; and now and then a next step is put off past the engine.
Time is moved through the service's clock, against a real PostgreSQL, through the real services and
the worker's own sweep. A checker that knows the rules and none of the engine's code says what came
of it. `--break step`, `--break reconciler` and `--break lapse` take a part of the engine out, and
must fail. The last line of standard output is JSON; `days_per_second` counts simulated days of all
prisons together. The exit code is 1 where anything was missed, or nothing was there to be missed.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from random import SystemRandom
from typing import Any

import asyncpg

from app import logs, migrate
from app.db import Database
from app.embedded import EmbeddedPostgres
from benchmarks.days.living import SKIPS, Days, Plan, prisons

HARM = (
    "open_without_next_step",
    "held_by_nobody",
    "missed_unescalated",
    "fell_silent",
    "paged_though_about_them",
    "unanswered_untold",
)
SOUGHT = ("concerns", "deadlines", "handovers", "pages", "steps")
BREAKS = ("step", "reconciler", "lapse")
URL = "BENCH_DAYS_URL"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def failed(found: dict[str, Any]) -> bool:
    """Whether a run shows harm, or shows nothing since nothing happened."""
    return any(found[name] for name in HARM) or not all(found[name] for name in SOUGHT)


def figures(days: Days) -> dict[str, Any]:
    """What one run was, as numbers that can be added up."""
    verdict = asdict(days.verdict)
    worst = verdict.pop("worst_late").total_seconds()
    more = {"steps": days.steps, "mended": days.mended, "worst_late_s": worst}
    return {**verdict, **more, "did": days.doing.done, "refused": days.doing.refused}


def together(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """The figures of all parts."""
    found: dict[str, Any] = {}
    for part in parts:
        for name, value in part.items():
            before = found.get(name)
            if isinstance(value, dict):
                found[name] = Counter(before or {}) + Counter(value)
            elif name == "worst_late_s":
                found[name] = max(before or 0, value)
            else:
                found[name] = value if before is None else before + value
    return found


async def part(given: argparse.Namespace, number: int) -> dict[str, Any]:
    """One process's share of the prisons."""
    logs.configure("CRITICAL")
    db = Database(os.environ[URL], 3)
    await db.open()
    mine = tuple(prisons(given.prisons)[number :: given.processes])
    broken = frozenset(given.broken)
    plan = Plan(str(given.seed), mine, given.days, given.concerns, broken=broken)
    days = Days(db, plan)
    await days.live()
    await db.close()
    return figures(days)


async def parts(given: argparse.Namespace, url: str) -> list[dict[str, Any]]:
    """Every share in a process of its own, for each has one clock."""
    command = [sys.executable, "-m", "benchmarks.days", f"--seed={given.seed}"]
    command += [f"--{name}={getattr(given, name)}" for name in ("prisons", "days", "concerns")]
    command += [f"--processes={given.processes}", *[f"--break={each}" for each in given.broken]]
    processes = [
        await asyncio.create_subprocess_exec(
            *command, f"--part={number}", stdout=-1, env={**os.environ, URL: url}
        )
        for number in range(given.processes)
    ]
    answers = await asyncio.gather(*[each.communicate() for each in processes])
    if any(each.returncode for each in processes):
        raise SystemExit("a part of the run failed; the reason is above")
    return [json.loads(out) for out, _ in answers]


async def skip_steps(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(SKIPS)
    await connection.close()


def measure(given: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="wellwing-days-") as folder:
        server = EmbeddedPostgres(Path(folder), durable=False)
        server.start()
        try:
            server.ensure_database("days")
            migrate.upgrade(server.owner_url("days"))
            if "step" in given.broken:
                asyncio.run(skip_steps(server.owner_url("days")))
            began = time.monotonic()
            found = together(asyncio.run(parts(given, server.application_url("days"))))
        finally:
            server.stop(force=True)
    seconds = time.monotonic() - began
    rate = given.prisons * given.days / seconds
    return {**found, "seconds": round(seconds, 1), "days_per_second": round(rate, 2)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prisons", type=int, default=120)
    parser.add_argument("--days", type=float, default=30)
    parser.add_argument("--concerns", type=float, default=0.4, help="raised a day in each prison")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--break", dest="broken", action="append", choices=BREAKS, default=[])
    parser.add_argument("--part", type=int, default=None, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part is not None:
        print(json.dumps(asyncio.run(part(given, given.part))))
        return 0
    given.seed = SystemRandom().randrange(10**6) if given.seed is None else given.seed
    say(f"seed {given.seed}")
    found = measure(given)
    for line in found.pop("told"):
        say(line)
    say(f"done: {found.pop('did').most_common()}")
    say(f"refused: {found.pop('refused').most_common()}")
    line = {"seed": given.seed, "prisons": given.prisons, "days": given.days, **found}
    print(json.dumps(line))
    return int(failed(line))


if __name__ == "__main__":
    sys.exit(main())
