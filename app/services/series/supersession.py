"""Which meetings a change takes the place of, and what comes instead. Pure: it sees no session.

What has begun, was held or was called off stays as it was: a change is about what is to come.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from app.models.series import ChangeScope
from app.models.sessions import SessionStatus
from app.services.series.expansion import Cadence, days, instants
from app.services.sessions.moves import PLANNED
from app.services.working_days import utc


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting that counts, as it stands."""

    number: int
    day: date
    starts_at: datetime
    ends_at: datetime
    status: SessionStatus


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be otherwise, and for which meetings. `elsewise`: also in room or hands."""

    scope: ChangeScope
    number: int = 1
    days_later: int = 0
    starts: time | None = None
    minutes: int | None = None
    every_weeks: int | None = None
    skip_bank_holidays: bool = True
    elsewise: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A meeting to be superseded, and when it is instead."""

    number: int
    day: date
    starts_at: datetime
    ends_at: datetime


def to_come(meeting: Meeting, now: datetime) -> bool:
    """Whether a change may take its place."""
    return meeting.status in PLANNED and meeting.starts_at > now


def meant(meeting: Meeting, change: Change) -> bool:
    if change.scope is ChangeScope.this:
        return meeting.number == change.number
    return change.scope is ChangeScope.all or meeting.number >= change.number


def steps(meetings: Iterable[Meeting], change: Change, now: datetime, zone: ZoneInfo) -> list[Step]:
    """The meetings that the change takes the place of, by number. What the change does not name
    stays as it is with each, also where it was changed for that one before."""
    in_order = sorted(meetings, key=lambda each: each.number)
    todo = [each for each in in_order if meant(each, change) and to_come(each, now)]
    on = _days(todo, change)
    found = []
    for meeting in todo:
        step = _instead(meeting, on[meeting.number], change, zone)
        if change.elsewise or step != _as_it_is(meeting):
            found.append(step)
    return found


def _days(todo: Sequence[Meeting], change: Change) -> dict[int, date]:
    """The day of each: so many days from its own, or so many weeks from the first of them. A number
    in between that is not to come keeps its week free, so that it may yet be held there."""
    away = timedelta(days=change.days_later)
    if change.every_weeks is None or not todo:
        return {each.number: each.day + away for each in todo}
    first, last = todo[0], todo[-1]
    cadence = Cadence(
        first.day + away,
        change.every_weeks,
        meetings=last.number - first.number + 1,
        skip_bank_holidays=change.skip_bank_holidays,
    )
    return {first.number + number - 1: day for number, day in days(cadence)}


def _as_it_is(meeting: Meeting) -> Step:
    return Step(meeting.number, meeting.day, meeting.starts_at, meeting.ends_at)


def _instead(meeting: Meeting, day: date, change: Change, zone: ZoneInfo) -> Step:
    """By the wall, so that two o'clock stays two o'clock over a change of the clocks."""
    starts = change.starts or meeting.starts_at.astimezone(zone).time()
    lasts = utc(meeting.ends_at) - utc(meeting.starts_at)
    minutes = change.minutes if change.minutes is not None else int(lasts.total_seconds()) // 60
    return Step(meeting.number, day, *instants(day, starts, minutes, zone))


def out_of_order(meetings: Iterable[Meeting], instead: Mapping[int, Step]) -> int | None:
    """The first meeting that would not come after the one numbered before it, if any. One that
    was called off is in nobody's way."""
    taking_place: Sequence[tuple[int, datetime]] = [
        (each.number, instead[each.number].starts_at if each.number in instead else each.starts_at)
        for each in sorted(meetings, key=lambda each: each.number)
        if each.status is not SessionStatus.cancelled
    ]
    late = (two for (_, one), (two, other) in pairwise(taking_place) if other <= one)
    return next(late, None)
