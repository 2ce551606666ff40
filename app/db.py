"""The database: one engine for writes, one asyncpg pool for reads, both scoped to one prison.

A write session commits before the reply is sent (`Depends(open_db, scope="function")`): a reply
means it is saved. Reads are one statement on a pooled connection.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg
import orjson
from fastapi import Depends, Path, Request
from sqlalchemy import event, text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import Session as SyncSession

from app.config import ConfigurationError
from app.errors import NotFound
from app.urgent import raises_a_concern

# Written beside what they tell of, which is in the audit itself; a prison has no UUID.
NOT_TOUCHED = {"outbox", "history", "idempotency_key", "text_version", "former_value", "prison"}
PRISON_ID = re.compile(r"^[A-Z]{3}$")
LOST_CONNECTION = (
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what a connection says whose server vanished meanwhile
    asyncpg.AdminShutdownError,
    ConnectionResetError,
)
# A database that neither answers nor goes away must not keep anyone waiting: whoever raises a
# concern is told within half a minute that it is not saved. Longer than any statement takes.
PATIENCE_SECONDS = 5.0
_SERVER_SETTINGS = {
    "timezone": "UTC",
    "application_name": "wellwing",
    # Everything hot is in memory: an index look-up is not the four page reads PostgreSQL assumes.
    "random_page_cost": "1.1",
    # A process that is frozen, or whose machine is gone, lets go of the rows it holds.
    "idle_in_transaction_session_timeout": "30s",
}


def _checked(prison_id: str) -> str:
    """`SET` takes no parameters, so only three capitals are ever interpolated."""
    if not PRISON_ID.fullmatch(prison_id):
        raise NotFound()
    return prison_id


def engine_url(url: str) -> URL:
    parts = urlsplit(url)
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    return URL.create(
        "postgresql+asyncpg",
        username=unquote(parts.username or "") or None,
        password=unquote(parts.password or "") or None,
        host=parts.hostname,
        port=parts.port,
        database=parts.path.lstrip("/"),
        query=query,
    )


class ScopedConnection(asyncpg.Connection):  # type: ignore[misc]
    """A pooled connection that remembers which prison it is scoped to."""

    scope: str | None = None

    async def scoped_to(self, prison_id: str) -> None:
        """Set the prison on the server, unless it is set already. Only this function does.

        Inside a transaction nothing is remembered: a rollback takes the setting back.
        """
        passing = self.is_in_transaction()
        if passing or self.scope != prison_id:
            self.scope = None
            await self.execute(f"SET app.prison_id = '{_checked(prison_id)}'")
            self.scope = None if passing else prison_id


async def _keep_scope(connection: asyncpg.Connection) -> None:
    """Replaces the pool's reset, a round trip a request: reads leave no state but the scope."""
    if connection.is_in_transaction():
        await connection.execute("ROLLBACK")


class Database:
    """The service's connections. Made once a process, closed with it."""

    def __init__(self, url: str, pool_size: int = 10, patience: float = PATIENCE_SECONDS) -> None:
        """`patience`: seconds to wait for a connection and for a statement, each."""
        self.url = url
        self._patience = patience
        self.engine: AsyncEngine = create_async_engine(
            engine_url(url),
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_timeout=patience,
            pool_pre_ping=True,
            hide_parameters=True,  # an error's text would quote people's data
            json_serializer=lambda value: orjson.dumps(value).decode(),
            json_deserializer=orjson.loads,
            connect_args={
                "server_settings": _SERVER_SETTINGS,
                "timeout": patience,
                "command_timeout": patience,
            },
        )
        self.sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        self._line = asyncio.Semaphore(2 * pool_size - max(1, pool_size // 2))
        self._pool_size = pool_size
        self._pool: asyncpg.Pool | None = None

    async def open(self) -> None:
        """Connect, and refuse a role that could see past row-level security."""
        try:
            self._pool = await asyncpg.create_pool(
                self.url,
                min_size=1,
                max_size=self._pool_size,
                connection_class=ScopedConnection,
                reset=_keep_scope,
                server_settings=_SERVER_SETTINGS,
                timeout=self._patience,
                command_timeout=self._patience,
            )
        except (OSError, asyncpg.PostgresError, TimeoutError) as error:
            reason = str(error) or type(error).__name__
            raise ConfigurationError(f"The database cannot be reached: {reason}.") from None
        row = await self.pool.fetchrow(
            "SELECT rolsuper OR rolbypassrls AS bypasses FROM pg_roles WHERE rolname = current_user"
        )
        if row["bypasses"]:
            await self.close()
            raise ConfigurationError(
                "The database role is a superuser or may bypass row-level security; use the"
                " application role (see `wellwing database provision`)."
            )

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.close()
            self._pool = None
        await self.engine.dispose()

    @property
    def pool(self) -> asyncpg.Pool:
        assert self._pool is not None, "open() first"
        return self._pool

    @asynccontextmanager
    async def _in_line(self, urgent: bool) -> AsyncIterator[None]:
        """Wait for those who came before, twice as long as for a statement: the engine's own queue
        lets newcomers pass. A quarter of the connections is kept for what is urgent."""
        if urgent:
            yield
            return
        async with asyncio.timeout(2 * self._patience):
            await self._line.acquire()
        try:
            yield
        finally:
            self._line.release()

    @asynccontextmanager
    async def write(self, prison_id: str, *, urgent: bool = False) -> AsyncIterator[AsyncSession]:
        """A transaction in one prison's scope; commits at the end, rolls back on an exception."""
        async with self._in_line(urgent), self.sessions() as session, session.begin():
            await session.execute(text(f"SET LOCAL app.prison_id = '{_checked(prison_id)}'"))
            yield session

    async def fetchrow(self, prison_id: str, sql: str, *args: Any) -> asyncpg.Record | None:
        """The first row of one statement in one prison's scope."""
        rows = await self.fetch(prison_id, sql, *args)
        return rows[0] if rows else None

    async def fetch(self, prison_id: str, sql: str, *args: Any) -> list[asyncpg.Record]:
        """All rows of one statement in one prison's scope.

        After PostgreSQL came back every pooled connection is dead: they are let go at once, and
        the statement, which only reads, is tried a second time.
        """
        try:
            return await self._fetch(prison_id, sql, args)
        except LOST_CONNECTION:
            await self.pool.expire_connections()
            return await self._fetch(prison_id, sql, args)

    async def _fetch(self, prison_id: str, sql: str, args: Sequence[Any]) -> list[asyncpg.Record]:
        async with self.pool.acquire(timeout=self._patience) as connection:
            await connection.scoped_to(prison_id)
            rows: list[asyncpg.Record] = await connection.fetch(sql, *args)
            return rows

    @asynccontextmanager
    async def outside(self) -> AsyncIterator[AsyncSession]:
        """A transaction outside any prison, for the tables that belong to none."""
        async with self.sessions() as session, session.begin():
            yield session

    async def fetchval(self, sql: str, *args: Any) -> Any:
        """One value of the tables that belong to no prison; tried again as `fetch` is."""
        try:
            return await self._fetchval(sql, args)
        except LOST_CONNECTION:
            await self.pool.expire_connections()
            return await self._fetchval(sql, args)

    async def _fetchval(self, sql: str, args: Sequence[Any]) -> Any:
        async with self.pool.acquire(timeout=self._patience) as connection:
            return await connection.fetchval(sql, *args)

    async def prison_ids(self) -> Sequence[str]:
        """Every prison served here, in order."""
        return [row["id"] for row in await self.pool.fetch("SELECT id FROM prison ORDER BY id")]


@event.listens_for(SyncSession, "before_flush")
def _raise_versions(session: SyncSession, *_: Any) -> None:
    """Every change of a versioned row raises its version, which is its ETag."""
    for row in session.dirty:
        if hasattr(row, "version") and session.is_modified(row):
            row.version += 1


@event.listens_for(SyncSession, "before_flush")
def _tell_the_audit(session: SyncSession, *_: Any) -> None:
    """Which rows a session makes or changes; `urgent` ones must not wait for the audit."""
    for row in (*session.new, *session.dirty):
        if row.__tablename__ not in NOT_TOUCHED and hasattr(row, "id"):
            session.info.setdefault("touched", set()).add(row.id)
        if getattr(row, "urgent", False):
            session.info["urgent"] = True


PathPrison = Annotated[
    str,
    Path(
        pattern=PRISON_ID.pattern,
        description="The prison: three capitals.",
        examples=["SLI"],
    ),
]


async def database(request: Request) -> Database:  # async: a sync one costs a thread hop
    db: Database = request.app.state.database
    return db


async def open_db(
    prison_id: PathPrison, db: Annotated[Database, Depends(database)], request: Request
) -> AsyncIterator[AsyncSession]:
    async with db.write(prison_id, urgent=raises_a_concern(request)) as session:
        session.info["trail"] = request.state.trail  # who changes what is kept with what it was
        yield session
        await session.flush()
        await request.app.state.auditor.within(session, request.scope)


Db = Annotated[AsyncSession, Depends(open_db, scope="function")]
"""The request's write session: services flush, the end of the function commits."""


async def open_outside(db: Annotated[Database, Depends(database)]) -> AsyncIterator[AsyncSession]:
    async with db.outside() as session:
        yield session


OutsideDb = Annotated[AsyncSession, Depends(open_outside, scope="function")]
"""The write session of a route outside any prison."""

ReadDb = Annotated[Database, Depends(database)]
"""For reads: `fetchrow(prison_id, sql, ...)`."""
