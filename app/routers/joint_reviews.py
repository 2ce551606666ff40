"""Joint reviews over HTTP."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import and_
from sqlmodel import Field, col

from app.access import MayReadJointReview, MayReadVersions, MayWriteJointReview
from app.db import Db, ReadDb
from app.errors import (
    Conflicting,
    GuardsUnmet,
    MatchNeeded,
    MoveNotInTable,
    MoveNotYours,
    NoteLocked,
    Stale,
)
from app.models.joint_reviews import (
    AgendaRead,
    JointReview,
    JointReviewForGovernor,
    JointReviewHeld,
    JointReviewRead,
    JointReviewRow,
    JointReviewStatus,
    JointReviewSummaryPut,
)
from app.models.moves import HistoryCoarse, HistoryRead
from app.models.texts import VersionRead
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import reply
from app.services import joint_reviews
from app.ties import NOW
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/joint-reviews", tags=["joint-reviews"])
ThisReview = Annotated[JointReview, Depends(to_read(JointReview, "joint_review_id"))]
ReviewToMove = Annotated[
    JointReview, Depends(to_change(JointReview, "joint_review_id", match=False))
]
ReviewToPut = Annotated[JointReview, Depends(to_change(JointReview, "joint_review_id", match=True))]

_overdue = and_(col(JointReview.status) == JointReviewStatus.due, col(JointReview.due_at) < NOW)
LIST = Listing(
    JointReview,
    MATRIX["joint_reviews.row"],
    filters={
        "status": lambda value: col(JointReview.status) == value,
        "overdue": lambda value: _overdue == value,
    },
    sorts={"due_at": col(JointReview.due_at)},
    computed={"overdue": _overdue},
)


class JointReviewQuery(PageQuery):
    status: JointReviewStatus | None = None
    overdue: bool | None = Field(default=None, description="True: not held, and past its day.")
    sort: Literal["due_at", "-due_at"] = Field(default="-due_at")


@router.get("", response_model=Page[JointReviewRow], responses=refusals())
async def list_joint_reviews(
    actor: MayReadJointReview,
    db: ReadDb,
    request: Request,
    query: Annotated[JointReviewQuery, Query()],
) -> Response:
    """The months' reviews: whether and when they were held, by whom."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.get(
    "/{joint_review_id}",
    response_model=JointReviewRead | JointReviewForGovernor,
    responses=refusals(),
)
async def read_joint_review(actor: MayReadJointReview, db: Db, review: ThisReview) -> Response:
    """One month's review; governors read whether and when."""
    return reply(await joint_reviews.shown(db, review, actor))


@router.get("/{joint_review_id}/agenda", response_model=AgendaRead, responses=refusals())
async def read_joint_review_agenda(
    actor: MayWriteJointReview, db: Db, review: ThisReview
) -> Response:
    """Whom it must look at, and why, as far as you may see them."""
    return reply(await joint_reviews.agenda(db, actor, review))


@router.post(
    "/{joint_review_id}/held",
    response_model=JointReviewRead,
    responses=refusals(MoveNotInTable, MoveNotYours, GuardsUnmet, Stale),
)
async def hold_joint_review(
    actor: MayWriteJointReview, db: Db, review: ReviewToMove, body: JointReviewHeld
) -> Response:
    """Record that it was held, by which support worker and which clinician, and what came of it."""
    await joint_reviews.hold(db, actor, review, body)
    return reply(await joint_reviews.shown(db, review, actor))


@router.put(
    "/{joint_review_id}/summary",
    response_model=JointReviewRead,
    responses=refusals(NoteLocked, MatchNeeded, Stale),
)
async def put_joint_review_summary(
    actor: MayWriteJointReview, db: Db, review: ReviewToPut, body: JointReviewSummaryPut
) -> Response:
    """Write the summary anew, until someone signs it. Earlier words are kept as versions."""
    await joint_reviews.rewrite(db, actor, review, body)
    return reply(await joint_reviews.shown(db, review, actor))


@router.post(
    "/{joint_review_id}/signature",
    response_model=JointReviewRead,
    responses=refusals(MoveNotInTable, MoveNotYours, Conflicting, Stale),
)
async def sign_joint_review(actor: MayWriteJointReview, db: Db, review: ReviewToMove) -> Response:
    """Sign for yourself, as one of the two who held it."""
    await joint_reviews.sign(db, actor, review)
    return reply(await joint_reviews.shown(db, review, actor))


@router.get(
    "/{joint_review_id}/history",
    response_model=Page[HistoryRead | HistoryCoarse],
    responses=refusals(),
)
async def list_joint_review_history(
    actor: MayReadJointReview, db: Db, review: ThisReview
) -> Response:
    """Every move made, oldest first."""
    return reply(whole(await joint_reviews.history_shown(db, review, actor)))


@router.get(
    "/{joint_review_id}/summary/versions", response_model=Page[VersionRead], responses=refusals()
)
async def list_joint_review_versions(
    actor: MayReadVersions, db: Db, review: ThisReview
) -> Response:
    """Every version of the summary, oldest first."""
    return reply(whole(await joint_reviews.versions(db, actor, review)))
