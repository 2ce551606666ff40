"""Addresses of staff over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayReadAddress, MayWriteAddress
from app.db import Db, ReadDb
from app.errors import AddressNotYours, AlreadyExists, Conflicting, KeyReused, MatchNeeded, Stale
from app.models.addresses import (
    Address,
    AddressCreate,
    AddressForGovernor,
    AddressKind,
    AddressRead,
    AddressUpdate,
    CodeTried,
)
from app.paging import Listing, Page, PageQuery
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import addresses
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/addresses", tags=["addresses"])
ThisAddress = Annotated[Address, Depends(to_read(Address, "address_id"))]
AddressToUse = Annotated[Address, Depends(to_change(Address, "address_id", match=False))]
AddressToChange = Annotated[Address, Depends(to_change(Address, "address_id", match=True))]
OneAddress = AddressRead | AddressForGovernor

LIST = Listing(
    Address,
    MATRIX["addresses.row"],
    filters={
        "staff_id": lambda value: col(Address.staff_id) == value,
        "kind": lambda value: col(Address.kind) == value,
        "ended": lambda value: col(Address.ended_at).is_not(None) == value,
    },
    sorts={"recorded_at": col(Address.recorded_at)},
)


class AddressQuery(PageQuery):
    staff_id: UUID | None = Field(default=None, description="Only those of this member of staff.")
    kind: AddressKind | None = None
    ended: bool | None = Field(default=None, description="True: only those that have ended.")
    sort: Literal["recorded_at", "-recorded_at"] = Field(default="-recorded_at")


@router.get("", response_model=Page[OneAddress], responses=refusals())
async def list_addresses(
    actor: MayReadAddress, db: ReadDb, request: Request, query: Annotated[AddressQuery, Query()]
) -> Response:
    """Where I am reached. Governors see of everybody whether they can be, and not where."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post(
    "",
    status_code=201,
    response_model=AddressRead,
    responses=refusals(AlreadyExists, Conflicting, KeyReused),
)
async def create_address(
    actor: MayWriteAddress, db: Db, body: AddressCreate, once: JustOnce
) -> Response:
    """Add an address of my own. A code is sent to it; until that is given back nothing else is."""
    made = await addresses.create(db, actor, body)
    return await once.created(addresses.shown(made, actor), location=f"addresses/{made.id}")


@router.get("/{address_id}", response_model=OneAddress, responses=refusals())
async def read_address(actor: MayReadAddress, address: ThisAddress) -> Response:
    """One address."""
    return reply(addresses.shown(address, actor))


@router.patch(
    "/{address_id}",
    response_model=AddressRead,
    responses=refusals(AddressNotYours, Conflicting, MatchNeeded, Stale),
)
async def update_address(
    actor: MayWriteAddress, db: Db, address: AddressToChange, body: AddressUpdate
) -> Response:
    """Say what an address of mine is used for. For `now` every proven address is used, and for
    what is about somebody's safety at least one, whatever is said here."""
    await addresses.update(db, actor, address, body)
    return reply(addresses.shown(address, actor))


@router.post(
    "/{address_id}/code",
    response_model=AddressRead,
    responses=refusals(AddressNotYours, Conflicting, Stale),
)
async def send_address_code(actor: MayWriteAddress, db: Db, address: AddressToUse) -> Response:
    """Have another code sent; the one before counts no more."""
    await addresses.send_code(db, actor, address)
    return reply(addresses.shown(address, actor))


@router.post(
    "/{address_id}/verification",
    response_model=AddressRead,
    responses=refusals(AddressNotYours, Conflicting, Stale),
)
async def verify_address(
    actor: MayWriteAddress, db: Db, address: AddressToUse, body: CodeTried
) -> Response:
    """Prove an address by the code that came to it. A wrong code is answered with the address, not
    proven, and one try less."""
    await addresses.verify(db, actor, address, body.code)
    return reply(addresses.shown(address, actor))


@router.post("/{address_id}/end", response_model=OneAddress, responses=refusals(Conflicting, Stale))
async def end_address(actor: MayWriteAddress, db: Db, address: AddressToUse) -> Response:
    """End an address: my own, or as a governor anybody's."""
    await addresses.end(db, actor, address)
    return reply(addresses.shown(address, actor))
