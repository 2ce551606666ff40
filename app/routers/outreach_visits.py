"""Outreach visits over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayReadOutreach, MayWriteOutreach
from app.db import Db, ReadDb
from app.errors import KeyReused, MatchNeeded, Stale
from app.models.base import Day
from app.models.outreach_visits import (
    OutreachCoverage,
    OutreachKind,
    OutreachPart,
    OutreachVisit,
    OutreachVisitCreate,
    OutreachVisitRead,
    OutreachVisitUpdate,
)
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import outreach_visits
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/outreach-visits", tags=["outreach-visits"])
ThisVisit = Annotated[OutreachVisit, Depends(to_read(OutreachVisit, "outreach_visit_id"))]
VisitToChange = Annotated[
    OutreachVisit, Depends(to_change(OutreachVisit, "outreach_visit_id", match=True))
]

LIST = Listing(
    OutreachVisit,
    MATRIX["outreach_visits.row"],
    filters={
        "wing_id": lambda value: col(OutreachVisit.wing_id) == value,
        "kind": lambda value: col(OutreachVisit.kind) == value,
    },
    sorts={"held_at": col(OutreachVisit.held_at)},
    computed={
        "staff_ids": outreach_visits.ids_of(col(OutreachPart.staff_id)),
        "mentor_ids": outreach_visits.ids_of(col(OutreachPart.mentor_id)),
    },
)


class OutreachVisitQuery(PageQuery):
    wing_id: UUID | None = Field(default=None, description="Only those to this wing.")
    kind: OutreachKind | None = None
    sort: Literal["held_at", "-held_at"] = Field(default="-held_at")


@router.get("", response_model=Page[OutreachVisitRead], responses=refusals())
async def list_outreach_visits(
    actor: MayReadOutreach,
    db: ReadDb,
    request: Request,
    query: Annotated[OutreachVisitQuery, Query()],
) -> Response:
    """Visits to the wings where the scheme does not live, the latest first."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post("", status_code=201, response_model=OutreachVisitRead, responses=refusals(KeyReused))
async def record_outreach_visit(
    actor: MayWriteOutreach, db: Db, body: OutreachVisitCreate, once: JustOnce
) -> Response:
    """Record a visit that was made, with who went and how many were reached."""
    visit = await outreach_visits.record(db, actor, body)
    shown = await outreach_visits.shown(db, visit, actor)
    return await once.created(shown, location=f"outreach-visits/{visit.id}")


@router.get("/coverage", response_model=Page[OutreachCoverage], responses=refusals())
async def read_outreach_coverage(
    actor: MayReadOutreach,
    db: Db,
    since: Annotated[
        Day | None, Query(alias="from", description="The first day; absent: 30 before the last.")
    ] = None,
    until: Annotated[
        Day | None, Query(alias="to", description="The last day; absent: today.")
    ] = None,
) -> Response:
    """Every wing that is not dedicated: when it was last visited, how many were reached in a
    period of at most 366 days, and how many were referred from it."""
    found = await outreach_visits.coverage(db, actor.prison_id, since, until)
    return reply(whole(found))


@router.get("/{outreach_visit_id}", response_model=OutreachVisitRead, responses=refusals())
async def read_outreach_visit(actor: MayReadOutreach, db: Db, visit: ThisVisit) -> Response:
    """One visit."""
    return reply(await outreach_visits.shown(db, visit, actor))


@router.patch(
    "/{outreach_visit_id}",
    response_model=OutreachVisitRead,
    responses=refusals(MatchNeeded, Stale),
)
async def correct_outreach_visit(
    actor: MayWriteOutreach, db: Db, visit: VisitToChange, body: OutreachVisitUpdate
) -> Response:
    """Correct what was recorded of a visit."""
    await outreach_visits.update(db, actor, visit, body)
    return reply(await outreach_visits.shown(db, visit, actor))
