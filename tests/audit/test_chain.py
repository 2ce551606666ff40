"""The chain of the audit: what is sealed cannot be changed without being found."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.config import ConfigurationError, Environment, Settings
from app.db import Database
from app.embedded import EmbeddedPostgres
from app.integrations.notify.log import LogChannel
from app.runtime import open_database
from app.services.audit import chain
from app.services.audit.anchors import Anchors
from app.worker import daily, round_trip, seal
from tests.story import Wing, with_some_others


@asynccontextmanager
async def superuser(postgres: EmbeddedPostgres, name: str) -> AsyncIterator[Any]:
    """Someone whom no grant, foreign key or trigger holds back."""
    connection = await asyncpg.connect(postgres.superuser_url(name))
    await connection.execute("SET session_replication_role = replica")
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture
def anchors(tmp_path: Path) -> Anchors:
    return Anchors(tmp_path / "elsewhere" / "anchors.jsonl")


@pytest.fixture
async def sealed(wing: Wing, anchors: Anchors) -> Wing:
    """A prison with a few acts in its audit, sealed and anchored."""
    for _ in range(5):
        person = await wing.person()
        await wing.clinician.get(f"people/{person['id']}")
    await daily(wing.db, wing.prison_id, anchors)
    return wing


async def entry_at(connection: Any, prison_id: str, position: int) -> Any:
    return await connection.fetchval(
        "SELECT entry_id FROM audit_link WHERE prison_id = $1 AND position = $2",
        prison_id,
        position,
    )


async def found(wing: Wing, anchors: Anchors) -> chain.Verified:
    return await chain.verify(wing.db, wing.prison_id, anchors.of(wing.prison_id))


async def test_a_chain_nobody_touched_is_whole(sealed: Wing, anchors: Anchors) -> None:
    verified = await found(sealed, anchors)
    assert verified.broken is None
    assert verified.links > 10
    assert verified.unsealed == 0


async def test_sealing_goes_on_where_it_stopped_and_twice_seals_once(
    sealed: Wing, anchors: Anchors
) -> None:
    before = await found(sealed, anchors)
    await seal(sealed.db, sealed.prison_id)
    await sealed.person()
    assert (await found(sealed, anchors)).unsealed == 1
    await seal(sealed.db, sealed.prison_id)
    after = await found(sealed, anchors)
    assert (after.links, after.unsealed, after.broken) == (before.links + 1, 0, None)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_entry SET subject = 'somebody.else' WHERE id = $1",
        "UPDATE audit_entry SET ids = '{}' WHERE id = $1",
        "UPDATE audit_entry SET recorded_at = recorded_at + interval '1 microsecond' WHERE id = $1",
        "DELETE FROM audit_entry WHERE id = $1",
        "DELETE FROM audit_link WHERE entry_id = $1",
        "UPDATE audit_link SET digest = set_byte(digest, 0, get_byte(digest, 0) # 1)"
        " WHERE entry_id = $1",
    ],
)
async def test_a_change_by_a_superuser_names_the_first_broken_link(
    sealed: Wing,
    anchors: Anchors,
    postgres: EmbeddedPostgres,
    database_name: str,
    change: str,
) -> None:
    async with superuser(postgres, database_name) as connection:
        await connection.execute(change, await entry_at(connection, sealed.prison_id, 4))
    verified = await found(sealed, anchors)
    assert verified.position == 4
    assert verified.broken is not None
    assert verified.broken.startswith("link 4 ")


async def test_a_chain_made_anew_or_cut_off_is_not_the_one_that_was_anchored(
    sealed: Wing, anchors: Anchors, postgres: EmbeddedPostgres, database_name: str
) -> None:
    async with superuser(postgres, database_name) as connection:
        entry_id = await entry_at(connection, sealed.prison_id, 2)
        await connection.execute("UPDATE audit_entry SET status = 403 WHERE id = $1", entry_id)
        await connection.execute("DELETE FROM audit_link WHERE prison_id = $1", sealed.prison_id)
    assert "is gone" in str((await found(sealed, anchors)).broken)
    await seal(sealed.db, sealed.prison_id)
    verified = await found(sealed, anchors)
    assert "not the one that was anchored" in str(verified.broken)


async def test_a_head_is_anchored_once_a_day(sealed: Wing, anchors: Anchors) -> None:
    await daily(sealed.db, sealed.prison_id, anchors)
    assert len(anchors.path.read_text().splitlines()) == 1


async def test_the_services_own_role_can_neither_change_nor_delete_an_entry(
    sealed: Wing, db: Database
) -> None:
    for statement in (
        "UPDATE audit_entry SET subject = 'x'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "UPDATE audit_link SET position = 0",
        "DELETE FROM audit_link",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await db.fetch(sealed.prison_id, statement)


async def test_the_worker_seals_as_it_goes_round(
    wing: Wing, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await wing.person()
    with_some_others(wing.db, wing, monkeypatch)
    await round_trip(wing.db, LogChannel())
    verified = await chain.verify(wing.db, wing.prison_id, {})
    assert verified.unsealed == 0
    assert verified.links > 0


async def test_in_production_a_role_that_could_change_the_audit_is_not_served(
    settings: Settings,
) -> None:
    production = settings.model_copy(update={"environment": Environment.production})
    assert settings.database_url
    assert settings.owner_database_url
    served = await open_database(production, settings.database_url)
    await served.close()
    with pytest.raises(ConfigurationError, match="may change the audit"):
        await open_database(production, settings.owner_database_url)
