"""Efforts over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayReadEffort, MayWriteEffort
from app.db import Db, ReadDb
from app.errors import Conflicting, KeyReused, MatchNeeded, Stale
from app.models.base import Day
from app.models.efforts import (
    Effort,
    EffortActivity,
    EffortBy,
    EffortCreate,
    EffortRead,
    EffortSummary,
    EffortUpdate,
    EffortVoided,
)
from app.paging import Listing, Page, PageQuery
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import efforts
from app.visibility import MATRIX, shape

router = APIRouter(prefix="/v1/prisons/{prison_id}/efforts", tags=["efforts"])
ThisEffort = Annotated[Effort, Depends(to_read(Effort, "effort_id"))]
EffortToChange = Annotated[Effort, Depends(to_change(Effort, "effort_id", match=True))]
EffortToVoid = Annotated[Effort, Depends(to_change(Effort, "effort_id", match=False))]

LIST = Listing(
    Effort,
    MATRIX["efforts.row"],
    filters={
        "mentor_id": lambda value: col(Effort.mentor_id) == value,
        "staff_id": lambda value: col(Effort.staff_id) == value,
        "activity": lambda value: col(Effort.activity) == value,
        "voided": lambda value: col(Effort.voided_at).is_not(None) == value,
    },
    sorts={"done_on": col(Effort.done_on)},
)


class EffortQuery(PageQuery):
    mentor_id: UUID | None = None
    staff_id: UUID | None = None
    activity: EffortActivity | None = Field(default=None, description="Only those of this one.")
    voided: bool | None = Field(default=None, description="True: only those that count no more.")
    sort: Literal["done_on", "-done_on"] = Field(default="-done_on")


@router.get("", response_model=Page[EffortRead], responses=refusals())
async def list_efforts(
    actor: MayReadEffort, db: ReadDb, request: Request, query: Annotated[EffortQuery, Query()]
) -> Response:
    """Time given beside the sessions, entry by entry; a mentor finds their own only. Governors
    read the summary."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post("", status_code=201, response_model=EffortRead, responses=refusals(KeyReused))
async def record_effort(
    actor: MayWriteEffort, db: Db, body: EffortCreate, once: JustOnce
) -> Response:
    """Record time given: one's own, or by staff a mentor's. Sessions are counted by themselves."""
    effort = await efforts.record(db, actor, body)
    return await once.created(efforts.shown(effort, actor), location=f"efforts/{effort.id}")


@router.get("/summary", response_model=EffortSummary, responses=refusals())
async def read_effort_summary(
    actor: MayReadEffort,
    db: Db,
    by: Annotated[
        EffortBy, Query(description="How the hours are put together.")
    ] = EffortBy.activity,
    since: Annotated[
        Day | None, Query(alias="from", description="The first day; absent: 27 before the last.")
    ] = None,
    until: Annotated[
        Day | None, Query(alias="to", description="The last day; absent: today.")
    ] = None,
) -> Response:
    """Mentors' and staff's hours in a period of at most 366 days: what was recorded, and what the
    sessions that took place took. A mentor gets their own."""
    shape("efforts.summary", actor.role)
    return reply(await efforts.summary(db, actor, since, until, by))


@router.get("/{effort_id}", response_model=EffortRead, responses=refusals())
async def read_effort(actor: MayReadEffort, effort: ThisEffort) -> Response:
    """One entry."""
    return reply(efforts.shown(effort, actor))


@router.patch(
    "/{effort_id}",
    response_model=EffortRead,
    responses=refusals(Conflicting, MatchNeeded, Stale),
)
async def correct_effort(
    actor: MayWriteEffort, db: Db, effort: EffortToChange, body: EffortUpdate
) -> Response:
    """Correct an entry: one's own, or by staff a mentor's."""
    await efforts.update(db, actor, effort, body)
    return reply(efforts.shown(effort, actor))


@router.post("/{effort_id}/void", response_model=EffortRead, responses=refusals(Conflicting, Stale))
async def void_effort(
    actor: MayWriteEffort, db: Db, effort: EffortToVoid, body: EffortVoided
) -> Response:
    """Count an entry no more. It stays to be seen, and why."""
    await efforts.void(db, actor, effort, body.reason)
    return reply(efforts.shown(effort, actor))
