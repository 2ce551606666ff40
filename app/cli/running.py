"""Commands that run the service: the API, the worker, or everything at once."""

import asyncio
import contextlib
import fcntl
import os
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Annotated

import asyncpg
import httpx
import structlog
import typer
import uvicorn
from rich.console import Console

from app import migrate, supervise
from app.cli import ground, welcome
from app.cli.heads import BoundedHead
from app.config import ConfigurationError, OutOfReach, Settings
from app.embedded import EmbeddedPostgres
from app.runtime import Urls, embedded
from app.supervise import Child

READY_SECONDS = 60.0
GRACE_SECONDS = 5

said = Console(stderr=True, highlight=False)

Supervised = Annotated[bool, typer.Option("--supervised", hidden=True)]
Descriptor = Annotated[int | None, typer.Option("--descriptor", hidden=True)]


def run() -> None:
    """Run everything: PostgreSQL, migrations, the demo wing once, the API and the worker."""
    config = ground.configured()
    listener = ground.listen(config)  # before anything starts: a taken port is told at once
    server = embedded(config) if config.embedded else None
    with contextlib.suppress(KeyboardInterrupt):
        if server is not None:
            said.print("Starting PostgreSQL ...", style="dim")
            forget_unfinished(config, server)
        urls = ground.located(config)
        migrate.upgrade(urls.owner)
        if not config.production:
            asyncio.run(_demo_once(config))
        asyncio.run(supervise.until_told(_run(config, urls, listener, server)))
    if server is not None:
        stop(server)
    said.print("Stopped.", style="dim")


def serve(supervised: Supervised = False, descriptor: Descriptor = None) -> None:
    """Serve the API alone, where WELLWING_LISTEN and PORT say."""
    if supervised:
        supervise.end_with_supervisor()
    config = ground.configured()
    from app.main import create_app

    listener = ground.listen(config) if descriptor is None else socket.socket(fileno=descriptor)
    app = create_app(config)
    server = _Server(
        uvicorn.Config(
            app,
            lifespan="on",
            http=BoundedHead,
            ws="none",
            log_config=None,
            access_log=False,  # its lines hold what people searched for; ours is in `app/edges.py`
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )
    server.ending = app.state.streams.close
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_check(config))
        server.run(sockets=[listener])
        if not server.started:
            raise ConfigurationError("The API could not start; the reason is above.")


def worker(supervised: Supervised = False) -> None:
    """Run the worker alone: it sweeps escalations and delivers the outbox."""
    from app import worker as work

    if supervised:
        supervise.end_with_supervisor()
    config = ground.configured()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_awaited(config))
        quick = uvicorn.Config(work.run).get_loop_factory()  # the API's own loop
        with asyncio.Runner(loop_factory=quick) as runner:
            runner.run(work.run(config))


def health() -> None:
    """Exit 0 when the worker sweeps every prison in time, else 1: the worker's health check."""
    from app.routers.health import escalation_health

    async def ask() -> int:
        async with ground.opened(ground.configured()) as db:
            return (await escalation_health(db)).prisons

    said.print(f"Every prison is swept in time; prisons: {asyncio.run(ask())}.")


@contextlib.asynccontextmanager
async def service(
    urls: Urls,
    listener: socket.socket,
    server: EmbeddedPostgres | None,
    *,
    quiet: bool = False,
    also: Mapping[str, str] | None = None,
) -> AsyncIterator[str]:
    """API and worker on this database, supervised, for the block; gives the API's address.

    `quiet` throws their logs away: pages, too, are log lines. `also`: settings
    besides those there are.
    The socket is the supervisor's: while the API starts again its callers wait, and lose nothing.
    """
    hidden = {"DATABASE_URL", "WELLWING_OWNER_DATABASE_URL"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    environment |= {"WELLWING_DATABASE_URL": urls.application, **(also or {})}
    number = listener.fileno()
    api = Child(("serve", f"--descriptor={number}"), environment, (number,), quiet)
    address = ground.address(listener)
    worker = Child(("worker",), environment, quiet=quiet)
    async with supervise.running([api, worker], server):
        await _ready(address)
        yield address


def stop(server: EmbeddedPostgres) -> None:
    """Stop the embedded server, also one that an earlier run left behind, unless it is in use."""
    with contextlib.suppress(OSError, asyncpg.PostgresError):
        if server.running() and asyncio.run(ground.left_alone(server)):
            server.stop(force=True)


async def _run(
    config: Settings, urls: Urls, listener: socket.socket, server: EmbeddedPostgres | None
) -> None:
    async with service(urls, listener, server) as address:
        await welcome.greet(config, urls, address)
        await asyncio.Event().wait()


def forget_unfinished(config: Settings, server: EmbeddedPostgres) -> None:
    """Drop an embedded database whose first load of the demo wing was interrupted."""
    if not _unfinished(config).exists():
        return
    with _unfinished(config).open() as mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError("Another run is loading the demo wing here.") from None
        server.start()
        server.drop_database(config.database_name)
        _unfinished(config).unlink()


async def _demo_once(config: Settings) -> None:
    from app import demo

    async with ground.opened(config) as db:
        if await db.prison_ids():
            return
        said.print("Loading the demo wing ...", style="dim")
        with _unfinished(config).open("w") as mark:
            fcntl.flock(mark, fcntl.LOCK_EX)
            await demo.load(db)
            await ground.analyzed(config)
            _unfinished(config).unlink()


def _unfinished(config: Settings) -> Path:
    return config.var_dir / f"{config.database_name}.demo-unfinished"


async def _check(config: Settings) -> None:
    async with ground.opened(config):
        pass


async def _awaited(config: Settings) -> None:
    """Wait until the database answers. A worker that gave up instead would be started again and
    again while a server recovers, and by many a supervisor then no more."""
    told = False
    while True:
        try:
            return await _check(config)
        except OutOfReach as why:
            if not told:
                said.print(f"{why} The worker waits for it.")
            told = True
            await asyncio.sleep(config.sweep_seconds)


async def _ready(address: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.HTTPError):
                if (await client.get(f"{address}/health")).is_success:
                    return
            await asyncio.sleep(0.1)
    raise ConfigurationError(f"The API did not answer within {READY_SECONDS:.0f} seconds.")


class _Server(uvicorn.Server):
    """Says where it serves once it does, and before it waits for its connections that it ends:
    streams would go on for ever."""

    ending: Callable[[], None]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or () if self.started else ():
            structlog.get_logger("uvicorn").info("serving", docs=f"{ground.address(listener)}/docs")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.ending()
        await super().shutdown(sockets)
