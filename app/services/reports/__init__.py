"""Reports: figures counted from records. Those of a period are tables of one shape; each is a
module that answers `tables`, and stands in `REPORTS`."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.access import Actor
from app.models.prisons import Prison
from app.models.report_tables import Report, ReportName, ReportTable
from app.services.periods import Period, period_of
from app.services.reports import (
    activity,
    equity,
    experience,
    fidelity,
    growth,
    life_events,
    mentor_pipeline,
    resource_use,
    response_times,
    unmet_demand,
)
from app.services.reports.tables import in_words
from app.services.working_days import local_date


def four_weeks(last: date) -> date:
    """Where a period of 28 days begins."""
    return last - timedelta(days=27)


Tables = Callable[[AsyncSession, Actor, Period], Awaitable[list[ReportTable]]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A report: its title, how it is counted, where the period begins that is usual, and the
    version of what its tables mean. A change of meaning is a new version, never an edit."""

    title: str
    tables: Tables
    usual: Callable[[date], date] = four_weeks
    version: int = 1


REPORTS: Mapping[ReportName, Kind] = {
    ReportName.activity: Kind("What the scheme did", activity.tables),
    ReportName.mentor_pipeline: Kind("Becoming a mentor", mentor_pipeline.tables),
    ReportName.fidelity: Kind("Supervision and training as promised", fidelity.tables),
    ReportName.response_times: Kind("How soon people came", response_times.tables),
    ReportName.equity: Kind("Who gets support", equity.tables),
    ReportName.resource_use: Kind("What the scheme takes", resource_use.tables),
    ReportName.unmet_demand: Kind("Who asked in vain", unmet_demand.tables),
    ReportName.growth: Kind("How the scheme grows", growth.tables, growth.first_shown),
    ReportName.life_events: Kind(life_events.TITLE, life_events.tables),
    ReportName.experience: Kind("How people find the scheme", experience.tables),
}


async def report(
    db: AsyncSession, actor: Actor, name: ReportName, first: date | None, last: date | None
) -> Report:
    """A report of a period of days, both included; up to today, and as long as is usual for it,
    unless told. Raises Invalid."""
    kind, zone = REPORTS[name], (await db.get_one(Prison, actor.prison_id)).tz
    last = last or local_date(clock.now(), zone)
    period = period_of(zone, first or kind.usual(last), last, timedelta())
    tables = await kind.tables(db, actor, period)
    return Report(
        report=name,
        title=kind.title,
        definition_version=kind.version,
        first_day=period.first,
        last_day=period.last,
        description=in_words(kind.title, tables),
        tables=tables,
    )
