"""Lets 200 writers plan on one wing at once, over HTTP, and looks for two in one place.

Run with `make bench-writers`. They book, move, confirm and call off sessions of few rooms, mentors
and mentees, as support workers and as mentors, in interleaved rounds beside the same load on bare
tables. What came out is checked in SQL that knows no constraint; without constraints the check and
the load must both show overlaps, or it proves nothing. The last line of standard output is JSON:
`writes` were accepted, `refused` had a reason, `errors` were neither; a second counts both. The
exit code is 1 where anything overlaps, was lost or went wrong.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import SystemRandom

import asyncpg

from app import migrate
from app.config import Settings
from app.db import Database
from app.embedded import EmbeddedPostgres
from app.tokens import DevelopmentIssuer
from benchmarks.serving import environment, serving
from benchmarks.writers import checker, load
from benchmarks.writers.bare import GUARDS, TABLES
from benchmarks.writers.world import PRISON, Place, Writer, settle

SERVERS = {
    "ours": ("app.main:create_app", f"/v1/prisons/{PRISON}/sessions"),
    "bare": ("benchmarks.writers.bare:bare", "/sessions"),
    "unguarded": ("benchmarks.writers.bare:unguarded", "/sessions"),
}


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@dataclass
class Figures:
    """What one server did in all rounds."""

    rates: list[float] = field(default_factory=list)
    accepted: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    twice: int = 0
    newest: dict[str, dict[str, object]] = field(default_factory=dict)

    def add(self, tally: load.Tally) -> None:
        self.rates.append(tally.per_second)
        self.accepted += tally.accepted
        self.refused += tally.refused
        self.errors += tally.errors
        self.twice += tally.twice
        self.newest |= tally.newest()

    @property
    def per_second(self) -> float:
        return round(statistics.median(self.rates), 1)


async def one_round(
    name: str, port: int, place: Place, writers: list[Writer], given: argparse.Namespace, week: int
) -> load.Tally:
    connections = [load.Connection(port) for _ in writers]
    await asyncio.gather(*[each.open() for each in connections])
    senders = [each.send for each in connections]
    path = SERVERS[name][1]
    tally = await load.run(
        senders, writers, place, path, tries=given.tries, seed=given.seed, week=week
    )
    for each in connections:
        each.close()
    waits = sorted(tally.waits)
    p50, p99 = (waits[int(len(waits) * share)] for share in (0.5, 0.99))
    say(
        f"round {week} {name}: {tally.per_second:.0f}/s, {tally.writes} accepted,"
        f" {tally.refused.total()} refused, {len(tally.errors)} errors;"
        f" waited {p50:.2f} s, one in a hundred {p99:.2f} s"
    )
    for error in tally.errors[:5]:
        say(f"  {error}")
    return tally


async def prepare(server: EmbeddedPostgres) -> Place:
    """The wing in our database, and the bare tables in two others."""
    for name in ("bare", "unguarded"):
        connection = await asyncpg.connect(server.owner_url(name))
        await connection.execute(TABLES + (GUARDS if name == "bare" else ""))
        await connection.execute("GRANT ALL ON session, participation TO PUBLIC")
        await connection.close()
    db = Database(server.application_url("ours"))
    place = await settle(db)
    await db.close()
    return place


async def judge(server: EmbeddedPostgres, found: dict[str, Figures]) -> dict[str, int]:
    """Overlaps and losses of each; `blind` counts what the check did not see, and should have."""
    verdict = {}
    for name, figures in found.items():
        connection = await asyncpg.connect(server.superuser_url(name))
        overlaps = await checker.overlaps(connection, PRISON)
        lost = await checker.lost(connection, PRISON, figures.newest)
        say(f"{name}: overlaps {overlaps}, lost {lost}, one version twice {figures.twice}")
        verdict[f"{name}_overlaps"] = sum(overlaps.values())
        verdict[f"{name}_lost"] = lost + figures.twice
        if name == "ours":
            seen = await checker.sees(connection, PRISON)
            say(f"negative control, one session planned twice without constraints: {seen}")
            verdict["blind"] = sum(not count for count in seen.values())
        await connection.close()
    return verdict


async def measure(
    server: EmbeddedPostgres, settings: Settings, given: argparse.Namespace
) -> tuple[dict[str, Figures], dict[str, int]]:
    place = await prepare(server)
    writers = place.writers(DevelopmentIssuer(settings.var_dir, settings), given.writers)
    addresses = {
        f"BENCH_{name.upper()}_URL": server.application_url(name) for name in ("bare", "unguarded")
    }
    factories = {name: factory for name, (factory, _) in SERVERS.items()}
    found = {name: Figures() for name in SERVERS}
    with serving(factories, {**environment(settings), **addresses}) as ports:
        for week in range(given.rounds):
            for name, port in ports.items():
                if name != "unguarded" or week == 0:
                    tally = await one_round(name, port, place, writers, given, week)
                    found[name].add(tally)
    return found, await judge(server, found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writers", type=int, default=200)
    parser.add_argument("--tries", type=int, default=10, help="of each writer, in a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=None)
    given = parser.parse_args()
    given.seed = SystemRandom().randrange(10**6) if given.seed is None else given.seed
    say(f"seed {given.seed}")
    with tempfile.TemporaryDirectory(prefix="wellwing-writers-") as folder:
        server = EmbeddedPostgres(Path(folder))
        server.start()
        try:
            for name in SERVERS:
                server.ensure_database(name)
            migrate.upgrade(server.owner_url("ours"))
            url = server.application_url("ours")
            settings = Settings(_env_file=None, var_dir=Path(folder), database_url=url)
            found, verdict = asyncio.run(measure(server, settings, given))
        finally:
            server.stop()
    ours, bare = found["ours"], found["bare"]
    say(f"accepted: {dict(ours.accepted)}; refused: {dict(ours.refused.most_common())}")
    say(f"bare: accepted {dict(bare.accepted)}; refused {dict(bare.refused.most_common())}")
    line = {
        "writers": given.writers,
        "writes": ours.accepted.total(),
        "refused": ours.refused.total(),
        "overlaps": verdict["ours_overlaps"],
        "errors": len(ours.errors) + verdict["ours_lost"],
        "per_second": ours.per_second,
        "bare_per_second": bare.per_second,
        "ratio": round(ours.per_second / bare.per_second, 3),
    }
    print(json.dumps(line))
    proven = not verdict["blind"] and verdict["unguarded_overlaps"] and ours.accepted.total()
    return 0 if proven and not line["overlaps"] and not line["errors"] else 1


if __name__ == "__main__":
    sys.exit(main())
