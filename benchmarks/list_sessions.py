"""Lists 50 sessions of the demo wing: ours, ours without its audit, the limit, a typical route.

Run with `make bench`. One process each, interleaved rounds, medians. The last line of standard
output is JSON.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from pathlib import Path

import asyncpg

from app import demo, migrate
from app.config import Settings
from app.db import Database
from app.embedded import EmbeddedPostgres
from app.tokens import DevelopmentIssuer
from benchmarks import load
from benchmarks.serving import environment, serving

QUERY = "kind=one_to_one&limit=50"
SERVERS = {
    "ours": ("app.main:create_app", f"/v1/prisons/SLI/sessions?{QUERY}&sort=-starts_at"),
    "unaudited": (
        "benchmarks.rivals:unaudited",
        f"/v1/prisons/SLI/sessions?{QUERY}&sort=-starts_at",
    ),
    "limit": ("benchmarks.rivals:limit", f"/sessions?{QUERY}"),
    "typical": ("benchmarks.rivals:typical", f"/sessions?{QUERY}"),
}


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


async def measure(
    urls: dict[str, str], token: str, rounds: int, seconds: float
) -> dict[str, float]:
    """Median requests a second of each, over interleaved rounds after one to warm up."""
    figures: dict[str, list[float]] = {name: [] for name in urls}
    for number in range(rounds + 1):
        for name, url in urls.items():
            done = await load.ask(url, token, seconds=seconds)
            if done.failed:
                raise RuntimeError(f"{name} answered {done.failed} errors")
            if number:
                figures[name].append(done.rps)
        said = {name: round(rates[-1]) for name, rates in figures.items() if rates}
        say(f"round {number}: {said or 'warm-up'}")
    return {name: round(statistics.median(rates), 1) for name, rates in figures.items()}


async def prepare(settings: Settings, superuser_url: str) -> None:
    """Load the demo wing and give the planner its statistics, as autovacuum would in a minute."""
    assert settings.database_url is not None
    db = Database(settings.database_url)
    await db.open()
    say(str(await demo.load(db)))
    await db.close()
    connection = await asyncpg.connect(superuser_url)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wellwing-bench-") as folder:
        server = EmbeddedPostgres(Path(folder))
        server.start()
        try:
            server.ensure_database("bench")
            migrate.upgrade(server.owner_url("bench"))
            url = server.application_url("bench")
            settings = Settings(_env_file=None, var_dir=Path(folder), database_url=url)
            asyncio.run(prepare(settings, server.superuser_url("bench")))
            token = DevelopmentIssuer(Path(folder), settings).issue(
                "support-worker.sli", ["support_worker"], ["SLI"]
            )
            factories = {name: factory for name, (factory, _) in SERVERS.items()}
            with serving(factories, {**environment(settings), "BENCH_URL": url}) as ports:
                urls = {name: f"http://127.0.0.1:{ports[name]}{SERVERS[name][1]}" for name in ports}
                found = asyncio.run(measure(urls, token, given.rounds, given.seconds))
        finally:
            server.stop()
    ours = found["ours"]
    say(f"of the limit: {ours / found['limit']:.2f}; × typical: {ours / found['typical']:.1f}")
    say(f"of itself unaudited: {ours / found['unaudited']:.2f}")
    print(json.dumps({"list_sessions": found}))


if __name__ == "__main__":
    main()
