"""Duties over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import and_, or_
from sqlmodel import Field, col

from app.access import MayReadDuty, MayReadEscalation, MayWriteDuty
from app.db import Db, ReadDb
from app.errors import (
    Conflicting,
    DutyPartTaken,
    KeyReused,
    LastResortNeeded,
    MatchNeeded,
    Stale,
)
from app.models.base import Input, Instant
from app.models.duties import (
    Duty,
    DutyCreate,
    DutyGap,
    DutyOverride,
    DutyOverrideCreate,
    DutyOverrideRead,
    DutyRead,
    DutyUpdate,
    Post,
)
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import duties
from app.services.duties import gaps, overrides
from app.visibility import MATRIX, shape

router = APIRouter(prefix="/v1/prisons/{prison_id}/duties", tags=["duties"])
ThisDuty = Annotated[Duty, Depends(to_read(Duty, "duty_id"))]
DutyToChange = Annotated[Duty, Depends(to_change(Duty, "duty_id", match=True))]
PartToEnd = Annotated[
    DutyOverride, Depends(to_change(DutyOverride, "duty_override_id", match=False))
]

LIST = Listing(
    Duty,
    MATRIX["duties.row"],
    filters={
        "post": lambda value: col(Duty.post) == value,
        "pattern_id": lambda value: col(Duty.pattern_id) == value,
        "ends_after": lambda value: or_(col(Duty.ends_at).is_(None), col(Duty.ends_at) > value),
        "starts_before": lambda value: col(Duty.starts_at) < value,
        "at": lambda value: and_(
            col(Duty.starts_at) <= value,
            or_(col(Duty.ends_at).is_(None), col(Duty.ends_at) > value),
        ),
    },
    sorts={"starts_at": col(Duty.starts_at)},
)


class DutyQuery(PageQuery):
    post: Post | None = Field(default=None, description="Only duties on this post.")
    pattern_id: UUID | None = Field(default=None, description="Only duties of this pattern.")
    at: Instant | None = Field(default=None, description="On duty at that instant.")
    ends_after: Instant | None = Field(default=None, description="Not over by then.")
    starts_before: Instant | None = Field(default=None, description="Begun by then.")
    sort: Literal["starts_at", "-starts_at"] = Field(default="-starts_at")


@router.get("", response_model=Page[DutyRead], responses=refusals())
async def list_duties(
    actor: MayReadDuty, db: ReadDb, request: Request, query: Annotated[DutyQuery, Query()]
) -> Response:
    """Duties past, present and to come. Who is on duty now: `on-duty`."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post(
    "",
    status_code=201,
    response_model=DutyRead,
    responses=refusals(KeyReused),
)
async def create_duty(actor: MayWriteDuty, db: Db, body: DutyCreate, once: JustOnce) -> Response:
    """Put someone on duty. Only a governor names a last resort."""
    duty = await duties.create(db, actor, body)
    shown = shape("duties", actor.role).model_validate(duty)
    return await once.created(shown, location=f"duties/{duty.id}")


class GapQuery(Input):
    first: Instant | None = Field(default=None, alias="from", description="Absent: from this hour.")
    last: Instant | None = Field(
        default=None, alias="to", description="Absent: a week on. At most 92 days on."
    )


@router.get("/gaps", response_model=Page[DutyGap], responses=refusals())
async def list_duty_gaps(
    actor: MayReadEscalation, db: Db, query: Annotated[GapQuery, Query()]
) -> Response:
    """When a post has nobody, by post and time. Governors are told of each two days before."""
    return reply(whole(await gaps.between(db, actor.prison_id, query.first, query.last)))


@router.get("/{duty_id}", response_model=DutyRead, responses=refusals())
async def read_duty(actor: MayReadDuty, duty: ThisDuty) -> Response:
    """One duty."""
    return reply(shape("duties", actor.role).model_validate(duty))


@router.patch(
    "/{duty_id}",
    response_model=DutyRead,
    responses=refusals(LastResortNeeded, MatchNeeded, Stale),
)
async def end_duty(actor: MayWriteDuty, db: Db, duty: DutyToChange, body: DutyUpdate) -> Response:
    """Set when a duty ends, or call off one that has not begun. The prison's only last resort
    cannot be ended."""
    await duties.end(db, actor, duty, body)
    return reply(shape("duties", actor.role).model_validate(duty))


@router.post(
    "/{duty_id}/overrides",
    status_code=201,
    response_model=DutyOverrideRead,
    responses=refusals(KeyReused, DutyPartTaken),
)
async def create_duty_override(
    actor: MayWriteDuty, db: Db, duty: ThisDuty, body: DutyOverrideCreate, once: JustOnce
) -> Response:
    """Let somebody else take a part of a duty: their pages, from then until then."""
    part = await overrides.take(db, actor, duty, body)
    shown = shape("duties.overrides", actor.role).model_validate(part)
    return await once.created(shown, location=f"duties/{duty.id}/overrides")


@router.get("/{duty_id}/overrides", response_model=Page[DutyOverrideRead], responses=refusals())
async def list_duty_overrides(actor: MayReadEscalation, db: Db, duty: ThisDuty) -> Response:
    """Every part of a duty that somebody else took or takes, those given back too."""
    found = shape("duties.overrides", actor.role)
    parts = await overrides.of(db, duty)
    return reply(whole([found.model_validate(part) for part in parts]))


@router.post(
    "/{duty_id}/overrides/{duty_override_id}/end",
    response_model=DutyOverrideRead,
    responses=refusals(Conflicting, Stale),
)
async def end_duty_override(
    actor: MayWriteDuty, db: Db, duty: ThisDuty, part: PartToEnd
) -> Response:
    """Give a part back: from now it is the duty of the one it was taken from."""
    await overrides.give_back(db, actor, duty, part)
    return reply(shape("duties.overrides", actor.role).model_validate(part))
