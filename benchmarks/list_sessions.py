"""Lists 50 sessions of the demo wing: ours, ours without its audit, the limit, a typical route.

Run with `make bench`. One process each, interleaved rounds, medians. The last line of standard
output is JSON.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import asyncpg

from app import demo, migrate
from app.config import Settings
from app.db import Database
from app.embedded import EmbeddedPostgres
from app.tokens import DevelopmentIssuer
from benchmarks import load
from benchmarks.fault.system import free_port

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


@contextmanager
def serving(settings: Settings) -> Iterator[dict[str, str]]:
    """Start one process for each server and answer the address to ask."""
    assert settings.database_url is not None
    environment = {
        **os.environ,
        "BENCH_URL": settings.database_url,
        "WELLWING_DATABASE_URL": settings.database_url,
        "WELLWING_VAR_DIR": str(settings.var_dir),
        "WELLWING_LOG_LEVEL": "ERROR",
        "WELLWING_RATE_LIMIT_SUBJECT": "100000000/minute",  # asked, and never reached
        "WELLWING_RATE_LIMIT_ADDRESS": "100000000/minute",
    }
    processes, urls = [], {}
    for name, (factory, path) in SERVERS.items():
        port = free_port()
        command = [sys.executable, "-m", "uvicorn", "--factory", factory]
        options = ["--port", str(port), "--log-level", "warning", "--no-access-log"]
        processes.append(subprocess.Popen([*command, *options], env=environment))
        urls[name] = f"http://127.0.0.1:{port}{path}"
        await_port(port)
    try:
        yield urls
    finally:
        for process in processes:
            process.terminate()
            process.wait()


def await_port(port: int) -> None:
    for _ in range(200):
        try:
            urlopen(f"http://127.0.0.1:{port}/openapi.json").close()
            return
        except OSError as error:
            if hasattr(error, "code"):
                return  # it answers, if only to say no
            time.sleep(0.05)
    raise RuntimeError("a server did not start")


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
            with serving(settings) as urls:
                found = asyncio.run(measure(urls, token, given.rounds, given.seconds))
        finally:
            server.stop()
    ours = found["ours"]
    say(f"of the limit: {ours / found['limit']:.2f}; × typical: {ours / found['typical']:.1f}")
    say(f"of itself unaudited: {ours / found['unaudited']:.2f}")
    print(json.dumps({"list_sessions": found}))


if __name__ == "__main__":
    main()
