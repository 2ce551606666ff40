"""Availabilities over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayReadAvailability, MayWriteAvailability
from app.db import Db, ReadDb
from app.errors import Conflicting, KeyReused, Stale
from app.models.availabilities import (
    Availability,
    AvailabilityCreate,
    AvailabilityKind,
    AvailabilityRead,
)
from app.paging import Listing, Page, PageQuery
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import availabilities
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/availabilities", tags=["availabilities"])
This = Annotated[Availability, Depends(to_read(Availability, "availability_id"))]
ToEnd = Annotated[Availability, Depends(to_change(Availability, "availability_id", match=False))]

LIST = Listing(
    Availability,
    MATRIX["availabilities.row"],
    filters={
        "mentor_id": lambda value: col(Availability.mentor_id) == value,
        "kind": lambda value: col(Availability.kind) == value,
        "ended": lambda value: col(Availability.ended_at).is_not(None) == value,
    },
    sorts={"recorded_at": col(Availability.recorded_at)},
)


class AvailabilityQuery(PageQuery):
    mentor_id: UUID | None = None
    kind: AvailabilityKind | None = None
    ended: bool | None = Field(default=None, description="True: only those that count no more.")
    sort: Literal["recorded_at", "-recorded_at"] = Field(default="-recorded_at")


@router.get("", response_model=Page[AvailabilityRead], responses=refusals())
async def list_availabilities(
    actor: MayReadAvailability,
    db: ReadDb,
    request: Request,
    query: Annotated[AvailabilityQuery, Query()],
) -> Response:
    """When mentors can serve, or not, and what they would like; a mentor finds their own."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post("", status_code=201, response_model=AvailabilityRead, responses=refusals(KeyReused))
async def say_availability(
    actor: MayWriteAvailability, db: Db, body: AvailabilityCreate, once: JustOnce
) -> Response:
    """Say when a mentor can serve: one's own, or entered for them by staff. Without any weekly
    window a mentor can serve at any time."""
    row = await availabilities.say(db, actor, body)
    shown = availabilities.shown(row, actor)
    return await once.created(shown, location=f"availabilities/{row.id}")


@router.get("/{availability_id}", response_model=AvailabilityRead, responses=refusals())
async def read_availability(actor: MayReadAvailability, row: This) -> Response:
    """One stretch of time."""
    return reply(availabilities.shown(row, actor))


@router.post(
    "/{availability_id}/end",
    response_model=AvailabilityRead,
    responses=refusals(Conflicting, Stale),
)
async def end_availability(actor: MayWriteAvailability, db: Db, row: ToEnd) -> Response:
    """Count it no more. Shifts that were given out stay as they are."""
    await availabilities.end(db, row)
    return reply(availabilities.shown(row, actor))
