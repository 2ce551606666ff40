"""Goals and the coping plan over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayReadGoal, MayReadVersions, MayWriteGoal
from app.db import Db, ReadDb
from app.errors import (
    Conflicting,
    GuardsUnmet,
    KeyReused,
    MatchNeeded,
    MoveNotInTable,
    MoveNotYours,
    Stale,
)
from app.models.goals import (
    Goal,
    GoalCreate,
    GoalForMentor,
    GoalKind,
    GoalRead,
    GoalStatus,
    GoalUpdate,
)
from app.models.moves import HistoryForMentor, HistoryRead, MoveCreate
from app.models.texts import VersionRead
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import goals, lifecycle
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/goals", tags=["goals"])
ThisGoal = Annotated[Goal, Depends(to_read(Goal, "goal_id"))]
GoalToMove = Annotated[Goal, Depends(to_change(Goal, "goal_id", match=False))]
GoalToChange = Annotated[Goal, Depends(to_change(Goal, "goal_id", match=True))]
AnyGoal = GoalRead | GoalForMentor

LIST = Listing(
    Goal,
    MATRIX["goals.row"],
    filters={
        "mentee_id": lambda value: col(Goal.mentee_id) == value,
        "kind": lambda value: col(Goal.kind) == value,
        "status": lambda value: col(Goal.status) == value,
    },
    sorts={"recorded_at": col(Goal.recorded_at)},
)


class GoalQuery(PageQuery):
    mentee_id: UUID | None = None
    kind: GoalKind | None = None
    status: GoalStatus | None = None
    sort: Literal["recorded_at", "-recorded_at"] = Field(default="recorded_at")


@router.get("", response_model=Page[AnyGoal], responses=refusals())
async def list_goals(
    actor: MayReadGoal, db: ReadDb, request: Request, query: Annotated[GoalQuery, Query()]
) -> Response:
    """Goals and coping plans: your own, those your mentees share with you, or the prison's."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post(
    "", status_code=201, response_model=AnyGoal, responses=refusals(Conflicting, KeyReused)
)
async def add_goal(actor: MayWriteGoal, db: Db, body: GoalCreate, once: JustOnce) -> Response:
    """Write down a goal or a part of the coping plan: your own, or a mentee's in their words."""
    goal = await goals.add(db, actor, body)
    return await once.created(await goals.shown(db, goal, actor), location=f"goals/{goal.id}")


@router.get("/{goal_id}", response_model=AnyGoal, responses=refusals())
async def read_goal(actor: MayReadGoal, db: Db, goal: ThisGoal) -> Response:
    """One goal or part of a plan, with what you may do next."""
    return reply(await goals.shown(db, goal, actor))


@router.patch(
    "/{goal_id}", response_model=AnyGoal, responses=refusals(Conflicting, MatchNeeded, Stale)
)
async def update_goal(
    actor: MayWriteGoal, db: Db, goal: GoalToChange, body: GoalUpdate
) -> Response:
    """Change its words, or whether the mentee's mentor may read it."""
    await goals.update(db, actor, goal, body)
    return reply(await goals.shown(db, goal, actor))


@router.post(
    "/{goal_id}/moves",
    response_model=AnyGoal,
    responses=refusals(MoveNotInTable, MoveNotYours, GuardsUnmet, Stale),
)
async def move_goal(actor: MayWriteGoal, db: Db, goal: GoalToMove, body: MoveCreate) -> Response:
    """Say that a goal was achieved, or drop it; a part of the plan is only dropped."""
    await goals.check_theirs(db, actor, goal)
    await lifecycle.make(db, goals.GOAL, goal, actor, body)
    return reply(await goals.shown(db, goal, actor))


@router.get(
    "/{goal_id}/history",
    response_model=Page[HistoryRead | HistoryForMentor],
    responses=refusals(),
)
async def list_goal_history(actor: MayReadGoal, db: Db, goal: ThisGoal) -> Response:
    """Every move made, oldest first."""
    return reply(whole(await lifecycle.history_shown(db, goal, actor, "goals.history")))


@router.get("/{goal_id}/versions", response_model=Page[VersionRead], responses=refusals())
async def list_goal_versions(actor: MayReadVersions, db: Db, goal: ThisGoal) -> Response:
    """What it said each time it was saved, oldest first."""
    return reply(whole(await goals.versions(db, actor, goal)))
