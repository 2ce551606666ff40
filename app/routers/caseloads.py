"""Caseloads over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import select
from sqlmodel import Field, col

from app.access import MayReadCaseload, MayWriteCaseload
from app.db import Db, ReadDb
from app.errors import AlreadyExists, Conflicting, KeyReused, MatchNeeded, NotHere, Stale
from app.models.caseloads import Caseload, CaseloadCreate, CaseloadRead, CaseloadUpdate
from app.models.people import Person
from app.paging import Listing, Page, PageQuery
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import caseloads
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/caseloads", tags=["caseloads"])
ThisCaseload = Annotated[Caseload, Depends(to_read(Caseload, "caseload_id"))]
CaseloadToEnd = Annotated[Caseload, Depends(to_change(Caseload, "caseload_id", match=True))]

_NAME = (
    select(col(Person.display_name))
    .where(
        col(Person.prison_id) == col(Caseload.prison_id),
        col(Person.id) == col(Caseload.person_id),
    )
    .scalar_subquery()
)
LIST = Listing(
    Caseload,
    MATRIX["caseloads.row"],
    filters={
        "person_id": lambda value: col(Caseload.person_id) == value,
        "staff_id": lambda value: col(Caseload.staff_id) == value,
        "live": lambda value: col(Caseload.ended_at).is_(None) == value,
    },
    sorts={"started_at": col(Caseload.started_at)},
    computed={"display_name": _NAME},
)


class CaseloadQuery(PageQuery):
    person_id: UUID | None = None
    staff_id: UUID | None = None
    live: bool | None = Field(default=None, description="True: not ended.")
    sort: Literal["started_at", "-started_at"] = Field(default="-started_at")


@router.get("", response_model=Page[CaseloadRead], responses=refusals())
async def list_caseloads(
    actor: MayReadCaseload, db: ReadDb, request: Request, query: Annotated[CaseloadQuery, Query()]
) -> Response:
    """Whose patient is who, and was."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post(
    "",
    status_code=201,
    response_model=CaseloadRead,
    responses=refusals(AlreadyExists, KeyReused, NotHere),
)
async def begin_caseload(
    actor: MayWriteCaseload, db: Db, body: CaseloadCreate, once: JustOnce
) -> Response:
    """Put someone on your caseload; the mental health lead, on any clinician's."""
    caseload = await caseloads.take_on(db, actor, body)
    shown = await caseloads.shown(db, caseload)
    return await once.created(shown, location=f"caseloads/{caseload.id}")


@router.get("/{caseload_id}", response_model=CaseloadRead, responses=refusals())
async def read_caseload(actor: MayReadCaseload, db: Db, caseload: ThisCaseload) -> Response:
    """One person's time on one caseload."""
    return reply(await caseloads.shown(db, caseload))


@router.patch(
    "/{caseload_id}",
    response_model=CaseloadRead,
    responses=refusals(Conflicting, MatchNeeded, Stale),
)
async def end_caseload(
    actor: MayWriteCaseload, db: Db, caseload: CaseloadToEnd, body: CaseloadUpdate
) -> Response:
    """End someone's time on a caseload, and with it what may be read because of it."""
    await caseloads.end(db, actor, caseload, body)
    return reply(await caseloads.shown(db, caseload))
