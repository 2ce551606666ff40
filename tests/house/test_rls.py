"""The last lock: row-level security by prison, under a role that cannot pass it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
from sqlalchemy import ForeignKeyConstraint, Table, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from app.config import ConfigurationError, Settings
from app.db import Database, engine_url
from app.embedded import EmbeddedPostgres
from app.errors import NotFound
from app.models.base import EXEMPT_TABLES, metadata
from app.models.prisons import Prison
from app.provision import quote_name
from tests.house.rows import one_of_each, scoped_tables, smallest

HERE, THERE = "RLA", "RLB"
TABLES = scoped_tables()
every_table = pytest.mark.parametrize("table", TABLES, ids=[table.name for table in TABLES])


@asynccontextmanager
async def connected(url: str, prison_id: str | None) -> AsyncIterator[AsyncConnection]:
    """A connection in one prison's scope, or in none; everything is rolled back at the end."""
    engine = create_async_engine(engine_url(url), poolclass=NullPool)
    async with engine.connect() as connection:
        if prison_id is not None:
            await connection.execute(text(f"SET LOCAL app.prison_id = '{prison_id}'"))
        yield connection
        await connection.rollback()
    await engine.dispose()


@dataclass
class Two:
    """Two prisons, each with a row in every table."""

    application: str
    owner: str
    world: dict[str, dict[str, dict[str, Any]]]


@pytest.fixture(scope="module")
async def two(settings: Settings, db: Database) -> Two:
    assert settings.database_url
    assert settings.owner_database_url
    async with db.sessions() as session, session.begin():
        session.add_all([Prison(id=each, name=f"HMP {each}") for each in (HERE, THERE)])
    world = {}
    for prison_id in (HERE, THERE):
        async with connected(settings.owner_database_url, prison_id) as owner:
            world[prison_id] = await one_of_each(owner, prison_id)
            await owner.commit()
    return Two(settings.database_url, settings.owner_database_url, world)


async def count(connection: AsyncConnection, table: Table) -> int:
    found = await connection.execute(text(f"SELECT count(*) FROM {table.name}"))
    return int(found.scalar_one())


@every_table
async def test_without_a_scope_there_is_nothing(two: Two, table: Table) -> None:
    for url in (two.application, two.owner):
        async with connected(url, None) as connection:
            assert await count(connection, table) == 0


@every_table
async def test_in_a_scope_there_are_its_rows_only(two: Two, table: Table) -> None:
    for url in (two.application, two.owner):
        for prison_id in (HERE, THERE):
            async with connected(url, prison_id) as connection:
                found = await connection.execute(text(f"SELECT prison_id FROM {table.name}"))
                assert set(found.scalars()) == {prison_id}


@every_table
async def test_in_an_unknown_scope_there_is_nothing(two: Two, table: Table) -> None:
    async with connected(two.application, "ZZZ") as connection:
        assert await count(connection, table) == 0


@every_table
async def test_a_row_of_another_prison_is_refused(two: Two, table: Table) -> None:
    row = smallest(table, THERE, two.world[THERE])
    for scope in (HERE, None):
        async with connected(two.application, scope) as connection:
            with pytest.raises(DBAPIError, match="row-level security"):
                await connection.execute(table.insert().values(row))


@every_table
async def test_rows_of_another_prison_are_neither_changed_nor_deleted(
    two: Two, table: Table
) -> None:
    async with connected(two.application, HERE) as connection:
        for change in ("UPDATE {} SET prison_id = prison_id", "DELETE FROM {}"):
            statement = text(f"{change.format(table.name)} WHERE prison_id = :there")
            try:
                async with connection.begin_nested():
                    changed = await connection.execute(statement, {"there": THERE})
            except DBAPIError as refused:
                if "permission denied" not in str(refused):  # of a table that is only appended to
                    raise
            else:
                assert changed.rowcount == 0


@every_table
async def test_no_row_moves_to_another_prison(two: Two, table: Table) -> None:
    async with connected(two.application, HERE) as connection:
        with pytest.raises(DBAPIError, match=r"row-level security|foreign key|permission denied"):
            await connection.execute(
                text(f"UPDATE {table.name} SET prison_id = :there"), {"there": THERE}
            )


async def test_every_table_with_a_prison_is_guarded(db: Database) -> None:
    """In the catalogue of the migrated database, whatever the models say."""
    guarded = await db.pool.fetch("""
        SELECT c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS forced,
               (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid) AS policies
        FROM pg_class c
        WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
    """)
    names = {row["name"] for row in guarded}
    assert names - set(EXEMPT_TABLES) == {table.name for table in TABLES}
    assert names >= set(EXEMPT_TABLES)
    assert not [row["name"] for row in guarded if row["name"] not in EXEMPT_TABLES
                and not (row["forced"] and row["policies"] == 1)]  # fmt: skip


async def test_every_policy_holds_for_reading_and_for_writing(db: Database) -> None:
    policies = await db.pool.fetch(
        "SELECT tablename, cmd, permissive, roles::text[], qual, with_check FROM pg_policies"
    )
    expected = "((prison_id)::text = current_setting('app.prison_id'::text, true))"
    seen = [each for each in policies if each["cmd"] == "SELECT"]
    assert [(each["tablename"], each["qual"]) for each in seen] == [("sweep_pulse", "true")]
    for policy in [each for each in policies if each not in seen]:
        assert (policy["cmd"], policy["roles"], policy["qual"]) == ("ALL", ["public"], expected)
        assert policy["with_check"] in (None, expected)


async def test_the_application_role_owns_nothing_and_passes_nothing(db: Database) -> None:
    row = await db.pool.fetchrow(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb,"
        " EXISTS (SELECT FROM pg_class WHERE relowner = r.oid) AS owns"
        " FROM pg_roles r WHERE rolname = current_user"
    )
    assert not any(row.values())


async def test_a_superuser_is_not_served(postgres: EmbeddedPostgres, database_name: str) -> None:
    database = Database(postgres.superuser_url(database_name))
    with pytest.raises(ConfigurationError, match="superuser"):
        await database.open()


async def test_a_role_that_may_pass_the_lock_is_not_served(
    postgres: EmbeddedPostgres, database_name: str
) -> None:
    admin = await asyncpg.connect(postgres.superuser_url(database_name))
    role = quote_name("passes_by")
    try:
        await admin.execute(f"ALTER ROLE wellwing_app BYPASSRLS; CREATE ROLE {role}")
        database = Database(postgres.application_url(database_name))
        with pytest.raises(ConfigurationError, match="bypass"):
            await database.open()
    finally:
        await admin.execute(f"ALTER ROLE wellwing_app NOBYPASSRLS; DROP ROLE {role}")
        await admin.close()


# One pooled connection, two prisons


@pytest.fixture
async def narrow(two: Two) -> AsyncIterator[Database]:
    """A database with one connection for everyone."""
    database = Database(two.application, pool_size=1)
    await database.open()
    yield database
    await database.close()


async def prisons_seen(database: Database, prison_id: str) -> set[str]:
    rows = await database.fetch(prison_id, "SELECT prison_id FROM person")
    return {row["prison_id"] for row in rows}


async def test_prisons_take_turns_on_a_connection(narrow: Database) -> None:
    for prison_id in [HERE, THERE] * 10:
        assert await prisons_seen(narrow, prison_id) == {prison_id}


async def test_prisons_crowd_on_a_connection(narrow: Database) -> None:
    asked = [HERE, THERE] * 50
    seen = await asyncio.gather(*[prisons_seen(narrow, prison_id) for prison_id in asked])
    assert seen == [{prison_id} for prison_id in asked]


async def test_an_error_leaves_no_scope_behind(narrow: Database) -> None:
    assert await prisons_seen(narrow, HERE) == {HERE}
    for broken in ("SELECT 1/0", "SELECT nonsense", "ROLLBACK", "BEGIN"):
        with suppress(asyncpg.PostgresError):
            await narrow.fetch(HERE, broken)
        assert await prisons_seen(narrow, THERE) == {THERE}
        assert await prisons_seen(narrow, HERE) == {HERE}


async def test_a_scope_set_in_a_transaction_rolled_back_does_not_stay(narrow: Database) -> None:
    """`SET` is undone by ROLLBACK: the connection must not believe otherwise."""
    assert await prisons_seen(narrow, HERE) == {HERE}
    async with narrow.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.scoped_to(THERE)
        await transaction.rollback()
    assert await prisons_seen(narrow, THERE) == {THERE}


async def test_a_caller_who_hangs_up_leaves_no_scope_behind(narrow: Database) -> None:
    for _ in range(20):
        asking = asyncio.create_task(narrow.fetch(HERE, "SELECT pg_sleep(0.02)"))
        await asyncio.sleep(0.001 * _)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        assert await prisons_seen(narrow, THERE) == {THERE}


async def test_a_write_session_has_the_scope_of_its_transaction_only(narrow: Database) -> None:
    async with narrow.write(HERE) as session:
        found = await session.execute(text("SELECT DISTINCT prison_id FROM person"))
        assert list(found.scalars()) == [HERE]
    async with narrow.sessions() as session:
        assert (await session.execute(text("SELECT count(*) FROM person"))).scalar_one() == 0


@pytest.mark.parametrize("prison_id", ["", "sli", "SL", "SLIX", "SL'", "SLI\n", "S;I", "ＳＬＩ"])
async def test_only_three_capitals_become_a_scope(narrow: Database, prison_id: str) -> None:
    with pytest.raises(NotFound):
        await narrow.fetch(prison_id, "SELECT 1")
    with pytest.raises(NotFound):
        async with narrow.write(prison_id):
            pass


# The prison is in every key (it is the scope of row-level security, and one day of sharding)


@every_table
def test_the_prison_leads_every_key(table: Table) -> None:
    assert next(iter(table.primary_key)).name == "prison_id"
    for constraint in table.constraints:
        names = [column.name for column in getattr(constraint, "columns", ())]
        if isinstance(constraint, UniqueConstraint | ExcludeConstraint):
            assert "prison_id" in names, constraint.name
        if isinstance(constraint, ForeignKeyConstraint):
            to_scoped = constraint.referred_table.name not in EXEMPT_TABLES
            assert "prison_id" in names or not to_scoped, constraint.name
    for index in table.indexes:
        assert not index.unique or "prison_id" in index.columns, index.name


async def test_the_prison_is_in_every_key_of_the_catalogue(db: Database) -> None:
    """Primary keys, uniques, foreign keys between scoped tables, exclusions, unique indexes."""
    keys = await db.pool.fetch(
        """
        SELECT c.conrelid::regclass::text AS name, c.conname AS key
        FROM pg_constraint c
        LEFT JOIN pg_class target ON target.oid = c.confrelid
        WHERE c.connamespace = 'public'::regnamespace AND c.contype IN ('p', 'u', 'f', 'x')
          AND c.conrelid::regclass::text <> ALL ($1)
          AND NOT (c.contype = 'f' AND target.relname = ANY ($1))
          AND NOT EXISTS (
              SELECT FROM pg_attribute a
              WHERE a.attrelid = c.conrelid AND a.attname = 'prison_id'
                AND a.attnum = ANY (c.conkey)
          )
        UNION ALL
        SELECT i.indrelid::regclass::text, i.indexrelid::regclass::text
        FROM pg_index i
        JOIN pg_class c ON c.oid = i.indrelid AND c.relnamespace = 'public'::regnamespace
        WHERE (i.indisunique OR i.indisexclusion) AND c.relname <> ALL ($1)
          AND NOT EXISTS (
              SELECT FROM pg_attribute a
              WHERE a.attrelid = i.indrelid AND a.attname = 'prison_id'
                AND a.attnum = ANY (i.indkey)
          )
        """,
        list(EXEMPT_TABLES),
    )
    assert not [f"{row['name']}: {row['key']}" for row in keys]


def test_only_the_exempt_tables_have_no_prison_in_their_key() -> None:
    without = {
        name for name, table in metadata.tables.items() if "prison_id" not in table.primary_key
    }
    assert without < set(EXEMPT_TABLES)
