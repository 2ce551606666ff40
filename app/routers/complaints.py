"""Complaints over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import and_, bindparam
from sqlmodel import Field, col

from app.access import MayComplain, MayReadComplaint, MayWorkComplaint
from app.db import Db, ReadDb
from app.errors import (
    Conflicting,
    GuardsUnmet,
    KeyReused,
    MatchNeeded,
    MoveNotInTable,
    MoveNotYours,
    Stale,
)
from app.models.complaints import (
    UNANSWERED,
    AboutPut,
    AnswerCreate,
    AssignmentCreate,
    Complaint,
    ComplaintAbout,
    ComplaintCreate,
    ComplaintOwn,
    ComplaintRead,
    ComplaintReceipt,
    ComplaintRow,
    ComplaintStatus,
)
from app.models.moves import HistoryRead, MoveCreate
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import complaints, lifecycle
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/complaints", tags=["complaints"])
ThisComplaint = Annotated[Complaint, Depends(to_read(Complaint, "complaint_id"))]
ComplaintToMove = Annotated[
    Complaint, Depends(to_change(Complaint, "complaint_id", match=False, shown_as="complaints"))
]
ComplaintToPut = Annotated[Complaint, Depends(to_change(Complaint, "complaint_id", match=True))]
AnyComplaint = ComplaintRead | ComplaintOwn

_overdue = and_(
    col(Complaint.status).in_(sorted(UNANSWERED)), col(Complaint.due_at) < bindparam("actor_now")
)
LIST = Listing(
    Complaint,
    MATRIX["complaints.row"],
    filters={
        "status": lambda value: col(Complaint.status) == value,
        "assigned_to": lambda value: col(Complaint.assigned_to) == value,
        "about": lambda value: col(Complaint.about) == value,
        "overdue": lambda value: _overdue == value,
    },
    sorts={"recorded_at": col(Complaint.recorded_at), "due_at": col(Complaint.due_at)},
)


class ComplaintQuery(PageQuery):
    status: ComplaintStatus | None = None
    about: ComplaintAbout | None = Field(
        default=None, description="Only those about this, as it was said."
    )
    assigned_to: UUID | None = Field(
        default=None, description="Only those given to this colleague."
    )
    overdue: bool | None = Field(
        default=None, description="True: still to be answered, and past the time for it."
    )
    sort: Literal["recorded_at", "-recorded_at", "due_at", "-due_at"] = Field(
        default="-recorded_at"
    )


@router.get("", response_model=Page[ComplaintRow | ComplaintOwn], responses=refusals())
async def list_complaints(
    actor: MayReadComplaint,
    db: ReadDb,
    request: Request,
    query: Annotated[ComplaintQuery, Query()],
) -> Response:
    """Complaints you may see: your own, or those that are not kept from you."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post("", status_code=201, response_model=ComplaintReceipt, responses=refusals(KeyReused))
async def raise_complaint(
    actor: MayComplain, db: Db, body: ComplaintCreate, once: JustOnce
) -> Response:
    """Complain, or enter a prisoner's complaint. It goes past whoever it is about."""
    complaint = await complaints.raise_complaint(db, actor, body)
    receipt = complaints.receipt(complaint, actor)
    return await once.created(receipt, location=f"complaints/{complaint.id}")


@router.get("/{complaint_id}", response_model=AnyComplaint, responses=refusals())
async def read_complaint(actor: MayReadComplaint, db: Db, complaint: ThisComplaint) -> Response:
    """One complaint as you may see it, with what you may do next."""
    return reply(await complaints.shown(db, complaint, actor))


@router.post(
    "/{complaint_id}/assignment",
    response_model=ComplaintRead,
    responses=refusals(Conflicting, Stale),
)
async def assign_complaint(
    actor: MayWorkComplaint, db: Db, complaint: ComplaintToMove, body: AssignmentCreate
) -> Response:
    """Give it to somebody to answer, never to whom it is about; or to another, until answered."""
    await complaints.assign(db, actor, complaint, body)
    return reply(await complaints.shown(db, complaint, actor))


@router.post(
    "/{complaint_id}/answer",
    response_model=ComplaintRead,
    responses=refusals(MoveNotInTable, GuardsUnmet, Stale),
)
async def answer_complaint(
    actor: MayWorkComplaint, db: Db, complaint: ComplaintToMove, body: AnswerCreate
) -> Response:
    """Answer it, in words that whoever complained reads."""
    await complaints.answer(db, actor, complaint, body)
    return reply(await complaints.shown(db, complaint, actor))


@router.put(
    "/{complaint_id}/about",
    response_model=ComplaintRead | ComplaintReceipt,
    responses=refusals(MatchNeeded, Stale),
)
async def put_complaint_about(
    actor: MayWorkComplaint, db: Db, complaint: ComplaintToPut, body: AboutPut
) -> Response:
    """Say whom it is about, as it turned out: from then on it goes past them.

    If it is kept from you now, you get a receipt.
    """
    await complaints.say_whom(db, actor, complaint, body)
    return reply(await complaints.about_shown(db, complaint, actor))


@router.post(
    "/{complaint_id}/moves",
    response_model=AnyComplaint,
    responses=refusals(MoveNotInTable, MoveNotYours, GuardsUnmet, Stale),
)
async def move_complaint(
    actor: MayComplain, db: Db, complaint: ComplaintToMove, body: MoveCreate
) -> Response:
    """Close an answered complaint; or, as whoever made it or for them, reopen or withdraw it."""
    await lifecycle.make(db, complaints.COMPLAINT, complaint, actor, body)
    return reply(await complaints.shown(db, complaint, actor))


@router.get("/{complaint_id}/history", response_model=Page[HistoryRead], responses=refusals())
async def list_complaint_history(
    actor: MayWorkComplaint, db: Db, complaint: ThisComplaint
) -> Response:
    """Every move and act, oldest first."""
    return reply(whole(await lifecycle.history_shown(db, complaint, actor, "complaints.history")))
