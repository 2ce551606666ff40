"""What a day of the prison is like: an exception of its date, else the regime of bank holidays,
else that of its weekday. Pure: no session, no clock.

Times stand on the prison's wall. On the 25-hour day a slot begins, and lock-up is, when its hour
comes first, and a slot ends when its hour comes last. On the 23-hour day what is set for
the hour that never comes is an hour later on the wall.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from app.models.regimes import BANK_HOLIDAYS, RegimeSource, Slot
from app.services.working_days import at_wall, at_wall_last, is_bank_holiday, local_date, utc

ONE_DAY = timedelta(days=1)
LOOK_AHEAD = 60  # days in which a lock-up is looked for
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Times:
    """A lock-up and the slots of a day, on the wall; without a lock-up there is no regime."""

    lock_up: time | None
    slots: Sequence[tuple[Slot, time, time]] = ()
    exception_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Regimes:
    """All that is set: by weekday (8: bank holidays), and by date."""

    zone: ZoneInfo
    weekdays: Mapping[int, Times] = field(default_factory=dict)
    exceptions: Mapping[date, Times] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DayOfRegime:
    """One day as it comes out, in instants."""

    day: date
    source: RegimeSource
    bank_holiday: bool
    lock_up_at: datetime | None
    slots: Sequence[tuple[Slot, datetime, datetime]]
    exception_id: UUID | None


def resolve(regimes: Regimes, day: date) -> DayOfRegime:
    """What the day is like, and where that comes from."""
    source, times = _found(regimes, day)
    lock_up = None if times.lock_up is None else at_wall(day, times.lock_up, regimes.zone)
    slots = [(slot, *_span(regimes.zone, day, starts, ends)) for slot, starts, ends in times.slots]
    slots.sort(key=lambda each: each[1])
    return DayOfRegime(day, source, is_bank_holiday(day), lock_up, slots, times.exception_id)


def _found(regimes: Regimes, day: date) -> tuple[RegimeSource, Times]:
    if (exception := regimes.exceptions.get(day)) is not None:
        return RegimeSource.exception, exception
    if is_bank_holiday(day) and BANK_HOLIDAYS in regimes.weekdays:
        return RegimeSource.bank_holiday, regimes.weekdays[BANK_HOLIDAYS]
    if (usual := regimes.weekdays.get(day.isoweekday())) is not None:
        return RegimeSource.weekday, usual
    return RegimeSource.unset, Times(None)


def _span(zone: ZoneInfo, day: date, starts: time, ends: time) -> Span:
    """A night that ends no later than it begins ends on the following day."""
    last = day if starts < ends else day + ONE_DAY
    return at_wall(day, starts, zone), at_wall_last(last, ends, zone)


def days_touched(zone: ZoneInfo, first: datetime, last: datetime) -> Iterator[date]:
    """The local days whose slots may reach into a time; a night belongs to its first day."""
    day, end = local_date(first, zone) - ONE_DAY, local_date(last, zone)
    while day <= end:
        yield day
        day += ONE_DAY


def open_spans(regimes: Regimes, first: datetime, last: datetime) -> list[Span]:
    """When the regime lets people meet, around a time: slots that touch are one, in order. A day of
    which nobody said anything is open throughout."""
    spans: list[Span] = []
    for day in days_touched(regimes.zone, first, last):
        found = resolve(regimes, day)
        if found.source is RegimeSource.unset:
            spans.append((at_wall(day, time(), regimes.zone),
                          at_wall(day + ONE_DAY, time(), regimes.zone)))  # fmt: skip
        spans += [(starts, ends) for _, starts, ends in found.slots]
    joined: list[Span] = []
    for starts, ends in sorted(spans):
        if joined and starts <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(ends, joined[-1][1])
        else:
            joined.append((starts, ends))
    return joined


def next_lock_up(regimes: Regimes, instant: datetime) -> datetime | None:
    """The first lock-up after the instant. ValueError for a naive instant."""
    day, after = local_date(instant, regimes.zone), utc(instant)
    for days in range(LOOK_AHEAD + 1):
        at = resolve(regimes, day + days * ONE_DAY).lock_up_at
        if at is not None and at > after:
            return at
    return None
