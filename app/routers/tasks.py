"""Tasks over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import and_, bindparam
from sqlmodel import Field, col

from app.access import MayMoveTask, MayReadTask
from app.db import Db, ReadDb
from app.errors import GuardsUnmet, MoveNotInTable, MoveNotYours, Stale
from app.models.moves import MoveCreate
from app.models.tasks import Task, TaskForOverseer, TaskKind, TaskRead, TaskRow, TaskStatus
from app.paging import Listing, Page, PageQuery
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import reply
from app.services import tasks
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/tasks", tags=["tasks"])
ThisTask = Annotated[Task, Depends(to_read(Task, "task_id"))]
TaskToMove = Annotated[Task, Depends(to_change(Task, "task_id", match=False))]
AnyTask = TaskRead | TaskForOverseer

_overdue = and_(col(Task.status) == TaskStatus.open, col(Task.due_at) < bindparam("actor_now"))
LIST = Listing(
    Task,
    MATRIX["tasks.row"],
    filters={
        "status": lambda value: col(Task.status) == value,
        "kind": lambda value: col(Task.kind) == value,
        "person_id": lambda value: col(Task.person_id) == value,
        "thing_id": lambda value: col(Task.thing_id) == value,
        "overdue": lambda value: _overdue == value,
    },
    sorts={"due_at": col(Task.due_at), "recorded_at": col(Task.recorded_at)},
    computed={"overdue": _overdue},
)


class TaskQuery(PageQuery):
    status: TaskStatus | None = None
    kind: TaskKind | None = None
    person_id: UUID | None = None
    thing_id: UUID | None = None
    overdue: bool | None = Field(default=None, description="True: still open, and past its time.")
    sort: Literal["due_at", "-due_at", "recorded_at", "-recorded_at"] = Field(default="due_at")


@router.get("", response_model=Page[TaskRow], responses=refusals())
async def list_tasks(
    actor: MayReadTask, db: ReadDb, request: Request, query: Annotated[TaskQuery, Query()]
) -> Response:
    """Tasks of my role, for me, or that I was paged about; governors see everyone's."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.get("/{task_id}", response_model=AnyTask, responses=refusals())
async def read_task(actor: MayReadTask, db: Db, task: ThisTask) -> Response:
    """One task, with what you may do next."""
    return reply(await tasks.shown(db, task, actor))


@router.post(
    "/{task_id}/moves",
    response_model=AnyTask,
    responses=refusals(MoveNotInTable, MoveNotYours, GuardsUnmet, Stale),
)
async def move_task(actor: MayMoveTask, db: Db, task: TaskToMove, body: MoveCreate) -> Response:
    """Say that a task is done, with its outcome as the note, or cancel it.

    A review ends with the review itself, triage and the answer to a complaint by being made.
    """
    await tasks.act(db, actor, task, body)
    return reply(await tasks.shown(db, task, actor))
