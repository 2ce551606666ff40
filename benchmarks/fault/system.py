"""The system under test: PostgreSQL, two APIs and two workers, and the lines between them. Each
part can be killed and comes back; each line can be in trouble and flows again."""

import asyncio
import os
import shutil
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, urlsplit

import asyncpg
import httpx

from app import migrate
from app.clock import now
from app.config import Settings
from app.db import Database
from app.embedded import EmbeddedPostgres, EmbeddedPostgresError
from app.models.duties import Duty, Post
from app.models.prisons import Prison
from app.models.staff import Staff, StaffRole
from app.provision import APPLICATION
from app.tokens import DevelopmentIssuer
from benchmarks.fault import power
from benchmarks.fault.disks import Disk
from benchmarks.fault.links import Link

PRISON = "FLT"
START_SECONDS, STOP_SECONDS = 180, 20
DISKS = {"database": 3000, "pages": 64}  # megabytes
RUN = "import sys; from app.cli import main; sys.argv[0] = 'wellwing'; main()"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class NotStarted(Exception):
    """The system did not come up: nothing was tried, and nothing is said of it."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the system is made of, by name."""

    apis: tuple[str, ...]
    workers: tuple[str, ...]
    disks: tuple[str, ...] = ()

    @classmethod
    def of_each(cls, number: int, disks: Iterable[str] = ()) -> Self:
        each = range(1, number + 1)
        apis, workers = (tuple(f"{kind}-{n}" for n in each) for kind in ("api", "worker"))
        return cls(apis, workers, tuple(disks))

    @property
    def processes(self) -> tuple[str, ...]:
        return self.apis + self.workers


class System:
    """One database, some API and worker processes, a line from each to the database, and one from
    the writers to each API."""

    def __init__(self, folder: Path, parts: Parts) -> None:
        self.folder, self.parts = folder, parts
        self.disks = {name: Disk(folder / name, DISKS[name]) for name in parts.disks}
        var = folder / "database" / "var"
        self.sink = folder / "pages" / "pages.ndjson"
        for needed in (var, self.sink.parent):
            needed.mkdir(parents=True, exist_ok=True)
        self.var, self.postgres = var, EmbeddedPostgres(var)
        self.ports = {api: free_port() for api in parts.apis}
        self.links: dict[str, Link] = {}
        self.processes: dict[str, asyncio.subprocess.Process] = {}
        self.ended: Counter[str] = Counter()
        """Which process ended by itself, and how often: where it found no database."""

    async def start(self) -> None:
        """Start everything and open the prison with someone on every post."""
        await asyncio.to_thread(self._prepare)
        self.settings = Settings(
            _env_file=None,
            var_dir=self.var,
            database_url=self.postgres.application_url("fault"),
        )
        self.issuer = DevelopmentIssuer(self.var, self.settings)
        await self._open_prison()

    def _prepare(self) -> None:
        self.postgres.start()
        self.postgres.ensure_database("fault")
        migrate.upgrade(self.postgres.owner_url("fault"))

    async def launch_all(self) -> None:
        """Lay the lines, start the processes, and wait for the APIs."""
        asked = parse_qs(urlsplit(self.postgres.application_url("fault")).query)
        socket_path = f"{asked['host'][0]}/.s.PGSQL.{asked['port'][0]}"
        for name in self.parts.processes:
            reach = partial(asyncio.open_unix_connection, socket_path)
            self.links[f"{name} to postgres"] = Link(reach)
        for api, port in self.ports.items():
            self.links[f"writers to {api}"] = Link(
                partial(asyncio.open_connection, "127.0.0.1", port)
            )
        for link in self.links.values():
            await link.open()
        for name in self.parts.processes:
            await self.launch(name)
        for port in self.ports.values():
            await self._await_api(f"http://127.0.0.1:{port}")

    @property
    def addresses(self) -> dict[str, str]:
        """Where the writers reach each API: over its line."""
        links = {api: self.links[f"writers to {api}"] for api in self.parts.apis}
        return {api: f"http://127.0.0.1:{link.port}" for api, link in links.items()}

    async def _open_prison(self) -> None:
        db = Database(self.postgres.application_url("fault"))
        async with db.sessions() as session, session.begin():
            prison = Prison(id=PRISON, name="HMP Fault", outside_last_resort="switchboard")
            session.add(prison)
        async with db.write(PRISON) as session:
            for post, role in (
                (Post.clinician, StaffRole.clinician),
                (Post.support_worker, StaffRole.support_worker),
                (Post.orderly_officer, StaffRole.wing_duty),
                (Post.duty_governor, StaffRole.governor),
                (Post.last_resort, StaffRole.governor),
            ):
                row = Staff(prison_id=PRISON, subject=post.value, name=post.value, role=role)
                session.add(row)
                await session.flush()
                session.add(Duty(prison_id=PRISON, staff_id=row.id, post=post, starts_at=now()))
        await db.close()

    def token(self) -> str:
        """A support worker's token."""
        return self.issuer.issue("support_worker", ["support_worker"], [PRISON])

    async def launch(self, name: str) -> None:
        """Start one process."""
        line = self.links[f"{name} to postgres"]
        environment = {
            **os.environ,
            "WELLWING_DATABASE_URL": f"postgresql://{APPLICATION}@127.0.0.1:{line.port}/fault",
            "WELLWING_VAR_DIR": str(self.var),
            "WELLWING_PAGE_FILE": str(self.sink),
            "WELLWING_SWEEP_SECONDS": "0.2",
            "WELLWING_LOG_LEVEL": "ERROR",
            "WELLWING_RATE_LIMIT_SUBJECT": "",  # one worker asks for everybody
            "WELLWING_RATE_LIMIT_ADDRESS": "",
            "PORT": str(self.ports.get(name, 0)),
        }
        command = "serve" if name in self.parts.apis else "worker"
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = await asyncio.create_subprocess_exec(
                sys.executable, "-c", RUN, command, env=environment, stdout=log, stderr=log
            )

    async def kill(self, name: str, kind: str = "kill") -> str | None:
        """Kill one part at once. How it died; None if it was dead already."""
        if name == "postgres":
            return await self._kill_postgres(kind)
        process = self.processes[name]
        if process.returncode is not None:
            return None
        process.kill()
        await process.wait()
        return kind

    async def _kill_postgres(self, kind: str) -> str | None:
        pid = await asyncio.to_thread(self.postgres.pid)
        if pid is None:
            return None
        match kind:
            case "kill":  # as when memory runs out
                os.kill(pid, signal.SIGKILL)
            case "immediate":
                os.kill(pid, signal.SIGQUIT)
            case "backend":  # one of its processes: it ends all others by itself, and recovers
                found = sorted(power.children(pid))
                if not found:
                    return None
                os.kill(found[len(found) // 2], signal.SIGKILL)
            case "power":
                data = self.var / "postgres" / "data"
                url = self.postgres.superuser_url("fault")
                return "power" if await power.cut(pid, data, url) else "kill"
            case _:
                raise ValueError(kind)
        return kind

    async def freeze(self, name: str, seconds: float) -> bool:
        """Let a process stand still for so long. False if it is dead."""
        process = self.processes[name]
        if process.returncode is not None:
            return False
        process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        if process.returncode is None:
            process.send_signal(signal.SIGCONT)
        return True

    async def fill(self, name: str, seconds: float) -> bool:
        """Leave no room on a disk for so long."""
        disk = self.disks[name]
        try:
            await asyncio.to_thread(disk.fill)
            await asyncio.sleep(seconds)
        finally:
            await asyncio.to_thread(disk.free)
        return True

    async def keep(self) -> None:
        """Bring back whatever is dead, within moments, until cancelled: as a supervisor would."""
        await asyncio.gather(self._keep_postgres(), self._keep_processes())

    async def _keep_postgres(self) -> None:
        while True:
            await asyncio.sleep(0.1)
            try:
                if not await asyncio.to_thread(self.postgres.running):
                    await asyncio.to_thread(self.postgres.start)
            except EmbeddedPostgresError:
                continue  # a killed server takes a moment to be gone, and a full disk to be freed

    async def _keep_processes(self) -> None:
        while True:
            await asyncio.sleep(0.1)
            for name, process in list(self.processes.items()):
                if process.returncode is None:
                    continue
                if process.returncode >= 0:
                    self.ended[name] += 1
                    await asyncio.sleep(0.4)  # it would use up the machine
                await self.launch(name)

    async def fetch(self, query: str) -> list[tuple[object, ...]]:
        """Rows of the prison, asked past the lines."""
        connection = await asyncpg.connect(self.postgres.application_url("fault"))
        try:
            await connection.execute(f"SET app.prison_id = '{PRISON}'")
            return [tuple(row) for row in await connection.fetch(query)]
        finally:
            await connection.close()

    def sink_lines(self) -> list[str]:
        """The pages handed over; the file is not there before the first."""
        return self.sink.read_text().splitlines() if self.sink.exists() else []

    async def _await_api(self, address: str) -> None:
        until = time.monotonic() + START_SECONDS
        async with httpx.AsyncClient(base_url=address, trust_env=False) as http:
            while time.monotonic() < until:
                try:
                    if (await http.get("/health")).status_code == 200:
                        return
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(0.1)
        raise NotStarted(f"an API did not start: {self.last_words()}")

    def last_words(self, most: int = 600) -> dict[str, str]:
        """The end of each process's log."""
        logs = sorted(self.folder.glob("*.log"))
        return {log.stem: log.read_text(errors="replace")[-most:] for log in logs}

    async def stop(self) -> None:
        for process in self.processes.values():
            if process.returncode is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for name, process in self.processes.items():
            try:
                await asyncio.wait_for(process.wait(), STOP_SECONDS)
            except TimeoutError:
                print(f"{name} did not stop when told", file=sys.stderr)
                process.kill()
                await process.wait()
        for link in self.links.values():
            link.close()
        await asyncio.to_thread(self.postgres.stop, force=True)

    def keep_logs(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for file in (*self.folder.glob("*.log"), self.sink):
            if file.exists():
                shutil.copy(file, folder)

    def close(self) -> None:
        for disk in self.disks.values():
            disk.close()
