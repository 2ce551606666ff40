"""Exceptions to the regime over HTTP."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayReadPlace, MayWritePlace
from app.db import Db, ReadDb
from app.errors import AlreadyExists, Conflicting, KeyReused, MatchNeeded, Stale
from app.models.base import Day
from app.models.regime_exceptions import (
    RegimeException,
    RegimeExceptionCreate,
    RegimeExceptionForMentor,
    RegimeExceptionPut,
    RegimeExceptionRead,
)
from app.paging import Listing, Page, PageQuery
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import regime_exceptions
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/regime-exceptions", tags=["regime-exceptions"])
_ID = "regime_exception_id"
This = Annotated[RegimeException, Depends(to_read(RegimeException, _ID))]
ToPut = Annotated[RegimeException, Depends(to_change(RegimeException, _ID, match=True))]
ToEnd = Annotated[RegimeException, Depends(to_change(RegimeException, _ID, match=False))]
Any_ = RegimeExceptionRead | RegimeExceptionForMentor

LIST = Listing(
    RegimeException,
    MATRIX["regime_exceptions.row"],
    filters={
        "from_date": lambda value: col(RegimeException.on_date) >= value,
        "until_date": lambda value: col(RegimeException.on_date) <= value,
        "live": lambda value: col(RegimeException.withdrawn_at).is_(None) == value,
    },
    sorts={"on_date": col(RegimeException.on_date)},
)


class RegimeExceptionQuery(PageQuery):
    from_date: Day | None = Field(default=None, description="From this day on.")
    until_date: Day | None = Field(default=None, description="Until this day, included.")
    live: bool | None = Field(default=None, description="True: not withdrawn.")
    sort: Literal["on_date", "-on_date"] = Field(default="on_date")


@router.get("", response_model=Page[Any_], responses=refusals())
async def list_regime_exceptions(
    actor: MayReadPlace,
    db: ReadDb,
    request: Request,
    query: Annotated[RegimeExceptionQuery, Query()],
) -> Response:
    """Dates on which the prison's day is another."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post(
    "",
    status_code=201,
    response_model=RegimeExceptionRead,
    responses=refusals(AlreadyExists, KeyReused),
)
async def create_regime_exception(
    actor: MayWritePlace, db: Db, body: RegimeExceptionCreate, once: JustOnce
) -> Response:
    """Say what a date is like instead, or that there is no regime on it. Each date has one at
    most."""
    exception = await regime_exceptions.create(db, actor, body)
    shown = regime_exceptions.shown(exception, actor)
    return await once.created(shown, location=f"regime-exceptions/{exception.id}")


@router.get("/{regime_exception_id}", response_model=Any_, responses=refusals())
async def read_regime_exception(actor: MayReadPlace, exception: This) -> Response:
    """One exception; to mentors not why."""
    return reply(regime_exceptions.shown(exception, actor))


@router.put(
    "/{regime_exception_id}",
    response_model=RegimeExceptionRead,
    responses=refusals(Conflicting, MatchNeeded, Stale),
)
async def replace_regime_exception(
    actor: MayWritePlace, db: Db, exception: ToPut, body: RegimeExceptionPut
) -> Response:
    """Replace what the date is like. Running concerns keep their lock-up."""
    await regime_exceptions.replace(db, exception, body)
    return reply(regime_exceptions.shown(exception, actor))


@router.post(
    "/{regime_exception_id}/withdrawal",
    response_model=RegimeExceptionRead,
    responses=refusals(Conflicting, Stale),
)
async def withdraw_regime_exception(actor: MayWritePlace, db: Db, exception: ToEnd) -> Response:
    """The date is like any other again."""
    await regime_exceptions.withdraw(db, exception)
    return reply(regime_exceptions.shown(exception, actor))
