"""Made-up wings to work out rotas for, and the checker's view of them."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from app.models.rota_demands import RotaRole
from app.services.rota.problem import (
    Fixed,
    Helper,
    Need,
    Piece,
    Problem,
    Wish,
    block,
    without,
)
from app.services.working_days import at_wall
from benchmarks.rota.checker import Person, Shift, Wanted, broken_rules, uncovered_minutes

LONDON = ZoneInfo("Europe/London")
FIRST = date(2026, 11, 30)
ONE_DAY = timedelta(days=1)
Blocks = Sequence[tuple[RotaRole, time, time, int]]
# By day two mentors are on shift while the wing is unlocked; at every hour one can be called.
BLOCKS = (
    (RotaRole.mentor_on_shift, time(8), time(12), 2),
    (RotaRole.mentor_on_shift, time(13, 30), time(17), 2),
    (RotaRole.mentor_on_shift, time(17), time(20), 1),
    (RotaRole.mentor_on_call, time(8), time(20), 1),
    (RotaRole.mentor_on_call, time(20), time(8), 1),
)


def needs_of(
    first: date, days: int, blocks: Iterable[tuple[RotaRole, time, time, int]]
) -> list[Need]:
    """The demand of so many days."""
    made = [
        block(role, first + number * ONE_DAY, start, end, needed, LONDON)
        for number in range(days)
        for role, start, end, needed in blocks
    ]
    return [need for need in made if need is not None]


def wing(
    seed: int,
    *,
    first: date = FIRST,
    days: int = 28,
    mentors: int = 10,
    blocks: Blocks = BLOCKS,
) -> Problem:
    """The wing of this number: mentors with sessions, visits, days off and wishes."""
    random = Random(seed)
    helpers = [_helper(random, number, first, days) for number in range(mentors)]
    return Problem(needs_of(first, days, blocks), helpers)


def _helper(random: Random, number: int, first: date, days: int) -> Helper:
    span = at_wall(first, time(), LONDON), at_wall(first + (days + 1) * ONE_DAY, time(12), LONDON)

    def hours(day: int, start: float, length: float) -> tuple[datetime, datetime]:
        begin = at_wall(first + day * ONE_DAY, time(), LONDON) + timedelta(hours=start)
        return begin, begin + timedelta(hours=length)

    off = random.randrange(7)
    away = [hours(day, 0, 24) for day in range(off, days, 7)]
    visits = [hours(day, 14, 2) for day in range(random.randrange(14), days, 14)]
    sessions = [
        hours(day, random.choice((9, 10, 14)), 1) for day in range(days) if random.random() < 0.25
    ]
    fixed = [
        Fixed(*each)
        for each in sessions
        if not any(a[0] < each[1] and each[0] < a[1] for a in visits)
    ]
    wishes = [
        Wish(*hours(day, random.choice((8, 13, 17, 20)), 4), random.random() < 0.5)
        for day in range(days)
        if random.random() < 0.15
    ]
    return Helper(
        UUID(int=number + 1),
        weekly_minutes=60 * (37 if number % 3 == 0 else 25),
        nights=2,
        free=without([span], away),
        busy=visits,
        fixed=fixed,
        wishes=wishes,
        no_nights=number == 7,
        nights_before=random.randrange(4),
        weekends_before=random.randrange(6),
    )


def people_of(problem: Problem) -> dict[str, Person]:
    """The mentors as the checker knows them."""
    return {
        str(each.id): Person(
            each.weekly_minutes / 60,
            each.nights,
            each.no_nights,
            each.free,
            [*each.busy, *((work.starts_at, work.ends_at) for work in each.fixed)],
            [(work.starts_at, work.ends_at) for work in each.fixed if work.counts],
            [(work.starts_at, work.ends_at) for work in each.fixed if work.night],
        )
        for each in problem.helpers
    }


def checked(problem: Problem, pieces: Iterable[Piece]) -> tuple[list[str], int]:
    """Broken rules and uncovered minutes of these shifts, by the checker."""
    shifts = [Shift(str(p.helper), p.role.value, p.starts_at, p.ends_at) for p in pieces]
    wanted = [Wanted(n.role.value, n.starts_at, n.ends_at, n.needed) for n in problem.needs]
    broken = broken_rules(people_of(problem), shifts, problem.zone)
    return broken, uncovered_minutes(wanted, shifts)
