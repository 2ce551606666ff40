"""Mentees over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import String, and_, bindparam, case, cast, or_, select
from sqlmodel import Field, col

from app.access import (
    Actor,
    MayReadMatch,
    MayReadMentee,
    MayReadMenteeHistory,
    MayRefer,
    MayWriteMentee,
)
from app.db import Db, ReadDb
from app.errors import (
    AlreadyExists,
    GuardsUnmet,
    Invalid,
    KeyReused,
    MatchNeeded,
    MoveNotInTable,
    MoveNotYours,
    NotHere,
    Stale,
    TooManyPairChecks,
)
from app.models.explanations import ExplanationCreate, ExplanationRead
from app.models.matching import MatchCandidatesRead
from app.models.mentees import (
    CheckCreate,
    CheckFirstPut,
    ConsentPut,
    Mentee,
    MenteeCreate,
    MenteeForGovernor,
    MenteeForMentor,
    MenteeRead,
    MenteeReceipt,
    MenteeRow,
    MenteeSeen,
    MenteeStatus,
    MenteeUpdate,
)
from app.models.moves import HistoryCoarse, HistoryRead, MoveCreate
from app.models.people import Person
from app.models.staff import Role
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.probing import TellsOfPairs
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import explanations, lifecycle, mentees, pair_checks
from app.services.mentees import consent
from app.services.mentees.check_first import AGREED_LINE, CHECK_WITH_STAFF
from app.visibility import MATRIX, shape

router = APIRouter(prefix="/v1/prisons/{prison_id}/mentees", tags=["mentees"])
ThisMentee = Annotated[Mentee, Depends(to_read(Mentee, "mentee_id"))]
MenteeToMove = Annotated[Mentee, Depends(to_change(Mentee, "mentee_id", match=False))]
MenteeToChange = Annotated[Mentee, Depends(to_change(Mentee, "mentee_id", match=True))]
AnyMentee = MenteeRead | MenteeForGovernor | MenteeForMentor
AnyMenteeRow = MenteeRow | MenteeForGovernor | MenteeForMentor

_NAME = (
    select(col(Person.display_name))
    .where(
        col(Person.prison_id) == col(Mentee.prison_id),
        col(Person.id) == col(Mentee.person_id),
    )
    .scalar_subquery()
)
_triage_overdue = and_(
    or_(*[col(Mentee.status) == status for status in mentees.AWAITING_TRIAGE]),
    col(Mentee.triage_by) < bindparam("actor_now"),
)
_FILTERS = {
    "status": lambda value: col(Mentee.status) == value,
    "person_id": lambda value: col(Mentee.person_id) == value,
    "safety_need": lambda value: col(Mentee.safety_need) == value,
    "triage_overdue": lambda value: _triage_overdue == value,
}
LIST = Listing(
    Mentee,
    MATRIX["mentees.row"],
    filters=_FILTERS,
    sorts={"recorded_at": col(Mentee.recorded_at), "triage_by": col(Mentee.triage_by)},
    computed={"display_name": _NAME},
)
LIST_FOR_MENTOR = Listing(
    Mentee,
    MATRIX["mentees.row"],
    sorts={"recorded_at": col(Mentee.recorded_at)},
    computed={
        "display_name": _NAME,
        "status": case(
            {seen.value: seen.value for seen in MenteeSeen},
            value=cast(col(Mentee.status), String),
            else_=MenteeSeen.unavailable.value,
        ),
        "agreed_line": AGREED_LINE,
        "check_with_staff": CHECK_WITH_STAFF,
    },
)


class MenteeQuery(PageQuery):
    status: MenteeStatus | None = None
    person_id: UUID | None = None
    safety_need: bool | None = None
    triage_overdue: bool | None = Field(
        default=None, description="True: still to be triaged, and past the time for it."
    )
    sort: Literal["recorded_at", "-recorded_at", "triage_by", "-triage_by"] = Field(
        default="-recorded_at"
    )


def _listing(actor: Actor, query: MenteeQuery) -> Listing:
    """The audience's list. What a mentor may not read, they may not filter or sort by."""
    if actor.family is not Role.mentor:
        return LIST
    asked = [name for name in _FILTERS if getattr(query, name) is not None]
    if asked or "triage_by" in query.sort:
        name = asked[0] if asked else "sort"
        raise Invalid.field(name, "extra_forbidden", "is not for this list")
    return LIST_FOR_MENTOR


@router.get("", response_model=Page[AnyMenteeRow], responses=refusals())
async def list_mentees(
    actor: MayReadMentee, db: ReadDb, request: Request, query: Annotated[MenteeQuery, Query()]
) -> Response:
    """Mentees of the prison; a mentor finds those of their own live pairings."""
    return await _listing(actor, query).page(request, db, actor, query, query.sort)


@router.post(
    "",
    status_code=201,
    response_model=MenteeRead | MenteeReceipt,
    responses=refusals(AlreadyExists, KeyReused, NotHere),
)
async def refer_mentee(actor: MayRefer, db: Db, body: MenteeCreate, once: JustOnce) -> Response:
    """Refer someone to the scheme, enter that they asked, or ask for yourself.

    Wing staff and prisoners get a receipt. What is entered late says when it was made.
    """
    mentee = await mentees.refer(db, actor, body)
    shown = await mentees.referral_shown(db, mentee, actor)
    return await once.created(shown, location=f"mentees/{mentee.id}")


@router.get("/{mentee_id}", response_model=AnyMentee, responses=refusals())
async def read_mentee(actor: MayReadMentee, db: Db, mentee: ThisMentee) -> Response:
    """One mentee, with what you may do next."""
    return reply(await mentees.shown(db, mentee, actor))


@router.patch("/{mentee_id}", response_model=MenteeRead, responses=refusals(MatchNeeded, Stale))
async def update_mentee(
    actor: MayWriteMentee, db: Db, mentee: MenteeToChange, body: MenteeUpdate
) -> Response:
    """Correct or add to a mentee's record."""
    await mentees.update(db, actor, mentee, body)
    return reply(await mentees.shown(db, mentee, actor))


@router.post(
    "/{mentee_id}/moves",
    response_model=MenteeRead,
    responses=refusals(MoveNotInTable, MoveNotYours, GuardsUnmet, AlreadyExists, Stale),
)
async def move_mentee(
    actor: MayWriteMentee, db: Db, mentee: MenteeToMove, body: MoveCreate
) -> Response:
    """Move a mentee to another state. Unmet guards are refused all at once, each with its code."""
    await lifecycle.make(db, mentees.MENTEE, mentee, actor, body)
    return reply(await mentees.shown(db, mentee, actor))


@router.get(
    "/{mentee_id}/history",
    response_model=Page[HistoryRead | HistoryCoarse],
    responses=refusals(),
)
async def list_mentee_history(actor: MayReadMenteeHistory, db: Db, mentee: ThisMentee) -> Response:
    """Every move and check made, oldest first."""
    return reply(whole(await mentees.history_shown(db, mentee, actor)))


@router.put(
    "/{mentee_id}/consent", response_model=MenteeRead, responses=refusals(MatchNeeded, Stale)
)
async def put_consent(
    actor: MayWriteMentee, db: Db, mentee: MenteeToChange, body: ConsentPut
) -> Response:
    """Record permission to share and the confidentiality explanation, as understood."""
    await consent.record(db, actor, mentee, body)
    return reply(await mentees.shown(db, mentee, actor))


@router.get("/{mentee_id}/explanations", response_model=Page[ExplanationRead], responses=refusals())
async def list_mentee_explanations(actor: MayWriteMentee, db: Db, mentee: ThisMentee) -> Response:
    """Every explanation of confidentiality given to this person, oldest first."""
    return reply(whole(await explanations.given_to(db, actor, mentee.person_id)))


@router.post(
    "/{mentee_id}/explanations",
    status_code=201,
    response_model=ExplanationRead,
    responses=refusals(KeyReused, Stale),
)
async def explain_confidentiality(
    actor: MayWriteMentee, db: Db, mentee: MenteeToMove, body: ExplanationCreate, once: JustOnce
) -> Response:
    """Record that confidentiality was explained, understood or not; earlier ones are kept."""
    given = await consent.explain(db, actor, mentee, body)
    return await once.created(shape("mentees.explanations", actor.role).model_validate(given))


@router.put(
    "/{mentee_id}/check-first", response_model=MenteeRead, responses=refusals(MatchNeeded, Stale)
)
async def put_check_first(
    actor: MayWriteMentee, db: Db, mentee: MenteeToChange, body: CheckFirstPut
) -> Response:
    """Have the mentee's mentor check with staff first, for a time. Why is not said or kept."""
    await consent.mark_check_first(db, actor, mentee, body)
    return reply(await mentees.shown(db, mentee, actor))


@router.post(
    "/{mentee_id}/checks",
    status_code=201,
    response_model=MenteeRead,
    responses=refusals(KeyReused, Stale),
)
async def record_check(
    actor: MayWriteMentee, db: Db, mentee: MenteeToMove, body: CheckCreate, once: JustOnce
) -> Response:
    """Record a check that was made: compatibility, an outreach attempt, or the person's welfare."""
    await mentees.record_check(db, actor, mentee, body)
    return await once.created(await mentees.shown(db, mentee, actor))


@router.get(
    "/{mentee_id}/match-candidates",
    response_model=MatchCandidatesRead,
    responses=refusals(TooManyPairChecks),
)
async def read_match_candidates(
    actor: MayReadMatch, db: Db, mentee: ThisMentee, told: TellsOfPairs
) -> Response:
    """Active mentors for a mentee: who fits best and why, and who may not now. The points say how
    the two fit, and nothing about either. A look that tells of two who may not meet is counted."""
    ranking = await pair_checks.candidates(db, actor, mentee)
    await told.count(if_so=pair_checks.tells_of_a_pair(ranking))
    return reply(pair_checks.shown(ranking, actor))
