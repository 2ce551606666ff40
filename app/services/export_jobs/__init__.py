"""Export jobs: asked for, called off, fetched. `running.py` is what the worker does, `shelf.py` the
folder of the files, `links.py` the addresses that open one, `standing.py` who may still have it.
"""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.db import Database
from app.errors import (
    ExportGone,
    ExportNotReady,
    NotAllowed,
    NotFound,
    ReleaseNeeded,
    TooManyExports,
)
from app.limits import Limits, Rate
from app.models.base import Output, new_id
from app.models.export_jobs import LIVE, ExportJob, ExportJobCreate, ExportJobStatus
from app.models.exports import ExportCompression, ExportFormat
from app.models.releases import Release, ReleaseKind, ReleaseStatus
from app.scope import everything
from app.services import lifecycle, releases
from app.services.export_jobs import links, wanting
from app.services.export_jobs.links import Link
from app.services.export_jobs.moves import EXPORT_JOB, S
from app.services.export_jobs.standing import as_it_stands, may_have, release_of
from app.tokens import Claims
from app.visibility import shape

MOST_LIVE = 5
"""How many of one client's wait or are worked on at the same time."""
_OFFERED = (*LIVE, S.ready)


async def create(db: AsyncSession, actor: Actor, who: Claims, body: ExportJobCreate) -> ExportJob:
    """Ask for a file. With names, a release by two people must stand that no other job has."""
    if not may_have(actor, identifiable=body.identifiable):
        raise NotAllowed("Your scopes do not open exports of this kind.")
    wanting.check(actor, body)
    await _not_too_many(db, actor)
    release = await _free_release(db, actor.prison_id) if body.identifiable else None
    if body.identifiable and release is None:
        raise ReleaseNeeded()
    job = ExportJob(
        id=new_id(),
        prison_id=actor.prison_id,
        subject=actor.subject,
        token_id=who.token_id,
        token_issued_at=who.issued_at,
        release_id=release.id if release else None,
        **body.model_dump(exclude={"prison_id"}),
    )
    await lifecycle.begin(db, EXPORT_JOB, job, actor)
    return job


async def _not_too_many(db: AsyncSession, actor: Actor) -> None:
    """Raises TooManyExports. Two that ask at once are counted one after the other."""
    lock = func.hashtextextended(f"export_jobs:{actor.prison_id}:{actor.subject}", 0)
    await db.execute(select(func.pg_advisory_xact_lock(lock)))
    live = everything(ExportJob, actor.prison_id).where(
        col(ExportJob.subject) == actor.subject, col(ExportJob.status).in_(LIVE)
    )
    if len((await db.scalars(live.limit(MOST_LIVE))).all()) == MOST_LIVE:
        raise TooManyExports()


async def _free_release(db: AsyncSession, prison_id: str) -> Release | None:
    """The oldest release that stands and is no other job's, locked."""
    taken = select(col(ExportJob.release_id)).where(
        col(ExportJob.prison_id) == prison_id,
        col(ExportJob.release_id).is_not(None),
        col(ExportJob.status).in_(_OFFERED),
    )
    standing = everything(Release, prison_id).where(
        col(Release.kind) == ReleaseKind.identifiable_export,
        col(Release.status) == ReleaseStatus.released,
        col(Release.expires_at) > clock.now(),
        col(Release.id).not_in(taken),
    )
    oldest = standing.order_by(col(Release.recorded_at)).limit(1).with_for_update()
    return (await db.scalars(oldest)).one_or_none()


async def cancel(db: AsyncSession, actor: Actor, job: ExportJob) -> None:
    """Call it off. Its file is fetched by nobody from now on, and removed by the worker."""
    await lifecycle.move(db, EXPORT_JOB, job, to=ExportJobStatus.cancelled, actor=actor)


def link(job: ExportJob) -> tuple[str, Link]:
    """The path under which the file is fetched without a token. Raises as `fetched` does."""
    there(job)
    said, found = links.made(wanting.secret(), job)
    return f"/v1/prisons/{job.prison_id}/exports/jobs/{job.id}/{said}/file", found


async def fetched(db: AsyncSession, reads: Database, job: ExportJob) -> Actor:
    """Let the file go out: to whom, as they are let at this moment. It is in the job's history and
    in the audit, each time and for each part.

    Raises ExportNotReady; ExportGone where it has ended, or its client may not have it any more;
    ReleaseNeeded where the release of names was withdrawn.
    """
    there(job)
    actor = await as_it_stands(reads, job)
    if actor is None:
        raise ExportGone()
    if job.identifiable:
        await db.refresh(job, with_for_update=True)  # two that come first together are one
        await _collected(db, actor, job)
    await lifecycle.mark(db, EXPORT_JOB, job, actor, "fetched", note=job.sha256)
    db.info["rows"], db.info["sha256"] = job.rows, job.sha256
    await db.flush()
    return actor


async def fetched_by_link(
    db: AsyncSession, reads: Database, limits: Limits, prison_id: str, job_id: UUID, said: str
) -> ExportJob:
    """The job whose file an address opens. NotFound for a wrong address and for one that has run
    out alike, and where its client's tokens were revoked since it was made."""
    found = everything(ExportJob, prison_id).where(col(ExportJob.id) == job_id)
    job = (await db.scalars(found)).one_or_none()
    opened = links.opened(wanting.secret(), job, said) if job is not None else None
    if job is None or opened is None:
        raise NotFound()
    trail = db.info["trail"]
    trail.knows(None, job.subject, "export_link")
    await limits.spend(Rate.subject, f"export_job {job.id}")
    if await as_it_stands(reads, job, opened.made_at) is None:
        raise NotFound()
    trail.knows(await fetched(db, reads, job), job.subject, "export_link")
    return job


async def _collected(db: AsyncSession, actor: Actor, job: ExportJob) -> None:
    """The first to fetch names collects their release; the rest of a cut-off file is the same."""
    release = await release_of(db, job)
    if release is None:
        raise ReleaseNeeded()
    if job.collected_at is None:
        await releases.collect(db, actor, release)
        job.collected_at = clock.now()


def there(job: ExportJob) -> None:
    """Raises ExportNotReady or ExportGone where there is no file."""
    if job.status in LIVE:
        raise ExportNotReady()
    if job.status is not S.ready or job.expires_at is None or job.expires_at <= clock.now():
        raise ExportGone()


async def shown(db: AsyncSession, job: ExportJob, actor: Actor) -> Output:
    """The job, with what this actor may do next."""
    moves = await lifecycle.options(db, EXPORT_JOB, job, actor)
    found = shape("export_jobs", actor.role)
    made = found.model_validate({**job.model_dump(), "moves": moves})
    assert isinstance(made, Output)
    return made


def file_name(job: ExportJob) -> str:
    """What the file is called where it is kept."""
    compression = {ExportCompression.gzip: ".gz", ExportCompression.zstd: ".zst"}
    within = job.format is ExportFormat.parquet
    ending = "" if within else compression.get(job.compression, "")
    return f"{job.prison_id.lower()}-{job.dataset}.{job.format}{ending}"
