"""Contact requests over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import (
    Actor,
    MayAnswerContact,
    MayAskForContact,
    MayAuthoriseContact,
    MayReadContact,
    MayReadContactFigures,
)
from app.db import Db, ReadDb
from app.errors import (
    AlreadyExists,
    Clash,
    FieldError,
    GuardsUnmet,
    Invalid,
    KeyReused,
    MenteeTaken,
    MentorTaken,
    MoveNotInTable,
    MoveNotYours,
    NotAMentee,
    NotHere,
    RoomTaken,
    Stale,
    TooManyPairChecks,
)
from app.models.base import Day
from app.models.contact_requests import (
    ContactAuthorisation,
    ContactEnd,
    ContactFigures,
    ContactOfferCreate,
    ContactRequest,
    ContactRequestCreate,
    ContactRequestForMentor,
    ContactRequestRead,
    ContactRequestRow,
    ContactRequestRowForMentor,
    ContactStatus,
)
from app.models.moves import HistoryForMentor, HistoryRead, MoveCreate
from app.models.staff import Role
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.probing import NotesPairs, PairsCounted
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import contact_requests
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/contact-requests", tags=["contact-requests"])
ThisRequest = Annotated[ContactRequest, Depends(to_read(ContactRequest, "contact_request_id"))]
RequestToMove = Annotated[
    ContactRequest,
    Depends(
        to_change(
            ContactRequest,
            "contact_request_id",
            match=False,
            first=contact_requests.hold_people,
            shown_as="contact_requests",
        )
    ),
]
AnyRequest = ContactRequestRead | ContactRequestForMentor
CLASHES = (Clash, RoomTaken, MentorTaken, MenteeTaken)

LIST = Listing(
    ContactRequest,
    MATRIX["contact_requests.row"],
    filters={
        "mentee_id": lambda value: col(ContactRequest.mentee_id) == value,
        "mentor_id": lambda value: col(ContactRequest.mentor_id) == value,
        "status": lambda value: contact_requests.seen_status == value,
    },
    sorts={"asked_at": col(ContactRequest.asked_at)},
    computed={
        "status": contact_requests.seen_status,
        "display_name": contact_requests.MENTEE_NAME,
        "mentor_name": contact_requests.MENTOR_NAME,
        "coming_name": contact_requests.COMING_NAME,
    },
)


class ContactRequestQuery(PageQuery):
    mentee_id: UUID | None = Field(default=None, description="Who asked; staff only.")
    mentor_id: UUID | None = Field(default=None, description="Whom it is put to; staff only.")
    status: ContactStatus | None = None
    sort: Literal["asked_at", "-asked_at"] = Field(default="-asked_at")


def _within_reach(actor: Actor, query: ContactRequestQuery) -> None:
    """What a prisoner may not read, they may not filter by either."""
    hidden = sorted(query.model_fields_set & {"mentee_id", "mentor_id"})
    if actor.family is Role.mentor and hidden:
        message = "is not among what you may ask for"
        raise Invalid(errors=[FieldError(name, "out_of_reach", message) for name in hidden])


@router.get(
    "",
    response_model=Page[ContactRequestRow | ContactRequestRowForMentor],
    responses=refusals(),
)
async def list_contact_requests(
    actor: MayReadContact,
    db: ReadDb,
    request: Request,
    query: Annotated[ContactRequestQuery, Query()],
) -> Response:
    """Requests for a mentor; a prisoner finds those they made and those put to them now."""
    _within_reach(actor, query)
    return await LIST.page(request, db, actor, query, query.sort)


@router.post(
    "",
    status_code=201,
    response_model=AnyRequest,
    responses=refusals(AlreadyExists, NotAMentee, NotHere, KeyReused),
)
async def ask_for_contact(
    actor: MayAskForContact, db: Db, body: ContactRequestCreate, once: JustOnce
) -> Response:
    """Ask for a mentor to come, by day or by night. It is put to whoever is on duty, and an officer
    is told. This is no alarm: if somebody is in danger, press the cell bell or tell an officer."""
    made = await contact_requests.ask(db, actor, body)
    shown = await contact_requests.shown(db, made, actor)
    return await once.created(shown, location=f"contact-requests/{made.id}")


@router.get("/figures", response_model=ContactFigures, responses=refusals())
async def read_contact_figures(
    actor: MayReadContactFigures,
    db: Db,
    first: Annotated[Day | None, Query(alias="from", description="The first day.")] = None,
    last: Annotated[Day | None, Query(alias="to", description="The last day, included.")] = None,
) -> Response:
    """How fast somebody came who was asked for, in at most 366 days; the last 28 unless told."""
    return reply(await contact_requests.figures(db, actor, first, last))


@router.get("/{contact_request_id}", response_model=AnyRequest, responses=refusals())
async def read_contact_request(actor: MayReadContact, db: Db, asked: ThisRequest) -> Response:
    """One request, with what you may do next."""
    return reply(await contact_requests.shown(db, asked, actor))


@router.post(
    "/{contact_request_id}/moves",
    response_model=AnyRequest,
    responses=refusals(MoveNotInTable, MoveNotYours, GuardsUnmet, Stale),
)
async def move_contact_request(
    actor: MayAnswerContact, db: Db, asked: RequestToMove, body: MoveCreate
) -> Response:
    """Say yes or no to it, or that nobody is needed or found. After a no it is put to the next on
    duty at once. Staff enter what a mentor behind a door said."""
    await contact_requests.make_move(db, actor, asked, body)
    return reply(await contact_requests.shown(db, asked, actor))


@router.post(
    "/{contact_request_id}/offers",
    response_model=ContactRequestRead,
    dependencies=[PairsCounted],
    responses=refusals(MoveNotInTable, *CLASHES, TooManyPairChecks, Stale),
)
async def offer_contact_request(
    actor: MayAuthoriseContact, db: Db, asked: RequestToMove, body: ContactOfferCreate
) -> Response:
    """Put it to a mentor of your own choice, where nobody is asked now."""
    await contact_requests.put_to(db, actor, asked, body)
    return reply(await contact_requests.shown(db, asked, actor))


@router.post(
    "/{contact_request_id}/authorisation",
    response_model=ContactRequestRead,
    responses=refusals(MoveNotInTable, *CLASHES, Stale),
)
async def authorise_contact(
    actor: MayAuthoriseContact,
    db: Db,
    asked: RequestToMove,
    body: ContactAuthorisation,
    pairs: NotesPairs,
) -> Response:
    """Let the two meet, now. What would refuse it as a plan is answered, and gone past on your
    word: it is kept."""
    await contact_requests.authorise(db, actor, asked, body)
    await pairs.count(asked.warnings)  # an officer at night is never kept waiting by a limit
    return reply(await contact_requests.shown(db, asked, actor))


@router.post(
    "/{contact_request_id}/end",
    response_model=ContactRequestRead,
    responses=refusals(MoveNotInTable, Stale),
)
async def end_contact(
    actor: MayAuthoriseContact, db: Db, asked: RequestToMove, body: ContactEnd
) -> Response:
    """Say that the two have parted. It becomes a session that was held, and at night the mentor is
    owed a debrief."""
    await contact_requests.end(db, actor, asked, body)
    return reply(await contact_requests.shown(db, asked, actor))


@router.get(
    "/{contact_request_id}/history",
    response_model=Page[HistoryRead | HistoryForMentor],
    responses=refusals(),
)
async def list_contact_request_history(
    actor: MayReadContact, db: Db, asked: ThisRequest
) -> Response:
    """Every move made, oldest first."""
    return reply(whole(await contact_requests.history_shown(db, asked, actor)))
