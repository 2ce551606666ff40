"""Who was given twice to the same time: asked in SQL that knows none of our constraints.

It compares the times themselves, two by two, as the superuser: no computed column, no scope.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import asyncpg

_BOTH = """
    a.prison_id = $1 AND b.prison_id = $1 AND a.id < b.id
    AND a.status = ANY('{planned,confirmed}') AND b.status = ANY('{planned,confirmed}')
    AND NOT (a.ends_at <= b.starts_at OR b.ends_at <= a.starts_at)
"""
OVERLAPS = {
    "room": f"SELECT a.id, b.id FROM session a, session b WHERE {_BOTH} AND a.room_id = b.room_id",
    "mentor": f"""
        SELECT a.id, b.id FROM session a, session b WHERE {_BOTH} AND a.mentor_id = b.mentor_id
    """,
    "mentee": f"""
        SELECT a.id, b.id
        FROM session a, session b, participation one, participation other
        WHERE {_BOTH} AND one.prison_id = $1 AND other.prison_id = $1
          AND one.session_id = a.id AND other.session_id = b.id
          AND one.mentee_id = other.mentee_id
          AND one.status = ANY('{{offered,accepted}}')
          AND other.status = ANY('{{offered,accepted}}')
    """,
}
_STANDS = """
    SELECT id::text, version, status, room_id::text, mentor_id::text, starts_at, ends_at
    FROM session WHERE prison_id = $1
"""
GUARDS = """
    SELECT conrelid::regclass::text AS relation, conname FROM pg_constraint
    WHERE contype = 'x' AND conrelid = ANY('{session,participation}'::regclass[])
"""
# The same session once more, a minute later, and its people with it.
_AGAIN = """
    WITH taken AS (
        SELECT s.* FROM session s
        WHERE s.prison_id = $1 AND s.status = 'planned' AND s.room_id IS NOT NULL
        AND EXISTS (
            SELECT FROM participation p WHERE p.prison_id = s.prison_id AND p.session_id = s.id
            AND p.status = ANY('{offered,accepted}')
        )
        ORDER BY s.id LIMIT 1
    ), more AS (
        INSERT INTO session (id, prison_id, version, recorded_at, disclosure, kind, status,
            room_id, mentor_id, starts_at, ends_at)
        SELECT gen_random_uuid(), prison_id, version, recorded_at, disclosure, kind, status,
            room_id, mentor_id, starts_at + interval '1 minute', ends_at + interval '1 minute'
        FROM taken RETURNING *
    )
    INSERT INTO participation (id, prison_id, version, recorded_at, session_id, mentee_id, during,
        live, status)
    SELECT gen_random_uuid(), p.prison_id, p.version, p.recorded_at, more.id, p.mentee_id,
        more.during, more.live, p.status
    FROM more, participation p
    WHERE p.prison_id = $1 AND p.session_id = (SELECT id FROM taken)
"""


async def overlaps(connection: asyncpg.Connection, prison_id: str) -> dict[str, int]:
    """How many twos of planned sessions share a room, a mentor, a mentee at one time."""
    return {name: len(await connection.fetch(query, prison_id)) for name, query in OVERLAPS.items()}


async def lost(
    connection: asyncpg.Connection, prison_id: str, newest: Mapping[str, Mapping[str, Any]]
) -> int:
    """How many sessions do not stand as they were last acknowledged."""
    rows = {row["id"]: row for row in await connection.fetch(_STANDS, prison_id)}
    return sum(not _same(rows.get(each), said) for each, said in newest.items())


def _same(row: asyncpg.Record | None, said: Mapping[str, Any]) -> bool:
    return row is not None and all(
        row[name] == (datetime.fromisoformat(value) if name.endswith("_at") else value)
        for name, value in said.items()
    )


async def sees(connection: asyncpg.Connection, prison_id: str) -> dict[str, int]:
    """What the check counts once the constraints are gone and one session stands there twice;
    everything is rolled back."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        for guard in await connection.fetch(GUARDS):
            relation, name = guard["relation"], guard["conname"]
            await connection.execute(f"ALTER TABLE {relation} DROP CONSTRAINT {name}")
        await connection.execute(_AGAIN, prison_id)
        return await overlaps(connection, prison_id)
    finally:
        await transaction.rollback()
