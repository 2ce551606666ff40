"""Releases over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayReadRelease, MayWriteRelease
from app.db import Db, ReadDb
from app.errors import GuardsUnmet, KeyReused, MoveNotInTable, MoveNotYours, Stale
from app.models.moves import HistoryRead, MoveCreate
from app.models.releases import (
    Release,
    ReleaseCreate,
    ReleaseKind,
    ReleaseRead,
    ReleaseRow,
    ReleaseStatus,
)
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import lifecycle, releases
from app.signing import Signer
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/releases", tags=["releases"])
ThisRelease = Annotated[Release, Depends(to_read(Release, "release_id"))]
ReleaseToMove = Annotated[Release, Depends(to_change(Release, "release_id", match=False))]
ZIP = "application/zip"

LIST = Listing(
    Release,
    MATRIX["releases.row"],
    filters={
        "status": lambda value: col(Release.status) == value,
        "kind": lambda value: col(Release.kind) == value,
        "person_id": lambda value: col(Release.person_id) == value,
    },
    sorts={"recorded_at": col(Release.recorded_at)},
)


class ReleaseQuery(PageQuery):
    status: ReleaseStatus | None = None
    kind: ReleaseKind | None = None
    person_id: UUID | None = Field(default=None, description="Only those of this person.")
    sort: Literal["recorded_at", "-recorded_at"] = Field(default="-recorded_at")


async def _signer(request: Request) -> Signer:
    return Signer(request.app.state.settings)


@router.get("", response_model=Page[ReleaseRow], responses=refusals())
async def list_releases(
    actor: MayReadRelease, db: ReadDb, request: Request, query: Annotated[ReleaseQuery, Query()]
) -> Response:
    """What was asked for and what was let go."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post("", status_code=201, response_model=ReleaseRead, responses=refusals(KeyReused))
async def request_release(
    actor: MayWriteRelease, db: Db, body: ReleaseCreate, once: JustOnce
) -> Response:
    """Ask that something be let out. A second person releases it, or refuses."""
    release = await releases.request(db, actor, body)
    shown = await releases.shown(db, release, actor)
    return await once.created(shown, location=f"releases/{release.id}")


@router.get("/{release_id}", response_model=ReleaseRead, responses=refusals())
async def read_release(actor: MayReadRelease, db: Db, release: ThisRelease) -> Response:
    """One release, with what you may do next."""
    return reply(await releases.shown(db, release, actor))


@router.post(
    "/{release_id}/moves",
    response_model=ReleaseRead,
    responses=refusals(MoveNotInTable, MoveNotYours, GuardsUnmet, Stale),
)
async def move_release(
    actor: MayWriteRelease, db: Db, release: ReleaseToMove, body: MoveCreate
) -> Response:
    """Release, as a second person, or refuse. Of a chronology one of the two is a governor, the
    other a mental health lead."""
    await lifecycle.make(db, releases.RELEASE, release, actor, body)
    return reply(await releases.shown(db, release, actor))


@router.get("/{release_id}/history", response_model=Page[HistoryRead], responses=refusals())
async def list_release_history(actor: MayReadRelease, db: Db, release: ThisRelease) -> Response:
    """Every move made, oldest first."""
    return reply(whole(await lifecycle.history_shown(db, release, actor, "releases.history")))


@router.get(
    "/{release_id}/bundle",
    response_class=Response,
    responses={
        200: {
            "description": "A ZIP: chronology.json, manifest.json, manifest.sig, public_key.pem.",
            "content": {ZIP: {"schema": {"type": "string", "format": "binary"}}},
        },
        **refusals(Stale),
    },
)
async def read_bundle(
    actor: MayReadRelease,
    db: Db,
    release: ReleaseToMove,
    signer: Annotated[Signer, Depends(_signer)],
) -> Response:
    """The signed chronology, to either of the two who released it, until its time runs out."""
    packed = await releases.collect_bundle(db, actor, release, signer)
    name = f'attachment; filename="chronology-{release.id}.zip"'
    return Response(packed, media_type=ZIP, headers={"Content-Disposition": name})
