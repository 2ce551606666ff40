"""The problem as CP-SAT takes it: a yes or no for every possible piece, and what binds them."""

import itertools
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from ortools.sat.python import cp_model

from app.services.rota import candidates
from app.services.rota.pricing import (
    CHANGED_FACE,
    DOUBLED,
    LONG_DAY,
    NIGHT,
    WEEKEND,
    atoms,
    covers,
    pattern_of,
    wish_price,
)
from app.services.rota.problem import (
    A_WEEK,
    ONE_DAY,
    Helper,
    Piece,
    Problem,
    between,
    is_night,
    is_weekend,
    occupied,
    week_begins,
)
from app.services.working_days import local_date

Linear = Any  # what CP-SAT's sums are


class RotaModel:
    """Every variable and constraint; `steps` are the objectives, the first above all."""

    def __init__(self, problem: Problem, pieces: Sequence[Sequence[Piece]]) -> None:
        self.problem, self.zone = problem, problem.zone
        self.model = cp_model.CpModel()
        self.of_need = pieces
        every = sorted({piece for of_need in pieces for piece in of_need})
        self.chosen = {piece: self.model.new_bool_var("") for piece in every}
        self.night = {p: is_night(p.starts_at, p.ends_at, self.zone) for p in every}
        self.day = {p: local_date(p.starts_at, self.zone) for p in every}
        self.of_helper: dict[UUID, list[Piece]] = defaultdict(list)
        for piece in every:
            self.of_helper[piece.helper].append(piece)
        self.doubled: list[Linear] = []
        self.uncovered: Linear = sum(self._cover(), 0)
        for helper in sorted(problem.helpers, key=lambda each: each.id):
            self._one_at_a_time(helper)
            self._hours(helper)
            self._nights(helper)

    def steps(self) -> list[Linear]:
        """What is made least, one after the other."""
        soft = sum(self._soft(), 0)
        if not self.problem.repair:
            return [self.uncovered, soft]
        return [self.uncovered, self._changes(), soft]

    def _sum(self, pieces: Iterable[Piece]) -> Linear:
        return sum((self.chosen[piece] for piece in pieces), 0)

    def _cover(self) -> Iterable[Linear]:
        """For every stretch of every block, the minutes nobody covers."""
        for need, pieces in zip(self.problem.needs, self.of_need, strict=True):
            for atom in atoms(need, pieces):
                minutes = between(*atom)
                there = [piece for piece in pieces if covers(piece, need, atom)]
                missing = self.model.new_int_var(0, need.needed, "")
                serving = self._sum(there)
                whole = all(
                    (p.starts_at, p.ends_at) == (need.starts_at, need.ends_at) for p in pieces
                )
                if whole:
                    self.model.add(serving + missing == need.needed)
                else:
                    more = self.model.new_int_var(0, len(there), "")
                    self.model.add(serving + missing - more == need.needed)
                    self.doubled.append(more * minutes)
                yield missing * minutes

    def _one_at_a_time(self, helper: Helper) -> None:
        """No two at once, and rest after a night on shift: of all that hold an instant, one."""
        held = {piece: occupied(piece, self.zone) for piece in self.of_helper[helper.id]}
        for start in sorted({span[0] for span in held.values()}):
            together = [self.chosen[p] for p, span in held.items() if span[0] <= start < span[1]]
            if len(together) > 1:
                self.model.add_at_most_one(together)

    def _hours(self, helper: Helper) -> None:
        weeks: dict[date, list[Piece]] = defaultdict(list)
        for piece in self.of_helper[helper.id]:
            if piece.counts:
                weeks[week_begins(self.day[piece])].append(piece)
        for monday, pieces in sorted(weeks.items()):
            worked = candidates.minutes_worked(helper.fixed, monday, self.zone)
            left = max(0, helper.weekly_minutes - worked)
            self.model.add(sum(self.chosen[piece] * piece.minutes for piece in pieces) <= left)

    def _nights(self, helper: Helper) -> None:
        """At most so many nights in any seven days, those that stand among them."""
        stand = candidates.nights_fixed(helper.fixed, self.zone)
        on: dict[date, list[Piece]] = defaultdict(list)
        for piece in self.of_helper[helper.id]:
            if self.night[piece] and self.day[piece] not in stand:
                on[self.day[piece]].append(piece)
        taken = {day: self._any(pieces) for day, pieces in sorted(on.items())}
        for first in sorted({day - n * ONE_DAY for day in taken for n in range(7)}):
            inside = [var for day, var in taken.items() if first <= day < first + A_WEEK]
            there = sum(first <= day < first + A_WEEK for day in stand)
            if len(inside) + there > helper.nights:
                self.model.add(sum(inside) <= max(0, helper.nights - there))

    def _any(self, pieces: Sequence[Piece]) -> Linear:
        """Whether one of them is chosen."""
        if len(pieces) == 1:
            return self.chosen[pieces[0]]
        found = self.model.new_bool_var("")
        self.model.add_max_equality(found, [self.chosen[piece] for piece in pieces])
        return found

    def _changes(self) -> Linear:
        before = self.problem.before
        kept = [piece for piece in self.chosen if piece in before]
        anew = self._sum(piece for piece in self.chosen if piece not in before)
        return len(kept) - self._sum(kept) + anew

    def _soft(self) -> Iterable[Linear]:
        helpers = {each.id: each for each in self.problem.helpers}
        yield from self._even(NIGHT, lambda p: self.night[p], lambda h: h.nights_before)
        weekend = {piece: is_weekend(day) for piece, day in self.day.items()}
        yield from self._even(WEEKEND, lambda p: weekend[p], lambda h: h.weekends_before)
        yield from self._long_days()
        for piece, var in self.chosen.items():
            if pattern_of(piece, self.zone) in self.problem.pattern:
                yield CHANGED_FACE * (1 - var)
            if price := wish_price(piece, helpers[piece.helper]):
                yield price * var
        if self.doubled:
            hours = self.model.new_int_var(0, 10**6, "")
            self.model.add(60 * hours + 59 >= sum(self.doubled))
            yield DOUBLED * hours

    def _even(
        self, price: int, which: Callable[[Piece], bool], before: Callable[[Helper], int]
    ) -> Iterable[Linear]:
        """The squares of how many each has: each one more is dearer than the last."""
        floor = min((before(helper) for helper in self.problem.helpers), default=0)
        for helper in sorted(self.problem.helpers, key=lambda each: each.id):
            pieces = [piece for piece in self.of_helper[helper.id] if which(piece)]
            had = before(helper) - floor
            each_one = [self.model.new_bool_var("") for _ in pieces]
            if not pieces:
                continue
            self.model.add(self._sum(pieces) == sum(each_one))
            for one, following in itertools.pairwise(each_one):
                self.model.add_implication(following, one)
            for number, var in enumerate(each_one, 1):
                yield price * (2 * (had + number) - 1) * var

    def _long_days(self) -> Iterable[Linear]:
        days: dict[tuple[UUID, date], list[Piece]] = defaultdict(list)
        for piece, day in self.day.items():
            if piece.counts:
                days[piece.helper, day].append(piece)
        for _, pieces in sorted(days.items()):
            if len(pieces) > 1:
                more = self.model.new_int_var(0, len(pieces) - 1, "")
                self.model.add(more >= self._sum(pieces) - 1)
                yield LONG_DAY * more

    def go_on_from(self, values: Sequence[int]) -> None:
        """Begin at the answer of the step before, in every variable: it is allowed in the next."""
        self.model.clear_hints()  # type: ignore[no-untyped-call]
        for number, value in enumerate(values):
            self.model.add_hint(self.model.get_int_var_from_proto_index(number), value)

    def begin_at(self, pieces: Collection[Piece]) -> None:
        """Where to begin looking."""
        self.model.clear_hints()  # type: ignore[no-untyped-call]
        for piece, var in self.chosen.items():
            self.model.add_hint(var, piece in pieces)
