"""Trainings over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import and_, case
from sqlmodel import Field, col

from app.access import MayReadTraining, MayWriteTraining
from app.db import Db, ReadDb
from app.errors import (
    AlreadyExists,
    GuardsUnmet,
    KeyReused,
    MoveNotInTable,
    MoveNotYours,
    Stale,
)
from app.models.moves import HistoryForMentor, HistoryRead, MoveCreate
from app.models.trainings import (
    Module,
    Training,
    TrainingCreate,
    TrainingRead,
    TrainingRow,
    TrainingStatus,
)
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import lifecycle, trainings
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/trainings", tags=["trainings"])
ThisTraining = Annotated[Training, Depends(to_read(Training, "training_id"))]
TrainingToMove = Annotated[Training, Depends(to_change(Training, "training_id", match=False))]

_TITLE = case(
    *[
        (and_(col(Training.curriculum) == name, col(Training.module) == module), title)
        for name, version in trainings.curriculum().versions.items()
        for module, title in version.titles.items()
    ]
)
LIST = Listing(
    Training,
    MATRIX["trainings.row"],
    filters={
        "mentor_id": lambda value: col(Training.mentor_id) == value,
        "module": lambda value: col(Training.module) == value,
        "status": lambda value: col(Training.status) == value,
    },
    sorts={"recorded_at": col(Training.recorded_at)},
    computed={"title": _TITLE},
)


class TrainingQuery(PageQuery):
    mentor_id: UUID | None = None
    module: Module | None = None
    status: TrainingStatus | None = None
    sort: Literal["recorded_at", "-recorded_at"] = Field(default="recorded_at")


@router.get("", response_model=Page[TrainingRow], responses=refusals())
async def list_trainings(
    actor: MayReadTraining, db: ReadDb, request: Request, query: Annotated[TrainingQuery, Query()]
) -> Response:
    """Trainings of the prison's mentors; a mentor finds only their own."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post(
    "", status_code=201, response_model=TrainingRead, responses=refusals(AlreadyExists, KeyReused)
)
async def open_training(
    actor: MayWriteTraining, db: Db, body: TrainingCreate, once: JustOnce
) -> Response:
    """Open a module for a mentor; the curriculum's present version is pinned."""
    training = await trainings.open_module(db, actor, body)
    shown = await trainings.shown(db, training, actor)
    return await once.created(shown, location=f"trainings/{training.id}")


@router.get("/{training_id}", response_model=TrainingRead, responses=refusals())
async def read_training(actor: MayReadTraining, db: Db, training: ThisTraining) -> Response:
    """One module of one mentor, with what you may do next."""
    return reply(await trainings.shown(db, training, actor))


@router.post(
    "/{training_id}/moves",
    response_model=TrainingRead,
    responses=refusals(MoveNotInTable, MoveNotYours, GuardsUnmet, Stale),
)
async def move_training(
    actor: MayWriteTraining, db: Db, training: TrainingToMove, body: MoveCreate
) -> Response:
    """Move a training on. Only a nurse signs off, or refers back."""
    await lifecycle.make(db, trainings.TRAINING, training, actor, body)
    return reply(await trainings.shown(db, training, actor))


@router.get(
    "/{training_id}/history",
    response_model=Page[HistoryRead | HistoryForMentor],
    responses=refusals(),
)
async def list_training_history(actor: MayReadTraining, db: Db, training: ThisTraining) -> Response:
    """Every move made, oldest first."""
    return reply(whole(await lifecycle.history_shown(db, training, actor, "trainings.history")))
