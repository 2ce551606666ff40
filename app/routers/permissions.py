"""Permission to share, over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayReadPermission, MayWritePermission
from app.db import Db, ReadDb
from app.errors import (
    AlreadyExists,
    GuardsUnmet,
    KeyReused,
    MoveNotInTable,
    MoveNotYours,
    Stale,
)
from app.models.moves import HistoryRead, MoveCreate
from app.models.permissions import (
    PermissionCreate,
    PermissionRead,
    PermissionRow,
    PermissionStatus,
    Purpose,
    Recipient,
    SharingPermission,
)
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import lifecycle, permissions
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/permissions", tags=["permissions"])
ThisPermission = Annotated[
    SharingPermission, Depends(to_read(SharingPermission, "sharing_permission_id"))
]
PermissionToMove = Annotated[
    SharingPermission, Depends(to_change(SharingPermission, "sharing_permission_id", match=False))
]

LIST = Listing(
    SharingPermission,
    MATRIX["permissions.row"],
    filters={
        "person_id": lambda value: col(SharingPermission.person_id) == value,
        "recipient": lambda value: col(SharingPermission.recipient) == value,
        "purpose": lambda value: col(SharingPermission.purpose) == value,
        "status": lambda value: col(SharingPermission.status) == value,
    },
    sorts={"recorded_at": col(SharingPermission.recorded_at)},
)


class PermissionQuery(PageQuery):
    person_id: UUID | None = None
    recipient: Recipient | None = None
    purpose: Purpose | None = None
    status: PermissionStatus | None = None
    sort: Literal["recorded_at", "-recorded_at"] = Field(default="-recorded_at")


@router.get("", response_model=Page[PermissionRow], responses=refusals())
async def list_permissions(
    actor: MayReadPermission,
    db: ReadDb,
    request: Request,
    query: Annotated[PermissionQuery, Query()],
) -> Response:
    """What people permit to be shared, with whom and for what; what was revoked too."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post(
    "",
    status_code=201,
    response_model=PermissionRead,
    responses=refusals(AlreadyExists, KeyReused),
)
async def give_permission(
    actor: MayWritePermission, db: Db, body: PermissionCreate, once: JustOnce
) -> Response:
    """Record a permission to share as the person gave it."""
    permission = await permissions.give(db, actor, body)
    shown = await permissions.shown(db, permission, actor)
    return await once.created(shown, location=f"permissions/{permission.id}")


@router.get("/{sharing_permission_id}", response_model=PermissionRead, responses=refusals())
async def read_permission(actor: MayReadPermission, db: Db, permission: ThisPermission) -> Response:
    """One permission, with what you may do next."""
    return reply(await permissions.shown(db, permission, actor))


@router.post(
    "/{sharing_permission_id}/moves",
    response_model=PermissionRead,
    responses=refusals(MoveNotInTable, MoveNotYours, GuardsUnmet, Stale),
)
async def move_permission(
    actor: MayWritePermission, db: Db, permission: PermissionToMove, body: MoveCreate
) -> Response:
    """Revoke a permission on the person's word. It holds at once; support with a mentor pauses."""
    await lifecycle.make(db, permissions.PERMISSION, permission, actor, body)
    return reply(await permissions.shown(db, permission, actor))


@router.get(
    "/{sharing_permission_id}/history", response_model=Page[HistoryRead], responses=refusals()
)
async def list_permission_history(
    actor: MayReadPermission, db: Db, permission: ThisPermission
) -> Response:
    """When it was given and revoked, and by whom that was recorded."""
    return reply(whole(await lifecycle.history_shown(db, permission, actor, "permissions.history")))
