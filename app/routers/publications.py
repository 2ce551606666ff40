"""Publications over HTTP."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayReadReport, MayWritePublication
from app.db import Db, ReadDb
from app.errors import (
    Busy,
    Conflicting,
    GuardsUnmet,
    KeyReused,
    MoveNotInTable,
    MoveNotYours,
    Stale,
)
from app.formats import CSV, csv_reply, files
from app.models.moves import HistoryRead, MoveCreate
from app.models.publications import (
    Publication,
    PublicationCreate,
    PublicationFormat,
    PublicationKind,
    PublicationRead,
    PublicationRow,
    PublicationStatus,
)
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import lifecycle, publications
from app.services.publications.tables import csv_rows
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/publications", tags=["publications"])
ThisPublication = Annotated[Publication, Depends(to_read(Publication, "publication_id"))]
PublicationToMove = Annotated[
    Publication, Depends(to_change(Publication, "publication_id", match=False))
]

LIST = Listing(
    Publication,
    MATRIX["publications.row"],
    filters={
        "status": lambda value: col(Publication.status) == value,
        "kind": lambda value: col(Publication.kind) == value,
    },
    sorts={"first_day": col(Publication.first_day)},
)


class PublicationQuery(PageQuery):
    status: PublicationStatus | None = None
    kind: PublicationKind | None = None
    sort: Literal["first_day", "-first_day"] = Field(default="-first_day")


@router.get("", response_model=Page[PublicationRow], responses=refusals())
async def list_publications(
    actor: MayReadReport,
    db: ReadDb,
    request: Request,
    query: Annotated[PublicationQuery, Query()],
) -> Response:
    """What went out, what is to, and what was taken back."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post(
    "",
    status_code=201,
    response_model=PublicationRead,
    responses={
        200: {"model": PublicationRead, "description": "It was prepared before."},
        **refusals(KeyReused, Busy),
    },
)
async def create_publication(
    actor: MayWritePublication, db: Db, body: PublicationCreate, once: JustOnce
) -> Response:
    """Freeze what may go out of a month, a quarter or a cohort that is over. Of any day there is
    one: a second attempt answers the first, also one that was withdrawn."""
    made, new = await publications.prepare(db, actor, body)
    shown = await publications.shown(db, made, actor)
    status = 201 if new else 200
    return await once.created(shown, status=status, location=f"publications/{made.id}")


@router.get(
    "/{publication_id}",
    response_model=PublicationRead,
    responses={**files(CSV), **refusals(Conflicting)},
)
async def read_publication(
    actor: MayReadReport,
    db: Db,
    publication: ThisPublication,
    wanted: Annotated[
        PublicationFormat, Query(alias="format", description="A table once it is published.")
    ] = PublicationFormat.json,
) -> Response:
    """What goes out, as it does: no exact count is in it. As a table for scripts it has `*` where
    something is hidden."""
    if wanted is PublicationFormat.csv:
        return csv_reply(csv_rows(publications.tables_out(publication)), "publication.csv")
    return reply(await publications.shown(db, publication, actor))


@router.post(
    "/{publication_id}/moves",
    response_model=PublicationRead,
    responses=refusals(MoveNotInTable, MoveNotYours, GuardsUnmet, Stale),
)
async def move_publication(
    actor: MayWritePublication, db: Db, publication: PublicationToMove, body: MoveCreate
) -> Response:
    """Let it out, refuse it, or take it back; a governor does, and never whoever prepared it."""
    await lifecycle.make(db, publications.PUBLICATION, publication, actor, body)
    return reply(await publications.shown(db, publication, actor))


@router.get("/{publication_id}/history", response_model=Page[HistoryRead], responses=refusals())
async def list_publication_history(
    actor: MayReadReport, db: Db, publication: ThisPublication
) -> Response:
    """Every move made, oldest first."""
    rows = await lifecycle.history_shown(db, publication, actor, "publications.history")
    return reply(whole(rows))
