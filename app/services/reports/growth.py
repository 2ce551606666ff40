"""How the scheme grows: month by month, mentors at work, mentees, and sessions."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import Date, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.models.mentees import MenteeStatus
from app.models.mentors import MentorStatus
from app.models.report_tables import ReportTable, Unit
from app.models.sessions import Session
from app.services.mentees.moves import MENTEE
from app.services.mentors.moves import MENTOR
from app.services.periods import Period
from app.services.reports.equity import IN_SUPPORT, whose_episodes
from app.services.reports.stays import Stay, stays
from app.services.reports.tables import counts
from app.services.sessions.moves import HELD
from app.services.working_days import add_calendar_months, local_date

A_DAY = timedelta(days=1)
MONTHS_SHOWN = 12


def first_shown(last: date) -> date:
    """Where the period begins that is usual: with the month eleven months before."""
    return add_calendar_months(last.replace(day=1), 1 - MONTHS_SHOWN)


async def tables(db: AsyncSession, actor: Actor, period: Period) -> list[ReportTable]:
    """Mentors at work and mentees in support at the end of each month, everybody who ever was in
    support until then, and the sessions held in it."""
    prison_id = actor.prison_id
    mentors = await stays(db, prison_id, MENTOR.noun, period.until)
    mentees = await stays(db, prison_id, MENTEE.noun, period.until)
    whose = await whose_episodes(db, prison_id)
    sessions = await _sessions(db, prison_id, period)
    today = local_date(clock.now(), period.zone)
    return grown(period, today, mentors, mentees, whose, sessions)


async def _sessions(db: AsyncSession, prison_id: str, period: Period) -> Counter[date]:
    """Sessions held, by the prison's day on which they began."""
    day = cast(func.timezone(period.zone.key, col(Session.starts_at)), Date)
    found = (
        select(day, func.count())
        .where(
            col(Session.prison_id) == prison_id,
            col(Session.status).in_(HELD),
            col(Session.starts_at) >= period.since,
            col(Session.starts_at) < period.until,
        )
        .group_by(day)
    )
    return Counter({each: number for each, number in await db.execute(found)})


def months(period: Period, today: date) -> list[tuple[str, datetime]]:
    """Each month of the period that has begun, with the instant at which it, or the period, is
    over."""
    found, month = [], period.first.replace(day=1)
    while month <= min(period.last, today):
        after = add_calendar_months(month, 1)
        last = min(after, period.last + A_DAY)
        found.append((f"{month:%Y-%m}", datetime.combine(last, time(), period.zone)))
        month = after
    return found


def grown(
    period: Period,
    today: date,
    mentors: Sequence[Stay],
    mentees: Sequence[Stay],
    whose: Mapping[UUID, UUID],
    sessions: Mapping[date, int],
) -> list[ReportTable]:
    """The same of what was loaded. Pure."""
    ends = months(period, today)
    active = [each for each in mentors if each.state == MentorStatus.active]
    supported = [each for each in mentees if each.state in IN_SUPPORT]
    began: dict[UUID, datetime] = {}
    for each in mentees:
        person = whose.get(each.thing_id)
        if each.state == MenteeStatus.engaged and person is not None:
            began[person] = min(each.since, began.get(person, each.since))
    held: Counter[str] = Counter()
    for day, number in sessions.items():
        held[f"{day:%Y-%m}"] += number
    every: list[tuple[str, str, Unit, dict[str, float]]] = [
        ("active_mentors", "Mentors active at the end of the month", Unit.mentors,
         {month: _there(active, end) for month, end in ends}),
        ("mentees_ever", "Everybody in support until then, at any time", Unit.mentees,
         {month: sum(at < end for at in began.values()) for month, end in ends}),
        ("mentees_current", "In support at the end of the month", Unit.mentees,
         {month: _there(supported, end) for month, end in ends}),
        ("sessions", "Sessions held in the month", Unit.sessions,
         {month: held[month] for month, _ in ends}),
    ]  # fmt: skip
    return [
        counts(table, title, unit, counted, over_time=True) for table, title, unit, counted in every
    ]


def _there(every: Iterable[Stay], at: datetime) -> int:
    return sum(each.holds(at) for each in every)
