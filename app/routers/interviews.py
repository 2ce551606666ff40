"""Interviews over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayReadInterview, MayReadVersions, MayWriteInterview
from app.db import Db, ReadDb
from app.errors import (
    AlreadyExists,
    InterviewNotYours,
    KeyReused,
    MatchNeeded,
    NotInApplication,
    Stale,
)
from app.models.interviews import (
    Interview,
    InterviewCreate,
    Interviewer,
    InterviewForGovernor,
    InterviewPut,
    InterviewRead,
    InterviewRow,
)
from app.models.texts import VersionRead
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import interviews, texts
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/interviews", tags=["interviews"])
ThisInterview = Annotated[Interview, Depends(to_read(Interview, "interview_id"))]
InterviewToPut = Annotated[Interview, Depends(to_change(Interview, "interview_id", match=True))]

LIST = Listing(
    Interview,
    MATRIX["interviews.row"],
    filters={
        "mentor_id": lambda value: col(Interview.mentor_id) == value,
        "interviewer": lambda value: col(Interview.interviewer) == value,
    },
    sorts={"held_at": col(Interview.held_at)},
)


class InterviewQuery(PageQuery):
    mentor_id: UUID | None = None
    interviewer: Interviewer | None = None
    sort: Literal["held_at", "-held_at"] = Field(default="-held_at")


@router.get("", response_model=Page[InterviewRow | InterviewForGovernor], responses=refusals())
async def list_interviews(
    actor: MayReadInterview,
    db: ReadDb,
    request: Request,
    query: Annotated[InterviewQuery, Query()],
) -> Response:
    """Interviews that were held, and what came of them."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post(
    "",
    status_code=201,
    response_model=InterviewRead,
    responses=refusals(AlreadyExists, NotInApplication, KeyReused),
)
async def record_interview(
    actor: MayWriteInterview, db: Db, body: InterviewCreate, once: JustOnce
) -> Response:
    """Record an interview of your own: support worker and clinician each record theirs."""
    interview = await interviews.record(db, actor, body)
    shown = interviews.shown(interview, actor)
    return await once.created(shown, location=f"interviews/{interview.id}")


@router.get(
    "/{interview_id}", response_model=InterviewRead | InterviewForGovernor, responses=refusals()
)
async def read_interview(actor: MayReadInterview, interview: ThisInterview) -> Response:
    """One interview; to governors without its notes."""
    return reply(interviews.shown(interview, actor))


@router.put(
    "/{interview_id}",
    response_model=InterviewRead,
    responses=refusals(InterviewNotYours, NotInApplication, MatchNeeded, Stale),
)
async def rewrite_interview(
    actor: MayWriteInterview, db: Db, interview: InterviewToPut, body: InterviewPut
) -> Response:
    """Put right an interview of your own before the governor decides; its notes stay as a
    version."""
    await interviews.rewrite(db, actor, interview, body)
    return reply(interviews.shown(interview, actor))


@router.get("/{interview_id}/versions", response_model=Page[VersionRead], responses=refusals())
async def list_interview_versions(
    actor: MayReadVersions, db: Db, interview: ThisInterview
) -> Response:
    """What its notes said each time they were saved, oldest first."""
    return reply(whole(await texts.versions(db, actor, interview, "notes")))
