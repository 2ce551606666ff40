"""The chain: each link's digest is made of the link before it and of one entry, prison by prison.

Entries are appended unchained, since chaining in the request would make a prison's requests wait
for each other; the worker seals them, in the order of their commits.
"""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import asyncpg
import orjson
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.db import Database

SEALED_A_TURN = 2000
_COLUMNS = """e.prison_id, e.id, e.recorded_at, e.subject, e.role, e.client, e.operation, e.act,
    e.status, e.code, e.ids, e.rows, e.break_glass_id, e.request_id, e.sha256"""
_HEAD = """
    SELECT l.position, l.digest, e.xid, e.id FROM audit_link l
    JOIN audit_entry e ON e.prison_id = l.prison_id AND e.id = l.entry_id
    WHERE l.prison_id = :prison ORDER BY l.position DESC LIMIT 1
"""
# Below the oldest transaction still running nothing can appear any more. What a restored database
# numbers anew, or a spool brings late, is found by looking for what has no link (`left_over`).
_NEXT = f"""
    SELECT {_COLUMNS} FROM audit_entry e
    WHERE e.prison_id = :prison AND (e.xid, e.id) > (:xid, CAST(:id AS uuid))
        AND e.xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
        AND NOT EXISTS (SELECT FROM audit_link l
                        WHERE l.prison_id = e.prison_id AND l.entry_id = e.id)
    ORDER BY e.xid, e.id LIMIT {SEALED_A_TURN}
"""  # noqa: S608 - constants only
_NOWHERE = "00000000-0000-0000-0000-000000000000"


def genesis(prison_id: str) -> bytes:
    """What the first link of a prison's chain rests on."""
    return hashlib.sha256(f"wellwing audit {prison_id}".encode()).digest()


def canonical(row: Any) -> bytes:
    """An entry as bytes, the same for ever: sorted keys, times in UTC to the microsecond."""
    told = dict(row) | {
        "id": str(row["id"]),
        "recorded_at": row["recorded_at"].astimezone(UTC).isoformat(timespec="microseconds"),
        "ids": [str(each) for each in row["ids"]],
        "break_glass_id": row["break_glass_id"] and str(row["break_glass_id"]),
    }
    return orjson.dumps(told, option=orjson.OPT_SORT_KEYS)


def link(before: bytes, row: Any) -> bytes:
    """The digest of the next link."""
    return hashlib.sha256(before + canonical(row)).digest()


async def seal(db: AsyncSession, prison_id: str, *, left_over: bool = False) -> int:
    """Seal entries that have no link yet, at most a turn's worth. Answers how many.

    One worker at a time: where another seals, nothing is left to do. `left_over` looks through all
    of them, not only behind the last one.
    """
    lock = func.pg_try_advisory_xact_lock(func.hashtextextended(f"audit:{prison_id}", 0))
    if not (await db.execute(select(lock))).scalar_one():
        return 0
    head = (await db.execute(text(_HEAD), {"prison": prison_id})).one_or_none()
    position, digest = (head.position, head.digest) if head else (0, genesis(prison_id))
    behind = {"xid": head.xid, "id": head.id} if head and not left_over else {"xid": -1, "id": None}
    rows = await db.execute(
        text(_NEXT), {"prison": prison_id, **behind, "id": str(behind["id"] or _NOWHERE)}
    )
    links = []
    for row in rows.mappings():
        position, digest = position + 1, link(digest, row)
        links.append(
            {
                "prison": prison_id,
                "position": position,
                "entry": row["id"],
                "digest": digest,
                "at": clock.now(),
            }
        )
    if links:
        await db.execute(
            text(
                "INSERT INTO audit_link (prison_id, position, entry_id, digest, sealed_at)"
                " VALUES (:prison, :position, :entry, :digest, :at)"
            ),
            links,
        )
    return len(links)


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a prison's chain: all that came before is in its digest."""

    prison_id: str
    position: int
    digest: str


async def head(db: Database, prison_id: str) -> Head | None:
    """The last link; None before the first."""
    row = await db.fetchrow(
        prison_id,
        "SELECT position, digest FROM audit_link WHERE prison_id = $1"
        " ORDER BY position DESC LIMIT 1",
        prison_id,
    )
    return Head(prison_id, row["position"], row["digest"].hex()) if row else None


@dataclass(frozen=True, slots=True)
class Verified:
    """What verifying a chain found. `broken` names the first broken link, in a sentence."""

    prison_id: str
    links: int
    unsealed: int
    broken: str | None = None
    position: int | None = None


async def verify(db: Database, prison_id: str, anchored: dict[int, str]) -> Verified:
    """Make every link anew from its entry, and hold it against what is written and anchored.

    `anchored`: digests by position, from outside the database.
    """
    expected, position = genesis(prison_id), 0
    async with db.pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
        await connection.scoped_to(prison_id)
        unsealed = await connection.fetchval(_UNSEALED, prison_id)
        async for row in _links(connection, prison_id):
            position += 1
            why = _fault(row, position, expected, anchored.get(position))
            if why is not None:
                return Verified(prison_id, position - 1, unsealed, why, position)
            expected = row["digest"]
    if missing := [each for each in anchored if each > position]:
        why = f"link {position + 1} and what follows is gone: link {max(missing)} was anchored"
        return Verified(prison_id, position, unsealed, why, position + 1)
    return Verified(prison_id, position, unsealed)


_LINKS = f"""
    SELECT l.position, l.digest, l.entry_id, {_COLUMNS} FROM audit_link l
    LEFT JOIN audit_entry e ON e.prison_id = l.prison_id AND e.id = l.entry_id
    WHERE l.prison_id = $1 ORDER BY l.position
"""  # noqa: S608 - constants only
_UNSEALED = """
    SELECT count(*) FROM audit_entry e WHERE e.prison_id = $1 AND NOT EXISTS
        (SELECT FROM audit_link l WHERE l.prison_id = e.prison_id AND l.entry_id = e.id)
"""


async def _links(connection: asyncpg.Connection, prison_id: str) -> AsyncIterator[Any]:
    async for row in connection.cursor(_LINKS, prison_id, prefetch=1000):
        yield row


def _fault(row: Any, position: int, before: bytes, anchored: str | None) -> str | None:
    """What is wrong with a link, in a sentence; None when nothing is."""
    name = f"link {position} (entry {row['entry_id']})"
    if row["position"] != position:
        return f"link {position} is gone: the next one is {row['position']}"
    if row["id"] is None:
        return f"{name}: the entry is gone"
    told = {key: row[key] for key in {*row.keys()} - {"position", "digest", "entry_id"}}
    if link(before, told) != row["digest"]:
        return f"{name}: the entry or the link was changed"
    if anchored is not None and anchored != row["digest"].hex():
        return f"{name}: the chain up to here is not the one that was anchored"
    return None
