"""Rows as PostgreSQL writes them, passed on as they come: one snapshot, flat memory.

PostgreSQL makes the text (COPY) faster than anything here could make it of rows, and stops by
itself while nobody takes what it has made.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any

import asyncpg

from app.db import Database
from app.models.exports import ExportFormat
from app.services.exports.statement import Statement

CHUNK = 1 << 18
_AHEAD = 4
# One column that is JSON already: what quotes and parts it occurs in no JSON.
_LINES = {"format": "csv", "quote": "\x01", "delimiter": "\x02"}
# Transactions are numbered by one cluster in one line of its life: a restored one numbers anew.
_SNAPSHOT = """
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xmin,
        (SELECT system_identifier FROM pg_control_system()) || '.'
        || (SELECT timeline_id FROM pg_control_checkpoint()) AS numbered_by
"""


@dataclass(slots=True)
class Copied:
    """What the database said of it: which of its processes is asked how far it is, where its
    snapshot begins, by whose numbers, and how many rows there were."""

    pid: int = 0
    xmin: int = 0
    numbered_by: str = ""
    rows: int = 0


async def copied(
    db: Database, prison_id: str, wanted: ExportFormat, statement: Statement, said: Copied
) -> AsyncGenerator[bytes, None]:
    """The text of all rows, in pieces, after an empty one. `said` holds `rows` at the end, the rest
    from the beginning. Whoever stops in between closes it, and the connection with it."""
    async with db.alone(prison_id) as connection:
        said.pid = connection.get_server_pid()
        said.xmin, said.numbered_by = await connection.fetchrow(_SNAPSHOT)
        yield b""
        async with aclosing(_pieces(connection, wanted, statement, said)) as pieces:
            async for piece in pieces:
                yield piece


async def _pieces(
    connection: asyncpg.Connection, wanted: ExportFormat, statement: Statement, said: Copied
) -> AsyncGenerator[bytes, None]:
    ahead: asyncio.Queue[bytes | None] = asyncio.Queue(_AHEAD)
    held = bytearray()
    left = False

    async def take(data: bytes) -> None:
        held.extend(data)
        if len(held) >= CHUNK and not left:
            await ahead.put(bytes(held))
            held.clear()

    async def copy() -> None:
        try:
            options: dict[str, Any] = _LINES if wanted is ExportFormat.ndjson else {"format": "csv"}
            if wanted is ExportFormat.csv:
                options = {**options, "header": True}
            done = await connection.copy_from_query(
                statement.sql, *statement.arguments, output=take, **options
            )
            said.rows = int(done.removeprefix("COPY "))
            await ahead.put(bytes(held))
        finally:
            await ahead.put(None)

    copying = asyncio.create_task(copy())
    try:
        while (piece := await ahead.get()) is not None:
            yield piece
        await copying
    finally:
        left = True
        if not copying.done():
            connection.terminate()
            while not copying.done():  # it may wait for a place, and then learns that all is over
                with suppress(asyncio.QueueEmpty):
                    ahead.get_nowait()
                await asyncio.sleep(0)
        with suppress(Exception):
            await copying
