"""Migrations: the same schema as the models, up and down with rows in it, and never a long lock."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Enum, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app import migrate
from app.db import engine_url
from app.embedded import EmbeddedPostgres
from app.models.base import EXEMPT_TABLES, metadata
from app.models.prisons import Prison
from tests.house.rows import one_of_each, scoped_tables

FILES = sorted((Path(__file__).parents[2] / "alembic" / "versions").glob("*.py"))
ENUMS = [
    (table.name, column.name, column.type)
    for table in metadata.sorted_tables
    for column in table.columns
    if isinstance(column.type, Enum)
]
CATALOGUE = {
    "columns": """
        SELECT c.relname || '.' || a.attname AS name,
               concat_ws(' ', format_type(a.atttypid, a.atttypmod),
                         CASE WHEN a.attnotnull THEN 'not null' END, nullif(a.attgenerated, ''),
                         pg_get_expr(d.adbin, d.adrelid)) AS definition
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
          AND a.attnum > 0 AND NOT a.attisdropped
    """,
    "constraints": """
        SELECT conrelid::regclass::text || '.' || conname AS name,
               pg_get_constraintdef(oid) AS definition
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    """,
    "indexes": """
        SELECT tablename || '.' || indexname AS name, indexdef AS definition
        FROM pg_indexes WHERE schemaname = 'public'
    """,
}


@pytest.fixture
def fresh(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The owner's address of an empty database of its own."""
    postgres.ensure_database("migrations")
    yield postgres.owner_url("migrations")
    postgres.drop_database("migrations")


@pytest.fixture
def modelled(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The same, for the schema as the models alone would make it."""
    postgres.ensure_database("modelled")
    yield postgres.owner_url("modelled")
    postgres.drop_database("modelled")


async def run(url: str, work: Any) -> Any:
    """The result of a synchronous function of a SQLAlchemy connection."""
    engine = create_async_engine(engine_url(url), poolclass=NullPool)
    async with engine.begin() as connection:
        result = await connection.run_sync(work)
    await engine.dispose()
    return result


async def catalogue(url: str, what: str) -> dict[str, str]:
    connection = await asyncpg.connect(url)
    rows = await connection.fetch(CATALOGUE[what])
    await connection.close()
    return {
        row["name"]: row["definition"]
        for row in rows
        if not row["name"].startswith("alembic_version")
    }


def _differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True}
    )
    found = compare_metadata(context, metadata)
    return [each for each in found if "alembic_version" not in repr(each)]


async def test_alembic_finds_nothing_to_migrate(fresh: str) -> None:
    await asyncio.to_thread(migrate.upgrade, fresh)
    assert await run(fresh, _differences) == []


async def test_migrations_make_exactly_what_the_models_say(fresh: str, modelled: str) -> None:
    """Also the CHECKs, partial indexes and exclusions that Alembic does not compare."""
    await asyncio.to_thread(migrate.upgrade, fresh)
    await run(modelled, metadata.create_all)
    for what in CATALOGUE:
        assert await catalogue(fresh, what) == await catalogue(modelled, what)


async def _fill(url: str) -> None:
    engine = create_async_engine(engine_url(url), poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.execute(text("SET LOCAL app.prison_id = 'MIG'"))
        prison = Prison(id="MIG", name="HMP Test").model_dump()
        await connection.execute(metadata.tables["prison"].insert().values(prison))
        await one_of_each(connection, "MIG")
    await engine.dispose()


async def test_up_down_and_up_again_with_rows_in_every_table(fresh: str) -> None:
    await asyncio.to_thread(migrate.upgrade, fresh)
    before = {what: await catalogue(fresh, what) for what in CATALOGUE}
    await _fill(fresh)
    await asyncio.to_thread(migrate.downgrade, fresh)
    assert {what: await catalogue(fresh, what) for what in CATALOGUE} == {
        what: {} for what in CATALOGUE
    }
    await asyncio.to_thread(migrate.upgrade, fresh)
    assert {what: await catalogue(fresh, what) for what in CATALOGUE} == before
    await _fill(fresh)


async def test_migrating_again_changes_nothing(fresh: str) -> None:
    await asyncio.to_thread(migrate.upgrade, fresh)
    await _fill(fresh)
    await asyncio.to_thread(migrate.upgrade, fresh)
    connection = await asyncpg.connect(fresh)
    assert await connection.fetchval("SELECT count(*) FROM prison") == 1
    await connection.close()


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_a_migration_waits_five_seconds_for_a_lock_and_no_longer(file: Path) -> None:
    source = file.read_text()
    for function in ("upgrade", "downgrade"):
        [body] = re.findall(rf"^def {function}\(\) -> None:\n(.+?)(?=^\S|\Z)", source, re.M | re.S)
        first = body.strip().splitlines()[0].strip()
        assert first == "op.execute(\"SET LOCAL lock_timeout = '5s'\")", function


async def test_every_closed_list_has_its_check(fresh: str) -> None:
    await asyncio.to_thread(migrate.upgrade, fresh)
    checks = await catalogue(fresh, "constraints")
    assert len(ENUMS) > 20
    for table, column, kind in ENUMS:
        assert kind.create_constraint, f"{table}.{column}"
        found = {
            frozenset(re.findall(r"'([^']*)'::character varying", definition))
            for name, definition in checks.items()
            if name.startswith(f"{table}.ck_") and re.search(rf"\({column}\)?::text", definition)
        }
        assert frozenset(kind.enums) in found, f"{table}.{column}"


def test_no_table_is_forgotten() -> None:
    assert {table.name for table in scoped_tables()} | set(EXEMPT_TABLES) == {
        *metadata.tables,
        "alembic_version",
    }
