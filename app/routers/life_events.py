"""Events of life over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayReadLifeEvent, MayWriteLifeEvent
from app.db import Db, ReadDb
from app.errors import (
    AlreadyExists,
    Conflicting,
    GuardsUnmet,
    KeyReused,
    MatchNeeded,
    MoveNotInTable,
    MoveNotYours,
    Stale,
)
from app.models.life_events import (
    FactKind,
    LifeEvent,
    LifeEventCreate,
    LifeEventKind,
    LifeEventRead,
    LifeEventRow,
    LifeEventStatus,
    LifeEventUpdate,
)
from app.models.moves import HistoryRead, MoveCreate
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import life_events, lifecycle
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/life-events", tags=["life-events"])
ThisOne = Annotated[LifeEvent, Depends(to_read(LifeEvent, "life_event_id"))]
OneToMove = Annotated[LifeEvent, Depends(to_change(LifeEvent, "life_event_id", match=False))]
OneToChange = Annotated[LifeEvent, Depends(to_change(LifeEvent, "life_event_id", match=True))]

LIST = Listing(
    LifeEvent,
    MATRIX["life_events.row"],
    filters={
        "mentee_id": lambda value: col(LifeEvent.mentee_id) == value,
        "kind": lambda value: col(LifeEvent.kind) == value,
        "fact": lambda value: col(LifeEvent.fact) == value,
        "status": lambda value: col(LifeEvent.status) == value,
    },
    sorts={"first_day": col(LifeEvent.first_day)},
)


class LifeEventQuery(PageQuery):
    mentee_id: UUID | None = None
    kind: LifeEventKind | None = None
    fact: FactKind | None = None
    status: LifeEventStatus | None = None
    sort: Literal["first_day", "-first_day"] = Field(default="-first_day")


@router.get("", response_model=Page[LifeEventRow], responses=refusals())
async def list_life_events(
    actor: MayReadLifeEvent,
    db: ReadDb,
    request: Request,
    query: Annotated[LifeEventQuery, Query()],
) -> Response:
    """What happened to mentees: to support workers all but what clinicians found."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post(
    "",
    status_code=201,
    response_model=LifeEventRead,
    responses=refusals(AlreadyExists, Conflicting, KeyReused),
)
async def record_life_event(
    actor: MayWriteLifeEvent, db: Db, body: LifeEventCreate, once: JustOnce
) -> Response:
    """Record what happened to a mentee, and whose word it is: his own, staff's, or a clinician's
    finding. The three are never counted together. An event of a kind counts once a day."""
    made = await life_events.record(db, actor, body)
    shown = await life_events.shown(db, made, actor)
    return await once.created(shown, location=f"life-events/{made.id}")


@router.get("/{life_event_id}", response_model=LifeEventRead, responses=refusals())
async def read_life_event(actor: MayReadLifeEvent, db: Db, event: ThisOne) -> Response:
    """One event."""
    return reply(await life_events.shown(db, event, actor))


@router.patch(
    "/{life_event_id}",
    response_model=LifeEventRead,
    responses=refusals(Conflicting, MatchNeeded, Stale),
)
async def update_life_event(
    actor: MayWriteLifeEvent, db: Db, event: OneToChange, body: LifeEventUpdate
) -> Response:
    """Say when a self-seclusion that went on has ended."""
    await life_events.update(db, event, body)
    return reply(await life_events.shown(db, event, actor))


@router.post(
    "/{life_event_id}/moves",
    response_model=LifeEventRead,
    responses=refusals(MoveNotInTable, MoveNotYours, GuardsUnmet, Stale),
)
async def move_life_event(
    actor: MayWriteLifeEvent, db: Db, event: OneToMove, body: MoveCreate
) -> Response:
    """Say that it was entered in error, and why. It stays, and counts no more."""
    await lifecycle.make(db, life_events.LIFE_EVENT, event, actor, body)
    return reply(await life_events.shown(db, event, actor))


@router.get("/{life_event_id}/history", response_model=Page[HistoryRead], responses=refusals())
async def list_life_event_history(actor: MayReadLifeEvent, db: Db, event: ThisOne) -> Response:
    """Every move made, oldest first."""
    return reply(whole(await lifecycle.history_shown(db, event, actor, "life_events.history")))
