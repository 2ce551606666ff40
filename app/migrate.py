"""Brings a database to this version's schema. Runs as the owner role, before anything serves."""

from pathlib import Path

import asyncpg
from alembic.config import Config
from alembic.script import ScriptDirectory

from alembic import command
from app.config import ConfigurationError, database_address

ROOT = Path(__file__).parents[1]


def _config(owner_url: str) -> Config:
    config = Config(str(ROOT / "alembic.ini"))
    config.set_main_option("script_location", str(ROOT / "alembic"))
    config.set_main_option("sqlalchemy.url", owner_url.replace("%", "%%"))
    return config


def upgrade(owner_url: str, revision: str = "head") -> None:
    """Migrate up. Must not be called from within a running event loop."""
    try:
        command.upgrade(_config(owner_url), revision)
    except (OSError, asyncpg.PostgresError) as error:
        raise ConfigurationError(f"The database cannot be reached: {error}.") from None


def downgrade(owner_url: str, revision: str = "base") -> None:
    """Migrate down."""
    command.downgrade(_config(owner_url), revision)


def draft(owner_url: str, message: str) -> None:
    """Write a new migration from the difference between models and database."""
    command.revision(_config(owner_url), message=message, autogenerate=True)


async def analyze(owner_url: str) -> None:
    """Tell PostgreSQL's planner what lies in the tables after much came in at once: autovacuum
    would do so within minutes, and until then some answers take seconds."""
    connection = await asyncpg.connect(database_address(owner_url))
    try:
        await connection.execute("ANALYZE")
    finally:
        await connection.close()


def head() -> str:
    """The newest revision this code knows."""
    revision = ScriptDirectory.from_config(_config("")).get_current_head()
    assert revision is not None
    return revision
