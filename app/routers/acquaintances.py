"""Acquaintances over HTTP."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import or_
from sqlmodel import Field, col

from app.access import Actor, MayDeclareAcquaintance, MayReadAcquaintance, MayResolveAcquaintance
from app.db import Db, ReadDb
from app.errors import Conflicting, Invalid, KeyReused, MatchNeeded, Stale
from app.models.acquaintances import (
    Acquaintance,
    AcquaintanceCreate,
    AcquaintanceOwn,
    AcquaintanceRead,
    AcquaintanceUpdate,
)
from app.models.staff import Role
from app.paging import Listing, Page, PageQuery
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import acquaintances
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/acquaintances", tags=["acquaintances"])
This = Annotated[Acquaintance, Depends(to_read(Acquaintance, "acquaintance_id"))]
ToChange = Annotated[Acquaintance, Depends(to_change(Acquaintance, "acquaintance_id", match=True))]
ToEnd = Annotated[Acquaintance, Depends(to_change(Acquaintance, "acquaintance_id", match=False))]
Any_ = AcquaintanceRead | AcquaintanceOwn

FOR_STAFF: dict[str, Any] = {
    "person_id": lambda value: or_(
        col(Acquaintance.person_id) == value, col(Acquaintance.other_person_id) == value
    ),
    "resolved": lambda value: col(Acquaintance.other_person_id).is_not(None) == value,
}
FOR_ALL: dict[str, Any] = {"live": lambda value: col(Acquaintance.withdrawn_at).is_(None) == value}
SORTS = {"declared_at": col(Acquaintance.declared_at)}
OF_STAFF = Listing(
    Acquaintance, MATRIX["acquaintances.row"], filters={**FOR_ALL, **FOR_STAFF}, sorts=SORTS
)
OWN = Listing(Acquaintance, MATRIX["acquaintances.row"], filters=FOR_ALL, sorts=SORTS)


class AcquaintanceQuery(PageQuery):
    person_id: UUID | None = Field(default=None, description="Either of the two. For staff.")
    resolved: bool | None = Field(
        default=None, description="False: staff do not know yet who was meant. For staff."
    )
    live: bool | None = Field(default=None, description="True: not withdrawn.")
    sort: Literal["declared_at", "-declared_at"] = Field(default="-declared_at")


def _list_for(actor: Actor, query: AcquaintanceQuery) -> Listing:
    """The audience's list. What they may not read they may not filter by."""
    if actor.family is not Role.mentor:
        return OF_STAFF
    for name in FOR_STAFF:
        if getattr(query, name) is not None:
            raise Invalid.field(name, "extra_forbidden", "is not for this list")
    return OWN


@router.get("", response_model=Page[Any_], responses=refusals())
async def list_acquaintances(
    actor: MayReadAcquaintance,
    db: ReadDb,
    request: Request,
    query: Annotated[AcquaintanceQuery, Query()],
) -> Response:
    """Who says that they know whom; a prisoner finds what they said themselves."""
    return await _list_for(actor, query).page(request, db, actor, query, query.sort)


@router.post("", status_code=201, response_model=Any_, responses=refusals(KeyReused))
async def declare_acquaintance(
    actor: MayDeclareAcquaintance, db: Db, body: AcquaintanceCreate, once: JustOnce
) -> Response:
    """Say who knows whom, so that the two are not brought together. A prisoner declares for
    themselves, in their own words; staff name both, or whom as told."""
    made = await acquaintances.declare(db, actor, body)
    shown = acquaintances.shown(made, actor)
    return await once.created(shown, thing_id=made.id, location=f"acquaintances/{made.id}")


@router.get("/{acquaintance_id}", response_model=Any_, responses=refusals())
async def read_acquaintance(actor: MayReadAcquaintance, acquaintance: This) -> Response:
    """One acquaintance: to a prisoner their own words."""
    return reply(acquaintances.shown(acquaintance, actor))


@router.patch(
    "/{acquaintance_id}",
    response_model=AcquaintanceRead,
    responses=refusals(Conflicting, MatchNeeded, Stale),
)
async def resolve_acquaintance(
    actor: MayResolveAcquaintance, db: Db, acquaintance: ToChange, body: AcquaintanceUpdate
) -> Response:
    """Say who was meant, once staff know: from then on the two are not brought together."""
    await acquaintances.resolve(db, actor, acquaintance, body)
    return reply(acquaintances.shown(acquaintance, actor))


@router.post(
    "/{acquaintance_id}/withdrawal",
    response_model=AcquaintanceRead,
    responses=refusals(Conflicting, Stale),
)
async def withdraw_acquaintance(
    actor: MayResolveAcquaintance, db: Db, acquaintance: ToEnd
) -> Response:
    """Take a declaration back. Staff do it, so that nobody can be pressed to."""
    await acquaintances.withdraw(db, actor, acquaintance)
    return reply(acquaintances.shown(acquaintance, actor))
