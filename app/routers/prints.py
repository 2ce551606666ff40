"""Prints over HTTP: each sheet as JSON, as a table and as a PDF, of one and the same data."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor, MayPrint, MayPrintOutage, MayPrintRota, MayPrintWeek
from app.db import Db
from app.errors import NotPlanned, SheetTooLong
from app.formats import CSV, PDF, csv_reply, files, pdf_reply
from app.models.mentors import Mentor
from app.models.prints import (
    DayQuery,
    MentorWeek,
    MonthQuery,
    MovementList,
    MovementQuery,
    OutageQuery,
    OutageSheet,
    PrintFormat,
    PrintQuery,
    Register,
    RotaMonth,
    RotaMonthForMentor,
    Sheet,
    WeekQuery,
    WingSheet,
)
from app.models.sessions import Session
from app.models.wings import Wing
from app.paths import to_read
from app.problems import refusals
from app.replies import reply
from app.services import prints

router = APIRouter(prefix="/v1/prisons/{prison_id}/prints", tags=["prints"])
ThisWing = Annotated[Wing, Depends(to_read(Wing, "wing_id"))]
ThisMentor = Annotated[Mentor, Depends(to_read(Mentor, "mentor_id"))]
ThisSession = Annotated[Session, Depends(to_read(Session, "session_id"))]
SHEETS = {**files(CSV, PDF), **refusals(SheetTooLong)}
REGISTER = {**files(CSV, PDF), **refusals(NotPlanned, SheetTooLong)}


async def _answer(db: AsyncSession, actor: Actor, sheet: Sheet, wanted: PrintFormat) -> Response:
    """The sheet in the format asked for."""
    name = sheet.sheet.replace("_", "-")
    if wanted is PrintFormat.csv:
        return csv_reply(await prints.table(db, actor, sheet), f"{name}.csv")
    if wanted is PrintFormat.pdf:
        return pdf_reply(await prints.printed(db, actor, sheet), f"{name}.pdf")
    return reply(sheet)


@router.get("/wings/{wing_id}/sheet", response_model=WingSheet, responses=SHEETS)
async def print_wing_sheet(
    actor: MayPrint, db: Db, wing: ThisWing, query: Annotated[DayQuery, Query()]
) -> Response:
    """A wing's day: who goes where when, slot by slot of the regime, and who is on call."""
    sheet = await prints.wing_sheet(db, actor, wing, query.on)
    return await _answer(db, actor, sheet, query.format)


@router.get("/wings/{wing_id}/movements", response_model=MovementList, responses=SHEETS)
async def print_movements(
    actor: MayPrint, db: Db, wing: ThisWing, query: Annotated[MovementQuery, Query()]
) -> Response:
    """Whom to move from their cell to a room in one slot of the regime, in the order of cells."""
    sheet = await prints.movements(db, actor, wing, query.on, query.slot)
    return await _answer(db, actor, sheet, query.format)


@router.get("/mentors/{mentor_id}/week", response_model=MentorWeek, responses=SHEETS)
async def print_week(
    actor: MayPrintWeek, db: Db, mentor: ThisMentor, query: Annotated[WeekQuery, Query()]
) -> Response:
    """A mentor's week, as the mentor may see it whoever prints it; a mentor prints their own."""
    sheet = await prints.week(db, actor, mentor, query.on)
    return await _answer(db, actor, sheet, query.format)


@router.get("/outage", response_model=OutageSheet, responses=SHEETS)
async def print_outage(
    actor: MayPrintOutage, db: Db, query: Annotated[OutageQuery, Query()]
) -> Response:
    """The hand-over sheet for an outage: who is on duty and how to reach them, the open concerns
    that one may read by their references and clocks, and lines to write on. Print it before you
    need it; the worker keeps one on disk (`WELLWING_OUTAGE_SHEETS`)."""
    sheet = await prints.outage(db, actor, query.hours)
    return await _answer(db, actor, sheet, query.format)


@router.get("/rota", response_model=RotaMonth | RotaMonthForMentor, responses=SHEETS)
async def print_rota(
    actor: MayPrintRota, db: Db, query: Annotated[MonthQuery, Query()]
) -> Response:
    """A month of the rota as it stands: days and shifts, who serves, and when nobody does. A
    mentor has their own shifts on it, and those that may be taken over."""
    sheet = await prints.rota_month(db, actor, query.on)
    return await _answer(db, actor, sheet, query.format)


@router.get("/sessions/{session_id}/register", response_model=Register, responses=REGISTER)
async def print_register(
    actor: MayPrint, db: Db, session: ThisSession, query: Annotated[PrintQuery, Query()]
) -> Response:
    """Who is expected at one session, with boxes to tick and to enter afterwards."""
    sheet = await prints.register(db, actor, session)
    return await _answer(db, actor, sheet, query.format)
