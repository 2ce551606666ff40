"""Reports over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from app import outcome_picture
from app.access import MayReadReport
from app.db import Db
from app.errors import Conflicting
from app.formats import CSV, PNG, SVG, csv_reply, files, png_reply, svg_reply
from app.models.concerns import FigureFormat
from app.models.outcome_cohorts import OutcomeCohort
from app.models.reports import OutcomeReport
from app.paths import to_read
from app.problems import refusals
from app.replies import reply
from app.services.reports import outcomes
from app.visibility import shape

router = APIRouter(prefix="/v1/prisons/{prison_id}/reports", tags=["reports"])
ThisCohort = Annotated[OutcomeCohort, Depends(to_read(OutcomeCohort, "outcome_cohort_id"))]


@router.get(
    "/outcomes/{outcome_cohort_id}",
    response_model=OutcomeReport,
    responses={**files(CSV, SVG, PNG), **refusals(Conflicting)},
)
async def read_outcome_report(
    actor: MayReadReport,
    db: Db,
    cohort: ThisCohort,
    wanted: Annotated[
        FigureFormat, Query(alias="format", description="As JSON, as a table, or as a picture.")
    ] = FigureFormat.json,
) -> Response:
    """What became of a cohort: every figure with its denominator, who is missing and why, and its
    interval. Before and after of the same people: there is no comparison group."""
    found = await outcomes.report(db, cohort)
    if wanted is FigureFormat.csv:
        return csv_reply(outcomes.table(found), "outcomes.csv")
    if wanted is FigureFormat.svg:
        return svg_reply(await outcome_picture.svg(found), "outcomes.svg")
    if wanted is FigureFormat.png:
        return png_reply(await outcome_picture.png(found), "outcomes.png")
    return reply(shape("reports.outcomes", actor.role).model_validate(found))
