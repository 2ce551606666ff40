"""The best rota of a problem: pure, bounded, and the same answer whenever it is asked.

In this order, each bound by what came before:

1. **Cover.** As few minutes as can be are left uncovered. What cannot be covered is a named gap.
2. **Least change**, in a repair: as few shifts as can be differ from what was published.
3. **All that is soft**, weighed: even nights and weekends, no long days, the same people at the
   same hours, wishes.

One worker, a fixed seed, a limit in deterministic time, and everything in canonical order. It
takes seconds: not for an event loop.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ortools.sat.python import cp_model

from app.models.rota_demands import RotaRole
from app.services.rota import candidates
from app.services.rota.gaps import gaps_of
from app.services.rota.pricing import cost_of
from app.services.rota.problem import DETERMINISTIC_SECONDS, Piece, Problem, Solution
from app.services.rota.rota_model import Linear, RotaModel
from app.services.rota.start import first_rota


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is: the step, from 1, what the best found so far costs in it, and what none can
    be better than."""

    step: int
    best: int
    bound: int
    seconds: float


Watch = Callable[[Progress], bool]
"""Told of every better rota; answers whether to go on looking."""


def go_on(_: Progress) -> bool:
    return True


class _Watcher(cp_model.CpSolverSolutionCallback):
    """Passes on what is found. Stops when told to."""

    def __init__(self, step: int, began: float, watch: Watch) -> None:
        super().__init__()
        self.step, self.began, self.watch = step, began, watch

    def on_solution_callback(self) -> None:
        best, bound = round(self.objective_value), round(self.best_objective_bound)
        if not self.watch(Progress(self.step, best, bound, time.monotonic() - self.began)):
            self.stop_search()


@dataclass(frozen=True, slots=True)
class _Found:
    """What came of one step. Without a rota the one it began with stands."""

    pieces: frozenset[Piece] | None
    objective: int
    optimal: bool
    gap: float
    values: Sequence[int] = ()


class Search:
    """One search for a rota, which another thread may watch and stop."""

    def __init__(self, seconds: float = DETERMINISTIC_SECONDS, watch: Watch = go_on) -> None:
        self.progress: Progress | None = None
        self._seconds, self._watch = seconds, watch
        self._stopped = False
        self._solver: cp_model.CpSolver | None = None

    def stop(self) -> None:
        """Look no further: the best found so far is answered."""
        self._stopped = True
        if self._solver is not None:
            self._solver.stop_search()

    def run(self, problem: Problem) -> Solution:
        """The best rota that is found in so many deterministic seconds a step. Blocks of one role
        must not overlap: ValueError."""
        _apart(problem)
        began = time.monotonic()
        pieces = candidates.of_problem(problem)
        model, best = RotaModel(problem, pieces), first_rota(problem, pieces)
        optimal, gap = True, 0.0
        steps = model.steps()
        model.begin_at(best)
        for step, objective in enumerate(steps, 1):
            found = self._minimise(model, objective, step, began)
            optimal, gap = optimal and found.optimal, max(gap, found.gap)
            best = found.pieces or best
            if found.pieces is None or self._stopped:
                optimal = False
                break
            model.model.add(objective <= found.objective)
            model.go_on_from(found.values)
        served, took = sorted(best), time.monotonic() - began
        cost, gaps = cost_of(problem, served), gaps_of(problem, served)
        return Solution(served, cost, gaps, optimal, gap, took)

    def _told(self, progress: Progress) -> bool:
        self.progress = progress
        if not self._watch(progress):
            self._stopped = True
        return not self._stopped

    def _minimise(self, model: RotaModel, objective: Linear, step: int, began: float) -> _Found:
        model.model.minimize(objective)
        solver = self._solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 0
        # Measured: proven in seconds; with the usual 1 not in a minute.
        solver.parameters.linearization_level = 2
        solver.parameters.max_deterministic_time = 0.0 if self._stopped else self._seconds
        status = solver.solve(model.model, _Watcher(step, began, self._told))
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return _Found(None, 0, False, 1.0)
        pieces = frozenset(p for p, var in model.chosen.items() if solver.boolean_value(var))
        value, optimal = solver.objective_value, status == cp_model.OPTIMAL
        gap = 0.0 if optimal else abs(value - solver.best_objective_bound) / max(1.0, abs(value))
        return _Found(pieces, round(value), optimal, gap, solver.response_proto.solution)


def solve(
    problem: Problem, watch: Watch = go_on, seconds: float = DETERMINISTIC_SECONDS
) -> Solution:
    """The best rota, worked out here and now."""
    return Search(seconds, watch).run(problem)


def _apart(problem: Problem) -> None:
    until: dict[RotaRole, datetime] = {}
    for need in sorted(problem.needs, key=lambda each: each.starts_at):
        if need.starts_at < until.get(need.role, need.starts_at):
            raise ValueError(f"blocks of {need.role} overlap at {need.starts_at}")
        until[need.role] = need.ends_at
