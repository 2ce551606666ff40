"""What a rota is worked out from and what comes of it. Pure: no session, no clock, UTC throughout.

A **need** is a block of demand: so many mentors in one role from then until then. A **helper** is a
mentor with what binds them. A **piece** is a helper on a need, or on the part of it for which they
are free. Hours are real hours: a night on which the clocks change is as long as it is.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from app.models.rota_demands import RotaRole
from app.models.rotas import GapWhy
from app.services.working_days import LONDON, at_wall, local_date, utc

REST = timedelta(hours=11)
SHORTEST = timedelta(hours=1)  # nobody is put on for less, unless the whole block is shorter
SMALL_HOURS = time(0), time(5)
DETERMINISTIC_SECONDS = 20.0  # what the solver may take
ONE_DAY, A_WEEK = timedelta(days=1), timedelta(days=7)
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Need:
    """One block of demand. `day`: the local day on which it begins, also when it ends on the
    next."""

    role: RotaRole
    day: date
    starts_at: datetime
    ends_at: datetime
    needed: int


@dataclass(frozen=True, slots=True, order=True)
class Piece:
    """One mentor's shift."""

    starts_at: datetime
    ends_at: datetime
    role: RotaRole
    helper: UUID

    @property
    def minutes(self) -> int:
        return _minutes(self.starts_at, self.ends_at)

    @property
    def counts(self) -> bool:
        """Whether it counts towards the weekly hours: standing by does not."""
        return self.role is RotaRole.mentor_on_shift


@dataclass(frozen=True, slots=True)
class Fixed:
    """Work that stands: a session, a call-out, a shift of another rota. `rests`: a night after
    which nobody works for eleven hours."""

    starts_at: datetime
    ends_at: datetime
    counts: bool = True
    night: bool = False
    rests: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """When a mentor would like to serve, or rather not. A wish binds nobody."""

    starts_at: datetime
    ends_at: datetime
    prefers: bool


@dataclass(frozen=True, slots=True)
class Helper:
    """An active mentor. `free`: when they can serve at all; `busy`: a visit, court; `fixed`: what
    they do already. `nights_before`, `weekends_before`: shifts of past rotas, for fairness."""

    id: UUID
    weekly_minutes: int
    nights: int
    free: Sequence[Span]
    busy: Sequence[Span] = ()
    fixed: Sequence[Fixed] = ()
    wishes: Sequence[Wish] = ()
    no_nights: bool = False
    nights_before: int = 0
    weekends_before: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """A rota to work out. `hint`: where to begin looking. `before`: what was published and is to
    be repaired; with `repair`, changing as few shifts as possible stands above all that is soft.
    `pattern`: who served at which hours of the week in the rota before."""

    needs: Sequence[Need]
    helpers: Sequence[Helper]
    zone: ZoneInfo = LONDON
    hint: frozenset[Piece] = frozenset()
    before: frozenset[Piece] = frozenset()
    repair: bool = False
    pattern: frozenset[tuple[UUID, RotaRole, int, time]] = frozenset()


@dataclass(frozen=True, slots=True)
class Gap:
    """Hours that nobody covers, and why: of how many mentors each reason is true."""

    role: RotaRole
    day: date
    starts_at: datetime
    ends_at: datetime
    missing: int
    why: Mapping[GapWhy, int] = field(default_factory=dict)

    @property
    def minutes(self) -> int:
        return self.missing * _minutes(self.starts_at, self.ends_at)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a rota costs, by part. Uncovered minutes stand above everything else."""

    uncovered_minutes: int = 0
    changes: int = 0
    nights: int = 0
    weekends: int = 0
    long_days: int = 0
    continuity: int = 0
    wishes: int = 0
    doubled: int = 0

    @property
    def soft(self) -> int:
        """All but what stands above it, weighed."""
        return (
            self.nights
            + self.weekends
            + self.long_days
            + self.continuity
            + self.wishes
            + self.doubled
        )


@dataclass(frozen=True, slots=True)
class Solution:
    """A rota: always one, with its gaps named. `gap`: how much better one might be at most."""

    pieces: Sequence[Piece]
    cost: Cost
    gaps: Sequence[Gap]
    optimal: bool
    gap: float
    seconds: float


def _minutes(starts_at: datetime, ends_at: datetime) -> int:
    return int((utc(ends_at) - utc(starts_at)).total_seconds()) // 60


def between(starts_at: datetime, ends_at: datetime) -> int:
    """Real minutes between two instants."""
    return _minutes(starts_at, ends_at)


def overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def is_night(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> bool:
    """Whether it takes an hour or more of the small hours, midnight to five."""
    day, last = local_date(starts_at, zone), local_date(ends_at, zone)
    while day <= last:
        begin, end = (at_wall(day, hour, zone) for hour in SMALL_HOURS)
        if min(ends_at, end) - max(starts_at, begin) >= SHORTEST:
            return True
        day += ONE_DAY
    return False


def is_weekend(day: date) -> bool:
    return day.weekday() >= 5


def week_begins(day: date) -> date:
    return day - timedelta(days=day.weekday())


def occupied(piece: Piece, zone: ZoneInfo) -> Span:
    """The time for which nothing else can be given: a night on shift is followed by rest. Standing
    by asks for none by itself; a call-out does."""
    rests = piece.counts and is_night(piece.starts_at, piece.ends_at, zone)
    return piece.starts_at, piece.ends_at + (REST if rests else timedelta())


def block(
    role: RotaRole, day: date, start: time, end: time, needed: int, zone: ZoneInfo
) -> Need | None:
    """The need of one day. An end at or before the start is on the next day. None for a block that
    falls into an hour the clocks leave out."""
    last = day if end > start else day + ONE_DAY
    starts_at, ends_at = at_wall(day, start, zone), at_wall(last, end, zone)
    return Need(role, day, starts_at, ends_at, needed) if starts_at < ends_at else None


def split(need: Need, longest: timedelta) -> list[Need]:
    """The block in equal parts, none longer than that (in real hours, to the minute)."""
    whole = between(need.starts_at, need.ends_at)
    parts = -(-whole // (int(longest.total_seconds()) // 60))
    cuts = [need.starts_at + timedelta(minutes=whole * n // parts) for n in range(parts + 1)]
    return [
        Need(need.role, need.day, start, end, need.needed)
        for start, end in itertools.pairwise(cuts)
    ]


def apart(needs: Iterable[Need]) -> list[Need]:
    """The same demand in blocks that do not overlap within a role: what stands for one hour
    together adds up. A stretch belongs to the day of the block that began first."""
    found: list[Need] = []
    for role in RotaRole:
        of_role = sorted((n for n in needs if n.role is role), key=lambda each: each.starts_at)
        cuts = sorted({at for each in of_role for at in (each.starts_at, each.ends_at)})
        open_now: list[Need] = []
        waiting = list(of_role)
        for start, end in itertools.pairwise(cuts):
            open_now = [each for each in open_now if each.ends_at > start]
            while waiting and waiting[0].starts_at <= start:
                open_now.append(waiting.pop(0))
            if open_now:
                needed = sum(each.needed for each in open_now)
                found.append(Need(role, open_now[0].day, start, end, needed))
    return found


def merged(spans: Iterable[Span]) -> list[Span]:
    """In order, none touching another."""
    found: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found


def without(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """What is left of the spans."""
    left = merged(spans)
    for start, end in merged(taken):
        left = [
            piece
            for one, other in left
            for piece in ((one, min(other, start)), (max(one, end), other))
            if piece[0] < piece[1]
        ]
    return left


def free_parts(need: Need, helper: Helper) -> list[Span]:
    """The parts of the block for which the helper is free, none too short to be worth it."""
    taken = [*helper.busy, *((each.starts_at, each.ends_at) for each in helper.fixed)]
    inside = [
        (max(start, need.starts_at), min(end, need.ends_at))
        for start, end in helper.free
        if overlap((start, end), (need.starts_at, need.ends_at))
    ]
    whole = need.starts_at, need.ends_at
    return [
        part for part in without(inside, taken) if part == whole or part[1] - part[0] >= SHORTEST
    ]
