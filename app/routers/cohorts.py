"""Cohorts over HTTP."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import select
from sqlmodel import Field, col

from app.access import MayReadCohort, MayWriteCohort
from app.db import Db, ReadDb
from app.errors import (
    AlreadyExists,
    CohortOver,
    Conflicting,
    DayMarkedAlready,
    GuardsUnmet,
    KeyReused,
    MatchNeeded,
    MoveNotInTable,
    MoveNotYours,
    Stale,
)
from app.models.cohorts import (
    Attendance,
    AttendancePut,
    AttendanceRead,
    AttendanceStatus,
    Cohort,
    CohortCreate,
    CohortDay,
    CohortMember,
    CohortRead,
    CohortRow,
    CohortStatus,
    CohortUpdate,
    DayCreate,
    DayMarked,
    DayUpdate,
    MemberCreate,
    MemberRead,
)
from app.models.mentors import Mentor
from app.models.moves import HistoryForMentor, HistoryRead, MoveCreate
from app.models.staff import Staff
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import cohorts, lifecycle
from app.services.cohorts import attendance
from app.services.names import name_of
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/cohorts", tags=["cohorts"])
ThisCohort = Annotated[Cohort, Depends(to_read(Cohort, "cohort_id"))]
CohortToChange = Annotated[Cohort, Depends(to_change(Cohort, "cohort_id", match=True))]
CohortToMove = Annotated[Cohort, Depends(to_change(Cohort, "cohort_id", match=False))]
DayToChange = Annotated[CohortDay, Depends(to_change(CohortDay, "day_id", match=True))]
MemberToMove = Annotated[CohortMember, Depends(to_change(CohortMember, "member_id", match=False))]


_LEAD: Any = (
    select(col(Staff.name))
    .where(col(Staff.prison_id) == col(Cohort.prison_id), col(Staff.id) == col(Cohort.lead_id))
    .correlate(Cohort)
    .scalar_subquery()
)
LIST = Listing(
    Cohort,
    MATRIX["cohorts.row"],
    filters={"status": lambda value: col(Cohort.status) == value},
    sorts={"recorded_at": col(Cohort.recorded_at)},
    computed={"lead_name": _LEAD},
)
MEMBERS = Listing(
    CohortMember,
    MATRIX["cohorts.members"],
    filters={"cohort_id": lambda value: col(CohortMember.cohort_id) == value},
    sorts={"recorded_at": col(CohortMember.recorded_at)},
    computed={"mentor_name": name_of(Mentor, col(CohortMember.mentor_id), CohortMember)},
)
MARKS = Listing(
    Attendance,
    MATRIX["cohorts.attendance"],
    filters={
        "cohort_id": lambda value: col(Attendance.cohort_id) == value,
        "day_id": lambda value: col(Attendance.day_id) == value,
        "mentor_id": lambda value: col(Attendance.mentor_id) == value,
        "status": lambda value: col(Attendance.status) == value,
    },
    sorts={"recorded_at": col(Attendance.recorded_at)},
    computed={"mentor_name": name_of(Mentor, col(Attendance.mentor_id), Attendance)},
)


class CohortQuery(PageQuery):
    status: CohortStatus | None = None
    sort: Literal["recorded_at", "-recorded_at"] = Field(default="-recorded_at")


class AttendanceQuery(PageQuery):
    day_id: UUID | None = Field(default=None, description="Only of this day.")
    mentor_id: UUID | None = None
    status: AttendanceStatus | None = None


@router.get("", response_model=Page[CohortRow], responses=refusals())
async def list_cohorts(
    actor: MayReadCohort, db: ReadDb, request: Request, query: Annotated[CohortQuery, Query()]
) -> Response:
    """Cohorts of the prison; a mentor finds only those they are in."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post("", status_code=201, response_model=CohortRead, responses=refusals(KeyReused))
async def plan_cohort(
    actor: MayWriteCohort, db: Db, body: CohortCreate, once: JustOnce
) -> Response:
    """Plan a cohort; its lead is a nurse or the mental health lead."""
    cohort = await cohorts.plan(db, actor, body)
    shown = await cohorts.shown(db, cohort, actor)
    return await once.created(shown, location=f"cohorts/{cohort.id}")


@router.get("/{cohort_id}", response_model=CohortRead, responses=refusals())
async def read_cohort(actor: MayReadCohort, db: Db, cohort: ThisCohort) -> Response:
    """One cohort with the days of its course, and what you may do next."""
    return reply(await cohorts.shown(db, cohort, actor))


@router.patch(
    "/{cohort_id}",
    response_model=CohortRead,
    responses=refusals(CohortOver, MatchNeeded, Stale),
)
async def update_cohort(
    actor: MayWriteCohort, db: Db, cohort: CohortToChange, body: CohortUpdate
) -> Response:
    """Call a cohort otherwise, or give it another lead."""
    await cohorts.change(db, cohort, body)
    return reply(await cohorts.shown(db, cohort, actor))


@router.post(
    "/{cohort_id}/moves",
    response_model=CohortRead,
    responses=refusals(MoveNotInTable, MoveNotYours, GuardsUnmet, Stale),
)
async def move_cohort(
    actor: MayWriteCohort, db: Db, cohort: CohortToMove, body: MoveCreate
) -> Response:
    """Begin, complete or cancel a cohort. It is complete when every day was held and marked."""
    await lifecycle.make(db, cohorts.COHORT, cohort, actor, body)
    return reply(await cohorts.shown(db, cohort, actor))


@router.get(
    "/{cohort_id}/history",
    response_model=Page[HistoryRead | HistoryForMentor],
    responses=refusals(),
)
async def list_cohort_history(actor: MayReadCohort, db: Db, cohort: ThisCohort) -> Response:
    """Every move made, oldest first."""
    return reply(whole(await lifecycle.history_shown(db, cohort, actor, "cohorts.history")))


@router.post(
    "/{cohort_id}/days",
    status_code=201,
    response_model=DayMarked,
    responses=refusals(CohortOver, Conflicting, KeyReused, Stale),
)
async def add_cohort_day(
    actor: MayWriteCohort, db: Db, cohort: CohortToMove, body: DayCreate, once: JustOnce
) -> Response:
    """Add a day of the course."""
    day = await cohorts.add_day(db, cohort, body)
    return await once.created(await cohorts.day_shown(db, day, actor))


@router.patch(
    "/{cohort_id}/days/{day_id}",
    response_model=DayMarked,
    responses=refusals(CohortOver, DayMarkedAlready, MatchNeeded, Stale),
)
async def update_cohort_day(
    actor: MayWriteCohort, db: Db, cohort: ThisCohort, day: DayToChange, body: DayUpdate
) -> Response:
    """Move a day or call it off, as long as nobody's attendance is marked."""
    await cohorts.change_day(db, cohort, day, body)
    return reply(await cohorts.day_shown(db, day, actor))


@router.put(
    "/{cohort_id}/days/{day_id}/attendance",
    response_model=DayMarked,
    responses=refusals(Conflicting, GuardsUnmet, MatchNeeded, Stale),
)
async def put_attendance(
    actor: MayWriteCohort, db: Db, cohort: ThisCohort, day: DayToChange, body: AttendancePut
) -> Response:
    """Mark who came to a day, in one call, from its beginning on; or correct what was marked.
    Whoever was present has attended the module."""
    await attendance.mark(db, actor, cohort, day, body)
    return reply(await cohorts.day_shown(db, day, actor))


@router.get("/{cohort_id}/attendance", response_model=Page[AttendanceRead], responses=refusals())
async def list_attendance(
    actor: MayReadCohort,
    db: ReadDb,
    request: Request,
    cohort: ThisCohort,
    query: Annotated[AttendanceQuery, Query()],
) -> Response:
    """Who came to which day; a mentor finds their own marks."""
    return await MARKS.page(request, db, actor, query, "recorded_at", cohort_id=cohort.id)


@router.get("/{cohort_id}/members", response_model=Page[MemberRead], responses=refusals())
async def list_cohort_members(
    actor: MayReadCohort,
    db: ReadDb,
    request: Request,
    cohort: ThisCohort,
    query: Annotated[PageQuery, Query()],
) -> Response:
    """Who is in the cohort, and who has left it; a mentor finds themselves alone."""
    return await MEMBERS.page(request, db, actor, query, "recorded_at", cohort_id=cohort.id)


@router.post(
    "/{cohort_id}/members",
    status_code=201,
    response_model=MemberRead,
    responses=refusals(AlreadyExists, CohortOver, Conflicting, KeyReused, Stale),
)
async def add_cohort_member(
    actor: MayWriteCohort, db: Db, cohort: CohortToMove, body: MemberCreate, once: JustOnce
) -> Response:
    """Take an approved mentor into the cohort."""
    member = await cohorts.add_member(db, cohort, body)
    return await once.created(await cohorts.member_shown(db, member, actor))


@router.post(
    "/{cohort_id}/members/{member_id}/leave",
    response_model=MemberRead,
    responses=refusals(CohortOver, Stale),
)
async def leave_cohort(
    actor: MayWriteCohort, db: Db, cohort: ThisCohort, member: MemberToMove
) -> Response:
    """A mentor leaves the cohort; the days they came to stay marked."""
    await cohorts.leave(db, cohort, member)
    return reply(await cohorts.member_shown(db, member, actor))
