"""What every command stands on: usable settings, a database that answers, a free port."""

import asyncio
import errno
import getpass
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from app import logs, migrate
from app.config import ConfigurationError, OutOfReach, Settings, database_address, settings
from app.db import PRISON_ID, Database
from app.embedded import EmbeddedPostgres, EmbeddedPostgresError
from app.errors import Refused
from app.models.audit import AuditAct
from app.runtime import Urls, find_database, open_database
from app.services import audit

CONNECT_SECONDS = 10.0
VANISHED_MILLISECONDS = 40_000
"""How long what is sent may go unacknowledged: whoever left without a word holds no connection for
longer. Linux by itself tries for a quarter of an hour."""


def configured() -> Settings:
    """The process's settings, checked. Raises ConfigurationError."""
    config = settings()
    config.check_production()
    logs.configure(config.log_level)
    return config


def configured_for_development(what: str) -> Settings:
    """The settings, for what must never be done in production."""
    config = settings()
    if config.production:
        raise ConfigurationError(f"{what} only in development.")
    logs.configure(config.log_level)
    return config


def located(config: Settings) -> Urls:
    """Both addresses of the database, which answers at both. Raises ConfigurationError."""
    urls = find_database(config)
    for url in dict.fromkeys((urls.application, urls.owner)):
        asyncio.run(reach(url))
    return urls


async def reach(url: str) -> None:
    """Connect once. Raises ConfigurationError, with the host but never its password; OutOfReach
    where the database may be there later."""
    kind: type[ConfigurationError] = OutOfReach
    try:
        connection = await asyncpg.connect(database_address(url), timeout=CONNECT_SECONDS)
        await connection.close()
    except TimeoutError:
        reason = f"no answer within {CONNECT_SECONDS:.0f} seconds"
    except (OSError, asyncpg.CannotConnectNowError, asyncpg.TooManyConnectionsError) as error:
        reason = _first_line(error)
    except asyncpg.PostgresError as error:
        kind, reason = ConfigurationError, _first_line(error)
    except (ValueError, asyncpg.InterfaceError):  # their words quote pieces of the address
        raise ConfigurationError(
            "The database's address cannot be used: write postgresql://user:password@host/name,"
            " special characters of the password as %2F and so on."
        ) from None
    else:
        return
    where = urlsplit(url).netloc.rpartition("@")[2] or "its socket"
    raise kind(f"The database at {where} cannot be reached: {reason}.")


@asynccontextmanager
async def opened(config: Settings) -> AsyncIterator[Database]:
    """The database, checked, for the block. Starts the embedded server if need be."""
    urls = await asyncio.to_thread(find_database, config)
    await reach(urls.application)
    db = await open_database(config, urls.application)
    try:
        yield db
    finally:
        await db.close()


async def analyzed(config: Settings) -> None:
    """Tell the database's planner what lies in its tables, after much came in at once."""
    urls = await asyncio.to_thread(find_database, config)
    await migrate.analyze(urls.owner)


def operator() -> str:
    """Whoever sits at the machine, as the audit has them."""
    return f"operator:{getpass.getuser()}"


@asynccontextmanager
async def writing(db: Database, prison_id: str, command: str) -> AsyncIterator[AsyncSession]:
    """A write session whose work is in the audit, as that of whoever sits at the machine."""
    async with db.write(prison_id) as session:
        yield session
        await session.flush()
        subject, ids = operator(), session.info.get("touched", set())
        entry = audit.entry(prison_id, AuditAct.written, command, subject=subject, ids=ids)
        await audit.append(session, entry)


async def left_alone(server: EmbeddedPostgres) -> bool:
    """Whether no one is connected to the server any more."""
    connection = await asyncpg.connect(server.superuser_url("postgres"))
    try:
        others = await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        return bool(others == 0)
    finally:
        await connection.close()


def listen(config: Settings) -> socket.socket:
    """A listening socket where the settings say. Raises ConfigurationError when it is taken."""
    host, port = config.listen, config.port
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=2048)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # each connection has it from its listener
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, VANISHED_MILLISECONDS)
        return listener
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            reason = "it is taken; set PORT to another"
        else:
            reason = (error.strerror or str(error)).lower()
    raise ConfigurationError(f"Cannot listen on port {port} of {host}: {reason}.")


def address(listener: socket.socket) -> str:
    """The URL at which a client on this machine reaches the socket."""
    host, port = listener.getsockname()[:2]
    anywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
    host = anywhere.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def a_prison(prison_id: str) -> str:
    """`prison_id`, if it can be one. Raises ConfigurationError."""
    if not PRISON_ID.fullmatch(prison_id):
        raise ConfigurationError("A prison's id is three capitals, such as SLI.")
    return prison_id


def sentence(error: Exception) -> str | None:
    """What to tell a person about an error; None when it is a mistake of ours."""
    match error:
        case ConfigurationError() | EmbeddedPostgresError():
            return str(error)
        case Refused():
            return error.detail
        case ValidationError():
            first = error.errors()[0]
            return f"{'.'.join(map(str, first['loc']))}: {first['msg']}."
        case asyncpg.PostgresError() | asyncpg.InterfaceError() | SQLAlchemyError():
            return f"The database refused: {_first_line(error)}."
        case OSError(filename=str(name)):
            return f"Cannot use {name}: {error.strerror}."
        case OSError():
            return f"It failed: {error.strerror or _first_line(error)}."
    return None


def _first_line(error: Exception) -> str:
    """Without the detail below it, which may quote people's data."""
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
