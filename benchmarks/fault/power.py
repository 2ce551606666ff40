"""A power cut at PostgreSQL's machine: whatever was not flushed to the disk is gone.

A killed process loses nothing that it had handed to the operating system. Here every process of the
server is stopped where it is, the one that answers us is asked up to where the write-ahead log is
flushed, all are killed, and the log is wiped from there on. Data pages need no such care: they are
written only after what they tell of is flushed, and full-page images mend torn ones.
"""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import asyncpg

SEGMENT = 16 * 1024 * 1024
PAGE = 8192
FLUSHED = "SELECT pg_current_wal_flush_lsn() - '0/0'::pg_lsn"


def _stat(pid: int) -> tuple[str, int]:
    """A process's state and parent; its name may hold anything, brackets included."""
    state, parent, *_ = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return state, int(parent)


def _state(pid: int) -> str:
    try:
        return _stat(pid)[0]
    except OSError:
        return "Z"  # it is gone


def children(parent: int) -> list[int]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with suppress(OSError):
                if _stat(int(folder.name))[1] == parent:
                    found.append(int(folder.name))
    return found


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _stand_still(pids: list[int]) -> None:
    """Stop each; one that syncs stands still only when the disk has answered it."""
    _signal(pids, signal.SIGSTOP)
    _until(lambda: all(_state(pid) in {"T", "t", "Z"} for pid in pids))


def _end(pids: list[int]) -> None:
    _signal(pids, signal.SIGKILL)
    _until(lambda: all(_state(pid) == "Z" for pid in pids))


def _until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError("a process neither stops nor ends")
        time.sleep(0.002)


async def cut(postmaster: int, data: Path, url: str) -> bool:
    """Cut the power. False if the server did not say what is flushed: then only its processes are
    lost."""
    flushed: int | None = None
    stopped: list[int] = [postmaster]
    with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        connection = await asyncpg.connect(url, timeout=5, command_timeout=5)
        try:
            mine = await connection.fetchval("SELECT pg_backend_pid()")
            await connection.fetchval(FLUSHED)  # what it looks up is looked up
            await asyncio.to_thread(_stand_still, [postmaster])  # no more children
            stopped += [pid for pid in children(postmaster) if pid != mine]
            await asyncio.to_thread(_stand_still, stopped)
            flushed = int(await connection.fetchval(FLUSHED))
            stopped.append(mine)
        finally:
            connection.terminate()
    await asyncio.to_thread(_end, stopped)
    if flushed is not None:
        await asyncio.to_thread(wipe, data / "pg_wal", flushed)
    return flushed is not None


def wipe(folder: Path, flushed: int) -> None:
    """Wipe the log beyond `flushed`, and the beginning of every later segment."""
    number, offset = divmod(flushed, SEGMENT)
    for path in folder.iterdir():
        if len(path.name) != 24:
            continue
        mine = int(path.name[8:16], 16) * (2**32 // SEGMENT) + int(path.name[16:], 16)
        if mine < number:
            continue
        start = offset if mine == number else 0
        with path.open("r+b") as file:
            file.seek(start)
            file.write(bytes(path.stat().st_size - start if mine == number else PAGE))
