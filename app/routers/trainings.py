"""Trainings over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayReadTraining, MayWriteTraining
from app.db import Db, ReadDb
from app.errors import (
    AlreadyExists,
    GuardsUnmet,
    KeyReused,
    MoveNotInTable,
    MoveNotYours,
    NotCompetent,
    NursesOnly,
    Stale,
)
from app.formats import CSV, SVG, csv_reply, files, svg_reply
from app.models.base import Input
from app.models.moves import HistoryForMentor, HistoryRead, MoveCreate
from app.models.trainings import (
    ModuleCode,
    RefresherCreate,
    Training,
    TrainingCreate,
    TrainingMatrix,
    TrainingRead,
    TrainingRow,
    TrainingStatus,
)
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.pictures import training_matrix
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import lifecycle, matrix, trainings
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/trainings", tags=["trainings"])
ThisTraining = Annotated[Training, Depends(to_read(Training, "training_id"))]
TrainingToMove = Annotated[Training, Depends(to_change(Training, "training_id", match=False))]

LIST = Listing(
    Training,
    MATRIX["trainings.row"],
    filters={
        "mentor_id": lambda value: col(Training.mentor_id) == value,
        "module": lambda value: col(Training.module) == value,
        "status": lambda value: col(Training.status) == value,
    },
    sorts={"recorded_at": col(Training.recorded_at)},
)


class TrainingQuery(PageQuery):
    mentor_id: UUID | None = None
    module: ModuleCode | None = None
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


class MatrixQuery(Input):
    format: Literal["json", "csv", "svg"] = Field(
        default="json", description="As JSON, as a table for a spreadsheet, or as a picture."
    )


@router.get(
    "/matrix",
    response_model=TrainingMatrix,
    responses={**files(CSV, SVG), **refusals()},
)
async def read_training_matrix(
    actor: MayReadTraining, db: Db, query: Annotated[MatrixQuery, Query()]
) -> Response:
    """Who lacks which module today: mentors by modules; a mentor finds their own row alone."""
    found = await matrix.shown(db, actor)
    if query.format == "csv":
        return csv_reply(matrix.table(found), "training-matrix.csv")
    if query.format == "svg":
        return svg_reply(await training_matrix(found), "training-matrix.svg")
    return reply(found)


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


@router.post(
    "/{training_id}/refresher",
    response_model=TrainingRead,
    responses=refusals(NotCompetent, NursesOnly, Stale),
)
async def refresh_training(
    actor: MayWriteTraining, db: Db, training: TrainingToMove, body: RefresherCreate
) -> Response:
    """Renew a sign-off that still counts, from the day of the refresher; a nurse's to do."""
    await trainings.refresh(db, actor, training, body)
    return reply(await trainings.shown(db, training, actor))


@router.get(
    "/{training_id}/history",
    response_model=Page[HistoryRead | HistoryForMentor],
    responses=refusals(),
)
async def list_training_history(actor: MayReadTraining, db: Db, training: ThisTraining) -> Response:
    """Every move made, oldest first."""
    return reply(whole(await lifecycle.history_shown(db, training, actor, "trainings.history")))
