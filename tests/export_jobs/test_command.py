"""`wellwing export`, as a process of its own: of the database, and of a server that is cut off."""

import asyncio
import hashlib
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI

from app.config import Settings
from app.models.clients import ClientScope
from app.services.export_jobs.shelf import PIECE
from tests.export_jobs.story import machine, much, worked
from tests.house.commands import Commands
from tests.house.test_cli import bare_environment
from tests.story import Wing
from tests.streams.serving import served

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def export(settings: Settings, tmp_path: Path, commands: Commands, wing: Wing) -> Run:
    """Runs `wellwing export` of the test's prison into `tmp_path/out`."""

    def run(*arguments: str, **changed: object) -> "subprocess.CompletedProcess[str]":
        given = {"WELLWING_DATABASE_URL": settings.database_url, "COLUMNS": 200}
        given["WELLWING_VAR_DIR"] = settings.var_dir
        words = ("export", *arguments, "--prison", wing.prison_id, "--out", str(tmp_path / "out"))
        return commands.run(words, bare_environment(**given | changed), tmp_path)

    return run


def written(done: "subprocess.CompletedProcess[str]") -> tuple[Path, int]:
    """The file that a command wrote, with the digest it said, and how many rows."""
    assert done.returncode == 0, done.stderr
    name, said = done.stdout.strip().rsplit(": ", 1)
    rows, *_, digest = said.split()
    path = Path(name)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == digest
    assert path.stat().st_mode & 0o077 == 0
    return path, int(rows)


async def test_the_operator_exports_from_the_database_and_is_in_the_audit(
    wing: Wing, export: Run, tmp_path: Path
) -> None:
    await much(wing)
    path, rows = written(export("history"))
    assert path.name == f"{wing.prison_id.lower()}-history.csv"
    assert len(path.read_bytes().splitlines()) == rows + 1 > 1000
    changed, none = written(export("history", "--since", "last"))
    assert (none, changed != path) == (0, True)
    assert not list((tmp_path / "out").glob(".*.part"))
    found = await wing.governor.get("audit", params={"operation": "export_written"})
    assert [each["subject"].split(":")[0] for each in found["items"]] == ["operator"] * 2


@pytest.mark.parametrize(
    ("code", "arguments", "environment"),
    [
        (2, ("nothing",), {}),
        (2, ("history", "--since", "yesterday"), {}),
        (2, ("history", "--url", "http://prison.example"), {"WELLWING_TOKEN": "x"}),
        (2, ("history", "--url", "http://127.0.0.1:9"), {}),
        (3, ("history", "--url", "http://127.0.0.1:9"), {"WELLWING_TOKEN": "x"}),
        (1, ("mentees", "--names"), {}),
        (2, ("rota", "--names"), {}),
        (3, ("history",), {"WELLWING_DATABASE_URL": "postgresql://127.0.0.1:9/x"}),
    ],
)
async def test_what_goes_wrong_has_its_exit_code(
    export: Run, code: int, arguments: tuple[str, ...], environment: dict[str, str]
) -> None:
    done = export(*arguments, **environment)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@asynccontextmanager
async def cutting(address: str, after: int) -> AsyncIterator[tuple[str, bytearray]]:
    """A way to the server that is cut once, when an answer is that long; and all that was asked."""
    there, asked, cut = urlsplit(address), bytearray(), False

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal cut
        server_reader, server_writer = await asyncio.open_connection(there.hostname, there.port)

        async def up() -> None:
            while data := await reader.read(65536):
                asked.extend(data)
                server_writer.write(data)

        asking, passed = asyncio.create_task(up()), 0
        with suppress(OSError):
            while data := await server_reader.read(65536):
                passed += len(data)
                writer.write(data)
                await writer.drain()
                if passed > after and not cut:
                    cut = True
                    break
        asking.cancel()
        writer.close()
        server_writer.close()

    proxy = await asyncio.start_server(one, "127.0.0.1", 0)
    async with proxy:
        yield f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}", asked


async def test_a_client_exports_from_a_server_also_when_it_is_cut_off(
    wing: Wing, export: Run, settings: Settings, app: FastAPI
) -> None:
    await much(wing)
    who = await machine(wing)
    async with served(app) as address, cutting(address, 2 * PIECE) as (way, asked):
        words = ("history", "--format", "ndjson", "--url", way)
        running = asyncio.create_task(asyncio.to_thread(export, *words, WELLWING_TOKEN=who.token))
        while not running.done():
            await worked(wing, settings)
            await asyncio.sleep(0.05)
        path, rows = written(running.result())
    assert len(path.read_bytes().splitlines()) == rows > 1000
    assert b"range: bytes=" in bytes(asked).lower()


async def test_a_client_without_the_scope_is_refused(
    wing: Wing, export: Run, app: FastAPI, tmp_path: Path
) -> None:
    who = await wing.lets_in(ClientScope.concerns_read)
    token = tmp_path / "token"
    token.write_text(who.token)
    async with served(app) as address:
        words = ("history", "--url", address, "--token-file", str(token))
        done = await asyncio.to_thread(export, *words)
    assert (done.returncode, done.stdout) == (1, "")
