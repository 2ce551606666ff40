"""Outcome cohorts over HTTP."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayReadReport, MayWriteOutcomeCohort
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
from app.models.moves import HistoryRead, MoveCreate
from app.models.outcome_cohorts import (
    OutcomeCohort,
    OutcomeCohortCreate,
    OutcomeCohortRead,
    OutcomeCohortRow,
    OutcomeCohortStatus,
    OutcomeCohortUpdate,
)
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import lifecycle, outcome_cohorts
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/outcome-cohorts", tags=["outcome-cohorts"])
ThisCohort = Annotated[OutcomeCohort, Depends(to_read(OutcomeCohort, "outcome_cohort_id"))]
CohortToMove = Annotated[
    OutcomeCohort, Depends(to_change(OutcomeCohort, "outcome_cohort_id", match=False))
]
CohortToChange = Annotated[
    OutcomeCohort, Depends(to_change(OutcomeCohort, "outcome_cohort_id", match=True))
]

LIST = Listing(
    OutcomeCohort,
    MATRIX["outcome_cohorts.row"],
    filters={"status": lambda value: col(OutcomeCohort.status) == value},
    sorts={"recorded_at": col(OutcomeCohort.recorded_at)},
)


class OutcomeCohortQuery(PageQuery):
    status: OutcomeCohortStatus | None = None
    sort: Literal["recorded_at", "-recorded_at"] = Field(default="-recorded_at")


@router.get("", response_model=Page[OutcomeCohortRow], responses=refusals())
async def list_outcome_cohorts(
    actor: MayReadReport,
    db: ReadDb,
    request: Request,
    query: Annotated[OutcomeCohortQuery, Query()],
) -> Response:
    """The samples that outcomes are counted of."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post(
    "",
    status_code=201,
    response_model=OutcomeCohortRead,
    responses=refusals(KeyReused),
)
async def create_outcome_cohort(
    actor: MayWriteOutcomeCohort, db: Db, body: OutcomeCohortCreate, once: JustOnce
) -> Response:
    """Define a sample, before anybody looks at its outcomes."""
    made = await outcome_cohorts.create(db, actor, body)
    shown = await outcome_cohorts.shown(db, made, actor)
    return await once.created(shown, location=f"outcome-cohorts/{made.id}")


@router.get("/{outcome_cohort_id}", response_model=OutcomeCohortRead, responses=refusals())
async def read_outcome_cohort(actor: MayReadReport, db: Db, cohort: ThisCohort) -> Response:
    """One sample: its definition, how many it holds, and its digest."""
    return reply(await outcome_cohorts.shown(db, cohort, actor))


@router.patch(
    "/{outcome_cohort_id}",
    response_model=OutcomeCohortRead,
    responses=refusals(Conflicting, MatchNeeded, Stale),
)
async def update_outcome_cohort(
    actor: MayWriteOutcomeCohort, db: Db, cohort: CohortToChange, body: OutcomeCohortUpdate
) -> Response:
    """Change the definition of a draft. Once frozen it never changes."""
    await outcome_cohorts.update(db, cohort, body)
    return reply(await outcome_cohorts.shown(db, cohort, actor))


@router.post(
    "/{outcome_cohort_id}/moves",
    response_model=OutcomeCohortRead,
    responses=refusals(MoveNotInTable, MoveNotYours, GuardsUnmet, Stale),
)
async def move_outcome_cohort(
    actor: MayWriteOutcomeCohort, db: Db, cohort: CohortToMove, body: MoveCreate
) -> Response:
    """Freeze it with whoever it means now, or withdraw it."""
    await lifecycle.make(db, outcome_cohorts.OUTCOME_COHORT, cohort, actor, body)
    return reply(await outcome_cohorts.shown(db, cohort, actor))


@router.get("/{outcome_cohort_id}/history", response_model=Page[HistoryRead], responses=refusals())
async def list_outcome_cohort_history(actor: MayReadReport, db: Db, cohort: ThisCohort) -> Response:
    """Every move made, oldest first."""
    return reply(whole(await lifecycle.history_shown(db, cohort, actor, "outcome_cohorts.history")))
