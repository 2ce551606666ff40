"""Keeps the service's processes alive: the API, the worker and the embedded PostgreSQL.

A process that dies is started again, at first at once, then after ever longer pauses. Children are
in a session of their own, so that Ctrl-C reaches only the supervisor, which ends them in order; and
each ends by itself when its standard input does, so that none outlives a killed supervisor.
"""

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import structlog

from app.embedded import EmbeddedPostgres, EmbeddedPostgresError

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
SETTLED_SECONDS = 10.0
STOP_SECONDS = 7.0
LOOK_SECONDS = 0.25

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Child:
    """A `wellwing` command to keep running. `descriptors` are open files it inherits.

    What a `quiet` one says is thrown away.
    """

    arguments: Sequence[str]
    environment: Mapping[str, str]
    descriptors: Sequence[int] = ()
    quiet: bool = False


@asynccontextmanager
async def running(
    children: Sequence[Child], server: EmbeddedPostgres | None = None
) -> AsyncIterator[None]:
    """Keep the children, and the server if there is one, alive for as long as the block runs.

    The children end one after the other, in the order given. The server is watched until the last
    has ended, and left running.
    """
    keepers = [asyncio.create_task(_keep(child)) for child in children]
    if server is not None:
        keepers.append(asyncio.create_task(_keep_server(server)))
    try:
        yield
    finally:
        for keeper in keepers:
            keeper.cancel()
            with suppress(asyncio.CancelledError):
                await keeper


async def until_told(work: Coroutine[Any, Any, object]) -> None:
    """Run `work` until it ends or SIGINT or SIGTERM comes; then cancel it and let it finish.

    A second signal does not hurry it: ending in order takes seconds, and is bounded.
    """
    task = asyncio.ensure_future(work)
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    waiting = asyncio.create_task(told.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def end_with_supervisor() -> None:
    """In a child: end, as by SIGTERM, when the supervisor does, however it ended."""

    def watch() -> None:
        while os.read(sys.stdin.fileno(), 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


async def _keep(child: Child) -> None:
    pause = FIRST_PAUSE
    while True:
        began = time.monotonic()
        code = await _run(child)
        if time.monotonic() - began > SETTLED_SECONDS:
            pause = FIRST_PAUSE
        _log.warning("process_ended", process=child.arguments[0], code=code, again_in=pause)
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


async def _run(child: Child) -> int:
    """Run the child to its end; when cancelled, end it first. Its exit code."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "app.cli", *child.arguments, "--supervised"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL if child.quiet else sys.stderr,
        stderr=asyncio.subprocess.DEVNULL if child.quiet else None,
        env=dict(child.environment),
        pass_fds=child.descriptors,
        start_new_session=True,
    )
    try:
        return await process.wait()
    finally:
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    for ask in (process.terminate, process.kill):
        if process.returncode is None:
            ask()
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), STOP_SECONDS)


async def _keep_server(server: EmbeddedPostgres) -> None:
    pause = FIRST_PAUSE
    while True:
        try:
            if not await asyncio.to_thread(server.running):
                _log.warning("postgresql_ended")
                await asyncio.to_thread(server.start)
            pause = FIRST_PAUSE
        except EmbeddedPostgresError as error:
            _log.warning("postgresql_not_started", error=type(error), again_in=pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        await asyncio.sleep(max(pause, LOOK_SECONDS))
