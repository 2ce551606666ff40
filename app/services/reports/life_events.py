"""What happened in the lives of those in support, in a period and in as many days before it; and
the prison's own counts of incidents."""

from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access import Actor
from app.models.incident_counts import IncidentCount, IncidentCountStatus
from app.models.life_events import FactKind
from app.models.report_tables import ReportTable, Unit
from app.models.wings import Wing
from app.scope import everything
from app.services.outcomes.case_study import NO_COMPARISON
from app.services.outcomes.rates import DAY, Span, counted, cut, secluded
from app.services.periods import Period
from app.services.reports import lives
from app.services.reports.lives import Lives
from app.services.reports.tables import counts, rates

TITLE = f"Events of life, {NO_COMPARISON}"
WHOSE_WORD = {
    FactKind.self_report: "As people say of themselves",
    FactKind.staff_recorded: "As staff recorded",
    FactKind.clinical_finding: "As clinicians found",
}
WHOLE_PRISON = "whole prison"


async def tables(db: AsyncSession, actor: Actor, period: Period) -> list[ReportTable]:
    """A table of rates for each kind of fact, for the period and for the days before it; days in
    self-seclusion; disruptive incidents by place and month."""
    life = await lives.load(db, actor.prison_id)
    now = Span(period.first, period.last)
    before = Span(period.first - DAY * now.days, period.first - DAY)
    named = [*_of_lives(life, before, "_before", f", in the {now.days} days before")]
    named += _of_lives(life, now, "", "")
    month = everything(IncidentCount, actor.prison_id).where(
        col(IncidentCount.status) == IncidentCountStatus.recorded,
        col(IncidentCount.month) <= period.last,
        col(IncidentCount.month) >= period.first.replace(day=1),
    )
    found = (await db.scalars(month.order_by(col(IncidentCount.month)))).all()
    wings = {each.id: each.name for each in await db.scalars(everything(Wing, actor.prison_id))}
    return [*named, *of_months(found, wings, now)]


def _of_lives(life: Lives, span: Span, suffix: str, when: str) -> Iterator[ReportTable]:
    """A table a kind of fact: none counts two of them together."""
    exposure = cut(life.after, span)
    found = counted(life.happened, exposure)
    outside = [each for each in life.happened if span.holds(each.day)]
    for fact, title in WHOSE_WORD.items():
        of_it = {
            event.value: (rate.events, rate.days)
            for (event, whose), rate in found.items()
            if whose is fact
        }
        left_out = sum(each.fact is fact for each in outside)
        left_out -= sum(events for events, _ in of_it.values())
        yield rates(
            f"{fact.value}{suffix}",
            f"{title}{when}",
            Unit.events,
            of_it,
            missing={"not_in_support": left_out} if left_out else None,
        )
    spent = {fact.value: number for fact, number in secluded(life.happened, exposure).items()}
    yield counts(f"self_seclusion{suffix}", f"Days in self-seclusion{when}", Unit.days, spent)


def of_months(
    found: Sequence[IncidentCount], wings: Mapping[UUID, str], period: Span
) -> list[ReportTable]:
    """Incidents by place, and month by month in the whole prison. A wing and the whole prison are
    never added up. Pure."""
    whole = [each for each in found if _month(each.month).within(period) == _month(each.month)]
    in_part = sum(each.number for each in found) - sum(each.number for each in whole)
    by_place: dict[str, list[IncidentCount]] = {}
    by_month: dict[str, int] = {}
    for each in whole:
        place = wings[each.wing_id] if each.wing_id else WHOLE_PRISON
        by_place.setdefault(place, []).append(each)
        if each.wing_id is None:
            month = f"{each.month:%Y-%m}"
            by_month[month] = by_month.get(month, 0) + each.number
    numbers = {place: sum(each.number for each in some) for place, some in by_place.items()}
    timed = {place: _timed(some) for place, some in by_place.items()}
    unknown = sum(numbers.values()) - sum(number for number, _ in timed.values())
    title = "Disruptive incidents in the whole prison, month by month"
    return [
        counts(
            "incidents",
            "Disruptive incidents, by place",
            Unit.incidents,
            numbers,
            missing={"month_in_part": in_part} if in_part else None,
        ),
        rates(
            "incident_rates",
            "Disruptive incidents, in days of those held there",
            Unit.incidents,
            timed,
            missing={"number_held_unknown": unknown} if unknown else None,
        ),
        counts("incidents_by_month", title, Unit.incidents, by_month, over_time=True),
    ]


def _timed(some: Sequence[IncidentCount]) -> tuple[int, int]:
    """Incidents of months of which it is known how many were held, and those prisoners' days."""
    known = [(each.month, each.number, each.held) for each in some if each.held is not None]
    held = {month: many for month, _, many in known}
    days = sum(many * _month(month).days for month, many in held.items())
    return sum(number for _, number, _ in known), round(days)


def _month(first: date) -> Span:
    return Span(first, first.replace(day=monthrange(first.year, first.month)[1]))
