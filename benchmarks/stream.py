"""From a concern raised to its event at connected clinicians, beside a bare NOTIFY.

Run with `make bench-stream`. One API and one worker; all streams are of one prison, each of another
clinician, and read by a process of their own: every one of them is told of every concern. Raises
come at their pace whether answered or not. The last line of standard output is JSON.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx

from app import migrate
from app.clock import now
from app.config import Settings
from app.db import Database
from app.embedded import EmbeddedPostgres
from app.models.duties import Duty, Post
from app.models.prisons import Prison
from app.models.staff import Staff, StaffRole
from app.tokens import DevelopmentIssuer
from benchmarks.fault.system import RUN, free_port

PRISON = "STR"
BODY = {
    "subject_as_told": "the lad in the end cell",
    "account": "He gave his radio away.",
    "immediacy": "today",
}
RAISED, THING = b'"type":"concern.raised"', b'"thing_id":"'
SETTLE_SECONDS = 3.0
LATE_SECONDS = 10.0
Times = dict[str, float]


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


# The readers: a process of their own


Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def open_one(address: str, path: str) -> Connection:
    parts = urlsplit(address)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
    status = await reader.readline()
    if b" 200 " not in status:
        raise RuntimeError(f"a stream was refused: {status.decode()}")
    return reader, writer


async def read(connection: Connection, told: list[tuple[str, float]]) -> None:
    """One stream, read as it comes: which concern it told of, and when."""
    reader, _ = connection  # it is closed as soon as nobody holds its writer
    while line := await reader.readline():
        if RAISED in line:
            begin = line.index(THING) + len(THING)
            told.append((line[begin : begin + 36].decode(), time.monotonic()))


async def read_all(address: str) -> None:
    """The streams whose paths come in, a line each; what they were told goes out at the end."""
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), sys.stdin
    )
    told: list[list[tuple[str, float]]] = []
    tasks = []
    while (line := (await lines.readline()).decode().strip()) != "end":
        if line:
            told.append([])
            connection = await open_one(address, line)
            tasks.append(asyncio.create_task(read(connection, told[-1])))
            print(len(told), flush=True)
        elif lines.at_eof():
            break
    for task in tasks:
        if task.done():
            task.result()
            raise RuntimeError("a stream ended")
        task.cancel()
    print(json.dumps(told))


# What they are measured with


async def prepare(url: str, streams: int) -> list[str]:
    """The prison, whoever is on duty, and as many clinicians as there are streams."""
    db = Database(url)
    async with db.sessions() as session, session.begin():
        session.add(Prison(id=PRISON, name="HMP Stream", outside_last_resort="switchboard"))
    names = [f"clinician{number}" for number in range(streams)]
    async with db.write(PRISON) as session:
        roles = [*((name, StaffRole.clinician) for name in names)]
        roles += [("governor", StaffRole.governor), ("raiser", StaffRole.support_worker)]
        rows = [Staff(prison_id=PRISON, subject=who, name=who, role=role) for who, role in roles]
        session.add_all(rows)
        await session.flush()
        for post, row in ((Post.clinician, rows[0]), (Post.last_resort, rows[-2])):
            session.add(Duty(prison_id=PRISON, staff_id=row.id, post=post, starts_at=now()))
    await db.close()
    return names


@asynccontextmanager
async def serving(folder: Path, url: str) -> AsyncIterator[tuple[str, dict[str, int]]]:
    """The API and the worker: where the API answers, and their process ids."""
    port = free_port()
    environment = {
        **os.environ,
        "WELLWING_DATABASE_URL": url,
        "WELLWING_VAR_DIR": str(folder),
        "WELLWING_LOG_LEVEL": "ERROR",
        "WELLWING_RATE_LIMIT_SUBJECT": "",
        "WELLWING_RATE_LIMIT_ADDRESS": "",
        "PORT": str(port),
    }
    with (folder / "benchmark.log").open("ab") as log:
        processes = {
            name: await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", RUN, command), env=environment, stdout=log, stderr=log
            )
            for name, command in (("api", "serve"), ("worker", "worker"))
        }
    try:
        address = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(base_url=address, trust_env=False) as client:
            for _ in range(600):
                try:
                    await client.get("/health")
                    break
                except httpx.HTTPError:
                    await asyncio.sleep(0.1)
        yield address, {name: process.pid for name, process in processes.items()}
    finally:
        for process in processes.values():
            process.terminate()
            await process.wait()


def processor_seconds(pid: int, *, children: bool) -> float:
    """What a process has used of the processors so far, and its children, living and dead."""
    used = 0
    for each in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended
            told = each.read_text().rpartition(") ")[2].split()
            if int(each.parent.name) == pid:
                used += sum(map(int, told[11 : 15 if children else 13]))
            elif children and int(told[1]) == pid:
                used += sum(map(int, told[11:13]))
    return used / os.sysconf("SC_CLK_TCK")


def processor_times(pids: Mapping[str, int]) -> Times:
    """By the name of each process; of the database all its processes."""
    return {name: processor_seconds(pid, children=name == "database") for name, pid in pids.items()}


async def ticket(client: httpx.AsyncClient, token: str) -> str:
    answer = await client.post(
        f"/v1/prisons/{PRISON}/stream-tickets", headers={"Authorization": f"Bearer {token}"}
    )
    return str(answer.raise_for_status().json()["path"])


async def raise_at(
    client: httpx.AsyncClient, token: str, rate: float, seconds: float
) -> tuple[Times, Times]:
    """Raise concerns at a pace; when each was sent, and when it was answered, by its id."""
    sent: Times = {}
    answered: Times = {}

    async def one() -> None:
        began = time.monotonic()
        answer = await client.post(
            f"/v1/prisons/{PRISON}/concerns",
            json=BODY,
            headers={"Authorization": f"Bearer {token}"},
        )
        concern = str(answer.raise_for_status().json()["id"])
        sent[concern], answered[concern] = began, time.monotonic()

    began, tasks = time.monotonic(), []
    for number in range(int(rate * seconds)):
        await asyncio.sleep(began + number / rate - time.monotonic())
        tasks.append(asyncio.create_task(one()))
    await asyncio.gather(*tasks)
    return sent, answered


async def notify(url: str, until: asyncio.Event) -> list[float]:
    """Bare round trips, ten a second: said on one connection, heard on another."""
    saying, hearing = await asyncpg.connect(url), await asyncpg.connect(url)
    heard = asyncio.Event()
    await hearing.add_listener("bare", lambda *_: heard.set())
    times = []
    while not until.is_set():
        heard.clear()
        began = time.monotonic()
        await saying.execute("SELECT pg_notify('bare', 'STR')")
        await heard.wait()
        times.append(time.monotonic() - began)
        await asyncio.sleep(0.1)
    for connection in (saying, hearing):
        await connection.close()
    return times


def figures(name: str, seconds: Sequence[float]) -> dict[str, float]:
    """Median and 99th percentile, in milliseconds."""
    cuts = statistics.quantiles(seconds, n=100)
    return {f"{name}_p50_ms": round(1e3 * cuts[49], 1), f"{name}_p99_ms": round(1e3 * cuts[98], 1)}


async def measure(folder: Path, server: EmbeddedPostgres, given: argparse.Namespace) -> Any:
    url = server.application_url("bench")
    names = await prepare(url, given.streams)
    issuer = DevelopmentIssuer(folder, Settings(_env_file=None, var_dir=folder, database_url=url))
    tokens = [issuer.issue(name, ["clinician"], [PRISON]) for name in names]
    async with (
        serving(folder, url) as (address, pids),
        httpx.AsyncClient(base_url=address, timeout=60, trust_env=False) as client,
    ):
        command = (sys.executable, "-m", "benchmarks.stream", "--read", address)
        readers = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 28
        )
        assert readers.stdin
        assert readers.stdout
        for token in tokens:  # one after the other: a ticket lasts half a minute
            readers.stdin.write(f"{await ticket(client, token)}\n".encode())
            await readers.stdout.readline()
        await asyncio.sleep(SETTLE_SECONDS)
        say(f"{given.streams} streams are open; {given.rate}/s for {given.seconds} s")
        over = asyncio.Event()
        bare = asyncio.create_task(notify(url, over))
        raiser = issuer.issue("raiser", ["support_worker"], [PRISON])
        pids |= {"database": server.pid() or 0, "readers": readers.pid, "raiser": os.getpid()}
        before = processor_times(pids)
        sent, answered = await raise_at(client, raiser, given.rate, given.seconds)
        over.set()
        await asyncio.sleep(LATE_SECONDS)
        used = {name: each - before[name] for name, each in processor_times(pids).items()}
        told, _ = await readers.communicate(b"end\n")
    costs = {f"{name}_cpu_ms": round(1e3 * each / len(sent), 1) for name, each in used.items()}
    return summary(given, sent, answered, json.loads(told), await bare) | costs


def summary(
    given: argparse.Namespace,
    sent: Times,
    answered: Times,
    told: Sequence[Sequence[tuple[str, float]]],
    bare: Sequence[float],
) -> dict[str, Any]:
    """What became of every concern on every stream."""
    first: list[Times] = []
    for stream in told:
        times: Times = {}
        for concern, at in stream:
            times.setdefault(concern, at)
        first.append(times)
    pairs = [(concern, times[concern]) for times in first for concern in sent if concern in times]
    span = max(answered.values()) - min(sent.values())
    return {
        "streams": len(told),
        "raised": len(sent),
        "raised_per_s": round(len(sent) / span, 1),
        "events": len(pairs),
        "missed": len(told) * len(sent) - len(pairs),
        **figures("raise", [answered[each] - sent[each] for each in sent]),
        **figures("event", [at - sent[concern] for concern, at in pairs]),
        **figures("after_201", [at - answered[concern] for concern, at in pairs]),
        **figures("notify", bare),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--rate", type=float, default=50.0)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--read", metavar="ADDRESS", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.read:
        asyncio.run(read_all(given.read))
        return
    with tempfile.TemporaryDirectory(prefix="wellwing-bench-") as name:
        server = EmbeddedPostgres(Path(name))
        server.start()
        try:
            server.ensure_database("bench")
            migrate.upgrade(server.owner_url("bench"))
            found = asyncio.run(measure(Path(name), server, given))
        finally:
            server.stop()
    for what in ("raise", "event", "after_201", "notify"):
        say(f"{what}: p50 {found[f'{what}_p50_ms']} ms, p99 {found[f'{what}_p99_ms']} ms")
    print(json.dumps({"stream": found}))


if __name__ == "__main__":
    main()
