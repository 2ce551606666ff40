"""What a stream may tell whom, in many worlds; and its ways to an end."""

import asyncio
import json
import signal
import socket
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from app import clock
from app.access import Actor
from app.cli.ground import listen
from app.config import Settings
from app.db import Database
from app.embedded import EmbeddedPostgres
from app.errors import Busy
from app.grants import GRANTS
from app.models.base import new_id
from app.models.concerns import Concern
from app.models.staff import Role, StaffRole
from app.scope import visible
from app.services.streams import Stream
from app.services.streams.bearers import Bearer
from app.services.streams.feed import LOOK_SECONDS, Feed
from app.services.streams.reading import (
    _FOLLOWING,
    EVENTS_A_READ,
    Place,
    Position,
    Snapshot,
    _asked,
    _for_many,
    following,
    visible_to,
)
from app.services.streams.stream import ENOUGH_BYTES, HEARTBEAT_SECONDS, Ending
from app.services.streams.topics import NOUNS, type_for
from app.sse import EventStream
from tests.house.test_cli import WELLWING, bare_environment
from tests.security.serving import made
from tests.security.worlds import insert, make
from tests.story import Wing, new_prison_id
from tests.streams.reader import Reader, Readers, path_for
from tests.streams.test_routes import WORRY, raises


@pytest.mark.parametrize("seed", range(3))
async def test_what_many_may_see_is_what_each_may_see(db: Database, seed: int) -> None:
    """One statement for all of a role against `scope.visible` for each."""
    world = make(100 + seed, new_prison_id(), clock.now())
    await insert(db, world)
    seen = 0
    for role in Role:
        actors = [each for each in world.actors() if each.role is role]
        for noun in NOUNS.values() if actors and role is not Role.machine else ():
            rows = {row.id for row in world.rows(str(noun.model.__tablename__))}
            found = await visible_to(db, noun.model, actors, rows)
            for actor, mine in zip(actors, found, strict=True):
                ids = visible(noun.model, actor).with_only_columns(noun.model.id)  # type: ignore[attr-defined]
                async with db.write(world.prison_id) as session:
                    assert mine == set((await session.execute(ids)).scalars()), actor
                seen += len(mine)
    assert seen > 20


async def test_streams_are_woken_for_what_they_tell_of(db: Database) -> None:
    sql = "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = 'announce_event'"
    told = await db.fetchval(sql)
    assert {noun for noun in NOUNS if f"'{noun}'" in told} == set(NOUNS)
    assert told.count("'::text") - 1 == len(NOUNS)  # and for nothing else: besides, the divider


def test_no_role_is_told_of_what_it_may_not_read() -> None:
    for role in Role:
        for noun in NOUNS:
            may = NOUNS[noun].permission in GRANTS[role]
            told = type_for(role, f"{noun}.raised") is not None
            assert told is may or (told is False and role.family is Role.mentor)


def actor_of(wing: Wing, caller: Any) -> Actor:
    return Actor(wing.prison_id, caller.subject, Role.clinician, staff_id=caller.staff_id)


def a_stream(caller: Any, actor: Any) -> Stream:
    now = clock.real_now()
    bearer = Bearer(caller.subject, caller.staff_id, None, None, now, now + timedelta(hours=1))
    return Stream(new_id(), actor, bearer, Place(Snapshot(1, 1)), missed=False)


async def test_a_reader_who_takes_nothing_is_dropped_and_never_holds_much(
    app: FastAPI, settings: Settings, wing: Wing
) -> None:
    own = made(app, settings, stream_patience_seconds=0.3)
    actor = Actor(
        wing.prison_id,
        wing.clinician.subject,
        Role.clinician,
        staff_id=wing.clinician.staff_id,
    )
    stream = a_stream(wing.clinician, actor)
    stuck = asyncio.Event()

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            await stuck.wait()

    async def receive() -> Any:
        await stuck.wait()

    began = asyncio.get_running_loop().time()
    await EventStream(own.state.streams, stream)({"type": "http"}, receive, send)
    assert asyncio.get_running_loop().time() - began < 3
    assert stream.ended is Ending.too_slow
    assert own.state.streams.count == 0
    await own.state.streams.stop()


async def test_no_more_is_read_for_who_has_enough_to_read(wing: Wing, app: FastAPI) -> None:
    actor = Actor(
        wing.prison_id,
        wing.clinician.subject,
        Role.clinician,
        staff_id=wing.clinician.staff_id,
    )
    stream = a_stream(wing.clinician, actor)
    await stream.take()
    stream.put(b"x" * (ENOUGH_BYTES + 1))
    app.state.streams.enter(stream)
    concern = await raises(wing.support_worker)
    await asyncio.sleep(0.5)
    assert concern.encode() not in (await stream.take() or b"")
    async with asyncio.timeout(5):
        assert concern.encode() in (await stream.take() or b"")
    app.state.streams.leave(stream)


class Counting(Database):
    """Counts what is asked of it."""

    asked = 0

    async def fetch(self, prison_id: str, sql: str, *args: Any) -> Any:
        self.asked += 1
        return await super().fetch(prison_id, sql, *args)


async def test_many_streams_ask_no_more_of_the_database_than_one(
    wing: Wing, settings: Settings
) -> None:
    """And are written the same bytes, made once, where they see the same."""
    db = Counting(str(settings.database_url))
    await db.open()
    asked = []
    for count in (1, 12):
        clinicians = await wing.hire(*[(StaffRole.clinician, None)] * count)
        feed = Feed(db, wing.prison_id)
        streams = [a_stream(each, actor_of(wing, each)) for each in clinicians]
        feed.streams |= dict.fromkeys(streams)
        await feed._turn()
        opened = [await stream.take() for stream in streams]
        assert all(b"event: ready" in (each or b"") for each in opened)
        concern = await raises(wing.support_worker)
        before = db.asked
        await feed._turn()
        asked.append(db.asked - before)
        chunks = [await stream.take() for stream in streams]
        assert all(concern.encode() in (each or b"") for each in chunks)
        assert len({id(each) for each in chunks}) == 1
    assert asked[0] == asked[1]
    await db.close()


class Failing(Database):
    """Answers everything but one statement."""

    fails: str | None = None

    async def fetch(self, prison_id: str, sql: str, *args: Any) -> Any:
        if sql == self.fails:
            raise TimeoutError
        return await super().fetch(prison_id, sql, *args)


async def test_what_fails_for_one_role_is_told_later_and_costs_the_others_nothing(
    wing: Wing, settings: Settings
) -> None:
    db = Failing(str(settings.database_url))
    await db.open()
    feed = Feed(db, wing.prison_id)
    clinician = a_stream(wing.clinician, actor_of(wing, wing.clinician))
    governor = a_stream(wing.governor, replace(actor_of(wing, wing.governor), role=Role.governor))
    feed.streams |= dict.fromkeys((clinician, governor))
    await feed._turn()
    await asyncio.gather(clinician.take(), governor.take())
    concern = (await raises(wing.support_worker, immediacy="right_now")).encode()
    db.fails, _ = _for_many(Concern, Role.governor)
    await feed._turn()
    assert concern in (await clinician.take() or b"")
    db.fails = None
    await feed._turn()
    assert concern in (await governor.take() or b"")
    clinician.put(b"nothing since")
    assert await clinician.take() == b"nothing since"
    await db.close()


async def test_what_was_told_before_costs_a_stream_nothing(
    wing: Wing, db: Database, postgres: EmbeddedPostgres, database_name: str
) -> None:
    """A prison's whole past in the outbox, and a read of it that touches a few pages."""
    many = """INSERT INTO outbox
        (prison_id, id, recorded_at, topic, thing_id, payload, attempts, xid)
        SELECT $1, gen_random_uuid(), now(), 'concern.raised', gen_random_uuid(), '{}', 0, n
        FROM generate_series(1, 20000) n"""
    owner = await asyncpg.connect(postgres.superuser_url(database_name))
    await owner.execute(many, wing.prison_id)
    await owner.execute("ANALYZE outbox")
    await owner.close()
    for place in (
        Place(Snapshot(20_000, 20_001, (19_990, 19_995))),
        Place.at(Position(10)),
        Place(Snapshot(10, 10), Position(15_000), Snapshot(19_000, 19_000)),
    ):
        explained = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {_FOLLOWING}"
        asked = _asked(wing.prison_id, place, place.until)
        row = await db.fetchrow(wing.prison_id, explained, *asked)
        assert row
        plan = json.loads(row[0])[0]["Plan"]
        assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 600, place
    found, *_ = await following(db, wing.prison_id, place, None)
    assert [each.xid for each in found] == [*range(15_000, 15_000 + EVENTS_A_READ)]


async def test_who_vanished_without_a_word_is_found_out(settings: Settings) -> None:
    listener = listen(settings.model_copy(update={"port": 0}))
    with listener, socket.create_connection(listener.getsockname()):
        connection, _ = listener.accept()
        with connection:
            waits = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
    assert 2 * HEARTBEAT_SECONDS < waits / 1000 < 60


async def test_a_process_holds_no_more_streams_than_it_may(
    app: FastAPI, settings: Settings, wing: Wing
) -> None:
    own = made(app, settings, streams_most=1)
    streams = [
        a_stream(each, Actor(wing.prison_id, each.subject, Role.clinician, staff_id=each.staff_id))
        for each in (wing.clinician, wing.nurse)
    ]
    own.state.streams.enter(streams[0])
    with pytest.raises(Busy):
        own.state.streams.enter(streams[1])
    own.state.streams.leave(streams[0])
    own.state.streams.enter(streams[1])
    own.state.streams.close()
    assert streams[1].ended is Ending.closing
    with pytest.raises(Busy):
        own.state.streams.enter(streams[0])
    await own.state.streams.stop()


async def test_events_come_though_nobody_listens_and_soon_somebody_does_again(
    wing: Wing, readers: Readers, db: Database, postgres: EmbeddedPostgres, database_name: str
) -> None:
    reader = await readers.open(wing.clinician)
    listening = (
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'wellwing listening'"
        " AND datname = current_database()"
    )
    owner = await asyncpg.connect(postgres.superuser_url(database_name))
    try:
        async with asyncio.timeout(10):
            while not (pids := await owner.fetch(listening)):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        assert len(pids) == 1  # however many streams
        before = pids[0]["pid"]
        await owner.execute("SELECT pg_terminate_backend($1)", before)
        concern = await raises(wing.support_worker)
        await reader.until(lambda: reader.of(concern))
        async with asyncio.timeout(40):
            while {each["pid"] for each in await owner.fetch(listening)} <= {before}:  # noqa: ASYNC110
                await asyncio.sleep(0.2)
    finally:
        await owner.close()


async def test_a_database_that_is_lost_and_comes_back_ends_no_stream_and_loses_no_event(
    wing: Wing, readers: Readers, postgres: EmbeddedPostgres, database_name: str
) -> None:
    reader = await readers.open(wing.clinician)
    before = await raises(wing.support_worker)
    await reader.until(lambda: reader.of(before))
    owner = await asyncpg.connect(postgres.superuser_url("postgres"))
    lets_in = f'ALTER DATABASE "{database_name}" ALLOW_CONNECTIONS '
    everybody = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1"
    try:
        await owner.execute(f"{lets_in} false")
        await owner.execute(everybody, database_name)
        await asyncio.sleep(LOOK_SECONDS + 1)
    finally:
        await owner.execute(f"{lets_in} true")
        await owner.close()
    assert not reader.ended
    body = {**WORRY, "immediacy": "today"}
    async with asyncio.timeout(20):
        while True:
            answer = await wing.support_worker.request("POST", "concerns", json=body)
            if answer.status_code == 201:
                break
            await asyncio.sleep(0.2)
    after = answer.json()["id"]
    await reader.until(lambda: reader.of(after), seconds=10)
    assert reader.of(before) == ["concern.raised"]
    assert not reader.ended


async def test_a_service_that_is_told_to_stop_ends_its_streams_and_does_not_wait(
    settings: Settings, wing: Wing, tmp_path: Path
) -> None:
    environment = bare_environment(
        WELLWING_DATABASE_URL=settings.database_url, WELLWING_VAR_DIR=settings.var_dir, PORT=0
    )
    process = await asyncio.create_subprocess_exec(
        *(WELLWING, "serve"), env=environment, cwd=tmp_path, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr
    try:
        async with asyncio.timeout(120):  # starting and ending an interpreter takes what it takes
            said = b""
            while b"/docs" not in said:
                said = await process.stderr.readline()
            address = said.decode().split('"docs": "')[1].split("/docs")[0]
            path = await path_for(wing.clinician)
            async with (
                httpx.AsyncClient(base_url=address, timeout=20) as client,
                client.stream("GET", path) as answer,
            ):
                reader = Reader(answer)
                reading = asyncio.create_task(reader.read())
                await reader.until(lambda: reader.messages, seconds=20)
                process.send_signal(signal.SIGTERM)
                await reading
            logged = (await process.stderr.read()).decode()
            assert await process.wait() == 0
        assert reader.messages[-1]["data"] == {"reason": "closing"}
        assert "library_warned" not in logged  # uvicorn's own patience was not needed
    finally:
        with suppress(ProcessLookupError):
            process.kill()
