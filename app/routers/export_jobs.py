"""Export jobs over HTTP: asked for, watched, called off; their files fetched, whole or in parts."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayUseExportJobs, claims
from app.db import Db, PathPrison, ReadDb
from app.errors import (
    ExportGone,
    ExportNotReady,
    KeyReused,
    MoveNotInTable,
    RangeUnmet,
    ReleaseNeeded,
    Stale,
    TooManyExports,
)
from app.export_reply import MEDIA
from app.models.export_jobs import (
    ExportJob,
    ExportJobCreate,
    ExportJobRead,
    ExportJobRow,
    ExportJobStatus,
    ExportLinkMade,
)
from app.paging import Listing, Page, PageQuery
from app.paths import to_change, to_read
from app.problems import refusals
from app.ranges import FilePart, declared, part_of
from app.replies import JustOnce, reply
from app.services import export_jobs
from app.services.export_jobs.links import PATTERN
from app.services.export_jobs.shelf import Shelf
from app.tokens import Claims
from app.visibility import MATRIX, shape

router = APIRouter(prefix="/v1/prisons/{prison_id}/exports/jobs", tags=["exports"])
ThisJob = Annotated[ExportJob, Depends(to_read(ExportJob, "export_job_id"))]
JobToMove = Annotated[ExportJob, Depends(to_change(ExportJob, "export_job_id", match=False))]
Said = Annotated[str, Path(alias="link", pattern=PATTERN, description="What was shown, once.")]
_FILES: dict[int | str, dict[str, Any]] = declared(
    {each.partition(";")[0]: {"schema": {"type": "string"}} for each in MEDIA.values()}
)
_REFUSED = (ExportNotReady, ExportGone, ReleaseNeeded, RangeUnmet)

LIST = Listing(
    ExportJob,
    MATRIX["export_jobs.row"],
    filters={"status": lambda value: col(ExportJob.status) == value},
    sorts={"recorded_at": col(ExportJob.recorded_at)},
)


class JobQuery(PageQuery):
    status: ExportJobStatus | None = None
    sort: Literal["recorded_at", "-recorded_at"] = Field(default="-recorded_at")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which part of a file is asked for."""

    asked: str | None
    unless: str | None


async def asked_for(
    asked: Annotated[
        str | None,
        Header(alias="Range", max_length=100, description="`bytes=1000-`: what is missing."),
    ] = None,
    unless: Annotated[
        str | None,
        Header(
            alias="If-Range",
            max_length=100,
            description="The ETag of what you have: all of it again, where that has changed.",
        ),
    ] = None,
) -> Asked:
    """The range in the request's headers, as it was asked for."""
    return Asked(asked, unless)


AskedFor = Annotated[Asked, Depends(asked_for)]


@router.post(
    "",
    status_code=202,
    response_model=ExportJobRead,
    responses=refusals(KeyReused, ReleaseNeeded, TooManyExports),
)
async def create_export_job(
    actor: MayUseExportJobs,
    db: Db,
    who: Annotated[Claims, Depends(claims)],
    body: ExportJobCreate,
    once: JustOnce,
) -> Response:
    """Ask for a file. The answer comes at once; the job says how far it is."""
    job = await export_jobs.create(db, actor, who, body)
    made = await export_jobs.shown(db, job, actor)
    return await once.created(made, location=f"exports/jobs/{job.id}", status=202)


@router.get("", response_model=Page[ExportJobRow], responses=refusals())
async def list_export_jobs(
    actor: MayUseExportJobs, db: ReadDb, request: Request, query: Annotated[JobQuery, Query()]
) -> Response:
    """Jobs of one's own."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.get("/{export_job_id}", response_model=ExportJobRead, responses=refusals())
async def read_export_job(actor: MayUseExportJobs, db: Db, job: ThisJob) -> Response:
    """One job: how far it is, or what came of it."""
    return reply(await export_jobs.shown(db, job, actor))


@router.post(
    "/{export_job_id}/cancel",
    response_model=ExportJobRead,
    responses=refusals(MoveNotInTable, Stale),
)
async def cancel_export_job(actor: MayUseExportJobs, db: Db, job: JobToMove) -> Response:
    """Call it off, whether it waits, is worked on or is ready: there is no file from now on."""
    await export_jobs.cancel(db, actor, job)
    return reply(await export_jobs.shown(db, job, actor))


@router.post(
    "/{export_job_id}/links",
    status_code=201,
    response_model=ExportLinkMade,
    responses=refusals(KeyReused, ExportNotReady, ExportGone),
)
async def create_export_link(
    actor: MayUseExportJobs, db: Db, job: ThisJob, once: JustOnce
) -> Response:
    """Get an address under which the file is fetched without a token, for a quarter of an hour:
    for a program that is to have no token. It is shown this once."""
    path, link = export_jobs.link(job)
    made = shape("export_jobs.link", actor.role)
    told = {"export_job_id": job.id, "expires_at": link.expires_at}
    kept = await once.created(made.model_validate({**told, "path": None}), thing_id=job.id)
    return reply(made.model_validate({**told, "path": path}), status=kept.status_code)


@router.get(
    "/{export_job_id}/file",
    response_class=Response,
    responses={**_FILES, **refusals(*_REFUSED)},
)
async def read_export_file(
    actor: MayUseExportJobs, db: Db, reads: ReadDb, request: Request, job: ThisJob, part: AskedFor
) -> Response:
    """The file, or the part of it that Range asks for. A download that was cut off goes on where it
    ended: send Range with what is missing, and the ETag in If-Range."""
    await export_jobs.fetched(db, reads, job)
    return _file(request, job, part)


@router.head(
    "/{export_job_id}/file",
    response_class=Response,
    responses={200: _FILES[200], **refusals(ExportNotReady, ExportGone)},
)
async def head_export_file(actor: MayUseExportJobs, request: Request, job: ThisJob) -> Response:
    """How long the file is, and its ETag. Nothing of it leaves."""
    export_jobs.there(job)
    return _file(request, job)


@router.get(
    "/{export_job_id}/{link}/file",
    response_class=Response,
    responses={**_FILES, **refusals(*_REFUSED)},
)
async def read_linked_export_file(
    prison_id: PathPrison,
    db: Db,
    reads: ReadDb,
    request: Request,
    export_job_id: UUID,
    link: Said,
    part: AskedFor,
) -> Response:
    """The same, under an address that was got for it. Needs no token but what is in the address."""
    limits = request.app.state.limits
    job = await export_jobs.fetched_by_link(db, reads, limits, prison_id, export_job_id, link)
    return _file(request, job, part)


def _file(request: Request, job: ExportJob, part: Asked | None = None) -> Response:
    """The answer; without `part` its headers alone."""
    shelf, tag = Shelf(request.app.state.settings), f'"{job.sha256}"'
    if not shelf.whole(job.prison_id, job.id, job.attempts, job.bytes):
        raise ExportGone()
    return FilePart(
        job.bytes,
        tag,
        part_of(job.bytes, tag, part.asked, part.unless) if part else None,
        shelf.reader(job.prison_id, job.id, job.attempts) if part else None,
        media_type=MEDIA[job.format],
        name=export_jobs.file_name(job),
    )
