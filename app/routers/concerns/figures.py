"""How soon people came of concerns, over HTTP: figures, a table and a picture."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app import pictures
from app.access import MayReadConcernFigures
from app.db import Db
from app.formats import CSV, PNG, SVG, csv_reply, files, png_reply, svg_reply
from app.models.base import Day
from app.models.concerns import ConcernFigures, FigureFormat
from app.problems import refusals
from app.replies import reply
from app.services.concerns import figures
from app.visibility import shape

router = APIRouter(prefix="/v1/prisons/{prison_id}/concerns")


@router.get(
    "/figures",
    response_model=ConcernFigures,
    responses={**files(CSV, SVG, PNG), **refusals()},
)
async def read_concern_figures(
    actor: MayReadConcernFigures,
    db: Db,
    first: Annotated[
        Day | None, Query(alias="from", description="The first day; absent: 27 before the last.")
    ] = None,
    last: Annotated[
        Day | None, Query(alias="to", description="The last day, included; absent: today.")
    ] = None,
    wanted: Annotated[
        FigureFormat, Query(alias="format", description="As JSON, as a table, or as a picture.")
    ] = FigureFormat.json,
) -> Response:
    """How soon people came of the concerns raised in at most 366 days: paged, acknowledged, seen
    and decided, by immediacy and by whether the doors were locked. Of no concern by itself."""
    found = await figures.figures(db, actor, first, last)
    if wanted is FigureFormat.csv:
        return csv_reply(figures.table(found), "concern-figures.csv")
    if wanted is FigureFormat.svg:
        return svg_reply(await pictures.concern_figures(found), "concern-figures.svg")
    if wanted is FigureFormat.png:
        return png_reply(await pictures.concern_figures_png(found), "concern-figures.png")
    return reply(shape("concerns.figures", actor.role).model_validate(found))
