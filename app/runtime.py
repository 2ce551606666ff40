"""What every process does first: find its database, check it, take up the clock."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text

from app import clock
from app.config import ConfigurationError, Settings
from app.db import IDLE_SECONDS, Database
from app.embedded import EmbeddedPostgres, EmbeddedPostgresError


@dataclass(frozen=True, slots=True)
class Urls:
    """Addresses of one database: the application role's and the owner's."""

    application: str
    owner: str


def embedded(settings: Settings) -> EmbeddedPostgres:
    return EmbeddedPostgres(settings.var_dir)


def find_database(settings: Settings) -> Urls:
    """The configured database, or the embedded one, started if need be. Blocks."""
    if settings.database_url is not None:
        owner = settings.owner_database_url or settings.database_url
        return Urls(settings.database_url, owner)
    server = embedded(settings)
    try:
        server.start()
        server.ensure_database(settings.database_name)
    except EmbeddedPostgresError as error:
        raise ConfigurationError(str(error)) from None
    name = settings.database_name
    return Urls(server.application_url(name), server.owner_url(name))


_CHANGES_THE_AUDIT = "SELECT has_table_privilege('audit_entry', 'UPDATE, DELETE, TRUNCATE')"


async def open_database(settings: Settings, url: str, *, idle: float = IDLE_SECONDS) -> Database:
    """Connect and check what is there. Raises ConfigurationError, in one sentence. `idle`: seconds
    after which the server takes a transaction in which nothing is asked for abandoned."""
    db = Database(url, settings.database_pool, idle=idle)
    await db.open()
    if await db.pool.fetchval("SELECT to_regclass('prison')") is None:
        await db.close()
        raise ConfigurationError("The database has no tables yet: run `wellwing migrate`.")
    if settings.production and await db.pool.fetchval("SELECT bool_or(demo) FROM prison"):
        await db.close()
        raise ConfigurationError("The database holds demo data, which production must not.")
    if settings.production and await db.pool.fetchval(_CHANGES_THE_AUDIT):
        await db.close()
        raise ConfigurationError(
            "The database role may change the audit: use the application role."
        )
    if not settings.production:
        await take_up_clock(db)
    return db


async def take_up_clock(db: Database) -> None:
    """Development: follow the offset that API and worker share."""
    seconds = await db.fetchval("SELECT offset_seconds FROM development_clock")
    clock.set_offset(timedelta(seconds=seconds or 0))


async def move_clock(db: Database, offset: timedelta) -> None:
    """Development: set the shared offset, for this process now and for others as they look."""
    async with db.engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO development_clock (id, offset_seconds) VALUES (1, :seconds)"
                " ON CONFLICT (id) DO UPDATE SET offset_seconds = :seconds"
            ),
            {"seconds": offset.total_seconds()},
        )
    clock.set_offset(offset)
