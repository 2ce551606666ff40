"""Wings over HTTP."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayReadPlace, MayReadWingPlace, MayWritePlace
from app.db import Db, ReadDb
from app.errors import AlreadyExists, KeyReused, MatchNeeded, Stale
from app.models.wing_places import WingOccupancy
from app.models.wings import Wing, WingCreate, WingRead, WingUpdate
from app.paging import Listing, Page, PageQuery
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import wing_places, wings
from app.visibility import MATRIX, shape

router = APIRouter(prefix="/v1/prisons/{prison_id}/wings", tags=["wings"])
ThisWing = Annotated[Wing, Depends(to_read(Wing, "wing_id"))]
WingToChange = Annotated[Wing, Depends(to_change(Wing, "wing_id", match=True))]

LIST = Listing(
    Wing,
    MATRIX["wings.row"],
    filters={"dedicated": lambda value: col(Wing.dedicated) == value},
    sorts={"code": col(Wing.code)},
)


class WingQuery(PageQuery):
    dedicated: bool | None = None
    sort: Literal["code", "-code"] = Field(default="code")


@router.get("", response_model=Page[WingRead], responses=refusals())
async def list_wings(
    actor: MayReadPlace, db: ReadDb, request: Request, query: Annotated[WingQuery, Query()]
) -> Response:
    """The prison's wings."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post(
    "", status_code=201, response_model=WingRead, responses=refusals(AlreadyExists, KeyReused)
)
async def create_wing(actor: MayWritePlace, db: Db, body: WingCreate, once: JustOnce) -> Response:
    """Add a wing."""
    wing = await wings.create(db, actor, body)
    shown = shape("wings", actor.role).model_validate(wing)
    return await once.created(shown, location=f"wings/{wing.id}")


@router.get("/{wing_id}", response_model=WingRead, responses=refusals())
async def read_wing(actor: MayReadPlace, wing: ThisWing) -> Response:
    """One wing."""
    return reply(shape("wings", actor.role).model_validate(wing))


@router.patch("/{wing_id}", response_model=WingRead, responses=refusals(MatchNeeded, Stale))
async def update_wing(
    actor: MayWritePlace, db: Db, wing: WingToChange, body: WingUpdate
) -> Response:
    """Change a wing's name, whether the scheme lives there, and how many places it has."""
    await wings.update(db, wing, body)
    return reply(shape("wings", actor.role).model_validate(wing))


@router.get("/{wing_id}/places", response_model=WingOccupancy, responses=refusals())
async def read_wing_occupancy(actor: MayReadWingPlace, db: Db, wing: ThisWing) -> Response:
    """How full a wing is: its places, those lived in, given, waited for, asked for, and free."""
    shape("wing_places.occupancy", actor.role)
    return reply(await wing_places.occupancy(db, wing))
