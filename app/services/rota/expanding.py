"""Demand and availability, said of weekdays by the clock on the wall, as stretches of real time.
Pure."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.models.availabilities import Availability, AvailabilityKind
from app.models.rota_demands import RotaDay, RotaDemand, RotaRole
from app.services.rota.problem import (
    ONE_DAY,
    Need,
    Span,
    Wish,
    apart,
    block,
    merged,
    split,
    without,
)
from app.services.working_days import at_wall, is_bank_holiday

WEEK = list(RotaDay)[:7]
# How long one mentor serves at most. The longest night, when the clocks go back, is not cut.
LONGEST = {
    RotaRole.mentor_on_shift: timedelta(hours=10),
    RotaRole.mentor_on_call: timedelta(hours=14),
}


def kind_of_day(day: date, demands: Iterable[RotaDemand]) -> RotaDay:
    """A bank holiday is one where there is demand for bank holidays, else its weekday."""
    said = any(each.day is RotaDay.bank_holiday and stands(each, day) for each in demands)
    return RotaDay.bank_holiday if said and is_bank_holiday(day) else WEEK[day.weekday()]


def stands(demand: RotaDemand, day: date) -> bool:
    return demand.valid_from <= day and (demand.valid_to is None or day <= demand.valid_to)


def needs_of(
    demands: Sequence[RotaDemand], first: date, last: date, since: datetime, zone: ZoneInfo
) -> list[Need]:
    """The demand of these days in blocks one mentor can serve; of blocks that have begun `since`,
    what is left."""
    found = []
    day = first
    while day <= last:
        kind = kind_of_day(day, demands)
        for each in demands:
            if each.day is kind and stands(each, day):
                made = block(each.role, day, each.from_time, each.to_time, each.needed, zone)
                if made is not None and made.ends_at > since:
                    found.append(made)
        day += ONE_DAY
    later = [
        Need(each.role, each.day, max(each.starts_at, since), each.ends_at, each.needed)
        for each in apart(found)
        if each.ends_at > since
    ]
    return [part for each in later for part in split(each, LONGEST[each.role])]


def _spans(row: Availability, first: date, last: date, zone: ZoneInfo) -> list[Span]:
    """When it holds, from the day before the first, whose night reaches in."""
    found = []
    day = first - ONE_DAY
    while day <= last + ONE_DAY:
        if row.on_day == day or row.weekday == day.isoweekday():
            end = day if row.to_time > row.from_time else day + ONE_DAY
            found.append((at_wall(day, row.from_time, zone), at_wall(end, row.to_time, zone)))
        day += ONE_DAY
    return found


def free_of(rows: Sequence[Availability], first: date, last: date, zone: ZoneInfo) -> list[Span]:
    """When a mentor can serve: in their weekly windows, or ever without one; on the days they
    added; never while they are away."""
    K = AvailabilityKind
    weekly = [row for row in rows if row.kind is K.available and row.weekday is not None]
    whole = (at_wall(first, _MIDNIGHT, zone), at_wall(last + 2 * ONE_DAY, _MIDNIGHT, zone))
    open_to = [] if weekly else [whole]
    for row in rows:
        if row.kind is K.available:
            open_to += _spans(row, first, last, zone)
    away = [each for row in rows if row.kind is K.away for each in _spans(row, first, last, zone)]
    return without(merged(open_to), away)


def wishes_of(rows: Sequence[Availability], first: date, last: date, zone: ZoneInfo) -> list[Wish]:
    """What a mentor would like."""
    K = AvailabilityKind
    return [
        Wish(*span, prefers=row.kind is K.prefers)
        for row in rows
        if row.kind in {K.prefers, K.rather_not}
        for span in _spans(row, first, last, zone)
    ]


_MIDNIGHT = datetime.min.time()
