"""Series over HTTP."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import func, select
from sqlmodel import Field, col

from app.access import MayReadEnrolment, MayReadSeries, MayWriteSeries
from app.db import Db, ReadDb
from app.errors import (
    Clash,
    GuardsUnmet,
    KeyReused,
    MatchNeeded,
    MenteeTaken,
    MentorTaken,
    MoveNotInTable,
    MoveNotYours,
    NotCalledOff,
    NothingToChange,
    RoomTaken,
    SeriesOver,
    Stale,
    TooManyPairChecks,
)
from app.models.enrolments import WaitingForPlace
from app.models.moves import HistoryForMentor, HistoryRead, MoveCreate
from app.models.series import (
    ChangeCreate,
    OccurrenceAnew,
    OccurrenceRead,
    PlanRead,
    Series,
    SeriesCreate,
    SeriesPlan,
    SeriesPlanned,
    SeriesRead,
    SeriesRow,
    SeriesStatus,
    SeriesUpdate,
)
from app.models.sessions import SessionKind
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.probing import NotesPairs, PairsCounted
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import enrolments, lifecycle, series
from app.services.series import anew, edits
from app.visibility import MATRIX

CLASHES = (Clash, RoomTaken, MentorTaken, MenteeTaken)
router = APIRouter(prefix="/v1/prisons/{prison_id}/series", tags=["series"])
ThisSeries = Annotated[Series, Depends(to_read(Series, "series_id"))]
SeriesToMove = Annotated[
    Series, Depends(to_change(Series, "series_id", match=False, first=series.hold))
]
SeriesToChange = Annotated[
    Series, Depends(to_change(Series, "series_id", match=True, first=series.hold))
]


def _now(*columns: Any) -> Any:
    """Columns of the series' present plan."""
    return (
        select(*columns)
        .where(
            col(SeriesPlan.prison_id) == col(Series.prison_id),
            col(SeriesPlan.series_id) == col(Series.id),
            col(SeriesPlan.superseded_at).is_(None),
        )
        .correlate(Series)
        .scalar_subquery()
    )


_PLAN = [part for name in PlanRead.model_fields for part in (name, getattr(SeriesPlan, name))]
LIST = Listing(
    Series,
    MATRIX["series.row"],
    filters={
        "status": lambda value: col(Series.status) == value,
        "kind": lambda value: col(Series.kind) == value,
        "mentor_id": lambda value: _now(col(SeriesPlan.mentor_id)) == value,
    },
    sorts={"recorded_at": col(Series.recorded_at)},
    computed={
        "every_weeks": _now(col(SeriesPlan.every_weeks)),
        "plan": _now(func.json_build_object(*_PLAN)),
    },
)


class SeriesQuery(PageQuery):
    status: SeriesStatus | None = None
    kind: SessionKind | None = None
    mentor_id: UUID | None = None
    sort: Literal["recorded_at", "-recorded_at"] = Field(default="-recorded_at")


@router.get("", response_model=Page[SeriesRow], responses=refusals())
async def list_series(
    actor: MayReadSeries, db: ReadDb, request: Request, query: Annotated[SeriesQuery, Query()]
) -> Response:
    """Series of the prison with their present plans; a mentor finds those they lead."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post(
    "", status_code=201, response_model=SeriesPlanned, responses=refusals(Clash, KeyReused)
)
async def plan_series(
    actor: MayWriteSeries, db: Db, body: SeriesCreate, once: JustOnce
) -> Response:
    """Plan a series with all its meetings; what clashes is left out and named, or refused."""
    made, left_out = await series.plan(db, actor, body)
    shown = await series.shown(db, made, actor, left_out)
    return await once.created(shown, location=f"series/{made.id}")


@router.get("/{series_id}", response_model=SeriesRead, responses=refusals())
async def read_series(actor: MayReadSeries, db: Db, found: ThisSeries) -> Response:
    """One series with its present plan, and what you may do next."""
    return reply(await series.shown(db, found, actor))


@router.patch(
    "/{series_id}",
    response_model=SeriesRead,
    responses=refusals(SeriesOver, MatchNeeded, Stale),
)
async def change_series(
    actor: MayWriteSeries, db: Db, found: SeriesToChange, body: SeriesUpdate
) -> Response:
    """Change what is no part of the plan."""
    await series.update(db, found, body)
    return reply(await series.shown(db, found, actor))


@router.post(
    "/{series_id}/moves",
    response_model=SeriesRead,
    responses=refusals(MoveNotInTable, MoveNotYours, GuardsUnmet, Stale),
)
async def move_series(
    actor: MayWriteSeries, db: Db, found: SeriesToMove, body: MoveCreate
) -> Response:
    """Move a series on, or end it: whatever is still planned of it is called off."""
    await lifecycle.make(db, series.SERIES, found, actor, body)
    return reply(await series.shown(db, found, actor))


@router.post(
    "/{series_id}/changes",
    status_code=201,
    response_model=SeriesPlanned,
    responses=refusals(Clash, SeriesOver, NothingToChange, TooManyPairChecks, KeyReused, Stale),
    dependencies=[PairsCounted],
)
async def change_series_plan(
    actor: MayWriteSeries,
    db: Db,
    found: SeriesToMove,
    body: ChangeCreate,
    once: JustOnce,
    pairs: NotesPairs,
) -> Response:
    """Change one meeting, this and the following, or all that are to come. New meetings supersede
    the old ones, with whoever comes to them; what was is not touched."""
    left_out = await edits.change(db, actor, found, body)
    await pairs.count(clash.kind for each in left_out for clash in each.clashes)
    return await once.created(await series.shown(db, found, actor, left_out))


@router.get(
    "/{series_id}/history",
    response_model=Page[HistoryRead | HistoryForMentor],
    responses=refusals(),
)
async def list_series_history(actor: MayReadSeries, db: Db, found: ThisSeries) -> Response:
    """Every move made, oldest first."""
    return reply(whole(await lifecycle.history_shown(db, found, actor, "series.history")))


@router.get("/{series_id}/occurrences", response_model=Page[OccurrenceRead], responses=refusals())
async def list_series_occurrences(actor: MayReadSeries, db: Db, found: ThisSeries) -> Response:
    """Its meetings in their order, those that were superseded too."""
    return reply(whole(await series.occurrences(db, found, actor)))


@router.post(
    "/{series_id}/occurrences",
    status_code=201,
    response_model=OccurrenceRead,
    responses=refusals(*CLASHES, SeriesOver, NotCalledOff, TooManyPairChecks, KeyReused, Stale),
    dependencies=[PairsCounted],
)
async def plan_occurrence_anew(
    actor: MayWriteSeries, db: Db, found: SeriesToMove, body: OccurrenceAnew, once: JustOnce
) -> Response:
    """Plan a meeting that was called off at another time, under its number. Whoever has a place
    comes to it."""
    made = await anew.plan(db, actor, found, body)
    return await once.created(await series.occurrence(db, made, actor))


@router.get("/{series_id}/waiting-list", response_model=Page[WaitingForPlace], responses=refusals())
async def list_waiting_for_place(actor: MayReadEnrolment, db: Db, found: ThisSeries) -> Response:
    """Who waits for a place: safety needs first, then whoever asked first."""
    return reply(whole(await enrolments.waiting_for(db, found, actor)))


@router.get("/{series_id}/plans", response_model=Page[PlanRead], responses=refusals())
async def list_series_plans(actor: MayReadSeries, db: Db, found: ThisSeries) -> Response:
    """Every plan it had, the first one first; each says which one it superseded."""
    return reply(whole(await series.plans(db, found, actor)))
