"""The rota's cover over HTTP: as figures, as a table and as a picture."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from app import cover_picture
from app.access import Actor, MayReadRota
from app.db import Db
from app.errors import NotOpen
from app.formats import CSV, PNG, SVG, csv_reply, files, png_reply, svg_reply
from app.models.base import Day
from app.models.rooms import UseFormat
from app.models.rota_cover import RotaCover
from app.models.rotas import Rota
from app.paths import to_read
from app.problems import refusals
from app.replies import reply
from app.services import rota_cover
from app.visibility import shape

router = APIRouter(prefix="/v1/prisons/{prison_id}/rota-cover", tags=["rota-cover"])
First = Annotated[Day | None, Query(alias="from", description="The first day; absent: today.")]
Last = Annotated[
    Day | None, Query(alias="to", description="The last day; absent: 27 days after the first.")
]
Format = Annotated[
    UseFormat, Query(alias="format", description="As JSON, as a table, or as a picture.")
]
This = Annotated[Rota, Depends(to_read(Rota, "rota_id"))]


async def _answer(actor: Actor, found: RotaCover, wanted: UseFormat) -> Response:
    """The cover in the format asked for."""
    if wanted is UseFormat.csv:
        return csv_reply(rota_cover.table(found), "rota-cover.csv")
    if wanted is UseFormat.svg:
        return svg_reply(await cover_picture.svg(found), "rota-cover.svg")
    if wanted is UseFormat.png:
        return png_reply(await cover_picture.png(found), "rota-cover.png")
    return reply(shape("rota_cover", actor.role).model_validate(found))


@router.get("", response_model=RotaCover, responses={**files(CSV, SVG, PNG), **refusals()})
async def read_rota_cover(
    actor: MayReadRota,
    db: Db,
    first: First = None,
    last: Last = None,
    wanted: Format = UseFormat.json,
) -> Response:
    """How far what is published covers what is needed, hour by hour, in at most 42 days."""
    found = await rota_cover.published(db, actor, first, last)
    return await _answer(actor, found, wanted)


@router.get(
    "/{rota_id}", response_model=RotaCover, responses={**files(CSV, SVG, PNG), **refusals(NotOpen)}
)
async def read_cover_of_rota(
    actor: MayReadRota, db: Db, rota: This, wanted: Format = UseFormat.json
) -> Response:
    """How far one rota covers what its days need, before it is published and after. One that
    stands no more is refused."""
    return await _answer(actor, await rota_cover.of_rota(db, actor, rota), wanted)
