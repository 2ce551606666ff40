"""Regimes over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlmodel import col

from app.access import CurrentActor, MayReadPlace, MayWritePlace
from app.config import settings
from app.db import Db, ReadDb
from app.errors import AlreadyExists, KeyReused, MatchNeeded, Stale, TooLarge
from app.models.base import Day
from app.models.regimes import (
    Regime,
    RegimeDays,
    RegimeImportReport,
    RegimePut,
    RegimeRead,
)
from app.paging import Listing, Page, PageQuery
from app.paths import IfMatch
from app.problems import refusals
from app.replies import JustOnce, check_match, reply
from app.services import regime_imports, regimes
from app.visibility import MATRIX, shape

router = APIRouter(prefix="/v1/prisons/{prison_id}/regimes", tags=["regimes"])
Weekday = Annotated[
    int, Path(ge=1, le=8, description="1 is Monday, 7 is Sunday; 8 stands for bank holidays.")
]
First = Annotated[Day | None, Query(alias="from", description="The first day; today unless told.")]
Last = Annotated[Day | None, Query(alias="to", description="The last day; a week unless told.")]
_DOCUMENTS = {
    "requestBody": {
        "required": True,
        "description": "A prison's regime as HMPPS's activities service answers it.",
        "content": {
            "application/json": {
                "schema": {"type": "array", "items": {"type": "object"}},
                "example": [
                    {
                        "prisonCode": "SLI",
                        "dayOfWeek": "MONDAY",
                        "amStart": "08:30",
                        "amFinish": "11:30",
                        "pmStart": "13:45",
                        "pmFinish": "16:30",
                        "edStart": "17:30",
                        "edFinish": "19:30",
                    }
                ],
            }
        },
    }
}

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
    """The regimes set so far, Monday first, the one of bank holidays last: at most eight."""
    return await LIST.page(request, db, actor, query, "weekday")


async def _whole_body(actor: MayWritePlace, request: Request) -> bytes:
    """The body, read after the permission is proved and before a transaction is begun."""
    return await request.body()


@router.get("/days", response_model=RegimeDays, responses=refusals())
async def list_regime_days(
    actor: MayReadPlace, db: Db, first: First = None, last: Last = None
) -> Response:
    """What days are like, with their exceptions and bank holidays: slots and lock-up as instants,
    and where each day comes from."""
    return reply(await regimes.days(db, actor, first, last))


@router.post(
    "/import",
    status_code=201,
    response_model=RegimeImportReport,
    responses=refusals(KeyReused, TooLarge),
    openapi_extra=_DOCUMENTS,
    max_body_size=settings().max_import_bytes,
)
async def import_regimes(
    actor: MayWritePlace,
    data: Annotated[bytes, Depends(_whole_body)],
    db: Db,
    once: JustOnce,
) -> Response:
    """Take in AM, PM and ED by weekday as HMPPS answers them. NIGHT and lock-up are kept."""
    return await once.created(await regime_imports.import_json(db, actor, data))


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
