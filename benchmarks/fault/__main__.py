"""Run with `make fault SECONDS=60`. The last line of standard output is JSON.

The exit code is 1 when anything was lost, doubled or never told, or when nothing was tried. With
`--break outbox` the pages' outbox rows vanish as they are written: the check must then fail.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import asyncpg
import httpx

from benchmarks.fault.system import PRISON, System

PARTS = ("api", "worker", "postgres")
SETTLE_SECONDS = 120
GIVE_UP_SECONDS = 120
HARM = ("lost", "doubled", "never_notified", "pages_lost", "unsaid")

UNSAID = """
    SELECT c.id FROM concern c WHERE NOT EXISTS (
        SELECT FROM outbox o
        WHERE o.prison_id = c.prison_id AND o.thing_id = c.id AND o.topic = 'concern.raised'
    ) OR NOT EXISTS (
        SELECT FROM history h WHERE h.prison_id = c.prison_id AND h.thing_id = c.id
    )
"""


@dataclass
class History:
    """What the clients know: by key, the reference answered and when."""

    acknowledged: dict[str, tuple[str, float]] = field(default_factory=dict)
    retries: int = 0
    kills: Counter[str] = field(default_factory=Counter)


async def write(system: System, history: History, writer: int, until: float, pace: float) -> None:
    """Raise concerns one after another, each retried under its key until it is answered 201."""
    headers = {"Authorization": f"Bearer {system.token()}"}
    number = 0
    async with httpx.AsyncClient(base_url=system.base_url, headers=headers, timeout=5) as http:
        while time.time() < until:
            number += 1
            key = f"writer-{writer}-{number}"
            body = {
                "immediacy": "within_24h",
                "subject_as_told": "the lad in the end cell",
                "account": f"key={key};",
            }
            while time.time() < until + GIVE_UP_SECONDS:
                try:
                    path = f"/v1/prisons/{PRISON}/concerns"
                    answer = await http.post(path, json=body, headers={"Idempotency-Key": key})
                    if answer.status_code == 201:
                        history.acknowledged[key] = (answer.json()["reference"], time.time())
                        break
                    if answer.status_code < 500:
                        raise RuntimeError(f"{answer.status_code}: {answer.text}")
                except httpx.HTTPError:
                    pass
                history.retries += 1
                await asyncio.sleep(0.1)
            await asyncio.sleep(pace)


async def nemesis(system: System, history: History, until: float, chance: random.Random) -> None:
    """Kill one part every 1.5 to 4 seconds; `System.keep` brings it back."""
    while time.time() < until:
        await asyncio.sleep(chance.uniform(1.5, 4))
        part = chance.choice(PARTS)
        await system.kill(part)
        history.kills[part] += 1


async def settle(system: System) -> None:
    """Wait until every page is sent and no step is due, at most two minutes."""
    query = (
        "SELECT (SELECT count(*) FROM outbox WHERE topic = 'notification.page' AND sent_at IS NULL)"
        " + (SELECT count(*) FROM delivery WHERE next_attempt_at IS NOT NULL)"
        " + (SELECT count(*) FROM concern WHERE next_step_at <= now())"
    )
    until = time.time() + SETTLE_SECONDS
    while time.time() < until:
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            if await scoped(system, query) == [(0,)]:
                return
        await asyncio.sleep(0.5)


async def scoped(system: System, query: str) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(system.postgres.application_url("fault"))
    await connection.execute(f"SET app.prison_id = '{PRISON}'")
    rows = [tuple(row) for row in await connection.fetch(query)]
    await connection.close()
    return rows


async def check(system: System, history: History) -> dict[str, object]:
    """Compare what clients were told with the database and with the sink."""
    kept: dict[str, list[str]] = {}
    for reference, account in await scoped(system, "SELECT reference, account FROM concern"):
        kept.setdefault(str(account)[4:-1], []).append(str(reference))
    lines = [json.loads(line) for line in system.sink_lines()]
    sent = Counter(line["id"] for line in lines)
    first: dict[str, float] = {}
    for line in lines:
        reference = line["text"].split("reference ")[1].rstrip(".").split(",")[0]
        at = _seconds(line["at"])
        first[reference] = min(first.get(reference, at), at)
    told = history.acknowledged
    waits = sorted(max(0.0, first[ref] - at) for ref, at in told.values() if ref in first)
    pages = [str(page) for (page,) in await scoped(system, "SELECT id FROM notification")]
    return {
        "kills": sum(history.kills.values()),
        "killed": dict(history.kills),
        "retries": history.retries,
        "acknowledged": len(told),
        "lost": sum(ref not in kept.get(key, []) for key, (ref, _) in told.items()),
        "doubled": sum(len(references) > 1 for references in kept.values()),
        "never_notified": sum(
            ref not in first for references in kept.values() for ref in references
        ),
        "pages": len(pages),
        "pages_lost": sum(page not in sent for page in pages),
        "unsaid": len(await scoped(system, UNSAID)),
        "notified_twice": sum(count > 1 for count in sent.values()),
        "p50_s": round(_quantile(waits, 0.5), 3),
        "p99_s": round(_quantile(waits, 0.99), 3),
        "worst_s": round(waits[-1], 3) if waits else None,
    }


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _quantile(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))] if values else 0.0


async def run(folder: Path, given: argparse.Namespace, seed: int) -> dict[str, object]:
    chance, history, system = random.Random(seed), History(), System(folder)
    await system.start()
    if given.breaks == "outbox":
        await system.break_outbox()
    keeping = asyncio.create_task(system.keep())
    try:
        until = time.time() + given.seconds
        await asyncio.gather(
            nemesis(system, history, until, chance),
            *[write(system, history, each, until, given.pace) for each in range(given.writers)],
        )
        await settle(system)
        return {"seed": seed, **await check(system, history)}
    finally:
        keeping.cancel()
        await asyncio.wait([keeping])
        await system.stop()


def harmed(found: dict[str, object]) -> bool:
    """Whether the check failed: harm was found, or nothing was there to be harmed."""
    tried = found["kills"] and found["acknowledged"]
    return not tried or any(found[name] for name in HARM)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--pace", type=float, default=0.2, help="seconds between two of a writer")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument(
        "--break", dest="breaks", choices=["outbox"], help="negative control: the check must fail"
    )
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(10**6)
    print(f"seed {seed}", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="wellwing-fault-") as folder:
        found = asyncio.run(run(Path(folder), given, seed))
    print(json.dumps(found))
    return 1 if harmed(found) else 0


if __name__ == "__main__":
    sys.exit(main())
