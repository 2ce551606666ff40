"""Sessions and their participations over HTTP."""

from collections.abc import Callable
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import ColumnElement, cast, func, literal, literal_column, select
from sqlalchemy.dialects.postgresql import JSON, aggregate_order_by
from sqlmodel import Field, SQLModel, col

from app.access import (
    MayAddend,
    MayBook,
    MayNote,
    MayReadAddenda,
    MayReadSession,
    MayReadVersions,
    MayRecordSession,
)
from app.db import Db, ReadDb
from app.errors import (
    Clash,
    GuardsUnmet,
    InSeries,
    KeyReused,
    MatchNeeded,
    MenteeTaken,
    MentorTaken,
    MoveNotInTable,
    MoveNotYours,
    NoteLocked,
    NoteOpen,
    NotHeld,
    NotPlanned,
    RoomTaken,
    Stale,
    TooManyPairChecks,
)
from app.models.base import Instant
from app.models.mentees import Mentee
from app.models.moves import HistoryCoarse, HistoryForMentor, HistoryRead, MoveCreate
from app.models.participations import (
    GroupMemberRead,
    MyMenteesPartRead,
    ParticipationRead,
    ParticipationRow,
)
from app.models.people import Person
from app.models.sessions import (
    FreeSlots,
    NoteAdded,
    NotePut,
    Participation,
    Session,
    SessionCreate,
    SessionForMentor,
    SessionHeld,
    SessionKind,
    SessionNoteless,
    SessionRead,
    SessionRecorded,
    SessionRecordedForMentor,
    SessionRecordedNoteless,
    SessionRow,
    SessionRowForMentor,
    SessionStatus,
    SessionUpdate,
)
from app.models.staff import Role
from app.models.texts import VersionRead
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.probing import NotesPairs, PairsCounted, TellsOfPairs
from app.problems import refusals
from app.replies import JustOnce, reply
from app.scope import narrowed
from app.services import lifecycle, sessions, texts
from app.services.participations.listing import of_mentor
from app.services.participations.outcomes import in_sql
from app.services.sessions.facts import hold_mentor
from app.ties import my_mentees
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/sessions", tags=["sessions"])
ThisSession = Annotated[Session, Depends(to_read(Session, "session_id"))]
SessionToMove = Annotated[Session, Depends(to_change(Session, "session_id", match=False))]
SessionToPut = Annotated[Session, Depends(to_change(Session, "session_id", match=True))]
SessionToReplan = Annotated[
    Session, Depends(to_change(Session, "session_id", match=True, first=hold_mentor))
]
ThisPart = Annotated[Participation, Depends(to_read(Participation, "participation_id"))]
PartToMove = Annotated[
    Participation, Depends(to_change(Participation, "participation_id", match=False))
]
WithNote = SessionRead | SessionForMentor
AnySession = WithNote | SessionNoteless
AnyPart = ParticipationRead | MyMenteesPartRead | GroupMemberRead
CLASHES = (Clash, RoomTaken, MentorTaken, MenteeTaken, TooManyPairChecks)

_PERSON = (
    select(col(Mentee.person_id))
    .where(
        col(Mentee.prison_id) == col(Participation.prison_id),
        col(Mentee.id) == col(Participation.mentee_id),
    )
    .correlate(Participation)
    .scalar_subquery()
)
_NAME = (
    select(col(Person.display_name))
    .where(col(Person.prison_id) == col(Participation.prison_id), col(Person.id) == _PERSON)
    .correlate(Participation)
    .scalar_subquery()
)
_COMPUTED = {"display_name": _NAME, "hmpps_outcome": in_sql()}
_PART = [
    (_COMPUTED[name] if name in _COMPUTED else getattr(Participation, name)).label(name)
    for name in ParticipationRow.model_fields
]


def _participations(role: Role) -> Any:
    """The session's participations as a JSON array, by name, built for the page's rows only.

    OFFSET 0 and names as scalar look-ups keep the planner from joining whole tables, which it
    does at a hundred times the cost as long as it has no statistics of them.
    """
    if role.family is Role.mentor:
        return of_mentor(_PERSON)
    part = (
        narrowed(Participation, role)
        .where(col(Participation.session_id) == col(Session.id))
        .with_only_columns(*_PART)
        .offset(literal_column("0"))
        .correlate(Session)
        .subquery("part")
    )
    ordered: Any = aggregate_order_by(literal_column("part"), part.c.display_name, part.c.id)
    built = func.coalesce(func.json_agg(ordered), cast(literal("[]"), JSON))
    return select(built).select_from(part).scalar_subquery()


_FILTERS: dict[str, Callable[[Any], ColumnElement[bool]]] = {
    "status": lambda value: col(Session.status) == value,
    "kind": lambda value: col(Session.kind) == value,
    "mentor_id": lambda value: col(Session.mentor_id) == value,
    "room_id": lambda value: col(Session.room_id) == value,
    "starts_from": lambda value: col(Session.starts_at) >= value,
    "starts_before": lambda value: col(Session.starts_at) < value,
}


def _listing(role: Role) -> Listing:
    """The list as this role's family reads it: a mentor finds their own sessions' people."""

    def attended_by(mentee_id: Any) -> ColumnElement[bool]:
        parts = narrowed(Participation, role).where(col(Participation.mentee_id) == mentee_id)
        if role.family is Role.mentor:  # of the others in a group they cannot ask
            parts = parts.where(col(Participation.mentee_id).in_(my_mentees()))
        return col(Session.id).in_(parts.with_only_columns(col(Participation.session_id)))

    return Listing(
        Session,
        MATRIX["sessions.row"],
        filters={**_FILTERS, "mentee_id": attended_by},
        sorts={"starts_at": col(Session.starts_at)},
        computed={"participations": _participations(role)},
    )


LISTS = {role: _listing(role) for role in MATRIX["sessions.row"]}


class SessionQuery(PageQuery):
    status: SessionStatus | None = None
    kind: SessionKind | None = None
    mentor_id: UUID | None = None
    room_id: UUID | None = None
    mentee_id: UUID | None = None
    starts_from: Instant | None = Field(default=None, description="From this time on.")
    starts_before: Instant | None = Field(default=None, description="Before this time.")
    sort: Literal["starts_at", "-starts_at"] = Field(default="starts_at")


class SlotQuery(SQLModel):
    """What is asked for."""

    mentor_id: UUID
    mentee_ids: list[UUID] = Field(min_length=1, max_length=60, description="May stand again.")
    kind: SessionKind
    minutes: int = Field(default=60, ge=5, le=720, description="How long they meet.")
    from_: Instant | None = Field(
        default=None, alias="from", description="No earlier than this; now, unless told."
    )
    to: Instant | None = Field(
        default=None, description="Over by then; two weeks unless told, 31 days at most."
    )
    room_id: UUID | None = Field(default=None, description="Only in this room.")
    wing_id: UUID | None = Field(default=None, description="Only in rooms of this wing.")
    lead_staff_id: UUID | None = Field(default=None, description="The qualified lead.")
    limit: int = Field(default=10, ge=1, le=50, description="Times at most.")

    def asked(self) -> sessions.Asked:
        return sessions.Asked(first=self.from_, last=self.to, **self.model_dump(exclude=_TIMES))


_TIMES = {"from_", "to"}


@router.get("", response_model=Page[SessionRow | SessionRowForMentor], responses=refusals())
async def list_sessions(
    actor: MayReadSession, db: ReadDb, request: Request, query: Annotated[SessionQuery, Query()]
) -> Response:
    """Sessions by their start; a mentor finds only their own."""
    return await LISTS[actor.family].page(request, db, actor, query, query.sort)


@router.post(
    "",
    status_code=201,
    response_model=WithNote,
    responses=refusals(*CLASHES, KeyReused),
    dependencies=[PairsCounted],
)
async def book_session(actor: MayBook, db: Db, body: SessionCreate, once: JustOnce) -> Response:
    """Plan a session. Every clash is refused at once, each with its field."""
    session = await sessions.book(db, actor, body)
    shown = await sessions.shown(db, session, actor)
    return await once.created(shown, location=f"sessions/{session.id}")


@router.post(
    "/held",
    status_code=201,
    response_model=SessionRecorded | SessionRecordedForMentor | SessionRecordedNoteless,
    responses=refusals(KeyReused),
)
async def record_held_session(
    actor: MayRecordSession, db: Db, body: SessionHeld, once: JustOnce, pairs: NotesPairs
) -> Response:
    """Record a walk-in or a night call-out. What happened is never refused for a clash."""
    session, warnings = await sessions.record_held(db, actor, body)
    await pairs.count(each.kind for each in warnings)
    shown = await sessions.shown(db, session, actor, warnings)
    return await once.created(shown, location=str(session.id))


@router.get("/slots", response_model=FreeSlots, responses=refusals(TooManyPairChecks))
async def list_free_slots(
    actor: MayBook, db: Db, query: Annotated[SlotQuery, Query()], pairs: TellsOfPairs
) -> Response:
    """The next times at which a session could be booked, each with a room. Why another time is not
    free is not said; mentors ask for themselves and their own mentees."""
    found, tells = await sessions.find(db, actor, query.asked())
    await pairs.count(if_so=tells)
    return reply(found)


@router.get("/{session_id}", response_model=AnySession, responses=refusals())
async def read_session(actor: MayReadSession, db: Db, session: ThisSession) -> Response:
    """One session, with what you may do next."""
    return reply(await sessions.shown(db, session, actor))


@router.patch(
    "/{session_id}",
    response_model=WithNote,
    responses=refusals(*CLASHES, NotPlanned, InSeries, MatchNeeded, Stale),
    dependencies=[PairsCounted],
)
async def replan_session(
    actor: MayBook, db: Db, session: SessionToReplan, body: SessionUpdate
) -> Response:
    """Move a planned session in time, room or hands. The rules of booking hold."""
    await sessions.replan(db, actor, session, body)
    return reply(await sessions.shown(db, session, actor))


@router.post(
    "/{session_id}/moves",
    response_model=AnySession,
    responses=refusals(MoveNotInTable, MoveNotYours, GuardsUnmet, Stale),
)
async def move_session(
    actor: MayRecordSession, db: Db, session: SessionToMove, body: MoveCreate
) -> Response:
    """Confirm, hold or cancel a session. Cancelling frees its room, its mentor and its mentees."""
    await lifecycle.make(db, sessions.SESSION, session, actor, body)
    return reply(await sessions.shown(db, session, actor))


@router.get(
    "/{session_id}/history",
    response_model=Page[HistoryRead | HistoryCoarse | HistoryForMentor],
    responses=refusals(),
)
async def list_session_history(actor: MayReadSession, db: Db, session: ThisSession) -> Response:
    """Every move made, oldest first."""
    return reply(whole(await lifecycle.history_shown(db, session, actor, "sessions.history")))


@router.put(
    "/{session_id}/note",
    response_model=WithNote,
    responses=refusals(NotHeld, NoteLocked, MatchNeeded, Stale),
)
async def put_session_note(
    actor: MayNote, db: Db, session: SessionToPut, body: NotePut
) -> Response:
    """Write the mentor's note on their own session; it locks 24 hours after the first one."""
    await sessions.write_note(db, actor, session, body)
    return reply(await sessions.shown(db, session, actor))


@router.get("/{session_id}/note/versions", response_model=Page[VersionRead], responses=refusals())
async def list_session_note_versions(
    actor: MayReadVersions, db: Db, session: ThisSession
) -> Response:
    """What the note said each time it was saved, oldest first."""
    return reply(whole(await texts.versions(db, actor, session, "note")))


@router.post(
    "/{session_id}/addenda",
    status_code=201,
    response_model=VersionRead,
    responses=refusals(KeyReused, NotHeld, NoteOpen, Stale),
)
async def add_to_session_note(
    actor: MayAddend, db: Db, session: SessionToMove, body: NoteAdded, once: JustOnce
) -> Response:
    """Add words to a locked note; what was written stays as it is."""
    return await once.created(await sessions.add_to_note(db, actor, session, body))


@router.get("/{session_id}/addenda", response_model=Page[VersionRead], responses=refusals())
async def list_session_addenda(actor: MayReadAddenda, db: Db, session: ThisSession) -> Response:
    """Words added to the session's note after it locked, oldest first."""
    return reply(whole(await sessions.addenda(db, actor, session)))


@router.get(
    "/{session_id}/participations/{participation_id}",
    response_model=AnyPart,
    responses=refusals(),
)
async def read_participation(
    actor: MayReadSession, db: Db, session: ThisSession, participation: ThisPart
) -> Response:
    """One mentee's part in a session, with what you may do next."""
    sessions.check_part(session, participation)
    return reply(await sessions.shown_part(db, participation, actor))


@router.post(
    "/{session_id}/participations/{participation_id}/moves",
    response_model=AnyPart,
    responses=refusals(MoveNotInTable, MoveNotYours, GuardsUnmet, Stale),
)
async def move_participation(
    actor: MayRecordSession,
    db: Db,
    session: ThisSession,
    participation: PartToMove,
    body: MoveCreate,
) -> Response:
    """Accept, decline or cancel a mentee's part; once the session is held, record attendance."""
    sessions.check_part(session, participation)
    await lifecycle.make(db, sessions.PARTICIPATION, participation, actor, body)
    return reply(await sessions.shown_part(db, participation, actor))
