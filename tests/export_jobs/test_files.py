"""The files of export jobs: crashes, cuts, full disks, and readers who take nothing."""

import asyncio
import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.config import Settings
from app.db import Database
from app.models.base import new_id
from app.ranges import FilePart, Part, part_of
from app.services.export_jobs import running
from app.services.export_jobs.shelf import PIECE, Shelf
from tests.export_jobs.story import JOBS, asks, fetches, machine, much, ready, worked
from tests.story import Caller, Wing
from tests.streams.serving import served


async def test_a_cut_download_goes_on_where_it_ended(
    wing: Wing, settings: Settings, app: FastAPI
) -> None:
    """Against a real server: cut, resumed by Range, and the whole is what was promised."""
    who = await machine(wing)
    job = await ready(wing, settings, who, **await much(wing))
    assert job["bytes"] > 5 * PIECE
    headers = {"Authorization": f"Bearer {who.token}"}
    async with served(app) as address, httpx.AsyncClient(base_url=address) as client:
        path = who.url(f"{JOBS}/{job['id']}/file")
        got = bytearray()
        async with client.stream("GET", path, headers=headers) as answer:
            async for piece in answer.aiter_raw():
                got += piece
                if len(got) > PIECE:
                    break
        tag = answer.headers["etag"]
        more = {**headers, "Range": f"bytes={len(got)}-", "If-Range": tag}
        rest = await client.get(path, headers=more)
        assert rest.status_code == 206
        where = f"bytes {len(got)}-{job['bytes'] - 1}/{job['bytes']}"
        assert rest.headers["content-range"] == where
        assert hashlib.sha256(bytes(got) + rest.content).hexdigest() == job["sha256"]
        across = {**headers, "Range": f"bytes={PIECE - 5}-{PIECE + 4}"}
        middle = await client.get(path, headers=across)
        assert middle.content == (bytes(got) + rest.content)[PIECE - 5 : PIECE + 5]
        changed = {**more, "If-Range": '"another"'}
        assert (await client.get(path, headers=changed)).status_code == 200
        beyond = await client.get(path, headers={**headers, "Range": f"bytes={job['bytes']}-"})
        assert (beyond.status_code, beyond.json()["code"]) == (416, "range_unmet")
        assert beyond.headers["content-range"] == f"bytes */{job['bytes']}"


@pytest.mark.parametrize(
    ("asked", "unless", "part"),
    [
        (None, None, None),
        ("bytes=0-", None, (0, 99)),
        ("bytes=10-19", None, (10, 19)),
        ("bytes=90-200", None, (90, 99)),
        ("bytes=-10", None, (90, 99)),
        ("bytes=-200", None, (0, 99)),
        ("bytes=10-", '"tag"', (10, 99)),
        ("bytes=10-", 'W/"tag"', None),
        ("bytes=10-", '"other"', None),
        ("bytes=1-2,5-6", None, None),
        ("bytes=9-3", None, None),
        ("bytes=-", None, None),
        ("rows=1-2", None, None),
        ("bytes=\u0661-", None, None),
    ],
)
def test_what_part_is_asked_for(
    asked: str | None, unless: str | None, part: tuple[int, int] | None
) -> None:
    expected = None if part is None else Part(*part, 100)
    assert part_of(100, '"tag"', asked, unless) == expected


async def test_a_reader_who_takes_nothing_is_let_go() -> None:
    """And the file is closed."""
    closed = asyncio.Event()

    async def read(first: int, last: int) -> Any:
        try:
            yield b"x"
        finally:
            closed.set()

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            await asyncio.sleep(60)

    answer = FilePart(9, '"t"', None, read, media_type="text/csv", name="a.csv", patience=0.05)
    await asyncio.wait_for(answer({}, None, send), 2)  # type: ignore[arg-type]
    assert closed.is_set()


async def test_what_a_lost_worker_had_is_written_anew_by_another(
    wing: Wing, settings: Settings
) -> None:
    who, shelf = await machine(wing), Shelf(settings)
    await wing.engaged()
    asked = await asks(who)
    lost, next_one = new_id(), new_id()
    job = await running.claim(wing.db, wing.prison_id, lost)
    assert job is not None
    draft = shelf.draft(wing.prison_id, job.id, job.attempts)
    draft.write(b"half of it")
    assert await running.claim(wing.db, wing.prison_id, next_one) is None  # it may be alive
    await silent(wing, running.LOST_AFTER)
    await worked(wing, settings)
    done = await who.get(f"{JOBS}/{asked['id']}")
    assert (done["status"], len((await fetches(who, asked)).content)) == ("ready", done["bytes"])
    with pytest.raises(running.Ended):
        await running.beat(wing.db, job, lost, running.Told())
    draft.close()
    assert shelf.names(wing.prison_id) == {f"{job.id}.2"}


async def silent(wing: Wing, since: timedelta) -> None:
    """Nothing was heard of any worker for so long."""
    lost = text("UPDATE export_job SET beat_at = beat_at - CAST(:since AS interval)")
    async with wing.db.write(wing.prison_id) as session:
        await session.execute(lost, {"since": since})


async def test_what_kills_worker_after_worker_is_given_up(wing: Wing, settings: Settings) -> None:
    who = await machine(wing)
    asked = await asks(who)
    for _ in range(running.TRIES):
        assert await running.claim(wing.db, wing.prison_id, new_id()) is not None
        await silent(wing, running.LOST_AFTER)
    await worked(wing, settings)
    found = await who.get(f"{JOBS}/{asked['id']}")
    assert (found["status"], found["failure"]) == ("failed", "interrupted")


async def test_a_worker_told_to_stop_leaves_the_job_to_the_next(
    wing: Wing, settings: Settings
) -> None:
    who = await machine(wing)
    asked = await asks(who)
    worker = new_id()
    job = await running.claim(wing.db, wing.prison_id, worker)
    assert job is not None
    working = asyncio.create_task(running.work(wing.db, job, worker, Shelf(settings)))
    await asyncio.sleep(0)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    assert Shelf(settings).names(wing.prison_id) == set()
    await worked(wing, settings)
    assert (await who.get(f"{JOBS}/{asked['id']}"))["status"] == "ready"


async def states(who: Caller) -> set[str]:
    return {each["status"] for each in (await who.get(JOBS))["items"]}


class OfOnePrison(Database):
    """A worker's database in which there is only the test's own prison."""

    prison: str

    async def prison_ids(self) -> list[str]:
        return [self.prison]


async def test_the_worker_writes_all_that_waits_until_it_is_stopped(
    wing: Wing, settings: Settings
) -> None:
    """More than it takes at once; on a database of its own."""
    who = await machine(wing)
    for _ in range(3):
        await asks(who)
    assert settings.database_url
    apart = OfOnePrison(settings.database_url, pool_size=3)
    apart.prison = wing.prison_id
    await apart.open()
    stopping = asyncio.Event()
    quick = settings.model_copy(update={"sweep_seconds": 0.05, "export_jobs_at_once": 2})
    serving = asyncio.create_task(running.serve(apart, quick, stopping))
    async with asyncio.timeout(20):
        while await states(who) != {"ready"}:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.05)
    stopping.set()
    await serving
    await apart.close()


async def test_more_than_the_files_may_take_together_fails_and_leaves_nothing(
    wing: Wing, settings: Settings, tmp_path: Path
) -> None:
    small = settings.model_copy(update={"export_dir": tmp_path, "export_megabytes": 0})
    who = await machine(wing)
    assert await failure(wing, who, small, await much(wing)) == "over_quota"
    assert not left(tmp_path)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, of 100 kB."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=100k", "none", str(tmp_path)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("nobody may make a small disk here")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


async def test_on_a_full_disk_it_fails_and_leaves_nothing(
    wing: Wing, settings: Settings, small_disk: Path
) -> None:
    full = settings.model_copy(update={"export_dir": small_disk})
    who = await machine(wing)
    assert await failure(wing, who, full, await much(wing)) == "disk_full"
    assert not left(small_disk)


def left(folder: Path) -> list[Path]:
    return list(folder.glob("*/*"))


async def failure(wing: Wing, who: Caller, settings: Settings, wanted: dict[str, str]) -> str:
    job = await asks(who, **wanted)
    await worked(wing, settings)
    found = await who.get(f"{JOBS}/{job['id']}")
    assert found["status"] == "failed"
    return str(found["failure"])
