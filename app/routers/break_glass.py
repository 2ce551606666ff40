"""Break-glass over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import select
from sqlmodel import Field, col

from app.access import MayBreakGlass, MayReadGlass, MayReviewGlass
from app.db import Db, ReadDb
from app.errors import KeyReused, MoveNotInTable, Stale
from app.models.break_glass import (
    BreakGlass,
    BreakGlassCreate,
    BreakGlassOwn,
    BreakGlassRead,
    BreakGlassReview,
    BreakGlassRow,
    BreakGlassStatus,
)
from app.models.people import Person
from app.models.staff import Staff
from app.paging import Listing, Page, PageQuery
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import break_glass
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/break-glass", tags=["break-glass"])
ThisGlass = Annotated[BreakGlass, Depends(to_read(BreakGlass, "break_glass_id"))]
GlassToMove = Annotated[BreakGlass, Depends(to_change(BreakGlass, "break_glass_id", match=False))]
AnyGlass = BreakGlassRead | BreakGlassOwn

_STAFF_NAME = (
    select(col(Staff.name))
    .where(
        col(Staff.prison_id) == col(BreakGlass.prison_id), col(Staff.id) == col(BreakGlass.staff_id)
    )
    .scalar_subquery()
)
_PERSON_NAME = (
    select(col(Person.display_name))
    .where(
        col(Person.prison_id) == col(BreakGlass.prison_id),
        col(Person.id) == col(BreakGlass.person_id),
    )
    .scalar_subquery()
)
LIST = Listing(
    BreakGlass,
    MATRIX["break_glass.row"],
    filters={
        "status": lambda value: col(BreakGlass.status) == value,
        "person_id": lambda value: col(BreakGlass.person_id) == value,
        "staff_id": lambda value: col(BreakGlass.staff_id) == value,
    },
    sorts={"recorded_at": col(BreakGlass.recorded_at)},
    computed={"staff_name": _STAFF_NAME, "person_name": _PERSON_NAME},
)


class BreakGlassQuery(PageQuery):
    status: BreakGlassStatus | None = None
    person_id: UUID | None = None
    staff_id: UUID | None = Field(default=None, description="Only those by this member of staff.")
    sort: Literal["recorded_at", "-recorded_at"] = Field(default="-recorded_at")


@router.get("", response_model=Page[BreakGlassRow | BreakGlassOwn], responses=refusals())
async def list_break_glass(
    actor: MayReadGlass, db: ReadDb, request: Request, query: Annotated[BreakGlassQuery, Query()]
) -> Response:
    """Who opened whose records, when and why; a clinician finds their own."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post("", status_code=201, response_model=BreakGlassOwn, responses=refusals(KeyReused))
async def open_break_glass(
    actor: MayBreakGlass, db: Db, body: BreakGlassCreate, once: JustOnce
) -> Response:
    """Open one person's records behind the glass, until `expires_at`, to yourself alone.

    The governor is paged at once, whatever the reason, and reviews it within 72 hours.
    """
    glass = await break_glass.open_glass(db, actor, body)
    shown = await break_glass.shown(db, glass, actor)
    return await once.created(shown, location=f"break-glass/{glass.id}")


@router.get("/{break_glass_id}", response_model=AnyGlass, responses=refusals())
async def read_break_glass(actor: MayReadGlass, db: Db, glass: ThisGlass) -> Response:
    """One break-glass: until when it lasts, and what became of it."""
    return reply(await break_glass.shown(db, glass, actor))


@router.post(
    "/{break_glass_id}/end",
    response_model=BreakGlassOwn,
    responses=refusals(MoveNotInTable, Stale),
)
async def end_break_glass(actor: MayBreakGlass, db: Db, glass: GlassToMove) -> Response:
    """End your own access before its time."""
    await break_glass.end(db, actor, glass)
    return reply(await break_glass.shown(db, glass, actor))


@router.post(
    "/{break_glass_id}/review",
    response_model=BreakGlassRead,
    responses=refusals(MoveNotInTable, Stale),
)
async def review_break_glass(
    actor: MayReviewGlass, db: Db, glass: GlassToMove, body: BreakGlassReview
) -> Response:
    """Judge a break-glass that is over; one not justified is followed up by the clinical lead."""
    await break_glass.review(db, actor, glass, body)
    return reply(await break_glass.shown(db, glass, actor))
