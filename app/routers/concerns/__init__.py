"""Concerns over HTTP: raising and reading (here), the work on one (`work.py`), its actions
(`actions.py`), figures of all of them (`figures.py`)."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import ColumnElement, Select, String, Uuid, case, cast, func, or_, select
from sqlmodel import Field, col

from app.access import Actor, MayMoveConcern, MayRaise, MayReadConcern
from app.db import Db, ReadDb
from app.errors import (
    Conflicting,
    FieldError,
    GuardsUnmet,
    Invalid,
    KeyReused,
    MoveNotInTable,
    MoveNotYours,
    Stale,
    TooLarge,
)
from app.models.base import Instant
from app.models.concerns import (
    Addendum,
    AddendumCreate,
    Concern,
    ConcernCreate,
    ConcernForGovernorRow,
    ConcernForMachine,
    ConcernForWing,
    ConcernKind,
    ConcernRaised,
    ConcernReceipt,
    ConcernRow,
    ConcernStatus,
    FeedbackOutcome,
    MergeCreate,
)
from app.models.moves import HistoryCoarse, HistoryRead, MoveCreate
from app.paging import Listing, Page, PageQuery, whole
from app.paths import IfMatch
from app.problems import refusals
from app.replies import JustOnce, OnceOrMore, check_match, reply
from app.routers.concerns import actions, batch, figures, reading
from app.routers.concerns import work as working
from app.routers.concerns.paths import AnyConcern, ConcernToChange, ThisConcern
from app.services import concerns, lifecycle
from app.services.concerns import identity, work
from app.services.concerns.moves import CONCERN
from app.services.escalation import Immediacy
from app.ties import HERE, MY_STAFF, MY_SUBJECT
from app.visibility import MATRIX, shape

own = APIRouter(prefix="/v1/prisons/{prison_id}/concerns")
AnyRow = ConcernRow | ConcernForGovernorRow | ConcernForWing | ConcernForMachine | ConcernReceipt

# Why somebody cannot be told is not for them.
_told_back = col(Concern.feedback) != FeedbackOutcome.impossible


def _with_words_added(value: ColumnElement[Any]) -> Select[Any]:
    """The concerns to which these words were added later; to a prisoner, by themselves."""
    said = func.strpos(func.lower(col(Addendum.account)), func.lower(cast(value, String))) > 0
    read = or_(cast(MY_STAFF, Uuid).is_not(None), col(Addendum.said_by) == MY_SUBJECT)
    return select(col(Addendum.concern_id)).where(col(Addendum.prison_id) == HERE, read, said)


LIST = Listing(
    Concern,
    MATRIX["concerns.row"],
    filters={
        "status": lambda value: col(Concern.status) == value,
        "immediacy": lambda value: col(Concern.immediacy) == value,
        "kind": lambda value: col(Concern.kind) == value,
        "reference": lambda value: col(Concern.reference) == value,
        "subject_person_id": lambda value: col(Concern.subject_person_id) == value,
        "since": lambda value: col(Concern.raised_at) >= value,
        "until": lambda value: col(Concern.raised_at) < value,
        "words": lambda value: or_(
            *(
                func.strpos(func.lower(text), func.lower(cast(value, String))) > 0
                for text in (col(Concern.account), col(Concern.subject_as_told))
            ),
            col(Concern.id).in_(_with_words_added(value)),
        ),
    },
    sorts={"recorded_at": col(Concern.recorded_at)},
    computed={
        "feedback": case((_told_back, col(Concern.feedback))),
        "feedback_text": case((_told_back, col(Concern.feedback_text))),
        "received": col(Concern.acknowledged_at).is_not(None)
        | col(Concern.merged_into).is_not(None),
        "seen": col(Concern.seen_at).is_not(None),
        "acted": col(Concern.seen_at).is_not(None) | col(Concern.decided_at).is_not(None),
    },
)


class ConcernQuery(PageQuery):
    status: ConcernStatus | None = None
    immediacy: Immediacy | None = None
    kind: ConcernKind | None = None
    reference: str | None = Field(default=None, max_length=12)
    subject_person_id: UUID | None = Field(default=None, description="About whom; staff only.")
    since: Instant | None = Field(default=None, description="Raised at this time or later.")
    until: Instant | None = Field(default=None, description="Raised before this time.")
    words: str | None = Field(
        default=None,
        min_length=3,
        max_length=100,
        description="These words in the account, in what was added to it or in whom it is about as"
        " told; only for those who read accounts.",
    )
    sort: Literal["recorded_at", "-recorded_at"] = Field(default="-recorded_at")


_ASKED_OF = {
    "status": "status",
    "words": "account",
    "subject_person_id": "subject_person_id",
    "since": "raised_at",
    "until": "raised_at",
}


def _within_reach(actor: Actor, query: ConcernQuery) -> None:
    """What somebody may not read, they may not ask for either."""
    shown = shape("concerns.row", actor.role).model_fields
    hidden = [
        name
        for name, read in _ASKED_OF.items()
        if getattr(query, name) is not None and read not in shown
    ]
    if hidden:
        message = "is not among what you may ask for"
        raise Invalid(errors=[FieldError(name, "out_of_reach", message) for name in hidden])


@own.get("", response_model=Page[AnyRow], responses=refusals())
async def list_concerns(
    actor: MayReadConcern, db: ReadDb, request: Request, query: Annotated[ConcernQuery, Query()]
) -> Response:
    """Concerns you may see; a mentor finds the ones they raised, as receipts."""
    _within_reach(actor, query)
    return await LIST.page(request, db, actor, query, query.sort)


@own.post(
    "", status_code=201, response_model=ConcernRaised, responses=refusals(Conflicting, TooLarge)
)
async def raise_concern(actor: MayRaise, db: Db, body: ConcernCreate, once: OnceOrMore) -> Response:
    """Raise a concern. For danger now tell an officer first: `tell` in the answer repeats it.

    An answer other than 201 begins `NOT SAVED`. The same Idempotency-Key with other words adds
    the words to the concern it belongs to, so that nothing said is lost.
    """
    if once.reused_for is not None:
        kept = await concerns.keep_reused(db, actor, once.reused_for, body)
        return reply(concerns.receipt(kept.concern, kept.warnings), status=201)
    concern, warnings = await concerns.raise_concern(db, actor, body)
    answer = concerns.receipt(concern, warnings)
    return await once.created(answer, location=f"concerns/{concern.id}")


@own.get("/{concern_id}", response_model=AnyConcern, responses=refusals())
async def read_concern(actor: MayReadConcern, db: Db, concern: ThisConcern) -> Response:
    """One concern as you may see it, with what you may do next."""
    return reply(await concerns.shown(db, concern, actor))


@own.post(
    "/{concern_id}/addenda",
    status_code=201,
    response_model=AnyConcern,
    responses=refusals(KeyReused, Stale),
)
async def add_to_concern(
    actor: MayRaise, db: Db, concern: ConcernToChange, body: AddendumCreate, once: JustOnce
) -> Response:
    """Add words to a concern. Nothing said is overwritten."""
    await concerns.add_words(db, actor, concern, body.account, body.disclosure)
    return await once.created(await concerns.shown(db, concern, actor))


@own.post(
    "/{concern_id}/moves",
    response_model=AnyConcern,
    responses=refusals(MoveNotInTable, MoveNotYours, GuardsUnmet, Stale),
)
async def move_concern(
    actor: MayMoveConcern, db: Db, concern: ConcernToChange, body: MoveCreate
) -> Response:
    """Move a concern to another state; closing needs its guards."""
    work.may_decide(concern, actor)
    await lifecycle.make(db, CONCERN, concern, actor, body)
    return reply(await concerns.shown(db, concern, actor))


@own.post(
    "/{concern_id}/merge",
    response_model=AnyConcern,
    responses=refusals(Conflicting, Stale),
)
async def merge_concern(
    actor: MayMoveConcern,
    db: Db,
    concern: ThisConcern,
    body: MergeCreate,
    if_match: IfMatch = None,
) -> Response:
    """Merge this duplicate into another concern, which keeps the strictest of both clocks."""
    survivor = await identity.lock_both(db, actor, concern, body.survivor_id)
    check_match(concern.version, if_match, needed=False)
    await identity.merge(db, actor, concern, survivor)
    return reply(await concerns.shown(db, survivor, actor))


@own.get(
    "/{concern_id}/history",
    response_model=Page[HistoryRead | HistoryCoarse],
    responses=refusals(),
)
async def list_concern_history(actor: MayMoveConcern, db: Db, concern: ThisConcern) -> Response:
    """Everything that happened to a concern: moves, acts, escalation steps; oldest first."""
    return reply(whole(await concerns.history_shown(db, concern, actor)))


router = APIRouter(tags=["concerns"])
router.include_router(batch.router)  # before a concern's own paths
router.include_router(figures.router)
router.include_router(own)
router.include_router(working.router)
router.include_router(actions.router)
router.include_router(reading.router)
