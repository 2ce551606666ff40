"""The audit over HTTP: searched and exported; nobody changes it."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import bindparam
from sqlmodel import Field, SQLModel, col

from app import clock
from app.access import MayExportAudit, MayReadAudit
from app.db import ReadDb
from app.models.audit import AuditAct, AuditEntry, AuditRead
from app.models.base import Instant
from app.paging import Listing, Page, PageQuery
from app.problems import refusals
from app.services.audit.search import touches, touches_person
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/audit", tags=["audit"])
LIST = Listing(
    AuditEntry,
    MATRIX["audit.row"],
    filters={
        "subject": lambda value: col(AuditEntry.subject) == value,
        "operation": lambda value: col(AuditEntry.operation) == value,
        "act": lambda value: col(AuditEntry.act) == value,
        "thing_id": touches,
        "person_id": lambda value: touches_person(bindparam("actor_prison"), value),
        "break_glass_id": lambda value: col(AuditEntry.break_glass_id) == value,
        "since": lambda value: col(AuditEntry.recorded_at) >= value,
        "until": lambda value: col(AuditEntry.recorded_at) < value,
    },
    sorts={"recorded_at": col(AuditEntry.recorded_at)},
)


class Period(SQLModel):
    since: Instant | None = Field(default=None, description="Recorded at this time or later.")
    until: Instant | None = Field(default=None, description="Recorded before this time.")


class AuditQuery(PageQuery, Period):
    subject: str | None = Field(default=None, max_length=200, description="Whose acts.")
    operation: str | None = Field(default=None, max_length=100, description="An operationId.")
    act: AuditAct | None = None
    thing_id: UUID | None = Field(default=None, description="Acts on the row with this id.")
    person_id: UUID | None = Field(
        default=None, description="Acts on any record of this person, whatever it is."
    )
    break_glass_id: UUID | None = Field(default=None, description="Acts through this glass.")
    sort: Literal["recorded_at", "-recorded_at"] = Field(default="-recorded_at")


@router.get("", response_model=Page[AuditRead], responses=refusals())
async def list_audit(
    actor: MayReadAudit, db: ReadDb, request: Request, query: Annotated[AuditQuery, Query()]
) -> Response:
    """Who did what and who was refused: governors of the prison, other staff what they did."""
    return await LIST.page(request, db, actor, query, query.sort)


_LINES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "One entry a line, oldest first.",
        "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
    }
}


@router.get("/export", response_class=StreamingResponse, responses={**_LINES, **refusals()})
async def export_audit(
    actor: MayExportAudit, db: ReadDb, query: Annotated[Period, Query()]
) -> Response:
    """The entries of a period, one JSON object a line; without an `until`, up to now."""
    given = {"until": clock.now()} | query.model_dump(exclude_none=True)
    lines = LIST.lines(db, actor, "recorded_at", given)
    return StreamingResponse(lines, media_type="application/x-ndjson")
