"""Regimes over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlmodel import col

from app.access import CurrentActor, MayReadPlace, MayWritePlace
from app.db import Db, ReadDb
from app.errors import AlreadyExists, MatchNeeded, Stale
from app.models.regimes import Regime, RegimePut, RegimeRead
from app.paging import Listing, Page, PageQuery
from app.paths import IfMatch
from app.problems import refusals
from app.replies import check_match, reply
from app.services import regimes
from app.visibility import MATRIX, shape

router = APIRouter(prefix="/v1/prisons/{prison_id}/regimes", tags=["regimes"])
Weekday = Annotated[int, Path(ge=1, le=7, description="1 is Monday, 7 is Sunday.")]

LIST = Listing(Regime, MATRIX["regimes.row"], sorts={"weekday": col(Regime.weekday)})


async def _regime_to_put(
    actor: CurrentActor, db: Db, weekday: Weekday, if_match: IfMatch = None
) -> Regime | None:
    """What stands is replaced only with its ETag; where nothing stands no ETag can match."""
    regime = await regimes.to_put(db, actor, weekday)
    if regime is not None:
        check_match(regime.version, if_match, needed=True)
    elif if_match is not None:
        raise Stale("No regime is set for this weekday yet; send no If-Match.")
    return regime


@router.get("", response_model=Page[RegimeRead], responses=refusals())
async def list_regimes(
    actor: MayReadPlace, db: ReadDb, request: Request, query: Annotated[PageQuery, Query()]
) -> Response:
    """The regimes set so far, Monday first: at most seven."""
    return await LIST.page(request, db, actor, query, "weekday")


@router.get("/{weekday}", response_model=RegimeRead, responses=refusals())
async def read_regime(actor: MayReadPlace, db: Db, weekday: Weekday) -> Response:
    """One weekday's regime."""
    regime = await regimes.of_weekday(db, actor, weekday)
    return reply(shape("regimes", actor.role).model_validate(regime))


@router.put(
    "/{weekday}",
    response_model=RegimeRead,
    responses={
        201: {"model": RegimeRead, "description": "Set for the first time"},
        **refusals(AlreadyExists, MatchNeeded, Stale),
    },
)
async def put_regime(
    actor: MayWritePlace,
    db: Db,
    weekday: Weekday,
    regime: Annotated[Regime | None, Depends(_regime_to_put)],
    body: RegimePut,
) -> Response:
    """Set a weekday's regime: without If-Match the first time (201), with it from then on."""
    made = await regimes.put(db, actor, regime, weekday, body)
    return reply(shape("regimes", actor.role).model_validate(made), status=200 if regime else 201)
