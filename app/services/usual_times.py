"""When somebody can usually be met: a week as it is by the clock on the wall, in minutes from
Monday's midnight. Pure. A summer's ten o'clock is a winter's, and a day here and there is no habit.
"""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.models.availabilities import Availability, AvailabilityKind

DAY = 24 * 60
WEEK = 7 * DAY
Spans = tuple[tuple[int, int], ...]
WHENEVER: Spans = ((0, WEEK),)


def of_meeting(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> Spans:
    """The time of one meeting, as it was on the wall."""
    start, end = (at.astimezone(zone).replace(tzinfo=None) for at in (starts_at, ends_at))
    first = start.weekday() * DAY + start.hour * 60 + start.minute
    return _around(first, max((end - start) // timedelta(minutes=1), 0))


def of_availability(rows: Iterable[Availability]) -> Spans:
    """When a mentor can serve in any week: in their windows, whenever without one, and never while
    they are away. What they would like and single days play no part."""
    K = AvailabilityKind
    weekly = [row for row in rows if row.weekday is not None and row.ended_at is None]
    windows = [row for row in weekly if row.kind is K.available]
    can = _merged(span for row in windows for span in _window(row)) if windows else WHENEVER
    away = _merged(span for row in weekly if row.kind is K.away for span in _window(row))
    return _without(can, away)


def common(one: Spans, other: Spans) -> int:
    """How many minutes of the first are within the other, whose spans do not overlap."""
    return sum(
        max(0, min(end, last) - max(start, first)) for start, end in one for first, last in other
    )


def minutes(spans: Spans) -> int:
    return sum(end - start for start, end in spans)


def _window(row: Availability) -> Spans:
    assert row.weekday is not None
    first, last = _minute(row.from_time), _minute(row.to_time)
    return _around((row.weekday - 1) * DAY + first, last - first + (DAY if last <= first else 0))


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute


def _around(first: int, length: int) -> Spans:
    """A stretch that may go on into Monday."""
    last = first + min(length, WEEK)
    if last <= WEEK:
        return ((first, last),) if length else ()
    return (first, WEEK), (0, last - WEEK)


def _merged(spans: Iterable[tuple[int, int]]) -> Spans:
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return tuple(found)


def _without(spans: Spans, taken: Spans) -> Spans:
    left = list(spans)
    for first, last in taken:
        left = [
            part
            for start, end in left
            for part in ((start, min(end, first)), (max(start, last), end))
            if part[0] < part[1]
        ]
    return tuple(left)
