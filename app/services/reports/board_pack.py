"""The board pack: every report of a month that is over, beside the month before, and the cohort."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.config import settings
from app.errors import Busy, Invalid
from app.models.board_packs import BoardPack
from app.models.outcome_cohorts import OutcomeCohort, OutcomeCohortStatus
from app.models.prisons import Prison
from app.models.report_tables import Report
from app.models.reports import OutcomeReport
from app.scope import everything
from app.services.prints import paper
from app.services.prints.words import FOLDER
from app.services.reports import REPORTS, outcomes, pack_layout, plain, report
from app.services.working_days import add_calendar_months, local_date

TEMPLATE = FOLDER / "board_pack.typ"


async def pack(db: AsyncSession, actor: Actor, month: str) -> BoardPack:
    """A month's pack, as this actor may count. Raises Invalid where the month is not over."""
    prison = await db.get_one(Prison, actor.prison_id)
    first = date.fromisoformat(f"{month}-01")
    last = add_calendar_months(first, 1) - timedelta(days=1)
    if last >= local_date(clock.now(), prison.tz):
        raise Invalid.field("month", "not_over", "its last day must be over")
    reports = await _reports(db, actor, first, last)
    before = await _reports(db, actor, add_calendar_months(first, -1), first - timedelta(days=1))
    found = await _outcomes(db, actor.prison_id, last)
    return BoardPack(
        prison=prison.name,
        month=month,
        first_day=first,
        as_at=last,
        happened=plain.happened(reports, before, found),
        reports=reports,
        before=before,
        outcomes=found,
    )


async def _reports(db: AsyncSession, actor: Actor, first: date, last: date) -> list[Report]:
    """Each report of the month; one that is all over time goes back a year."""
    found = []
    for name in REPORTS:
        made = await report(db, actor, name, first, last)
        if made.tables and all(each.over_time for each in made.tables):
            made = await report(db, actor, name, add_calendar_months(first, -11), last)
        found.append(made)
    return found


async def _outcomes(db: AsyncSession, prison_id: str, last: date) -> OutcomeReport | None:
    """Of the frozen cohort whose referrals ended last, if they were over by then."""
    frozen = everything(OutcomeCohort, prison_id).where(
        col(OutcomeCohort.status) == OutcomeCohortStatus.frozen,
        col(OutcomeCohort.referred_to) <= last,
    )
    newest = frozen.order_by(
        col(OutcomeCohort.referred_to).desc(), col(OutcomeCohort.recorded_at).desc()
    )
    cohort = (await db.scalars(newest.limit(1))).one_or_none()
    return None if cohort is None else await outcomes.report(db, cohort, last)


async def pdf(made: BoardPack) -> bytes:
    """The pack on paper: the same facts are the same bytes. Raises Busy."""
    return await typeset(pack_layout.laid_out(made), made.as_at)


async def typeset(data: Mapping[str, Any], as_at: date) -> bytes:
    """Set it, in its turn among all that is printed."""
    fonts = settings().print_fonts
    given: dict[str, object] = {
        "template": str(TEMPLATE),
        "fonts": [str(fonts)] if fonts else [],
        "at": int(datetime(as_at.year, as_at.month, as_at.day, tzinfo=UTC).timestamp()),
        "data": paper.readable(data),
    }
    async with paper.TURNS.take():
        try:
            async with asyncio.timeout(paper.SECONDS):
                return await paper.typeset(given)
        except TimeoutError:
            raise Busy("The pack takes too long to print; try again.") from None
