"""The system under test: PostgreSQL, an API and a worker, each of which can be killed and comes
back."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

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
from app.tokens import DevelopmentIssuer

PRISON = "FLT"
RUN = "import sys; from app.cli import main; sys.argv[0] = 'wellwing'; main()"

VANISH = """
    CREATE FUNCTION vanish() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        DELETE FROM public.outbox WHERE prison_id = NEW.prison_id AND id = NEW.id;
        RETURN NULL;
    END $$;
    CREATE TRIGGER vanish AFTER INSERT ON public.outbox FOR EACH ROW
        WHEN (NEW.topic = 'notification.page') EXECUTE FUNCTION vanish();
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class System:
    """One database, one API process, one worker process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sink = folder / "pages.ndjson"
        self.postgres = EmbeddedPostgres(folder / "var")
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.processes: dict[str, asyncio.subprocess.Process] = {}

    async def start(self) -> None:
        """Start everything and open the prison with someone on every post."""
        await asyncio.to_thread(self._prepare)
        self.settings = Settings(
            _env_file=None,
            var_dir=self.folder / "var",
            database_url=self.postgres.application_url("fault"),
        )
        self.issuer = DevelopmentIssuer(self.folder / "var", self.settings)
        await self._open_prison()
        for name in ("api", "worker"):
            await self.launch(name)
        await self._await_api()

    def _prepare(self) -> None:
        self.postgres.start()
        self.postgres.ensure_database("fault")
        migrate.upgrade(self.postgres.owner_url("fault"))

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
        """Start the API or the worker."""
        environment = {
            **os.environ,
            "WELLWING_DATABASE_URL": self.postgres.application_url("fault"),
            "WELLWING_VAR_DIR": str(self.folder / "var"),
            "WELLWING_PAGE_FILE": str(self.sink),
            "WELLWING_SWEEP_SECONDS": "0.2",
            "WELLWING_LOG_LEVEL": "ERROR",
            "WELLWING_RATE_LIMIT_SUBJECT": "",  # one worker asks for everybody
            "WELLWING_RATE_LIMIT_ADDRESS": "",
            "PORT": str(self.port),
        }
        command = "serve" if name == "api" else "worker"
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = await asyncio.create_subprocess_exec(
                sys.executable, "-c", RUN, command, env=environment, stdout=log, stderr=log
            )

    async def kill(self, name: str) -> None:
        """SIGKILL one part, as an out-of-memory killer would."""
        if name == "postgres":
            pid = await asyncio.to_thread(self.postgres.pid)
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
            return
        process = self.processes[name]
        if process.returncode is None:
            process.kill()
            await process.wait()

    async def keep(self) -> None:
        """Bring back whatever is dead, within moments, until cancelled: as a supervisor would."""
        while True:
            await asyncio.sleep(0.1)
            try:
                await self._revive()
            except EmbeddedPostgresError:
                continue  # a killed server takes a moment to be gone

    async def _revive(self) -> None:
        if not await asyncio.to_thread(self.postgres.running):
            await asyncio.to_thread(self.postgres.start)
        for name, process in list(self.processes.items()):
            if process.returncode is not None:
                await self.launch(name)

    async def break_outbox(self) -> None:
        """Let every page's outbox row vanish as soon as it is written, and nobody is told."""
        connection = await asyncpg.connect(self.postgres.superuser_url("fault"))
        await connection.execute(VANISH)
        await connection.close()

    def sink_lines(self) -> list[str]:
        """The pages handed over; the file is not there before the first."""
        return self.sink.read_text().splitlines() if self.sink.exists() else []

    async def _await_api(self) -> None:
        async with httpx.AsyncClient(base_url=self.base_url) as http:
            for _ in range(200):
                try:
                    if (await http.get("/health")).status_code == 200:
                        return
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(0.1)
        raise RuntimeError("the API did not start")

    async def stop(self) -> None:
        for process in self.processes.values():
            if process.returncode is None:
                process.terminate()
                await process.wait()
        await asyncio.to_thread(self.postgres.stop, force=True)
