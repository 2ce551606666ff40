"""Wing places over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import Actor, MayReadWingPlace, MayRequestWingPlace, MayWriteWingPlace
from app.db import Db, ReadDb
from app.errors import (
    AlreadyExists,
    FieldError,
    GuardsUnmet,
    Invalid,
    KeyReused,
    MoveNotInTable,
    MoveNotYours,
    NotHere,
    Stale,
)
from app.models.moves import HistoryCoarse, HistoryForMentor, HistoryRead, MoveCreate
from app.models.staff import Role
from app.models.wing_places import (
    WingPlace,
    WingPlaceCreate,
    WingPlaceOwn,
    WingPlaceRead,
    WingPlaceRow,
    WingPlaceStatus,
    WingPlaceWithdrawal,
)
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import lifecycle, wing_places
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/wing-places", tags=["wing-places"])
ThisPlace = Annotated[WingPlace, Depends(to_read(WingPlace, "wing_place_id"))]
PlaceToMove = Annotated[WingPlace, Depends(to_change(WingPlace, "wing_place_id", match=False))]
AnyPlace = WingPlaceRead | WingPlaceOwn

LIST = Listing(
    WingPlace,
    MATRIX["wing_places.row"],
    filters={
        "wing_id": lambda value: col(WingPlace.wing_id) == value,
        "person_id": lambda value: col(WingPlace.person_id) == value,
        "status": lambda value: col(WingPlace.status) == value,
        "resident_elsewhere": lambda value: value == wing_places.RESIDENT_ELSEWHERE,
    },
    sorts={"requested_at": col(WingPlace.requested_at)},
    computed={
        "display_name": wing_places.DISPLAY_NAME,
        "position": wing_places.POSITION,
        "resident_elsewhere": wing_places.RESIDENT_ELSEWHERE,
    },
)


class WingPlaceQuery(PageQuery):
    wing_id: UUID | None = Field(default=None, description="Only those of this wing.")
    person_id: UUID | None = None
    status: WingPlaceStatus | None = None
    resident_elsewhere: bool | None = Field(
        default=None, description="True: residents whose cell is on another wing."
    )
    sort: Literal["requested_at", "-requested_at"] = Field(default="requested_at")


def _within_reach(actor: Actor, query: WingPlaceQuery) -> None:
    """What a prisoner may not read, they may not filter by either."""
    hidden = sorted(query.model_fields_set & {"person_id", "resident_elsewhere"})
    if actor.family is Role.mentor and hidden:
        message = "is not among what you may ask for"
        raise Invalid(errors=[FieldError(name, "out_of_reach", message) for name in hidden])


@router.get("", response_model=Page[WingPlaceRow | WingPlaceOwn], responses=refusals())
async def list_wing_places(
    actor: MayReadWingPlace, db: ReadDb, request: Request, query: Annotated[WingPlaceQuery, Query()]
) -> Response:
    """Places in the order of asking, each undecided one with its position; a prisoner finds their
    own only, without a position."""
    _within_reach(actor, query)
    return await LIST.page(request, db, actor, query, query.sort)


@router.post(
    "",
    status_code=201,
    response_model=AnyPlace,
    responses=refusals(AlreadyExists, NotHere, KeyReused),
)
async def request_wing_place(
    actor: MayRequestWingPlace, db: Db, body: WingPlaceCreate, once: JustOnce
) -> Response:
    """Ask for a place on a dedicated wing: a prisoner for themselves, staff for anyone."""
    place = await wing_places.request(db, actor, body)
    shown = await wing_places.shown(db, place, actor)
    return await once.created(shown, thing_id=place.id, location=f"wing-places/{place.id}")


@router.get("/{wing_place_id}", response_model=AnyPlace, responses=refusals())
async def read_wing_place(actor: MayReadWingPlace, db: Db, place: ThisPlace) -> Response:
    """One place, with what you may do next."""
    return reply(await wing_places.shown(db, place, actor))


@router.post(
    "/{wing_place_id}/moves",
    response_model=WingPlaceRead,
    responses=refusals(MoveNotInTable, MoveNotYours, GuardsUnmet, Stale),
)
async def move_wing_place(
    actor: MayWriteWingPlace, db: Db, place: PlaceToMove, body: MoveCreate
) -> Response:
    """Decide on a place: waiting, given, moved in, declined, moved off. Support goes on."""
    await lifecycle.make(db, wing_places.WING_PLACE, place, actor, body)
    return reply(await wing_places.shown(db, place, actor))


@router.post(
    "/{wing_place_id}/withdrawal",
    response_model=AnyPlace,
    responses=refusals(MoveNotInTable, MoveNotYours, GuardsUnmet, Stale),
)
async def withdraw_wing_place(
    actor: MayRequestWingPlace, db: Db, place: PlaceToMove, body: WingPlaceWithdrawal
) -> Response:
    """The person no longer wants the place they asked for: said by themselves, or entered."""
    await wing_places.withdraw(db, actor, place, body.occurred_at)
    return reply(await wing_places.shown(db, place, actor))


@router.get(
    "/{wing_place_id}/history",
    response_model=Page[HistoryRead | HistoryCoarse | HistoryForMentor],
    responses=refusals(),
)
async def list_wing_place_history(actor: MayReadWingPlace, db: Db, place: ThisPlace) -> Response:
    """Every move made, oldest first; the prisoner's own without reasons."""
    return reply(whole(await lifecycle.history_shown(db, place, actor, "wing_places.history")))
