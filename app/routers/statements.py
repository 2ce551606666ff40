"""Statements over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayReadStatement, MayReadVersions, MayWriteStatement
from app.db import Db, ReadDb
from app.errors import AlreadyExists, ApplicationSent, KeyReused, MatchNeeded, Stale
from app.models.statements import (
    Prompt,
    Statement,
    StatementCreate,
    StatementForMentor,
    StatementPut,
    StatementRead,
)
from app.models.texts import VersionRead
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import statements, texts
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/statements", tags=["statements"])
ThisStatement = Annotated[Statement, Depends(to_read(Statement, "statement_id"))]
StatementToPut = Annotated[Statement, Depends(to_change(Statement, "statement_id", match=True))]
AnyStatement = StatementRead | StatementForMentor

LIST = Listing(
    Statement,
    MATRIX["statements.row"],
    filters={
        "mentor_id": lambda value: col(Statement.mentor_id) == value,
        "prompt": lambda value: col(Statement.prompt) == value,
    },
    sorts={"recorded_at": col(Statement.recorded_at)},
)


class StatementQuery(PageQuery):
    mentor_id: UUID | None = None
    prompt: Prompt | None = None
    sort: Literal["recorded_at", "-recorded_at"] = Field(default="recorded_at")


@router.get("", response_model=Page[AnyStatement], responses=refusals())
async def list_statements(
    actor: MayReadStatement,
    db: ReadDb,
    request: Request,
    query: Annotated[StatementQuery, Query()],
) -> Response:
    """What applicants say; a prisoner finds their own words."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post(
    "",
    status_code=201,
    response_model=AnyStatement,
    responses=refusals(AlreadyExists, ApplicationSent, KeyReused),
)
async def write_statement(
    actor: MayWriteStatement, db: Db, body: StatementCreate, once: JustOnce
) -> Response:
    """Answer a prompt, for oneself or, as staff, for an applicant who cannot."""
    statement = await statements.write(db, actor, body)
    shown = statements.shown(statement, actor)
    return await once.created(shown, location=f"statements/{statement.id}")


@router.get("/{statement_id}", response_model=AnyStatement, responses=refusals())
async def read_statement(actor: MayReadStatement, statement: ThisStatement) -> Response:
    """One answer to one prompt."""
    return reply(statements.shown(statement, actor))


@router.put(
    "/{statement_id}",
    response_model=AnyStatement,
    responses=refusals(ApplicationSent, MatchNeeded, Stale),
)
async def rewrite_statement(
    actor: MayWriteStatement, db: Db, statement: StatementToPut, body: StatementPut
) -> Response:
    """Answer it anew, until the application is handed in; what it said stays as a version."""
    await statements.rewrite(db, actor, statement, body)
    return reply(statements.shown(statement, actor))


@router.get("/{statement_id}/versions", response_model=Page[VersionRead], responses=refusals())
async def list_statement_versions(
    actor: MayReadVersions, db: Db, statement: ThisStatement
) -> Response:
    """What it said each time it was saved, oldest first."""
    return reply(whole(await texts.versions(db, actor, statement, "text")))
