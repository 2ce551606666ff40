"""What our booking is measured beside: the same rows in bare tables, and nothing else.

FastAPI, asyncpg, two INSERTs. No token, no scope, no rules but the three exclusion constraints, no
history, no outbox, no audit, no idempotency: all of that favours it. `unguarded` has not even the
constraints, and shows that the load would otherwise overlap.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import asyncpg
from fastapi import FastAPI, Header, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

PRISON = "WRT"
TABLES = """
    CREATE TABLE session (
        prison_id text NOT NULL,
        id uuid NOT NULL DEFAULT gen_random_uuid(),
        version integer NOT NULL DEFAULT 1,
        recorded_at timestamptz NOT NULL DEFAULT now(),
        kind text NOT NULL,
        status text NOT NULL DEFAULT 'planned',
        room_id uuid,
        mentor_id uuid NOT NULL,
        starts_at timestamptz NOT NULL,
        ends_at timestamptz NOT NULL,
        during tstzrange NOT NULL GENERATED ALWAYS AS (tstzrange(starts_at, ends_at)) STORED,
        live boolean NOT NULL GENERATED ALWAYS AS (status IN ('planned', 'confirmed')) STORED,
        PRIMARY KEY (prison_id, id),
        UNIQUE (prison_id, id, during, live)
    );
    CREATE TABLE participation (
        prison_id text NOT NULL,
        id uuid NOT NULL DEFAULT gen_random_uuid(),
        session_id uuid NOT NULL,
        mentee_id uuid NOT NULL,
        during tstzrange NOT NULL,
        live boolean NOT NULL,
        status text NOT NULL DEFAULT 'offered',
        PRIMARY KEY (prison_id, id),
        FOREIGN KEY (prison_id, session_id, during, live)
            REFERENCES session (prison_id, id, during, live) ON UPDATE CASCADE
    );
    CREATE INDEX ON participation (prison_id, session_id);
"""
GUARDS = """
    ALTER TABLE session ADD EXCLUDE USING gist
        (prison_id WITH =, room_id WITH =, during WITH &&) WHERE (live);
    ALTER TABLE session ADD EXCLUDE USING gist
        (prison_id WITH =, mentor_id WITH =, during WITH &&) WHERE (live);
    ALTER TABLE participation ADD EXCLUDE USING gist
        (prison_id WITH =, mentee_id WITH =, during WITH &&) WHERE (live);
"""
_BOOK = """
    INSERT INTO session (prison_id, kind, room_id, mentor_id, starts_at, ends_at)
    VALUES ($1, $2, $3, $4, $5, $6) RETURNING *
"""
_COME = """
    INSERT INTO participation (prison_id, session_id, mentee_id, during, live)
    SELECT $1, $2, mentee, $4, true FROM unnest($3::uuid[]) mentee
"""
_CHANGE = """
    UPDATE session SET version = version + 1, room_id = $4, mentor_id = $5, starts_at = $6,
        ends_at = $7
    WHERE prison_id = $1 AND id = $2 AND version = $3 AND live RETURNING *
"""
_MOVE = """
    UPDATE session SET version = version + 1, status = $3
    WHERE prison_id = $1 AND id = $2 AND live AND status <> $3 RETURNING *
"""
_SHOWN = ("id", "version", "kind", "status", "room_id", "mentor_id", "starts_at", "ends_at")


class Booking(BaseModel):
    kind: str
    room_id: UUID | None
    mentor_id: UUID
    starts_at: datetime
    ends_at: datetime
    mentee_ids: list[UUID]


class Change(BaseModel):
    room_id: UUID | None = None
    mentor_id: UUID | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


class To(BaseModel):
    to: str


def _shown(row: asyncpg.Record | None) -> dict[str, Any]:
    if row is None:
        raise HTTPException(412, "stale")
    return {name: row[name] for name in _SHOWN}


async def _taken(_: Request, error: Exception) -> JSONResponse:
    """A constraint or a deadlock: the bare table tries nothing again."""
    return JSONResponse({"code": type(error).__name__}, 409)


def bare() -> FastAPI:
    return _made("BENCH_BARE_URL")


def unguarded() -> FastAPI:
    return _made("BENCH_UNGUARDED_URL")


def _made(url: str) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.pool = await asyncpg.create_pool(os.environ[url], min_size=1, max_size=20)
        yield
        await app.state.pool.close()

    app = FastAPI(lifespan=lifespan)
    app.add_exception_handler(asyncpg.ExclusionViolationError, _taken)
    app.add_exception_handler(asyncpg.DeadlockDetectedError, _taken)

    @app.post("/sessions", status_code=201)
    async def book(body: Booking) -> dict[str, Any]:
        values = (body.kind, body.room_id, body.mentor_id, body.starts_at, body.ends_at)
        async with app.state.pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(_BOOK, PRISON, *values)
            coming = (row["id"], body.mentee_ids, row["during"])
            await connection.execute(_COME, PRISON, *coming)
        return _shown(row)

    @app.patch("/sessions/{session_id}")
    async def replan(
        session_id: UUID, body: Change, if_match: Annotated[str, Header()]
    ) -> dict[str, Any]:
        changes = body.model_dump(exclude_unset=True)
        async with app.state.pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(
                "SELECT * FROM session WHERE prison_id = $1 AND id = $2", PRISON, session_id
            )
            now = {**dict(row), **changes}
            values = [now[name] for name in ("room_id", "mentor_id", "starts_at", "ends_at")]
            known = int(if_match.strip('"'))
            row = await connection.fetchrow(_CHANGE, PRISON, session_id, known, *values)
        return _shown(row)

    @app.post("/sessions/{session_id}/moves")
    async def move(session_id: UUID, body: To) -> dict[str, Any]:
        async with app.state.pool.acquire() as connection:
            return _shown(await connection.fetchrow(_MOVE, PRISON, session_id, body.to))

    return app
