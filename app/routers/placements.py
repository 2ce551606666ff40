"""Placements over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayAssessObservation, MayReadPlacement, MayWritePlacement
from app.db import Db, ReadDb
from app.errors import (
    AlreadyExists,
    GuardsUnmet,
    KeyReused,
    MoveNotInTable,
    MoveNotYours,
    NotPlaceable,
    Stale,
)
from app.models.assessments import AssessmentCreate
from app.models.mentors import Mentor
from app.models.moves import HistoryForMentor, HistoryRead, MoveCreate
from app.models.placements import (
    Placement,
    PlacementCreate,
    PlacementObservation,
    PlacementRead,
    PlacementRow,
    PlacementStatus,
)
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import assessments, lifecycle, placements
from app.services.names import name_of
from app.visibility import MATRIX, shape

router = APIRouter(prefix="/v1/prisons/{prison_id}/placements", tags=["placements"])
ThisPlacement = Annotated[Placement, Depends(to_read(Placement, "placement_id"))]
PlacementToMove = Annotated[Placement, Depends(to_change(Placement, "placement_id", match=False))]


LIST = Listing(
    Placement,
    MATRIX["placements.row"],
    filters={
        "mentor_id": lambda value: col(Placement.mentor_id) == value,
        "host_id": lambda value: col(Placement.host_id) == value,
        "status": lambda value: col(Placement.status) == value,
    },
    sorts={"recorded_at": col(Placement.recorded_at)},
    computed={
        "mentor_name": name_of(Mentor, col(Placement.mentor_id), Placement),
        "host_name": name_of(Mentor, col(Placement.host_id), Placement),
    },
)


class PlacementQuery(PageQuery):
    mentor_id: UUID | None = None
    host_id: UUID | None = Field(default=None, description="Only with this mentor as host.")
    status: PlacementStatus | None = None
    sort: Literal["recorded_at", "-recorded_at"] = Field(default="-recorded_at")


@router.get("", response_model=Page[PlacementRow], responses=refusals())
async def list_placements(
    actor: MayReadPlacement, db: ReadDb, request: Request, query: Annotated[PlacementQuery, Query()]
) -> Response:
    """Placements of the prison; a mentor finds only their own live ones, as either side."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post(
    "",
    status_code=201,
    response_model=PlacementRead,
    responses=refusals(NotPlaceable, AlreadyExists, KeyReused),
)
async def place_mentor(
    actor: MayWritePlacement, db: Db, body: PlacementCreate, once: JustOnce
) -> Response:
    """Let a mentor shadow an active one. Every reason against it is answered at once."""
    placement = await placements.place(db, actor, body)
    shown = await placements.shown(db, placement, actor)
    return await once.created(shown, location=f"placements/{placement.id}")


@router.get("/{placement_id}", response_model=PlacementRead, responses=refusals())
async def read_placement(actor: MayReadPlacement, db: Db, placement: ThisPlacement) -> Response:
    """One placement, with what you may do next."""
    return reply(await placements.shown(db, placement, actor))


@router.post(
    "/{placement_id}/moves",
    response_model=PlacementRead,
    responses=refusals(MoveNotInTable, MoveNotYours, GuardsUnmet, Stale),
)
async def move_placement(
    actor: MayWritePlacement, db: Db, placement: PlacementToMove, body: MoveCreate
) -> Response:
    """End a placement."""
    await lifecycle.make(db, placements.PLACEMENT, placement, actor, body)
    return reply(await placements.shown(db, placement, actor))


@router.get(
    "/{placement_id}/history",
    response_model=Page[HistoryRead | HistoryForMentor],
    responses=refusals(),
)
async def list_placement_history(
    actor: MayReadPlacement, db: Db, placement: ThisPlacement
) -> Response:
    """Every move made, oldest first."""
    return reply(whole(await lifecycle.history_shown(db, placement, actor, "placements.history")))


@router.get(
    "/{placement_id}/observations",
    response_model=Page[PlacementObservation],
    responses=refusals(),
)
async def list_placement_observations(
    actor: MayReadPlacement, db: Db, placement: ThisPlacement
) -> Response:
    """The sessions observed in it, for the host's view: when they were, and not what was learnt."""
    return reply(whole(await assessments.seen_by_host(db, placement, actor)))


@router.post(
    "/{placement_id}/observations/{observation_id}/host-view",
    status_code=201,
    response_model=PlacementObservation,
    responses=refusals(AlreadyExists, KeyReused),
)
async def tell_hosts_view(
    actor: MayAssessObservation,
    db: Db,
    placement: ThisPlacement,
    observation_id: Annotated[UUID, Path()],
    body: AssessmentCreate,
    once: JustOnce,
) -> Response:
    """What the host thinks of a session: over their own token, or entered for them by staff."""
    observation = await assessments.observation_of(db, placement, observation_id)
    made = await assessments.tell_hosts_view(db, actor, placement, observation, body)
    wanted = shape("placements.observations", actor.role)
    shown = {**observation.model_dump(), "host_outcome": made.outcome}
    return await once.created(wanted.model_validate(shown))
