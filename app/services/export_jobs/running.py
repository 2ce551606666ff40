"""Writing what was asked for: a worker takes a job, writes its file, says how far it is, and offers
the file when it is whole. A job whose worker is heard of no more is taken by the next, anew."""

import asyncio
import errno
from contextlib import aclosing, suppress
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor, the_system
from app.config import Settings
from app.db import Database
from app.errors import Invalid
from app.models.base import new_id
from app.models.export_jobs import LIVE, ExportFailure, ExportJob, ExportJobStatus
from app.scope import everything
from app.services import lifecycle
from app.services.export_jobs.moves import EXPORT_JOB
from app.services.export_jobs.shelf import Draft, OverQuota, Shelf
from app.services.export_jobs.standing import as_it_stands, release_of
from app.services.export_jobs.wanting import rows_expected, rows_so_far, secret, wanted_of
from app.services.exports import Told, written

log = structlog.get_logger(__name__)
S = ExportJobStatus
BEAT = timedelta(seconds=1)
LOST_AFTER = timedelta(seconds=30)  # real time: a worker not heard of for so long is gone
TRIES = 3
EXPIRED_A_TURN = 100
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Ended(Exception):
    """The job is this worker's no more: it was called off, or another has it."""


class Failed(Exception):
    """There will be no file; says why."""

    def __init__(self, why: ExportFailure) -> None:
        super().__init__(why)
        self.why = why


async def claim(db: Database, prison_id: str, worker: UUID) -> ExportJob | None:
    """Take the oldest job that nobody has, or whose worker is lost. One that so many workers were
    lost at is given up. None: there is nothing to do."""
    async with db.write(prison_id) as session:
        now = clock.real_now()
        lost = col(ExportJob.beat_at) < now - LOST_AFTER
        free = everything(ExportJob, prison_id).where(
            col(ExportJob.status).in_(LIVE), or_(col(ExportJob.claimed_by).is_(None), lost)
        )
        oldest = free.order_by(col(ExportJob.recorded_at)).limit(1)
        job = (await session.scalars(oldest.with_for_update(skip_locked=True))).one_or_none()
        if job is None:
            return None
        if job.attempts >= TRIES:
            await _fail(session, job, ExportFailure.interrupted)
            return None
        job.claimed_by, job.beat_at, job.attempts = worker, now, job.attempts + 1
        job.rows, job.bytes, job.rows_expected = 0, 0, None
        if job.status is S.queued:
            await lifecycle.move(
                session, EXPORT_JOB, job, to=S.running, actor=the_system(prison_id)
            )
        return job


async def _fail(session: AsyncSession, job: ExportJob, why: ExportFailure) -> None:
    system = the_system(job.prison_id)
    await lifecycle.move(session, EXPORT_JOB, job, to=S.failed, actor=system, reason=why)


async def _mine(session: AsyncSession, job: ExportJob, worker: UUID) -> ExportJob:
    """The job, locked. Raises Ended."""
    found = everything(ExportJob, job.prison_id).where(
        col(ExportJob.id) == job.id,
        col(ExportJob.claimed_by) == worker,
        col(ExportJob.status) == S.running,
    )
    mine = (await session.scalars(found.with_for_update())).one_or_none()
    if mine is None:
        raise Ended()
    return mine


async def beat(db: Database, job: ExportJob, worker: UUID, told: Told) -> Actor:
    """Say that it is being worked on, and how far it is. Answers for whom, as they are let at this
    moment. Raises Ended, and Failed where they may not have it any more."""
    actor, rows = await as_it_stands(db, job), await rows_so_far(db, told)
    if actor is None:
        raise Failed(ExportFailure.access_ended)
    async with db.write(job.prison_id) as session:
        mine = await _mine(session, job, worker)
        if job.identifiable and await release_of(session, mine) is None:
            raise Failed(ExportFailure.release_ended)
        mine.beat_at, mine.rows, mine.bytes = clock.real_now(), rows, told.size
    return actor


async def _write(db: Database, job: ExportJob, worker: UUID, shelf: Shelf) -> None:
    actor = await beat(db, job, worker, Told())
    await _expect(db, job, worker)
    draft = await asyncio.to_thread(shelf.draft, job.prison_id, job.id, job.attempts)
    try:
        told = Told()
        pouring = asyncio.create_task(_pour(db, actor, job, told, draft))
        try:
            while not pouring.done():
                await asyncio.wait({pouring}, timeout=BEAT.total_seconds())
                await beat(db, job, worker, told)
        finally:
            pouring.cancel()
            await asyncio.wait({pouring})
        pouring.result()
        digest = await asyncio.to_thread(draft.finish)
        assert digest == told.sha256, "what is on the disk is what the audit says"
        await _offer(db, job, worker, told, shelf)
    finally:
        draft.close()


async def _expect(db: Database, job: ExportJob, worker: UUID) -> None:
    """Say of how many rows it will be, where that is known."""
    expected = await rows_expected(db, job)
    async with db.write(job.prison_id) as session:
        (await _mine(session, job, worker)).rows_expected = expected


async def _pour(db: Database, actor: Actor, job: ExportJob, told: Told, draft: Draft) -> None:
    """Piece after piece from the database to the disk. The audit knows it by the job's id."""
    wanted = wanted_of(actor, job)
    async with aclosing(written(db, actor, wanted, secret(), told)) as pieces:
        async for piece in pieces:
            await asyncio.to_thread(draft.write, piece)


async def _offer(db: Database, job: ExportJob, worker: UUID, told: Told, shelf: Shelf) -> None:
    """Offer the whole file."""
    await beat(db, job, worker, told)
    async with db.write(job.prison_id) as session:
        mine = await _mine(session, job, worker)
        mine.sha256, mine.next_cursor = told.sha256, told.cursor
        mine.expires_at = clock.now() + shelf.kept
        system = the_system(job.prison_id)
        await lifecycle.move(session, EXPORT_JOB, mine, to=S.ready, actor=system, note=told.sha256)


async def take_one(db: Database, prison_id: str, shelf: Shelf, worker: UUID | None = None) -> bool:
    """Write one file of the prison, if one waits. Answers whether one did."""
    worker = worker or new_id()
    job = await claim(db, prison_id, worker)
    if job is None:
        return False
    await work(db, job, worker, shelf)
    return True


async def work(db: Database, job: ExportJob, worker: UUID, shelf: Shelf) -> None:
    """Write the file of a job that was taken; whatever goes wrong, no half of one is left. What is
    a mistake of ours leaves the job to the next try."""
    try:
        await _write(db, job, worker, shelf)
    except Ended:
        return
    except asyncio.CancelledError:
        await _let_go(db, job, worker)
        raise
    except Exception as error:
        if (why := _why(error)) is None:
            log.exception("export_failed", prison_id=job.prison_id, id=job.id)
            why = ExportFailure.our_mistake
        async with db.write(job.prison_id) as session:
            with suppress(Ended):
                await _fail(session, await _mine(session, job, worker), why)


def _why(error: Exception) -> ExportFailure | None:
    if isinstance(error, Failed):
        return error.why
    if isinstance(error, Invalid):
        return ExportFailure.cursor_ended
    if isinstance(error, OverQuota):
        return ExportFailure.over_quota
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return ExportFailure.disk_full
    return None


async def _let_go(db: Database, job: ExportJob, worker: UUID) -> None:
    """A worker that is told to stop leaves the job to the next, who need not wait; the try is not
    counted."""
    async with db.write(job.prison_id) as session:
        with suppress(Ended):
            mine = await _mine(session, job, worker)
            mine.claimed_by = mine.beat_at = None
            mine.attempts -= 1


async def tidy(db: Database, prison_id: str, shelf: Shelf) -> None:
    """End what has had its day, and remove every file that nobody is offered any more."""
    async with db.write(prison_id) as session:
        due = everything(ExportJob, prison_id).where(
            col(ExportJob.status) == S.ready, col(ExportJob.expires_at) <= clock.now()
        )
        some = due.limit(EXPIRED_A_TURN).with_for_update(skip_locked=True)
        for job in (await session.scalars(some)).all():
            system = the_system(prison_id)
            await lifecycle.move(session, EXPORT_JOB, job, to=S.expired, actor=system)
    # Listed first: a file is made after its job is taken, so none is taken for nobody's.
    there = await asyncio.to_thread(shelf.names, prison_id)
    if not there:
        return
    async with db.write(prison_id) as session:
        offered = everything(ExportJob, prison_id).where(
            col(ExportJob.status).in_([S.running, S.ready])
        )
        kept = {shelf.name(each.id, each.attempts) for each in await session.scalars(offered)}
    await asyncio.to_thread(shelf.remove, prison_id, there - kept)


async def serve(db: Database, config: Settings, stopping: asyncio.Event) -> None:
    """Write whatever waits, prison by prison, so many at once, until stopped. It has connections
    of its own and holds up no sweep."""
    shelf = Shelf(config)
    working: set[asyncio.Task[None]] = set()
    try:
        while not stopping.is_set():
            try:
                for prison_id in await db.prison_ids():
                    await tidy(db, prison_id, shelf)
                    if len(working) < config.export_jobs_at_once:
                        worker = new_id()
                        if (job := await claim(db, prison_id, worker)) is not None:
                            working.add(asyncio.create_task(work(db, job, worker, shelf)))
            except Exception:
                log.exception("export_failed")
            working = {each for each in working if not each.done()}
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), config.sweep_seconds)
    finally:
        for each in working:
            each.cancel()
        await asyncio.gather(*working, return_exceptions=True)
