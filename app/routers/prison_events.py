"""Prison events over HTTP."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import (
    Actor,
    MayImportPrisonEvents,
    MayReadPrisonEvent,
    MayWritePrisonEvent,
)
from app.config import settings
from app.db import Db, ReadDb
from app.errors import Conflicting, Invalid, KeyReused, MatchNeeded, Stale, TooLarge
from app.models.base import Instant
from app.models.prison_events import (
    EventImportReport,
    EventsTakenIn,
    PrisonEvent,
    PrisonEventCreate,
    PrisonEventKind,
    PrisonEventRead,
    PrisonEventRow,
    PrisonEventTimes,
    PrisonEventUpdate,
)
from app.paging import Listing, Page, PageQuery
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import event_imports, prison_events
from app.services.planned_then import hold_those_of
from app.visibility import MATRIX, shape

router = APIRouter(prefix="/v1/prisons/{prison_id}/prison-events", tags=["prison-events"])
This = Annotated[PrisonEvent, Depends(to_read(PrisonEvent, "prison_event_id"))]
ToChange = Annotated[
    PrisonEvent,
    Depends(to_change(PrisonEvent, "prison_event_id", match=True, first=hold_those_of)),
]
ToEnd = Annotated[PrisonEvent, Depends(to_change(PrisonEvent, "prison_event_id", match=False))]
Any_ = PrisonEventRead | PrisonEventTimes

FOR_ALL: dict[str, Any] = {
    "person_id": lambda value: col(PrisonEvent.person_id) == value,
    "ends_after": lambda value: col(PrisonEvent.ends_at) > value,
    "starts_before": lambda value: col(PrisonEvent.starts_at) < value,
    "live": lambda value: col(PrisonEvent.cancelled_at).is_(None) == value,
}
OF_KIND: dict[str, Any] = {"kind": lambda value: col(PrisonEvent.kind) == value}
SORTS = {"starts_at": col(PrisonEvent.starts_at)}
ROW = MATRIX["prison_events.row"]
WHOLE = Listing(PrisonEvent, ROW, filters={**FOR_ALL, **OF_KIND}, sorts=SORTS)
TIMES = Listing(PrisonEvent, ROW, filters=FOR_ALL, sorts=SORTS)
_DOCUMENTS = {
    "requestBody": {
        "required": True,
        "description": "A list or a page of schedules: court events, visits, appointments,"
        " activities; or one document a line.",
        "content": {
            "application/json": {
                "schema": {"anyOf": [{"type": "object"}, {"type": "array"}]},
                "example": [
                    {
                        "offenderNo": "A1234BC",
                        "eventId": 474677532,
                        "event": "CRT",
                        "eventType": "COURT",
                        "eventStatus": "SCH",
                        "startTime": "2026-11-24T10:00:00",
                    }
                ],
            },
            "application/x-ndjson": {"schema": {"type": "string"}},
        },
    }
}


class PrisonEventQuery(PageQuery):
    person_id: UUID | None = None
    kind: PrisonEventKind | None = Field(
        default=None, description="Only those of this kind; for those who see it."
    )
    ends_after: Instant | None = Field(default=None, description="Not over at this time.")
    starts_before: Instant | None = Field(default=None, description="Begun before this time.")
    live: bool | None = Field(default=None, description="True: not cancelled.")
    sort: Literal["starts_at", "-starts_at"] = Field(default="starts_at")


def _list_for(actor: Actor, query: PrisonEventQuery) -> Listing:
    """The audience's list. What they may not read they may not filter by."""
    if shape("prison_events.row", actor.role) is PrisonEventRow:
        return WHOLE
    if query.kind is not None:
        raise Invalid.field("kind", "extra_forbidden", "is not for this list")
    return TIMES


async def _whole_body(actor: MayImportPrisonEvents, request: Request) -> bytes:
    """The body, read after the permission is proved and before a transaction is begun."""
    return await request.body()


@router.get("", response_model=Page[PrisonEventRow | PrisonEventTimes], responses=refusals())
async def list_prison_events(
    actor: MayReadPrisonEvent,
    db: ReadDb,
    request: Request,
    query: Annotated[PrisonEventQuery, Query()],
) -> Response:
    """What the prison has planned for people; clinicians see when, and not what."""
    return await _list_for(actor, query).page(request, db, actor, query, query.sort)


@router.post("", status_code=201, response_model=PrisonEventRead, responses=refusals(KeyReused))
async def enter_prison_event(
    actor: MayWritePrisonEvent, db: Db, body: PrisonEventCreate, once: JustOnce
) -> Response:
    """Say that the prison needs somebody elsewhere, and when; sessions are planned around it. Of
    what is planned for them already the plans it falls on are listed at once."""
    event = await prison_events.enter(db, actor, body)
    shown = await prison_events.shown(db, event, actor)
    return await once.created(shown, location=f"prison-events/{event.id}")


@router.post(
    "/import",
    status_code=201,
    response_model=EventsTakenIn | EventImportReport,
    responses=refusals(KeyReused, TooLarge),
    openapi_extra=_DOCUMENTS,
    max_body_size=settings().max_import_bytes,
)
async def import_prison_events(
    actor: MayImportPrisonEvents,
    data: Annotated[bytes, Depends(_whole_body)],
    db: Db,
    once: JustOnce,
) -> Response:
    """Take in schedules exactly as HMPPS answers them; a report on each, which names nobody.

    Kept are whose it is, its kind and its times. What an event is for, and where, is passed over.
    Those who see plans are told at once which of the events fall on some.
    """
    return await once.created(await event_imports.import_documents(db, actor, data))


@router.get("/{prison_event_id}", response_model=Any_, responses=refusals())
async def read_prison_event(actor: MayReadPrisonEvent, db: Db, event: This) -> Response:
    """One event, with the plans it falls on; to clinicians when, and nothing else."""
    return reply(await prison_events.shown(db, event, actor))


@router.patch(
    "/{prison_event_id}",
    response_model=PrisonEventRead,
    responses=refusals(Conflicting, MatchNeeded, Stale),
)
async def change_prison_event(
    actor: MayWritePrisonEvent, db: Db, event: ToChange, body: PrisonEventUpdate
) -> Response:
    """Change what staff entered; what was imported changes where it comes from."""
    await prison_events.change(db, actor, event, body)
    return reply(await prison_events.shown(db, event, actor))


@router.post(
    "/{prison_event_id}/cancellation",
    response_model=PrisonEventRead,
    responses=refusals(Conflicting, Stale),
)
async def cancel_prison_event(actor: MayWritePrisonEvent, db: Db, event: ToEnd) -> Response:
    """It does not take place. One that was imported stays so until its source says otherwise."""
    await prison_events.cancel(db, actor, event)
    return reply(await prison_events.shown(db, event, actor))
