"""Runs migrations as the owner role, one transaction a migration."""

import asyncio
from typing import Any

from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine

from alembic import context
from app.db import engine_url
from app.models import metadata


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        transaction_per_migration=True,
        include_object=_ours,
    )
    with context.begin_transaction():
        context.run_migrations()


def _ours(thing: Any, name: str | None, kind: str, *_: Any) -> bool:
    return not (kind == "table" and name == "alembic_version")


async def online() -> None:
    url = context.config.get_main_option("sqlalchemy.url")
    assert url is not None, "the caller sets sqlalchemy.url"
    engine = create_async_engine(engine_url(url), poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    asyncio.run(online())
