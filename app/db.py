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
from sqlalchemy.engine import URL, AdaptedConnection, ExceptionContext
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import Session as SyncSession

from app.config import ConfigurationError, OutOfReach
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
# How long the server keeps what is locked for somebody of whom nothing is heard. Longer than any
# print, import or proposal thinks within its transaction; whoever raises a concern does not think.
IDLE_SECONDS = 60.0
# Everything hot is in memory: an index look-up is not the four page reads PostgreSQL assumes.
_SERVER_SETTINGS = {
    "timezone": "UTC",
    "application_name": "wellwing",
    "random_page_cost": "1.1",
    # Whoever vanished without a word is found out within half a minute, and not after two hours.
    "client_connection_check_interval": "2s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "20s",
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


class _Connection(asyncpg.Connection):  # type: ignore[misc]
    """A connection that is closed even if its line is dead."""

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - as in asyncpg
        try:
            await super().close(timeout=timeout)
        except TimeoutError:
            self.terminate()


class ScopedConnection(_Connection):
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

    def __init__(
        self,
        url: str,
        pool_size: int = 10,
        patience: float = PATIENCE_SECONDS,
        idle: float = IDLE_SECONDS,
    ) -> None:
        """`patience`: seconds to wait for a connection and for a statement, each; `idle`: seconds
        until the server ends a transaction in which nothing is asked."""
        self.url = url
        self._patience = patience
        self._server_settings = {
            **_SERVER_SETTINGS,
            # A lock that is held is one row's trouble, and told before the patience is over.
            "lock_timeout": f"{0.8 * patience:.3f}s",
            "idle_in_transaction_session_timeout": f"{idle:.3f}s",
        }
        self.engine: AsyncEngine = create_async_engine(
            engine_url(url),
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_timeout=patience,
            hide_parameters=True,  # an error's text would quote people's data
            json_serializer=lambda value: orjson.dumps(value).decode(),
            json_deserializer=orjson.loads,
            connect_args={
                "connection_class": _Connection,
                "server_settings": self._server_settings,
                "timeout": patience,
                "command_timeout": patience,
            },
        )
        event.listen(self.engine.sync_engine, "checkout", self._alive)
        event.listen(self.engine.sync_engine, "handle_error", _let_go)
        self.sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        self._soon = text(
            f"SET LOCAL idle_in_transaction_session_timeout = '{min(idle, 2 * patience):.3f}s'"
        )
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
                server_settings=self._server_settings,
                timeout=self._patience,
                command_timeout=self._patience,
            )
        except (OSError, asyncpg.PostgresError, TimeoutError) as error:
            reason = str(error) or type(error).__name__
            raise OutOfReach(f"The database cannot be reached: {reason}.") from None
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

    def _alive(self, connection: AdaptedConnection, *_: Any) -> None:
        """Ask a connection whether it is there before it is used. Where one is dead the others may
        be too: all are opened anew, or whoever tries again would meet one after the other."""
        try:
            connection.run_async(lambda own: own.fetchrow(";", timeout=0.4 * self._patience))
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            connection.driver_connection.terminate()
            raise InvalidatePoolError() from error

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
            if urgent:
                await session.execute(self._soon)
            yield session

    @asynccontextmanager
    async def alone(self, prison_id: str) -> AsyncIterator[asyncpg.Connection]:
        """A connection of its own in one prison's scope, that reads one snapshot for as long as it
        takes. Whatever happens it is closed at the end, also in the midst of an answer."""
        connection = await asyncpg.connect(
            self.url,
            connection_class=_Connection,
            server_settings={**self._server_settings, "application_name": "wellwing alone"},
            timeout=self._patience,
            command_timeout=None,
        )
        try:
            await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            await connection.execute(f"SET LOCAL app.prison_id = '{_checked(prison_id)}'")
            yield connection
        finally:
            connection.terminate()

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
        async with (
            self.pool.acquire(timeout=self._patience) as connection,
            self._sound(connection),
        ):
            await connection.scoped_to(prison_id)
            rows: list[asyncpg.Record] = await connection.fetch(sql, *args)
            return rows

    @asynccontextmanager
    async def _sound(self, connection: asyncpg.Connection) -> AsyncIterator[None]:
        """Let go of a connection that does not answer, and of those as old as it."""
        try:
            yield
        except TimeoutError:
            connection.terminate()
            await self.pool.expire_connections()
            raise

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
        async with (
            self.pool.acquire(timeout=self._patience) as connection,
            self._sound(connection),
        ):
            return await connection.fetchval(sql, *args)

    async def prison_ids(self) -> Sequence[str]:
        """Every prison served here, in order."""
        every = "SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM prison"
        found: list[str] = await self.fetchval(every)
        return found


def gone(error: Exception) -> bool:
    """Whether a session's connection is lost, and what was done in it."""
    if isinstance(error, DBAPIError):
        state = str(getattr(error.orig, "sqlstate", None))
        return error.connection_invalidated or state[:2] in {"08", "57"}
    return isinstance(error, (*LOST_CONNECTION, OSError))


def _let_go(context: ExceptionContext) -> None:
    """A connection on which something was not answered in time is used for nothing more: asking it
    to roll back would be waited for as long again."""
    if isinstance(context.original_exception, TimeoutError) and context.connection is not None:
        context.is_disconnect, context.invalidate_pool_on_disconnect = True, False
        if not context.connection.invalidated:
            driver = context.connection.connection.driver_connection
            if driver is not None:
                driver.terminate()


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
