"""Attendance over HTTP: marked all at once, walked in, counted."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from app.access import MayReadAttendanceFigures, MayReadEnrolment, MayRecordSession
from app.db import Db
from app.errors import (
    AlreadyExists,
    GuardsUnmet,
    KeyReused,
    MatchNeeded,
    MoveNotInTable,
    MoveNotYours,
    NotAGroup,
    NotHeld,
    Stale,
)
from app.models.attendance_figures import AttendanceFigures
from app.models.base import Day
from app.models.mentees import Mentee
from app.models.participations import (
    AttendanceCount,
    GroupMemberRead,
    MyMenteesPartRead,
    ParticipationRead,
    SeriesAttendance,
    SessionAttendancePut,
    WalkInCreate,
)
from app.models.series import Series
from app.models.sessions import Session, SessionForMentor, SessionNoteless, SessionRead
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import participations, sessions
from app.services.participations.figures import figures

router = APIRouter(prefix="/v1/prisons/{prison_id}", tags=["participations"])
SessionToMark = Annotated[Session, Depends(to_change(Session, "session_id", match=True))]
SessionToJoin = Annotated[Session, Depends(to_change(Session, "session_id", match=False))]
ThisMentee = Annotated[Mentee, Depends(to_read(Mentee, "mentee_id"))]
ThisSeries = Annotated[Series, Depends(to_read(Series, "series_id"))]
AnyPart = ParticipationRead | MyMenteesPartRead | GroupMemberRead


@router.put(
    "/sessions/{session_id}/attendance",
    response_model=SessionRead | SessionForMentor | SessionNoteless,
    responses=refusals(NotHeld, MoveNotInTable, MoveNotYours, GuardsUnmet, MatchNeeded, Stale),
)
async def mark_session_attendance(
    actor: MayRecordSession, db: Db, session: SessionToMark, body: SessionAttendancePut
) -> Response:
    """Mark who came to a session that is held: all of it or nothing, each mistake named."""
    await participations.mark(db, actor, session, body)
    return reply(await sessions.shown(db, session, actor))


@router.post(
    "/sessions/{session_id}/walk-ins",
    status_code=201,
    response_model=AnyPart,
    responses=refusals(NotHeld, NotAGroup, AlreadyExists, KeyReused, Stale),
)
async def add_walk_in(
    actor: MayRecordSession, db: Db, session: SessionToJoin, body: WalkInCreate, once: JustOnce
) -> Response:
    """Add one who came to a group that is held, and had not been expected."""
    part = await participations.walk_in(db, actor, session, body)
    shown = await sessions.shown_part(db, part, actor)
    where = f"sessions/{session.id}/participations/{part.id}"
    return await once.created(shown, location=where)


@router.get("/mentees/{mentee_id}/attendance", response_model=AttendanceCount, responses=refusals())
async def count_mentee_attendance(actor: MayReadEnrolment, db: Db, mentee: ThisMentee) -> Response:
    """How often a mentee came, did not come, or was not to come, by reason."""
    return reply(await participations.of_mentee(db, mentee, actor))


@router.get("/series/{series_id}/attendance", response_model=SeriesAttendance, responses=refusals())
async def count_series_attendance(actor: MayReadEnrolment, db: Db, series: ThisSeries) -> Response:
    """How often who came to a series, by meeting and by mentee."""
    return reply(await participations.of_series(db, series, actor))


@router.get("/participations/figures", response_model=AttendanceFigures, responses=refusals())
async def read_attendance_figures(
    actor: MayReadAttendanceFigures,
    db: Db,
    first: Annotated[Day | None, Query(alias="from", description="The first day.")] = None,
    last: Annotated[Day | None, Query(alias="to", description="The last day, included.")] = None,
) -> Response:
    """How often people came, in sums of whole weeks; of the last four unless told."""
    return reply(await figures(db, actor, first, last))
