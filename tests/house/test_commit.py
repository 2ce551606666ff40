"""A reply means it is saved: the commit comes first, and a commit that fails is no success."""

import asyncio
from collections.abc import AsyncIterator
from inspect import isasyncgenfunction, isgeneratorfunction
from typing import Any

import asyncpg
import orjson
import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant

from app.config import Settings
from app.db import Database, open_db
from app.openapi import api_routes
from tests.story import Wing

TRIGGER = """
CREATE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_sleep(0.2);
    IF NEW.name = 'Fails at commit' THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_wing_commit';
    ELSIF NEW.name = 'Deadlocks at commit' THEN
        RAISE EXCEPTION USING ERRCODE = 'deadlock_detected';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON wing
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION at_commit();
"""


@pytest.fixture
async def slow_commit(wing: Wing, settings: Settings) -> AsyncIterator[Wing]:
    """A wing whose `wing` rows are checked at commit, which takes a while."""
    owner = await asyncpg.connect(settings.owner_database_url)
    await owner.execute(TRIGGER)
    yield wing
    await owner.execute("DROP TRIGGER at_commit ON wing; DROP FUNCTION at_commit()")
    await owner.close()


async def codes(db: Database, prison_id: str) -> set[str]:
    return {row["code"] for row in await db.fetch(prison_id, "SELECT code FROM wing")}


async def test_what_fails_at_commit_is_refused_and_not_saved(
    slow_commit: Wing, db: Database
) -> None:
    body = {"code": "X", "name": "Fails at commit"}
    refused = await slow_commit.support_worker.post("wings", body, expect=409)
    assert refused["code"] == "conflict"
    assert await codes(db, slow_commit.prison_id) == {"D"}


async def test_a_conflict_at_commit_asks_to_try_again(slow_commit: Wing, db: Database) -> None:
    body = {"code": "X", "name": "Deadlocks at commit"}
    answer = await slow_commit.support_worker.request("POST", "wings", json=body)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert await codes(db, slow_commit.prison_id) == {"D"}


async def test_no_answer_is_kept_for_what_was_not_saved(slow_commit: Wing) -> None:
    """The key is free again: the same request may succeed once its cause is gone."""
    worker, key = slow_commit.support_worker, {"Idempotency-Key": "k"}
    body = {"code": "X", "name": "Fails at commit"}
    await worker.post("wings", body, expect=409, headers=key)
    await worker.post("wings", body, expect=409, headers=key)
    await worker.post("wings", {**body, "name": "Holds"}, headers=key)


async def test_the_reply_is_sent_after_the_commit(
    slow_commit: Wing, app: FastAPI, db: Database
) -> None:
    """At the moment the first byte leaves, another connection finds the row."""
    seen: list[set[str]] = []
    sent = orjson.dumps({"code": "X", "name": "Slow to commit"})
    caller = slow_commit.support_worker
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": caller.url("wings"),
        "raw_path": caller.url("wings").encode(),
        "query_string": b"",
        "headers": [
            (b"authorization", f"Bearer {caller.token}".encode()),
            (b"content-type", b"application/json"),
        ],
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": sent, "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            assert message["status"] == 201
            seen.append(await codes(db, caller.prison_id))

    await app(scope, receive, send)
    assert seen == [{"D", "X"}]


async def test_a_caller_who_hangs_up_gets_all_or_nothing(slow_commit: Wing, db: Database) -> None:
    """The row and the answer kept under its key are saved together or not at all."""
    caller = slow_commit.support_worker
    for number in range(8):
        body, key = {"code": f"H{number}", "name": "Hung up on"}, {"Idempotency-Key": f"H{number}"}
        asking = asyncio.create_task(caller.request("POST", "wings", json=body, headers=key))
        await asyncio.sleep(0.04 * number)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    await asyncio.sleep(0.5)
    kept = await db.fetch(caller.prison_id, "SELECT key, status FROM idempotency_key")
    assert {row["key"] for row in kept} == await codes(db, caller.prison_id) - {"D"}
    assert {row["status"] for row in kept} <= {201}


def test_every_write_session_ends_with_its_function(app: FastAPI) -> None:
    """With FastAPI's default scope the reply would leave before the commit."""
    found = 0
    for route in api_routes(app):
        waiting: list[Dependant] = list(route.dependant.dependencies)
        while waiting:
            dependant = waiting.pop()
            waiting.extend(dependant.dependencies)
            if isasyncgenfunction(dependant.call) or isgeneratorfunction(dependant.call):
                assert dependant.scope == "function", f"{route.name}: {dependant.call}"
                found += dependant.call is open_db
    assert found > 10
