"""Many who plan at once on a small wing: `make bench-writers` in little, and its check."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest

from app.db import Database
from app.embedded import EmbeddedPostgres
from app.tokens import DevelopmentIssuer
from benchmarks.writers import checker
from benchmarks.writers.load import Answer, run
from benchmarks.writers.world import settle
from tests.sessions.scene import a_scene, tomorrow
from tests.story import Wing

PRISON = "WRT"


@pytest.fixture
async def superuser(
    postgres: EmbeddedPostgres, database_name: str
) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(postgres.superuser_url(database_name))
    yield connection
    await connection.close()


REFUSALS = {"room_taken", "mentor_taken", "mentee_taken", "clash"}


async def test_writers_who_all_want_the_same_never_overlap_and_lose_nothing(
    http: httpx.AsyncClient,
    db: Database,
    issuer: DevelopmentIssuer,
    superuser: asyncpg.Connection,
) -> None:
    place = await settle(db, prison_id=PRISON, mentors=3, mentees=12, rooms=2)
    writers = place.writers(issuer, 24)
    assert {writer.role for writer in writers} == {"mentor", "support_worker"}

    async def send(method: str, path: str, body: Any, headers: dict[str, str]) -> Answer:
        answer = await http.request(method, path, json=body, headers=headers)
        return Answer(answer.status_code, answer.json())

    path = f"/v1/prisons/{PRISON}/sessions"
    tally = await run([send] * len(writers), writers, place, path, tries=6, seed=4)
    assert tally.errors == []
    assert {"book", "replan", "cancel", "confirm"} == set(tally.accepted)
    refused = set(tally.refused)
    for week in (1, 2, 3):  # which of these come alone, the machine's speed decides
        if refused >= REFUSALS:
            break
        senders = [send] * len(writers)
        more = await run(senders, writers, place, path, tries=6, seed=4 + week, week=week)
        assert (more.errors, more.twice) == ([], 0)
        refused |= set(more.refused)
    assert refused >= REFUSALS
    assert await checker.overlaps(superuser, PRISON) == {"room": 0, "mentor": 0, "mentee": 0}
    assert tally.twice == 0
    assert await checker.lost(superuser, PRISON, tally.newest()) == 0

    seen = await checker.sees(superuser, PRISON)
    assert all(seen.values()), seen
    newest = tally.newest()
    some = next(iter(newest))
    newest[some] = {**newest[some], "version": newest[some]["version"] + 1}
    assert await checker.lost(superuser, PRISON, newest) == 1


@pytest.mark.parametrize("kind", ["room", "mentor", "mentee"])
async def test_the_check_sees_each_overlap_alone_and_none_where_one_ends_as_another_begins(
    wing: Wing, superuser: asyncpg.Connection, kind: str
) -> None:
    scene = await a_scene(wing)
    other = {
        "room_id": (await wing.room("Garden room"))["id"],
        "mentor_id": str((await scene.one_more()).mentor_id),
        "mentee_ids": scene.mentees[1:2],
    }
    shared = {"room": "room_id", "mentor": "mentor_id", "mentee": "mentee_ids"}[kind]
    del other[shared]
    await scene.books(tomorrow(9))
    later = await scene.books(tomorrow(10), **other)
    assert not any((await checker.overlaps(superuser, wing.prison_id)).values())

    transaction = superuser.transaction()
    await transaction.start()
    for guard in await superuser.fetch(checker.GUARDS):
        await superuser.execute(
            f"ALTER TABLE {guard['relation']} DROP CONSTRAINT {guard['conname']}"
        )
    earlier = "UPDATE session SET starts_at = starts_at - interval '1 minute' WHERE id = $1"
    await superuser.execute(earlier, later["id"])
    found = await checker.overlaps(superuser, wing.prison_id)
    await transaction.rollback()
    assert found == {"room": 0, "mentor": 0, "mentee": 0, kind: 1}
