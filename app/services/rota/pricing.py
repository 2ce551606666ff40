"""What a rota costs: reckoned from its shifts alone, as the solver is told to reckon it."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from app.models.rota_demands import RotaRole
from app.services.rota import candidates
from app.services.rota.problem import (
    Cost,
    Helper,
    Need,
    Piece,
    Problem,
    between,
    is_night,
    is_weekend,
    overlap,
)
from app.services.working_days import local_date

NIGHT, WEEKEND = 3, 1  # times the squares of how many each has: evenest is cheapest
LONG_DAY = 5  # for every shift on a day after the first
CHANGED_FACE = 2  # for somebody who had these hours of the week before and has them no more
AGAINST_A_WISH, BESIDE_A_WISH = 4, 1
DOUBLED = 1  # an hour with more mentors than are needed
Pattern = tuple[UUID, RotaRole, int, time]


def pattern_of(piece: Piece, zone: ZoneInfo) -> Pattern:
    """Who serves at which hour of the week."""
    local = piece.starts_at.astimezone(zone)
    return piece.helper, piece.role, local.weekday(), local.time()


def wish_price(piece: Piece, helper: Helper) -> int:
    """What this shift costs in wishes: most against one, little beside those there are."""
    span = piece.starts_at, piece.ends_at
    touched = [each for each in helper.wishes if overlap(span, (each.starts_at, each.ends_at))]
    if any(not each.prefers for each in touched):
        return AGAINST_A_WISH
    prefers = any(each.prefers for each in helper.wishes)
    return BESIDE_A_WISH if prefers and not touched else 0


def atoms(need: Need, pieces: Iterable[Piece]) -> list[tuple[datetime, datetime]]:
    """The block, cut wherever one of these pieces begins or ends."""
    cuts = {need.starts_at, need.ends_at}
    for piece in pieces:
        cuts |= {
            at for at in (piece.starts_at, piece.ends_at) if need.starts_at < at < need.ends_at
        }
    ordered = sorted(cuts)
    return list(itertools.pairwise(ordered))


def covers(piece: Piece, need: Need, atom: tuple[datetime, datetime]) -> bool:
    same = piece.role is need.role
    return same and piece.starts_at <= atom[0] and atom[1] <= piece.ends_at


def cover(
    needs: Iterable[Need], pieces: Sequence[Piece]
) -> Iterator[tuple[Need, tuple[datetime, datetime], int]]:
    """Every stretch of every block, and how many serve then."""
    for need in needs:
        span = need.starts_at, need.ends_at
        near = [
            p for p in pieces if p.role is need.role and overlap((p.starts_at, p.ends_at), span)
        ]
        for atom in atoms(need, near):
            yield need, atom, sum(covers(piece, need, atom) for piece in near)


def uneven(counts: Counter[UUID], before: Iterable[tuple[UUID, int]]) -> int:
    """How much dearer the squares become; the least anyone had before is the floor for all."""
    had = dict(before)
    floor = min(had.values(), default=0)
    return sum(
        (had[who] - floor + counts[who]) ** 2 - (had[who] - floor) ** 2 for who in sorted(had)
    )


def changes(problem: Problem, pieces: Collection[Piece]) -> int:
    """Shifts taken from someone who could have kept them, and shifts given anew."""
    possible = {piece for of_need in candidates.of_problem(problem) for piece in of_need}
    kept = problem.before & possible
    return len(kept - set(pieces)) + len(set(pieces) - problem.before)


def cost_of(problem: Problem, pieces: Collection[Piece]) -> Cost:
    """The whole cost of these shifts, by part."""
    zone = problem.zone
    helpers = {each.id: each for each in problem.helpers}
    nights, weekends = Counter[UUID](), Counter[UUID]()
    days: dict[tuple[UUID, date], int] = defaultdict(int)
    for piece in pieces:
        day = local_date(piece.starts_at, zone)
        nights[piece.helper] += is_night(piece.starts_at, piece.ends_at, zone)
        weekends[piece.helper] += is_weekend(day)
        days[piece.helper, day] += piece.counts
    missing = doubled = 0
    for need, (start, end), there in cover(problem.needs, sorted(pieces)):
        missing += max(0, need.needed - there) * between(start, end)
        doubled += max(0, there - need.needed) * between(start, end)
    every = [piece for of_need in candidates.of_problem(problem) for piece in of_need]
    kept = {piece for piece in every if pattern_of(piece, zone) in problem.pattern}
    each = problem.helpers
    return Cost(
        uncovered_minutes=missing,
        changes=changes(problem, pieces) if problem.before else 0,
        nights=NIGHT * uneven(nights, ((h.id, h.nights_before) for h in each)),
        weekends=WEEKEND * uneven(weekends, ((h.id, h.weekends_before) for h in each)),
        long_days=LONG_DAY * sum(max(0, count - 1) for count in days.values()),
        continuity=CHANGED_FACE * len(kept - set(pieces)),
        wishes=sum(wish_price(piece, helpers[piece.helper]) for piece in pieces),
        doubled=DOUBLED * doubled // 60,
    )
