"""Reports: figures counted from records. Those of a period are tables of one shape; each is a
module that answers `tables`, and stands in `REPORTS`."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor
from app.models.prisons import Prison
from app.models.report_tables import Report, ReportName, ReportTable
from app.services.periods import Period, period_of
from app.services.reports import activity, experience, life_events
from app.services.reports.tables import in_words

USUAL = timedelta(days=27)
Tables = Callable[[AsyncSession, Actor, Period], Awaitable[list[ReportTable]]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A report: its title, how it is counted, and the version of what its tables mean. A change
    of meaning is a new version, never an edit."""

    title: str
    tables: Tables
    version: int = 1


REPORTS: Mapping[ReportName, Kind] = {
    ReportName.activity: Kind("What the scheme did", activity.tables),
    ReportName.life_events: Kind(life_events.TITLE, life_events.tables),
    ReportName.experience: Kind("How people find the scheme", experience.tables),
}


async def report(
    db: AsyncSession, actor: Actor, name: ReportName, first: date | None, last: date | None
) -> Report:
    """A report of a period of days, both included; the last 28 unless told. Raises Invalid."""
    kind = REPORTS[name]
    period = period_of((await db.get_one(Prison, actor.prison_id)).tz, first, last, USUAL)
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
