"""Reports over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from app import outcome_picture, report_picture
from app.access import MayReadReport
from app.db import Db
from app.errors import Busy, Conflicting
from app.formats import CSV, PDF, PNG, SVG, csv_reply, files, pdf_reply, png_reply, svg_reply
from app.models.base import Day
from app.models.board_packs import BoardPack, BoardPackFormat
from app.models.concerns import FigureFormat
from app.models.outcome_cohorts import OutcomeCohort
from app.models.report_tables import Report, ReportName
from app.models.reports import OutcomeReport
from app.paths import to_read
from app.problems import refusals
from app.replies import reply
from app.services import reports
from app.services.reports import board_pack, outcomes
from app.services.reports.tables import csv_rows
from app.visibility import shape

router = APIRouter(prefix="/v1/prisons/{prison_id}/reports", tags=["reports"])
ThisCohort = Annotated[OutcomeCohort, Depends(to_read(OutcomeCohort, "outcome_cohort_id"))]
Wanted = Annotated[
    FigureFormat, Query(alias="format", description="As JSON, as a table, or as a picture.")
]


@router.get(
    "/outcomes/{outcome_cohort_id}",
    response_model=OutcomeReport,
    responses={**files(CSV, SVG, PNG), **refusals(Conflicting)},
)
async def read_outcome_report(
    actor: MayReadReport,
    db: Db,
    cohort: ThisCohort,
    wanted: Wanted = FigureFormat.json,
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


@router.get(
    "/board-packs/{month}",
    response_model=BoardPack,
    responses={**files(PDF), **refusals(Busy)},
)
async def read_board_pack(
    actor: MayReadReport,
    db: Db,
    month: Annotated[
        str, Path(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", description="As 2026-10; it is over.")
    ],
    wanted: Annotated[
        BoardPackFormat, Query(alias="format", description="As JSON, or on paper.")
    ] = BoardPackFormat.json,
) -> Response:
    """A month of the scheme for those who answer for it: what happened in plain words, then every
    report beside the month before, and what became of the last cohort. Nobody is named."""
    found = await board_pack.pack(db, actor, month)
    if wanted is BoardPackFormat.pdf:
        return pdf_reply(await board_pack.pdf(found), f"board-pack-{month}.pdf")
    return reply(shape("reports.board_pack", actor.role).model_validate(found))


@router.get(
    "/{report}",
    response_model=Report,
    responses={**files(CSV, SVG, PNG), **refusals()},
)
async def read_report(
    actor: MayReadReport,
    db: Db,
    report: ReportName,
    first: Annotated[
        Day | None,
        Query(
            alias="from",
            description="The first day; absent: 27 before the last, of `growth` eleven months.",
        ),
    ] = None,
    last: Annotated[
        Day | None, Query(alias="to", description="The last day, included; absent: today.")
    ] = None,
    wanted: Wanted = FigureFormat.json,
) -> Response:
    """What happened in at most 366 days, as tables of counts, shares and medians."""
    found = await reports.report(db, actor, report, first, last)
    if wanted is FigureFormat.csv:
        return csv_reply(csv_rows(found), f"{report.value}.csv")
    if wanted is FigureFormat.svg:
        return svg_reply(await report_picture.svg(found), f"{report.value}.svg")
    if wanted is FigureFormat.png:
        return png_reply(await report_picture.png(found), f"{report.value}.png")
    return reply(shape("reports.tables", actor.role).model_validate(found))
