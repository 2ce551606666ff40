"""A second opinion on a rota: the rules of the scheme written once more, without a look at those
the solver keeps. It takes plain tuples, counts minutes one by one where that is the plainest way,
and knows nothing of how a rota was found."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ON_SHIFT = "mentor_on_shift"


@dataclass(frozen=True)
class Person:
    """What is known of a mentor, as anybody would write it down."""

    weekly_hours: float
    nights_in_seven: int
    no_nights: bool
    may: Sequence[tuple[datetime, datetime]]  # when they can serve
    elsewhere: Sequence[tuple[datetime, datetime]]  # visits, court, sessions
    work: Sequence[tuple[datetime, datetime]] = ()  # of it, what counts as work
    call_outs: Sequence[tuple[datetime, datetime]] = ()


@dataclass(frozen=True)
class Shift:
    """One shift of a rota."""

    who: str
    role: str
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Wanted:
    """A block of demand."""

    role: str
    start: datetime
    end: datetime
    needed: int


def hours_of(start: datetime, end: datetime) -> float:
    """Real hours, whatever the clocks do."""
    return (end.astimezone(UTC) - start.astimezone(UTC)) / HOUR


def night(start: datetime, end: datetime, zone: ZoneInfo) -> bool:
    """An hour or more between midnight and five of one night, by the clock on the wall."""
    minutes = Counter[date]()
    at = start.astimezone(UTC)
    while at < end:
        wall = at.astimezone(zone)
        if wall.hour < 5:
            minutes[wall.date()] += 1
        at += MINUTE
    return max(minutes.values(), default=0) >= 60


def broken_rules(
    people: Mapping[str, Person], shifts: Sequence[Shift], zone: ZoneInfo
) -> list[str]:
    """Every broken rule, in words."""
    found: list[str] = []
    of: dict[str, list[Shift]] = defaultdict(list)
    for shift in shifts:
        of[shift.who].append(shift)
    for who, theirs in sorted(of.items()):
        if who not in people:
            found.append(f"{who} is no active mentor")
            continue
        for rule in (_places, _at_once, _rest, _hours, _nights):
            found += [f"{who}: {said}" for said in rule(people[who], theirs, zone)]
    return found


def _places(person: Person, theirs: Sequence[Shift], zone: ZoneInfo) -> Iterable[str]:
    for shift in theirs:
        at = shift.start
        while at < shift.end:
            if not any(start <= at < end for start, end in person.may):
                yield f"not available at {at}"
                break
            at += MINUTE
        if any(start < shift.end and shift.start < end for start, end in person.elsewhere):
            yield f"elsewhere during the shift of {shift.start}"
        if person.no_nights and night(shift.start, shift.end, zone):
            yield f"a night against the approval, {shift.start}"


def _at_once(person: Person, theirs: Sequence[Shift], zone: ZoneInfo) -> Iterable[str]:
    ordered = sorted(theirs, key=lambda each: each.start)
    for number, one in enumerate(ordered):
        for other in ordered[number + 1 :]:
            if other.start < one.end:
                yield f"two at once, {one.start} and {other.start}"


def _rest(person: Person, theirs: Sequence[Shift], zone: ZoneInfo) -> Iterable[str]:
    """Eleven hours after a night on shift or a night call-out nothing begins."""
    ends = [s.end for s in theirs if s.role == ON_SHIFT and night(s.start, s.end, zone)]
    begins = [s.start for s in theirs] + [start for start, _ in person.work]
    for end in ends:
        if any(end <= start < end + 11 * HOUR for start in begins):
            yield f"no rest after the night that ends {end}"
    for _, end in person.call_outs:
        if any(end <= shift.start < end + 11 * HOUR for shift in theirs):
            yield f"no rest after the call-out that ends {end}"


def _hours(person: Person, theirs: Sequence[Shift], zone: ZoneInfo) -> Iterable[str]:
    """Only of weeks to which the rota adds: what was worked beyond it is not its fault."""
    weeks: dict[tuple[int, int], float] = defaultdict(float)
    shifts = [(s.start, s.end) for s in theirs if s.role == ON_SHIFT]
    for start, end in [*shifts, *person.work]:
        weeks[_week(start, zone)] += hours_of(start, end)
    for week in sorted({_week(start, zone) for start, _ in shifts}):
        if weeks[week] > person.weekly_hours + 1e-9:
            yield f"{weeks[week]:.2f} h in week {week}"


def _week(at: datetime, zone: ZoneInfo) -> tuple[int, int]:
    year, number, _ = at.astimezone(zone).date().isocalendar()
    return year, number


def _nights(person: Person, theirs: Sequence[Shift], zone: ZoneInfo) -> Iterable[str]:
    days = {s.start.astimezone(zone).date() for s in theirs if night(s.start, s.end, zone)}
    stood = {start.astimezone(zone).date() for start, _ in person.call_outs}
    for first in sorted(days | stood):
        window = {day for day in days | stood if first <= day < first + 7 * DAY}
        if len(window) > person.nights_in_seven and window & days:
            yield f"{len(window)} nights in the seven days from {first}"


def uncovered_minutes(wanted: Iterable[Wanted], shifts: Sequence[Shift]) -> int:
    """Minutes that nobody covers, counted minute by minute; two who are missing count twice."""
    missing = 0
    for block in wanted:
        near = [s for s in shifts if s.role == block.role and s.start < block.end]
        near = [s for s in near if block.start < s.end]
        at = block.start.astimezone(UTC)
        while at < block.end:
            there = sum(shift.start <= at < shift.end for shift in near)
            missing += max(0, block.needed - there)
            at += MINUTE
    return missing
