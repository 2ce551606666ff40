"""Staff over HTTP."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayReadStaff, MayWriteStaff
from app.db import Db, ReadDb
from app.errors import (
    AlreadyExists,
    Conflicting,
    KeyReused,
    LastResortNeeded,
    MatchNeeded,
    OwnRecord,
    SecondPersonNeeded,
    Stale,
)
from app.models.staff import Staff, StaffCreate, StaffRead, StaffRole, StaffUpdate
from app.paging import Listing, Page, PageQuery
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import staff
from app.visibility import MATRIX, shape

router = APIRouter(prefix="/v1/prisons/{prison_id}/staff", tags=["staff"])
ThisStaff = Annotated[Staff, Depends(to_read(Staff, "staff_id"))]
StaffToConfirm = Annotated[Staff, Depends(to_change(Staff, "staff_id", match=False))]
StaffToChange = Annotated[Staff, Depends(to_change(Staff, "staff_id", match=True))]

LIST = Listing(
    Staff,
    MATRIX["staff.row"],
    filters={
        "role": lambda value: col(Staff.role) == value,
        "active": lambda value: col(Staff.active) == value,
    },
    sorts={"name": col(Staff.name)},
)


class StaffQuery(PageQuery):
    role: StaffRole | None = Field(default=None, description="Only staff in this role.")
    active: bool | None = Field(default=None, description="Who works here now, or who did.")
    sort: Literal["name", "-name"] = Field(default="name")


@router.get("", response_model=Page[StaffRead], responses=refusals())
async def list_staff(
    actor: MayReadStaff, db: ReadDb, request: Request, query: Annotated[StaffQuery, Query()]
) -> Response:
    """Staff of the scheme, past ones too."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post(
    "", status_code=201, response_model=StaffRead, responses=refusals(AlreadyExists, KeyReused)
)
async def create_staff(actor: MayWriteStaff, db: Db, body: StaffCreate, once: JustOnce) -> Response:
    """Add a member of staff; the mental health lead adds clinical staff only. A governor or a
    mental health lead begins when a second person has confirmed it."""
    made = await staff.create(db, actor, body)
    shown = shape("staff", actor.role).model_validate(made)
    return await once.created(shown, location=f"staff/{made.id}")


@router.get("/{staff_id}", response_model=StaffRead, responses=refusals())
async def read_staff(actor: MayReadStaff, member: ThisStaff) -> Response:
    """One member of staff."""
    return reply(shape("staff", actor.role).model_validate(member))


@router.patch(
    "/{staff_id}",
    response_model=StaffRead,
    responses=refusals(OwnRecord, LastResortNeeded, MatchNeeded, Stale),
)
async def update_staff(
    actor: MayWriteStaff, db: Db, member: StaffToChange, body: StaffUpdate
) -> Response:
    """Change a member of staff. Nobody changes their own role or ends their own access."""
    await staff.update(db, actor, member, body)
    return reply(shape("staff", actor.role).model_validate(member))


@router.post(
    "/{staff_id}/confirmation",
    response_model=StaffRead,
    responses=refusals(Conflicting, SecondPersonNeeded, Stale),
)
async def confirm_staff(actor: MayWriteStaff, db: Db, member: StaffToConfirm) -> Response:
    """Confirm, as the second person, that someone begins as governor or mental health lead."""
    await staff.confirm(db, actor, member)
    return reply(shape("staff", actor.role).model_validate(member))
