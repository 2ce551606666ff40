"""Small wings for the rota's tests: who there is, what is needed, what a second opinion says."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.models.rota_demands import RotaRole
from app.services.rota.problem import Helper, Need, Piece, Problem, Solution, block
from app.services.rota.solver import solve
from app.services.working_days import at_wall
from benchmarks.rota.worlds import checked

LONDON = ZoneInfo("Europe/London")
ON_SHIFT, ON_CALL = RotaRole.mentor_on_shift, RotaRole.mentor_on_call
MONDAY = date(2026, 11, 30)
ANN, BEN, CAT, DAN = (UUID(int=number) for number in range(1, 5))


def at(day: int, hour: int, minute: int = 0, first: date = MONDAY) -> datetime:
    """That time on the wall, so many days after the first."""
    return at_wall(first + timedelta(days=day), time(hour, minute), LONDON)


def need(
    day: int,
    start: int,
    end: int,
    needed: int = 1,
    role: RotaRole = ON_SHIFT,
    first: date = MONDAY,
) -> Need:
    made = block(role, first + timedelta(days=day), time(start), time(end), needed, LONDON)
    assert made is not None
    return made


def helper(who: UUID, **facts: Any) -> Helper:
    """Someone who can always serve, voluntary, unless said otherwise."""
    always = [(at(-7, 0), at(60, 0))]
    return Helper(who, **{"weekly_minutes": 25 * 60, "nights": 2, "free": always, **facts})


def solved(needs: Sequence[Need], helpers: Sequence[Helper], **more: Any) -> Solution:
    """The best rota, which the second opinion finds nothing wrong with."""
    problem = Problem(needs, helpers, **more)
    solution = solve(problem)
    broken, uncovered = checked(problem, solution.pieces)
    assert broken == []
    assert uncovered == solution.cost.uncovered_minutes
    assert uncovered == sum(gap.minutes for gap in solution.gaps)
    return solution


def piece(who: UUID, of: Need) -> Piece:
    return Piece(of.starts_at, of.ends_at, of.role, who)
