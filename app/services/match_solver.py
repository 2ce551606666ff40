"""Mentors for many mentees at once: pure, and the same answer whenever it is asked.

In this order, each bound by what came before:

1. **Who is matched.** As many as can be; and never is someone left out for somebody who stands
   later on the list. Sets that can be matched together form a matroid, so going down the list and
   making room by moving others, but never out, gives both at once (no solver needed).
2. **Fairness.** The difference between the fullest and the emptiest mentor, as shares of their
   places, is as small as can be (CP-SAT).
3. **Stability, then fit.** As many pairs as can be of those proposed before, then the most points
   (CP-SAT).

One worker, a fixed seed, a limit in deterministic time, and everything in canonical order.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.models.match_proposals import SolverStatus

DETERMINISTIC_SECONDS = 10.0
SHARES = 10_000  # of a mentor's places, so that the solver reckons in whole numbers
Two = tuple[UUID, UUID]


@dataclass(frozen=True, slots=True)
class Places:
    """One mentor's places, and how many of them are taken."""

    taken: int
    of: int

    @property
    def free(self) -> int:
        return max(self.of - self.taken, 0)


@dataclass(frozen=True, slots=True)
class Problem:
    """Mentees in the order of the list; `points` of every two that may be paired, the mentee
    first; `kept` are those of them that were proposed before."""

    mentees: Sequence[UUID]
    mentors: Mapping[UUID, Places]
    points: Mapping[Two, int]
    kept: frozenset[Two] = frozenset()


@dataclass(frozen=True, slots=True)
class Solution:
    """A mentor for each mentee that can have one, and how good an answer it is."""

    pairs: Mapping[UUID, UUID]
    status: SolverStatus = SolverStatus.optimal
    gap: float = 0.0
    seconds: float = 0.0


def matched(problem: Problem) -> dict[UUID, UUID]:
    """As many mentees as can be matched, the first of the list before all others."""
    open_to = _open_to(problem)
    has: dict[UUID, list[UUID]] = {mentor: [] for mentor in sorted(problem.mentors)}
    for mentee in problem.mentees:
        _take_in(mentee, open_to, problem, has)
    return {mentee: mentor for mentor, theirs in has.items() for mentee in theirs}


def _open_to(problem: Problem) -> dict[UUID, list[UUID]]:
    """Of each mentee, the mentors they may have, in canonical order."""
    found: dict[UUID, list[UUID]] = {mentee: [] for mentee in problem.mentees}
    for mentee, mentor in sorted(problem.points):
        if mentee in found and mentor in problem.mentors:
            found[mentee].append(mentor)
    return found


def _take_in(
    mentee: UUID,
    open_to: Mapping[UUID, list[UUID]],
    problem: Problem,
    has: dict[UUID, list[UUID]],
) -> None:
    """Find the mentee a place: the shortest way of moving others to one that is free."""
    came: dict[UUID, tuple[UUID, UUID | None]] = {}  # mentor: who would move there, and from whom
    waiting: list[UUID] = []
    for mentor in open_to[mentee]:
        came[mentor] = (mentee, None)
        waiting.append(mentor)
    for mentor in waiting:
        if len(has[mentor]) < problem.mentors[mentor].free:
            _move_along(mentor, came, has)
            return
        for other in has[mentor]:
            for further in open_to[other]:
                if further not in came:
                    came[further] = (other, mentor)
                    waiting.append(further)


def _move_along(
    mentor: UUID, came: Mapping[UUID, tuple[UUID, UUID | None]], has: dict[UUID, list[UUID]]
) -> None:
    into: UUID | None = mentor
    while into is not None:
        who, left = came[into]
        has[into].append(who)
        if left is not None:
            has[left].remove(who)
        into = left


class _Model:
    """The problem of a fixed set of mentees, as CP-SAT takes it."""

    def __init__(self, problem: Problem, start: Mapping[UUID, UUID]) -> None:
        from ortools.sat.python import cp_model  # a third of a second to load, for who solves

        self.problem, self.start = problem, start
        self.model = cp_model.CpModel()
        self.chosen = {
            two: self.model.new_bool_var(f"x{number}")
            for number, two in enumerate(sorted(problem.points))
            if two[0] in start and two[1] in problem.mentors
        }
        of_mentee, of_mentor = defaultdict(list), defaultdict(list)
        for (mentee, mentor), var in self.chosen.items():
            of_mentee[mentee].append(var)
            of_mentor[mentor].append(var)
        for mentee in sorted(start):
            self.model.add_exactly_one(of_mentee[mentee])
        self.spread = self.model.new_int_var(0, SHARES * 200, "spread")
        highest = self.model.new_int_var(0, SHARES * 200, "highest")
        lowest = self.model.new_int_var(0, SHARES * 200, "lowest")
        self.model.add(self.spread == highest - lowest)
        for mentor, places in sorted(problem.mentors.items()):
            theirs = sum(of_mentor[mentor])
            if places.free:
                self.model.add(theirs <= places.free)
                share = SHARES // places.of
                self.model.add(share * (places.taken + theirs) <= highest)
                self.model.add(share * (places.taken + theirs) >= lowest)
            else:
                self.model.add(theirs == 0)

    def solve(self, hint: Mapping[UUID, UUID]) -> Solution:
        """Solve for the objective that stands. The hint is an answer that is allowed, and is kept
        when the time ends before another is found."""
        from ortools.sat.python import cp_model

        self.model.clear_hints()  # type: ignore[no-untyped-call]
        for (mentee, mentor), var in self.chosen.items():
            self.model.add_hint(var, hint[mentee] == mentor)
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 0
        solver.parameters.max_deterministic_time = DETERMINISTIC_SECONDS
        found = solver.solve(self.model)
        if found not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return Solution(hint, SolverStatus.feasible, 1.0, solver.wall_time)
        pairs = {two[0]: two[1] for two, var in self.chosen.items() if solver.boolean_value(var)}
        optimal = found == cp_model.OPTIMAL
        status = SolverStatus.optimal if optimal else SolverStatus.feasible
        off = abs(solver.best_objective_bound - solver.objective_value)
        gap = 0.0 if optimal else off / max(1.0, abs(solver.objective_value))
        return Solution(pairs, status, gap, solver.wall_time)

    def spread_of(self, pairs: Mapping[UUID, UUID]) -> int:
        """How uneven an answer is: between the fullest and the emptiest mentor with a place."""
        load = Counter(pairs.values())
        shares = [
            (SHARES // places.of) * (places.taken + load[mentor])
            for mentor, places in self.problem.mentors.items()
            if places.free
        ]
        return max(shares) - min(shares)


def solve(problem: Problem) -> Solution:
    """Who should support whom. Takes seconds with hundreds of mentees: not for an event loop."""
    start = matched(problem)
    if not start:
        return Solution({})
    model = _Model(problem, start)
    model.model.minimize(model.spread)
    even = model.solve(start)
    model.model.add(model.spread <= model.spread_of(even.pairs))
    above = max(problem.points.values()) * len(start) + 1
    model.model.maximize(
        sum(
            (problem.points[two] + (above if two in problem.kept else 0)) * var
            for two, var in model.chosen.items()
        )
    )
    best = model.solve(even.pairs)
    optimal = even.status is best.status is SolverStatus.optimal
    return Solution(
        best.pairs,
        SolverStatus.optimal if optimal else SolverStatus.feasible,
        max(even.gap, best.gap),
        even.seconds + best.seconds,
    )
