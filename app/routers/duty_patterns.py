"""Duty patterns over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayReadDuty, MayWriteDuty
from app.db import Db, ReadDb
from app.errors import Conflicting, KeyReused, Stale
from app.models.duties import Post
from app.models.duty_patterns import (
    DutyPattern,
    DutyPatternCreate,
    DutyPatternEnd,
    DutyPatternRead,
)
from app.paging import Listing, Page, PageQuery
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import duty_patterns
from app.visibility import MATRIX, shape

router = APIRouter(prefix="/v1/prisons/{prison_id}/duty-patterns", tags=["duty-patterns"])
This = Annotated[DutyPattern, Depends(to_read(DutyPattern, "duty_pattern_id"))]
ToEnd = Annotated[DutyPattern, Depends(to_change(DutyPattern, "duty_pattern_id", match=False))]

LIST = Listing(
    DutyPattern,
    MATRIX["duty_patterns.row"],
    filters={
        "post": lambda value: col(DutyPattern.post) == value,
        "staff_id": lambda value: col(DutyPattern.staff_id) == value,
    },
    sorts={"recorded_at": col(DutyPattern.recorded_at)},
)


class DutyPatternQuery(PageQuery):
    post: Post | None = Field(default=None, description="Only of this post.")
    staff_id: UUID | None = Field(default=None, description="Only theirs.")
    sort: Literal["recorded_at", "-recorded_at"] = Field(default="-recorded_at")


@router.get("", response_model=Page[DutyPatternRead], responses=refusals())
async def list_duty_patterns(
    actor: MayReadDuty, db: ReadDb, request: Request, query: Annotated[DutyPatternQuery, Query()]
) -> Response:
    """Duties that come again, those ended too. What they make: `duties?pattern_id=`."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post("", status_code=201, response_model=DutyPatternRead, responses=refusals(KeyReused))
async def create_duty_pattern(
    actor: MayWriteDuty, db: Db, body: DutyPatternCreate, once: JustOnce
) -> Response:
    """A duty that comes again week by week, at the same time on the prison's wall in winter and in
    summer. Its duties of half a year ahead are made at once, and each day what comes into reach;
    somebody else takes one, or a part of it, by `duties/{duty_id}/overrides`."""
    pattern = await duty_patterns.create(db, actor, body)
    shown = shape("duty_patterns", actor.role).model_validate(pattern)
    return await once.created(shown, location=f"duty-patterns/{pattern.id}")


@router.get("/{duty_pattern_id}", response_model=DutyPatternRead, responses=refusals())
async def read_duty_pattern(actor: MayReadDuty, pattern: This) -> Response:
    """One duty that comes again."""
    return reply(shape("duty_patterns", actor.role).model_validate(pattern))


@router.post(
    "/{duty_pattern_id}/end",
    response_model=DutyPatternRead,
    responses=refusals(Conflicting, Stale),
)
async def end_duty_pattern(
    actor: MayWriteDuty, db: Db, pattern: ToEnd, body: DutyPatternEnd
) -> Response:
    """Let it come no more. What has not begun after its last day is called off, and stands in the
    gaps; what has begun goes on."""
    await duty_patterns.end(db, actor, pattern, body)
    return reply(shape("duty_patterns", actor.role).model_validate(pattern))
