"""Enrolments over HTTP."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import select
from sqlmodel import Field, col

from app.access import MayReadEnrolment, MayWriteEnrolment
from app.db import Db, ReadDb
from app.errors import (
    AlreadyExists,
    Clash,
    GuardsUnmet,
    KeyReused,
    MenteeTaken,
    MoveNotInTable,
    MoveNotYours,
    SeriesOver,
    Stale,
    TooManyPairChecks,
)
from app.models.enrolments import (
    Enrolment,
    EnrolmentCreate,
    EnrolmentRead,
    EnrolmentRow,
    EnrolmentStatus,
)
from app.models.mentees import Mentee
from app.models.moves import HistoryRead, MoveCreate
from app.models.people import Person
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.probing import PairsCounted
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import enrolments, lifecycle
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/enrolments", tags=["enrolments"])
ThisEnrolment = Annotated[Enrolment, Depends(to_read(Enrolment, "enrolment_id"))]
EnrolmentToMove = Annotated[
    Enrolment,
    Depends(to_change(Enrolment, "enrolment_id", match=False, first=enrolments.hold_for)),
]
_NAME: Any = (
    select(col(Person.display_name))
    .join(
        Mentee,
        (col(Mentee.prison_id) == col(Person.prison_id))
        & (col(Mentee.person_id) == col(Person.id)),
    )
    .where(
        col(Mentee.prison_id) == col(Enrolment.prison_id),
        col(Mentee.id) == col(Enrolment.mentee_id),
    )
    .correlate(Enrolment)
    .scalar_subquery()
)
LIST = Listing(
    Enrolment,
    MATRIX["enrolments.row"],
    filters={
        "series_id": lambda value: col(Enrolment.series_id) == value,
        "mentee_id": lambda value: col(Enrolment.mentee_id) == value,
        "status": lambda value: col(Enrolment.status) == value,
    },
    sorts={"recorded_at": col(Enrolment.recorded_at)},
    computed={"display_name": _NAME},
)


class EnrolmentQuery(PageQuery):
    series_id: UUID | None = None
    mentee_id: UUID | None = None
    status: EnrolmentStatus | None = None
    sort: Literal["recorded_at", "-recorded_at"] = Field(default="-recorded_at")


@router.get("", response_model=Page[EnrolmentRow], responses=refusals())
async def list_enrolments(
    actor: MayReadEnrolment, db: ReadDb, request: Request, query: Annotated[EnrolmentQuery, Query()]
) -> Response:
    """Who is, was, or waits to be in which series."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post(
    "",
    status_code=201,
    response_model=EnrolmentRead,
    responses=refusals(AlreadyExists, SeriesOver, KeyReused),
)
async def ask_for_place(
    actor: MayWriteEnrolment, db: Db, body: EnrolmentCreate, once: JustOnce
) -> Response:
    """Ask for a mentee's place in a series. While one is free it is offered to the first in the
    order, at once; the others wait."""
    enrolment = await enrolments.ask(db, actor, body)
    shown = await enrolments.shown(db, enrolment, actor)
    return await once.created(shown, location=f"enrolments/{enrolment.id}")


@router.get("/{enrolment_id}", response_model=EnrolmentRead, responses=refusals())
async def read_enrolment(actor: MayReadEnrolment, db: Db, enrolment: ThisEnrolment) -> Response:
    """One enrolment, with what you may do next."""
    return reply(await enrolments.shown(db, enrolment, actor))


@router.post(
    "/{enrolment_id}/moves",
    response_model=EnrolmentRead,
    responses=refusals(
        MoveNotInTable, MoveNotYours, GuardsUnmet, Clash, MenteeTaken, TooManyPairChecks, Stale
    ),
    dependencies=[PairsCounted],
)
async def move_enrolment(
    actor: MayWriteEnrolment, db: Db, enrolment: EnrolmentToMove, body: MoveCreate
) -> Response:
    """Accept or decline a place, withdraw, or complete a course. Whoever accepts comes to every
    meeting that is to come; a place that is given up is offered to the next at once."""
    await lifecycle.make(db, enrolments.ENROLMENT, enrolment, actor, body)
    return reply(await enrolments.shown(db, enrolment, actor))


@router.get("/{enrolment_id}/history", response_model=Page[HistoryRead], responses=refusals())
async def list_enrolment_history(
    actor: MayReadEnrolment, db: Db, enrolment: ThisEnrolment
) -> Response:
    """Every move made, oldest first."""
    return reply(whole(await lifecycle.history_shown(db, enrolment, actor, "enrolments.history")))
