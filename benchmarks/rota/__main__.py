"""Works out rotas of the size of a dedicated wing: 10 mentors, 28 days, 24 hours a day.

Run with `make bench-rota`. Made-up wings; what came out is checked by rules written once more
without a look at the solver. Then the hard cases: a fortnight with a clock change, a month that
cannot be, a mentor who falls ill, and many wings. The last line of standard output is JSON.
"""

import argparse
import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from datetime import time as wall

from app.models.rota_demands import RotaRole
from app.services.rota.problem import Problem, Solution
from app.services.rota.solver import solve
from benchmarks.rota.worlds import checked, wing

SPRING, AUTUMN = date(2026, 3, 23), date(2026, 10, 19)  # Mondays before the clocks change
WINGS = 120


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def judged(problem: Problem, solution: Solution) -> int:
    """Broken rules by the checker, and one more where it counts other hours uncovered."""
    broken, uncovered = checked(problem, solution.pieces)
    for each in broken:
        say(f"  broken: {each}")
    named = sum(gap.minutes for gap in solution.gaps)
    return len(broken) + (uncovered != solution.cost.uncovered_minutes) + (uncovered != named)


def told(name: str, problem: Problem, solution: Solution) -> int:
    """Say what came of one, and how many rules it broke."""
    broken = judged(problem, solution)
    found = "optimal" if solution.optimal else f"gap {solution.gap:.4f}"
    say(
        f"{name}: {found} in {solution.seconds:.2f} s, {len(solution.pieces)} shifts,"
        f" {solution.cost.uncovered_minutes / 60:.1f} h uncovered, {broken} violations;"
        f" nights {solution.cost.nights}, weekends {solution.cost.weekends},"
        f" long days {solution.cost.long_days}, wishes {solution.cost.wishes}"
    )
    return broken


def months(seeds: int) -> tuple[list[Solution], int]:
    """The rota of the issue, on several made-up wings; each twice, for the same answer."""
    solutions, broken = [], 0
    for seed in range(seeds):
        problem = wing(seed)
        solution = solve(problem)
        broken += told(f"month {seed}", problem, solution)
        broken += solve(problem).pieces != solution.pieces
        solutions.append(solution)
    return solutions, broken


def clock_changes() -> int:
    """Fortnights of 335 and 337 hours."""
    broken = 0
    for name, monday in (("spring", SPRING), ("autumn", AUTUMN)):
        problem = wing(7, first=monday, days=14)
        broken += told(f"fortnight of the {name} clock change", problem, solve(problem))
    return broken


def impossible() -> int:
    """Four mentors for what ten do: as much as can be is covered, and the rest is named."""
    problem = wing(3, mentors=4)
    solution = solve(problem)
    broken = told("month that cannot be", problem, solution)
    for gap in solution.gaps[:5]:
        why = ", ".join(f"{reason} {count}" for reason, count in gap.why.items())
        say(
            f"  gap: {gap.starts_at:%a %d %b %H:%M}-{gap.ends_at:%H:%M} UTC, {gap.role},"
            f" {gap.missing} missing: {why}"
        )
    all_reasons = Counter(reason for gap in solution.gaps for reason in gap.why)
    say(f"  {len(solution.gaps)} gaps in all; reasons given: {dict(all_reasons)}")
    return broken + sum(not gap.why for gap in solution.gaps)


def repaired() -> int:
    """The busiest mentor is ill for ten days: how many shifts are others', repaired and anew."""
    problem = wing(0)
    before = frozenset(solve(problem).pieces)
    ill = Counter(piece.helper for piece in before).most_common(1)[0][0]
    first = min(need.starts_at for need in problem.needs)
    until = first + timedelta(days=10)
    helpers = [
        replace(each, free=[(max(start, until), end) for start, end in each.free if end > until])
        if each.id == ill
        else each
        for each in problem.helpers
    ]
    sick = replace(problem, helpers=helpers, hint=before, before=before, repair=True)
    lost = {piece for piece in before if piece.helper == ill and piece.starts_at < until}
    broken = 0
    for name, asked in (("repair", sick), ("anew", replace(sick, repair=False))):
        solution = solve(asked)
        broken += told(f"after ten days of sickness, {name}", asked, solution)
        others = len(before - set(solution.pieces) - lost)
        say(f"  {len(lost)} shifts lost, {others} of {len(before) - len(lost)} others changed")
        if name == "repair":
            broken += solution.cost.changes > len(lost) + 2 * others
    return broken


def many_wings(wings: int) -> int:
    """One after the other in one process, as a single worker would, week-long rotas and months of
    the first; what the nation's would take is this measured figure times the wings."""
    took: list[float] = []
    broken = 0
    began = time.perf_counter()
    for number in range(wings):
        problem = wing(1000 + number, days=7)
        solution = solve(problem)
        took.append(solution.seconds)
        broken += judged(problem, solution)
        if number + 1 in {1, 10, 30, 60, wings}:
            say(f"{number + 1} wings of a week: {time.perf_counter() - began:.1f} s")
    say(f"  a wing: median {statistics.median(took):.2f} s, slowest {max(took):.2f} s")
    return broken


def larger(sizes: Sequence[int]) -> int:
    """One wing with more mentors and as much more demand."""
    broken = 0
    for times in sizes:
        blocks = (
            (RotaRole.mentor_on_shift, wall(8), wall(12), 2 * times),
            (RotaRole.mentor_on_shift, wall(13, 30), wall(17), 2 * times),
            (RotaRole.mentor_on_shift, wall(17), wall(20), times),
            (RotaRole.mentor_on_call, wall(8), wall(20), times),
            (RotaRole.mentor_on_call, wall(20), wall(8), times),
        )
        problem = wing(5, mentors=10 * times, blocks=blocks, days=14)
        broken += told(f"a fortnight with {10 * times} mentors", problem, solve(problem))
    return broken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--wings", type=int, default=WINGS)
    asked = parser.parse_args()
    solutions, broken = months(asked.seeds)
    broken += clock_changes() + impossible() + repaired()
    broken += many_wings(asked.wings) + larger((1, 2, 4))
    figures = {
        "seconds": round(statistics.median(each.seconds for each in solutions), 2),
        "optimal": all(each.optimal for each in solutions),
        "gap": round(max(each.gap for each in solutions), 4),
        "uncovered_hours": sum(each.cost.uncovered_minutes for each in solutions) / 60,
        "violations": broken,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
