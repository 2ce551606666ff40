"""What else must be hidden so that nobody works out what is: secondary suppression.

Pure. A reader has every cell of the tables released together, and knows how they belong together:
parts make wholes, some are of others, one count stands in several tables. From that follow the
smallest and the largest number that a cell may be (integer programming, exactly). Of a small one
they must lie `MARGIN` apart; further cells are hidden until they do, and where that is not enough a
table is withheld whole. What is hidden for another's sake has the same sign, but nothing here
rests on that: the reader is taken to know which are small.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from app.services.publications.rule import known, small

MARGIN = 2  # at least three numbers are possible


@dataclass(frozen=True, slots=True)
class Link:
    """How cells belong together: the sum of each times its factor is 0, or with `at_least` not
    less than 0."""

    factors: Mapping[str, int]
    at_least: bool = False


def total(whole: str, parts: Iterable[str]) -> Link:
    """The parts together are the whole."""
    return Link({whole: 1, **dict.fromkeys(parts, -1)})


def within(part: str, whole: str) -> Link:
    """The part is not more than the whole."""
    return Link({whole: 1, part: -1}, at_least=True)


def same(one: str, other: str) -> Link:
    """Both are one count."""
    return Link({one: 1, other: -1})


@dataclass(frozen=True, slots=True)
class Cells:
    """The exact counts, how they belong together, and which stand in which table.

    What is in no table is never shown: `bounds` may say what a reader knows of it, else nothing.
    """

    counts: Mapping[str, int]
    links: Sequence[Link]
    tables: Mapping[str, str]
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Guarded:
    """What is not shown besides small counts, and what is not released at all."""

    hidden: frozenset[str] = frozenset()
    withheld: frozenset[str] = frozenset()


def unguarded() -> Guarded:
    """Small counts hidden and nothing else: what is not enough."""
    return Guarded()


def shows(cells: Cells, guarded: Guarded, cell: str) -> bool:
    """Whether a reader sees something of this cell."""
    table = cells.tables.get(cell)
    return table is not None and table not in guarded.withheld and cell not in guarded.hidden


def _bounds(cells: Cells, guarded: Guarded, cell: str) -> tuple[float, float]:
    if shows(cells, guarded, cell):
        return known(cells.counts[cell])
    return cells.bounds.get(cell, (0, inf))


def feasible(cells: Cells, guarded: Guarded, cell: str) -> tuple[float, float]:
    """The smallest and the largest number that a cell may be, by all that a reader has."""
    among = _groups(cells).get(cell)
    if among is None:
        return _bounds(cells, guarded, cell)
    return _Group(cells, among).feasible(guarded, cell)


def guard(cells: Cells) -> Guarded:
    """Hide until no small count can be worked out. What is hidden never narrows anything, so each
    small count is looked at once."""
    found = Guarded()
    groups: dict[str, _Group] = {}
    for cell, among in sorted(_groups(cells).items()):
        if small(cells.counts[cell]):
            group = groups.get(among[0]) or _Group(cells, among)
            groups[among[0]] = group
            found = _safe(cells, group, found, cell)
    return found


def _safe(cells: Cells, group: "_Group", guarded: Guarded, cell: str) -> Guarded:
    """What must be hidden besides for one small count; nothing that need not be."""
    if group.wide(guarded, cell):
        return guarded
    kept, more = group.seen(), []
    for other in _hideable(cells, group, guarded, cell):
        more.append(other)
        if group.wide(_with(guarded, more), cell):
            break
    else:
        raise AssertionError(f"{cell}: of what nobody is shown nothing can be worked out")
    group.forget(kept)
    for other in more[:-1]:
        fewer = [each for each in more if each != other]
        low, high = group.feasible(_with(guarded, fewer), cell)
        more = fewer if high - low >= MARGIN else more
        group.forget(kept)
    return _with(guarded, more)


def _hideable(
    cells: Cells, group: "_Group", guarded: Guarded, cell: str
) -> Iterator[tuple[str, bool]]:
    """The nearest cells first, the smaller ones before; then whole tables (True), the nearest
    first."""
    near = group.distances(cell)

    def place(each: str) -> tuple[int, bool, int, str]:
        return near[each], cells.counts[each] == 0, cells.counts[each], each

    nearest = sorted(near, key=place)
    for each in nearest:
        if shows(cells, guarded, each) and not small(cells.counts[each]):
            yield each, False
    for table in dict.fromkeys(cells.tables[each] for each in nearest if each in cells.tables):
        if table not in guarded.withheld:
            yield table, True


def _with(guarded: Guarded, more: Iterable[tuple[str, bool]]) -> Guarded:
    more = list(more)
    return Guarded(
        guarded.hidden | {name for name, table in more if not table},
        guarded.withheld | {name for name, table in more if table},
    )


def _groups(cells: Cells) -> dict[str, list[str]]:
    """The cells that anything links to a cell, however far."""
    beside: dict[str, set[str]] = defaultdict(set)
    for link in cells.links:
        for cell in link.factors:
            beside[cell] |= link.factors.keys()
    groups: dict[str, list[str]] = {}
    for start in beside:
        if start in groups:
            continue
        reached, waiting = {start}, [start]
        while waiting:
            new = beside[waiting.pop()] - reached
            reached |= new
            waiting += new
        groups |= dict.fromkeys(reached, sorted(reached))
    return groups


class _Group:
    """Cells that hang together, as an integer programme.

    Whatever was found possible stays so, because hiding narrows nothing: `_seen` keeps the
    smallest and the largest of each cell, so that few are asked for.
    """

    def __init__(self, cells: Cells, among: Sequence[str]) -> None:
        import numpy as np  # with scipy half a second to load, for those who publish

        self._cells, self._among = cells, among
        self._place = {cell: number for number, cell in enumerate(among)}
        self._links = [
            each for each in cells.links if not self._place.keys().isdisjoint(each.factors)
        ]
        # No cell need be larger than this for anything to be possible that is.
        self._most = 4 * sum(cells.counts[each] for each in among) + 100
        self._seen = {each: (cells.counts[each], cells.counts[each]) for each in among}
        self._matrix = np.zeros((len(self._links), len(among)))
        for row, link in enumerate(self._links):
            for each, factor in link.factors.items():
                self._matrix[row, self._place[each]] += factor

    def seen(self) -> dict[str, tuple[int, int]]:
        """What was found possible so far."""
        return dict(self._seen)

    def forget(self, kept: Mapping[str, tuple[int, int]]) -> None:
        """Go back to that: what was found since was so only while more was hidden."""
        self._seen = dict(kept)

    def wide(self, guarded: Guarded, cell: str) -> bool:
        """Whether enough numbers are possible of a cell."""
        for sign in (1, -1):
            low, high = self._seen[cell]
            if high - low >= MARGIN:
                return True
            self._end(guarded, cell, sign)
        low, high = self._seen[cell]
        return high - low >= MARGIN

    def feasible(self, guarded: Guarded, cell: str) -> tuple[int, int]:
        return self._end(guarded, cell, 1), self._end(guarded, cell, -1)

    def _end(self, guarded: Guarded, cell: str, sign: int) -> int:
        """The smallest number possible (1), or the largest (-1)."""
        import numpy as np
        from scipy.optimize import Bounds, LinearConstraint, milp

        bounds = [_bounds(self._cells, guarded, each) for each in self._among]
        wanted = np.zeros(len(self._among))
        wanted[self._place[cell]] = sign
        found = milp(
            wanted,
            integrality=np.ones(len(self._among)),
            bounds=Bounds(
                [low for low, _ in bounds], [min(high, self._most) for _, high in bounds]
            ),
            constraints=LinearConstraint(
                self._matrix, 0, [np.inf if link.at_least else 0 for link in self._links]
            ),
        )
        assert found.x is not None, "the exact counts are possible"
        for each, value in zip(self._among, found.x, strict=True):
            low, high = self._seen[each]
            self._seen[each] = (min(low, round(value)), max(high, round(value)))
        return round(float(found.x[self._place[cell]]))

    def distances(self, cell: str) -> dict[str, int]:
        """How many links lie between a cell and each of the others."""
        found, waiting = {cell: 0}, deque([cell])
        while waiting:
            here = waiting.popleft()
            for other in self._beside(here):
                if other not in found:
                    found[other] = found[here] + 1
                    waiting.append(other)
        return found

    def _beside(self, cell: str) -> Iterator[str]:
        for link in self._links:
            if cell in link.factors:
                yield from link.factors
