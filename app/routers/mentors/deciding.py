"""What governors decide on mentors, over HTTP: the queue, the approval, its conditions; and how
many mentees became mentors."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from app.access import MayDecideMentor, MayReadInterview
from app.db import Db
from app.errors import AlreadyExists, GuardsUnmet, MatchNeeded, MoveNotInTable, Stale
from app.models.applications import ApprovalCreate, ConditionsPut, Pathway, QueueItem
from app.models.base import Day
from app.models.mentors import Mentor, MentorRead
from app.paging import Page, whole
from app.paths import to_change
from app.problems import refusals
from app.replies import reply
from app.services import mentors
from app.services.mentors import deciding
from app.services.mentors.pathway import pathway
from app.services.mentors.queue import queue

router = APIRouter(prefix="/v1/prisons/{prison_id}/mentors")
MentorToDecide = Annotated[Mentor, Depends(to_change(Mentor, "mentor_id", match=False))]
MentorToPut = Annotated[Mentor, Depends(to_change(Mentor, "mentor_id", match=True))]
From = Annotated[
    Day | None, Query(alias="from", description="Only support that began on this day or later.")
]
To = Annotated[
    Day | None, Query(alias="to", description="Only support that began on this day or before.")
]


@router.get("/queue", response_model=Page[QueueItem], responses=refusals())
async def read_mentor_queue(actor: MayDecideMentor, db: Db) -> Response:
    """Every application that waits for the governor, with what it is decided on; the longest
    waiting first."""
    return reply(whole(await queue(db, actor)))


@router.get("/pathway", response_model=Pathway, responses=refusals())
async def read_mentor_pathway(
    actor: MayReadInterview, db: Db, since: From = None, until: To = None
) -> Response:
    """From mentee to mentor: how many applied, were approved, became active. Numbers, no names."""
    return reply(await pathway(db, actor, since, until))


@router.post(
    "/{mentor_id}/approval",
    response_model=MentorRead,
    responses=refusals(MoveNotInTable, GuardsUnmet, AlreadyExists, Stale),
)
async def approve_mentor(
    actor: MayDecideMentor, db: Db, mentor: MentorToDecide, body: ApprovalCreate
) -> Response:
    """Approve an application, bound to conditions of the closed list."""
    await deciding.approve(db, actor, mentor, body)
    return reply(await mentors.shown(db, mentor, actor))


@router.put(
    "/{mentor_id}/conditions",
    response_model=MentorRead,
    responses=refusals(MoveNotInTable, MatchNeeded, Stale),
)
async def put_mentor_conditions(
    actor: MayDecideMentor, db: Db, mentor: MentorToPut, body: ConditionsPut
) -> Response:
    """Bind an approval to other conditions; what they were is kept."""
    await deciding.put_conditions(db, actor, mentor, body)
    return reply(await mentors.shown(db, mentor, actor))
