"""What our list route is measured beside: itself without the audit, the limit, a typical route.

The last two run as the application role under row-level security. Neither checks a token, which
favours them.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import asyncpg
from fastapi import Depends, FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlmodel import SQLModel, col, select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Scope

from app.audit import Auditor, Trail
from app.db import engine_url
from app.main import create_app
from app.models.mentees import Mentee
from app.models.people import Person
from app.models.sessions import Participation, Session, SessionKind


class Forgetful(Auditor):
    """An auditor that lets every page of a list go by."""

    async def listed(self, scope: Scope, trail: Trail) -> None:
        return


def unaudited() -> FastAPI:
    """Our service, which writes down nothing of what it lists."""
    made = create_app()
    made.state.auditor = Forgetful(made.state, made.state.settings.spool_dir)
    return made


LIMIT_SQL = """
    SELECT json_agg(s) FROM (
        SELECT id, version, recorded_at, kind, status, room_id, mentor_id, lead_staff_id,
               starts_at, ends_at,
               (SELECT coalesce(json_agg(p ORDER BY p.display_name, p.id), '[]')
                FROM (SELECT a.id, a.version, a.mentee_id, n.display_name, a.status
                      FROM participation a
                      JOIN mentee m ON m.prison_id = a.prison_id AND m.id = a.mentee_id
                      JOIN person n ON n.prison_id = m.prison_id AND n.id = m.person_id
                      WHERE a.prison_id = session.prison_id AND a.session_id = session.id) p
               ) AS participations
        FROM session
        WHERE prison_id = 'SLI' AND kind = $1
        ORDER BY starts_at DESC, id DESC LIMIT $2
    ) s
"""


def limit() -> Starlette:
    """Bare Starlette, asyncpg and json_agg: as fast as Python serves this from PostgreSQL."""

    async def scoped(connection: asyncpg.Connection) -> None:
        await connection.execute("SET app.prison_id = 'SLI'")

    async def keep(_: asyncpg.Connection) -> None:
        """No reset between requests: the limit pays for nothing it does not need."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.pool = await asyncpg.create_pool(
            os.environ["BENCH_URL"],
            min_size=1,
            max_size=10,
            init=scoped,
            reset=keep,
            server_settings={"timezone": "UTC"},
        )
        yield
        await app.state.pool.close()

    async def sessions(request: Request) -> Response:
        kind, most = request.query_params["kind"], int(request.query_params["limit"])
        items = await request.app.state.pool.fetchval(LIMIT_SQL, kind, most)
        return Response(items, media_type="application/json")

    return Starlette(routes=[Route("/sessions", sessions)], lifespan=lifespan)


class TypicalPart(SQLModel):
    id: UUID
    version: int
    mentee_id: UUID
    display_name: str
    status: str


class TypicalSession(SQLModel):
    id: UUID
    version: int
    recorded_at: datetime
    kind: str
    status: str
    room_id: UUID | None
    mentor_id: UUID
    lead_staff_id: UUID | None
    starts_at: datetime
    ends_at: datetime
    participations: list[TypicalPart]


def typical() -> FastAPI:
    """FastAPI, SQLModel rows and a response model, as the tutorials write it."""
    engine = create_async_engine(engine_url(os.environ["BENCH_URL"]), pool_size=10)
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    app = FastAPI()

    async def open_session() -> AsyncIterator[AsyncSession]:
        async with sessions() as session, session.begin():
            await session.execute(text("SET LOCAL app.prison_id = 'SLI'"))
            yield session

    @app.get("/sessions", response_model=list[TypicalSession])
    async def list_sessions(
        db: Annotated[AsyncSession, Depends(open_session)], kind: SessionKind, limit: int = 50
    ) -> list[dict[str, Any]]:
        page = (
            select(Session)
            .where(col(Session.kind) == kind)
            .order_by(col(Session.starts_at).desc(), col(Session.id).desc())
            .limit(limit)
        )
        rows = (await db.execute(page)).scalars().all()
        joined = (
            select(Participation, Person)
            .join(Mentee, col(Mentee.id) == col(Participation.mentee_id))
            .join(Person, col(Person.id) == col(Mentee.person_id))
            .where(col(Participation.session_id).in_([row.id for row in rows]))
        )
        parts: dict[UUID, list[dict[str, Any]]] = {row.id: [] for row in rows}
        for part, person in (await db.execute(joined)).tuples():
            named = {**part.model_dump(), "display_name": person.display_name}
            parts[part.session_id].append(named)
        return [{**row.model_dump(), "participations": parts[row.id]} for row in rows]

    return app
