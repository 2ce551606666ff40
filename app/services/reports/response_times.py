"""How soon people came: to concerns, to who asked for a mentor, to new referrals."""

from collections.abc import Callable, Iterable

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.models.concerns import ConcernClock, ConcernFigure, ConcernFigures, Doors
from app.models.contact_requests import Waited
from app.models.report_tables import Measure, ReportTable, Unit
from app.models.tasks import Task, TaskKind, TaskStatus
from app.scope import everything
from app.services.concerns import figures as concerns
from app.services.contact_requests.figures import of_period
from app.services.escalation import Immediacy
from app.services.periods import Period
from app.services.reports.tables import made, shares, timed

DUE = (ConcernClock.acknowledged, ConcernClock.seen, ConcernClock.decided)


async def tables(db: AsyncSession, actor: Actor, period: Period) -> list[ReportTable]:
    """Concerns that the reader may count, by clock and immediacy; requests for a mentor; triage."""
    found = await concerns.figures(db, actor, period.first, period.last)
    asked = await of_period(db, actor.prison_id, period)
    return [
        *of_concerns(found),
        _minutes(
            "minutes_to_meet",
            "From asking for a mentor until they met",
            {
                "all": asked.all.minutes_to_meet,
                "unlocked": asked.unlocked.minutes_to_meet,
                "locked_up": asked.locked_up.minutes_to_meet,
            },
        ),
        await _triage(db, actor.prison_id, period),
    ]


def of_concerns(found: ConcernFigures) -> list[ReportTable]:
    """What was in time, and how long it took. Pure."""
    whole = [each for each in found.figures if each.doors is Doors.any]
    total = [each for each in whole if each.immediacy is None]
    of_doors = [e for e in found.figures if e.doors is not Doors.any and e.immediacy is None]
    running = sum(each.running for each in total if each.clock is ConcernClock.decided)
    acknowledged = {
        each.immediacy: each for each in whole if each.clock is ConcernClock.acknowledged
    }
    return [
        shares(
            "concerns_in_time",
            "Concerns: done in time, of the clocks that are over",
            Unit.concerns,
            {each.clock.value: _in_time(each) for each in total if each.clock in DUE},
            missing={"not_decided_yet": running} if running else {},
        ),
        shares(
            "acknowledged_in_time",
            "Concerns acknowledged in time, by how soon somebody had to act",
            Unit.concerns,
            {each.value: _in_time(acknowledged[each]) for each in Immediacy},
        ),
        _took(
            "minutes_to",
            "How long it took from raising a concern",
            total,
            lambda each: each.clock.value,
        ),
        _took(
            "minutes_to_acknowledge_by_doors",
            "How long it took to acknowledge one, by whether the doors were locked",
            [each for each in of_doors if each.clock is ConcernClock.acknowledged],
            lambda each: each.doors.value,
        ),
        _took(
            "minutes_to_acknowledge",
            "How long it took to acknowledge one, by how soon somebody had to act",
            [acknowledged[each] for each in Immediacy],
            lambda each: each.immediacy.value if each.immediacy else "",
        ),
    ]


def _took(
    table: str,
    title: str,
    figures: Iterable[ConcernFigure],
    name: Callable[[ConcernFigure], str],
) -> ReportTable:
    rows = [timed(name(e), e.median_minutes, e.p90_minutes, e.done) for e in figures]
    return made(table, title, Measure.median, Unit.minutes, rows)


def _in_time(each: ConcernFigure) -> tuple[int, int]:
    return each.due - each.breached, each.due


def _minutes(table: str, title: str, waited: dict[str, Waited]) -> ReportTable:
    rows = [timed(key, each.median, each.p90, each.counted) for key, each in waited.items()]
    return made(table, title, Measure.median, Unit.minutes, rows)


async def _triage(db: AsyncSession, prison_id: str, period: Period) -> ReportTable:
    """Referrals whose triage was to be done in the period; whoever ended before it is in none."""
    found = everything(Task, prison_id).where(
        col(Task.kind) == TaskKind.triage_due,
        col(Task.status) != TaskStatus.cancelled,
        col(Task.due_at) >= period.since,
        col(Task.due_at) < period.until,
    )
    now = clock.now()
    every = (await db.scalars(found)).all()
    due = [each for each in every if each.done_at is not None or each.due_at <= now]
    in_time = sum(each.done_at is not None and each.done_at <= each.due_at for each in due)
    waiting = len(every) - len(due)
    return shares(
        "triaged_in_time",
        "Referrals triaged in time, of those due",
        Unit.referrals,
        {"all": (in_time, len(due))},
        missing={"not_due_yet": waiting} if waiting else {},
    )
