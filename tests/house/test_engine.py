"""The engine's pulse, and who is told when it stops: health, metrics, and an address outside."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest
import structlog
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app import clock, heartbeat, worker
from app.config import Settings
from app.db import Database
from app.integrations.notify.log import LogChannel
from app.services import pulses
from app.services.audit import chain
from tests.concerns.conftest import Night, concern
from tests.concerns.conftest import night as night
from tests.concerns.test_trouble import execute
from tests.pulses import all_well
from tests.story import Wing, with_some_others

SECRET = "6f1c7a2e-ping"


class Watch:
    """Whoever alarms when it is not asked. Answers as told, or never."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.thrice = asyncio.Event()
        self.says: bytes | None = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append((await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0].decode())
        if len(self.asked) == 3:
            self.thrice.set()
        if self.says is not None:
            writer.write(self.says)
            await writer.drain()
        else:
            await asyncio.sleep(60)
        writer.close()


@pytest.fixture
async def watch() -> AsyncIterator[tuple[Watch, str]]:
    made = Watch()
    server = await asyncio.start_server(made.answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield made, f"http://127.0.0.1:{port}/{SECRET}"
    server.close()


@pytest.fixture
def said() -> Iterator[list[str]]:
    """Whatever is logged, before anything is taken out of it."""
    found: list[str] = []

    def heard(_: Any, __: str, event: Any) -> Any:
        found.append(str(event))
        return event

    before = structlog.get_config()["processors"]
    structlog.configure(processors=[heard, *before])
    yield found
    structlog.configure(processors=before)


async def metrics(http: httpx.AsyncClient) -> dict[str, float]:
    answer = await http.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.split(" ") for line in lines)}


async def beats(db: Database, url: str) -> bool:
    async with httpx.AsyncClient(timeout=1) as client:
        return await heartbeat.beat(db, client, url)


async def test_the_address_outside_is_asked_for_only_while_every_step_is_taken(
    night: Night, db: Database, watch: tuple[Watch, str], said: list[str]
) -> None:
    made, url = watch
    await all_well(db)
    assert await beats(db, url)
    await night.raises()
    clock.forward(minutes=2)
    await worker.pulse(db, night.wing.prison_id)
    assert not await beats(db, url)
    await night.sweep()
    assert await beats(db, url)
    assert made.asked == [f"GET /{SECRET} HTTP/1.1"] * 2
    assert "'why': 'overdue'" in str(said)
    assert SECRET not in str(said)


@pytest.mark.parametrize("says", [b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", b"?", None])
async def test_an_address_that_fails_or_hangs_is_told_of_and_holds_nothing_up(
    wing: Wing, watch: tuple[Watch, str], says: bytes | None, said: list[str]
) -> None:
    made, url = watch
    made.says = says
    await all_well(wing.db)
    assert not await beats(wing.db, url)
    assert "heartbeat_failed" in str(said)
    assert SECRET not in str(said)


async def test_it_beats_on_its_own_and_ends_when_told(
    wing: Wing, settings: Settings, watch: tuple[Watch, str]
) -> None:
    made, url = watch
    beating = settings.model_copy(
        update={
            "heartbeat_url": Settings(_env_file=None, heartbeat_url=url).heartbeat_url,
            "heartbeat_seconds": 0.05,
        }
    )
    stopping = asyncio.Event()
    await all_well(wing.db)
    task = asyncio.create_task(heartbeat.serve(wing.db, beating, stopping))
    await asyncio.wait_for(made.thrice.wait(), 20)
    stopping.set()
    await asyncio.wait_for(task, 5)


@pytest.mark.parametrize("url", ["http://example.org/x", "ftp://example.org", "x", "https://["])
def test_an_address_that_others_could_read_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ValueError, match="heartbeat_url must be an https address") as refused:
        Settings(_env_file=None, heartbeat_url=url)
    assert url == "x" or url not in str(refused.value)


async def test_metrics_say_what_health_says(night: Night, db: Database) -> None:
    await all_well(db)
    found = await metrics(night.wing.http)
    assert found["wellwing_engine_well"] == 1
    assert found["wellwing_oldest_overdue_seconds"] == 0
    assert 0 <= found["wellwing_sweep_age_seconds"] < 30
    assert abs(found["wellwing_clock_skew_seconds"]) < 1
    await night.raises()
    clock.forward(minutes=10)
    await worker.pulse(db, night.wing.prison_id)
    found = await metrics(night.wing.http)
    assert found["wellwing_engine_well"] == 0
    assert 600 <= found["wellwing_oldest_overdue_seconds"] < 700


async def test_a_prison_never_swept_is_not_well(wing: Wing) -> None:
    assert (await metrics(wing.http))["wellwing_sweep_age_seconds"] == float("inf")
    assert (await wing.http.get("/health/escalation")).status_code == 503


async def test_a_pulse_outside_the_scope_is_refused(wing: Wing, db: Database) -> None:
    """Without a scope nothing is seen to be overdue, and a dead engine would look well."""
    await worker.pulse(db, wing.prison_id)
    for statement in (
        f"UPDATE sweep_pulse SET swept_at = now() WHERE prison_id = '{wing.prison_id}'",
        f"DELETE FROM sweep_pulse WHERE prison_id = '{wing.prison_id}'",
    ):
        async with db.outside() as session:
            assert (await session.execute(text(statement))).rowcount == 0  # type: ignore[attr-defined]
    with pytest.raises(DBAPIError, match="row-level security"):
        async with db.outside() as session:
            await pulses.write(session, wing.prison_id)


@pytest.mark.parametrize(
    ("ahead", "took", "too_far"),
    [(0, 0.01, False), (1.9, 0, False), (2.5, 0.1, True), (-2.5, 0.1, True), (4, 8, False)],
)
def test_a_clock_is_compared_no_better_than_it_can_be(
    ahead: float, took: float, too_far: bool
) -> None:
    asked = clock.real_now()
    said = asked - timedelta(seconds=ahead) + timedelta(seconds=took / 2)
    skew = pulses.compare(asked, said, asked + timedelta(seconds=took))
    assert skew.ahead == timedelta(seconds=ahead)
    assert skew.too_far is too_far


async def test_a_worker_whose_clock_differs_is_told_of_even_where_another_is_right(
    wing: Wing, db: Database
) -> None:
    def ahead() -> Any:
        return clock.real_now() + timedelta(minutes=5)

    await all_well(db)
    async with db.write(wing.prison_id) as session:
        await pulses.write(session, wing.prison_id, ahead)
    assert round((await metrics(wing.http))["wellwing_clock_skew_seconds"]) == 300
    await worker.pulse(db, wing.prison_id)  # by a worker whose clock is right
    engine = await pulses.judge(db)
    assert (engine.troubles, engine.where) == (("clocks_differ",), wing.prison_id)
    answer = await wing.http.get("/health/escalation")
    assert (answer.status_code, "clocks" in answer.json()["detail"]) == (503, True)
    async with db.write(wing.prison_id) as session:
        change = "UPDATE sweep_pulse SET skewed_at = skewed_at - interval '61 seconds'"
        await session.execute(text(change))
    assert (await wing.http.get("/health/escalation")).status_code == 200


async def test_an_api_whose_own_clock_differs_says_so(wing: Wing, db: Database) -> None:
    await all_well(db)
    engine = await pulses.judge(db, lambda: clock.real_now() - timedelta(minutes=5))
    assert engine.troubles == ("clocks_differ",)
    assert (await wing.http.get("/health")).json()["clock"] == "ok"


async def test_a_pulse_to_come_is_none(wing: Wing, db: Database) -> None:
    """As after a change to a database whose clock is behind."""
    await all_well(db)
    await execute(wing, "UPDATE sweep_pulse SET swept_at = now() + interval '1 hour'")
    assert (await pulses.judge(db)).troubles == ("not_swept",)


async def test_a_row_that_somebody_holds_keeps_no_other_prison_waiting(
    wing: Wing, settings: Settings, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a step waits for too long is that prison's trouble, and no sign that all is gone."""
    await wing.support_worker.post("concerns", concern())
    assert settings.database_url
    impatient = Database(settings.database_url, patience=0.3)
    await impatient.open()
    with_some_others(impatient, wing, monkeypatch)
    holder = await asyncpg.connect(settings.database_url)
    held = holder.transaction()
    await held.start()
    await holder.execute(f"SET LOCAL app.prison_id = '{wing.prison_id}'")
    await holder.execute("SELECT 1 FROM staff FOR UPDATE")
    await holder.execute("SELECT 1 FROM prison WHERE id = $1 FOR UPDATE", wing.prison_id)
    try:
        began = await impatient.fetchval("SELECT clock_timestamp()")
        await worker.round_trip(impatient, LogChannel())
        swept = await impatient.pool.fetch(
            "SELECT prison_id FROM sweep_pulse WHERE swept_at >= $1", began
        )
        others = set(await impatient.prison_ids()) - {wing.prison_id}
        assert others <= {row["prison_id"] for row in swept}
    finally:
        await held.rollback()
        await holder.close()
        await impatient.close()


async def test_whoever_is_frozen_lets_go_of_what_they_hold(db: Database, wing: Wing) -> None:
    show = "SHOW idle_in_transaction_session_timeout"
    assert await db.fetchval(show) == "1min"
    async with db.write(wing.prison_id) as session:
        assert (await session.execute(text(show))).scalar() == "1min"


async def test_two_workers_do_not_keep_one_house_at_once(wing: Wing, db: Database) -> None:
    async with db.write(wing.prison_id) as session:
        assert await worker.alone(session, wing.prison_id, "house")
        async with db.write(wing.prison_id) as other:
            assert not await worker.alone(other, wing.prison_id, "house")
    async with db.write(wing.prison_id) as session:
        assert await worker.alone(session, wing.prison_id, "house")


async def test_a_worker_that_is_sealing_keeps_no_sweep_waiting(wing: Wing, db: Database) -> None:
    async with db.write(wing.prison_id) as session:
        await chain.seal(session, wing.prison_id)
        await asyncio.wait_for(worker.seal(db, wing.prison_id), 3)
