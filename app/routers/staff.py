"""Staff over HTTP."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayReadStaff, MayWriteStaff
from app.db import Db, ReadDb
from app.errors import AlreadyExists, KeyReused, LastResortNeeded, MatchNeeded, OwnRecord, Stale
from app.models.staff import Role, Staff, StaffCreate, StaffRead, StaffRole, StaffUpdate
from app.paging import Listing, Page, PageQuery
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import staff

router = APIRouter(prefix="/v1/prisons/{prison_id}/staff", tags=["staff"])
ThisStaff = Annotated[Staff, Depends(to_read(Staff, "staff_id"))]
StaffToChange = Annotated[Staff, Depends(to_change(Staff, "staff_id", match=True))]

LIST = Listing(
    Staff,
    {role: StaffRead for role in (Role.support_worker, Role.clinician, Role.governor)},
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
    """Add a member of staff; the mental health lead adds clinical staff only."""
    made = await staff.create(db, actor, body)
    return await once.created(StaffRead.model_validate(made), location=f"staff/{made.id}")


@router.get("/{staff_id}", response_model=StaffRead, responses=refusals())
async def read_staff(actor: MayReadStaff, member: ThisStaff) -> Response:
    """One member of staff."""
    return reply(StaffRead.model_validate(member))


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
    return reply(StaffRead.model_validate(member))
