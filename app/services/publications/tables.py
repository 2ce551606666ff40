"""Tables as they go out: which counts belong together, and what is shown of them. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import inf
from typing import Any

from app.models.publications import PublishedRow, PublishedTable
from app.models.report_tables import Measure, ReportRow, ReportTable
from app.services.publications.guard import Cells, Guarded, Link, guard, same, shows, total
from app.services.publications.rule import FEWEST, HIDDEN, percent, shown, whole

HEADING = ("report", "table", "key", "measure", "unit", "value", "of", "percent")
Named = tuple[str, ReportTable]


def published(tables: Sequence[Named], links: Sequence[Link] = ()) -> list[PublishedTable]:
    """All the tables that go out together, each with the name of its report. `links`: what is
    known of their cells besides what the numbers themselves tell."""
    cells = gathered(tables, links)
    guarded = guard(cells)
    return [_shown(cells, guarded, report, table) for report, table in tables]


def named(report: str, table: str, key: str) -> str:
    """The cell of a row's value."""
    return f"{report}.{table}/{key}"


def denominator(report: str, table: str, key: str) -> str:
    """The cell of what a row's value is of."""
    return f"{report}.{table}/{key}/of"


def gathered(tables: Iterable[Named], links: Sequence[Link] = ()) -> Cells:
    """Every count of the tables, and how they belong together.

    Nobody has to say which tables count the same things: what must be equal by what it means is so
    in the exact numbers, too. So everything of one unit that comes out equal is taken to be known
    as equal: wholes of tables, and single counts beside them. Should it be so by chance, a reader
    who did know it would work out nothing either.
    """
    found = _Gathering()
    for report, table in tables:
        found.take(report, table)
    return found.cells(links)


class _Gathering:
    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.links: list[Link] = []
        self.where: dict[str, str] = {}
        self.bounds: dict[str, tuple[float, float]] = {}
        self.wholes: dict[tuple[str, int], list[str]] = defaultdict(list)
        self.singles: dict[tuple[str, int], list[str]] = defaultdict(list)
        self.by_key: dict[tuple[str, int, str], list[str]] = defaultdict(list)

    def take(self, report: str, table: ReportTable) -> None:
        place, unit = f"{report}.{table.table}", table.unit.value
        if table.measure is Measure.median:
            for row in table.rows:
                cell = denominator(report, table.table, row.key)
                self.counts[cell] = row.of or 0
                few = (row.of or 0) < FEWEST
                self.bounds[cell] = (0, FEWEST - 1) if few else (FEWEST, inf)
                self._single(unit, row.key, cell)
            return
        values = [named(report, table.table, row.key) for row in table.rows]
        for row, cell in zip(table.rows, values, strict=True):
            self._cell(cell, place, unit, row.key, whole(row.value or 0))
        if any((row.value or 0) % 1 for row in table.rows):
            return  # hours: what they add up to before they were rounded is not what they do now
        self._whole(place, unit, "whole", values)
        self._total_row(unit, values)
        missing = []
        for reason, number in table.missing.items():
            cell = named(report, table.table, f"missing: {reason}")
            self._cell(cell, place, unit, f"missing: {reason}", number)
            missing.append(cell)
        if missing:
            self._whole(place, unit, "with missing", [*values, *missing])
        if table.measure is Measure.share:
            self._shares(report, table, place, values)

    def _cell(self, cell: str, place: str, unit: str, key: str, count: int) -> None:
        self.counts[cell], self.where[cell] = count, place
        self._single(unit, key, cell)

    def _single(self, unit: str, key: str, cell: str) -> None:
        self.singles[unit, self.counts[cell]].append(cell)
        self.by_key[unit, self.counts[cell], key].append(cell)

    def _whole(self, place: str, unit: str, name: str, parts: Sequence[str]) -> None:
        """What the cells make together, which stands nowhere."""
        cell = f"{place}/({name})"
        self.counts[cell] = sum(self.counts[each] for each in parts)
        self.links.append(total(cell, parts))
        self.wholes[unit, self.counts[cell]].append(cell)

    def _total_row(self, unit: str, values: Sequence[str]) -> None:
        """A row that is all the others together, should there be one."""
        together = sum(self.counts[each] for each in values)
        for cell in values:
            others = [each for each in values if each != cell]
            if len(others) > 1 and together and 2 * self.counts[cell] == together:
                self.links.append(total(cell, others))
                self.wholes[unit, self.counts[cell]].append(cell)

    def _shares(self, report: str, table: ReportTable, place: str, values: Sequence[str]) -> None:
        """Who is of them, and who of them is not."""
        unit, of = table.unit.value, []
        for row, value in zip(table.rows, values, strict=True):
            cell = denominator(report, table.table, row.key)
            self._cell(cell, place, unit, row.key, row.of or 0)
            rest = f"{value}/(not)"
            self.counts[rest] = self.counts[cell] - self.counts[value]
            self.links.append(total(cell, [value, rest]))
            of.append(cell)
        self._whole(place, unit, "of", of)
        self._total_row(unit, of)

    def cells(self, links: Sequence[Link]) -> Cells:
        equal = [[*self.wholes[each], *self.singles[each]] for each in self.wholes if each[1] > 0]
        equal += [cells for (_, count, _), cells in self.by_key.items() if count > 0]
        alike = [
            same(one, other) for cells in equal for one, other in pairwise(dict.fromkeys(cells))
        ]
        return Cells(self.counts, [*self.links, *alike, *links], self.where, self.bounds)


def _shown(cells: Cells, guarded: Guarded, report: str, table: ReportTable) -> PublishedTable:
    withheld = f"{report}.{table.table}" in guarded.withheld

    def count(cell: str) -> int | None:
        return shown(cells.counts[cell]) if shows(cells, guarded, cell) else None

    def row(each: ReportRow) -> PublishedRow:
        if table.measure is Measure.median:
            few = each.of is None or each.of < FEWEST or each.value is None
            value = None if few or each.value is None else whole(each.value)
            return PublishedRow(key=each.key, value=value, of=None, percent=None)
        value, of = count(named(report, table.table, each.key)), None
        if table.measure is Measure.share:
            of = count(denominator(report, table.table, each.key))
        return PublishedRow(key=each.key, value=value, of=of, percent=percent(value, of))

    return PublishedTable(
        report=report,
        table=table.table,
        title=table.title,
        measure=table.measure,
        unit=table.unit,
        withheld=withheld,
        missing={} if withheld else {
            reason: count(named(report, table.table, f"missing: {reason}"))
            if named(report, table.table, f"missing: {reason}") in cells.counts
            else shown(number)
            for reason, number in table.missing.items()
        },
        rows=[] if withheld else [row(each) for each in table.rows],
    )  # fmt: skip


def csv_rows(tables: Iterable[PublishedTable]) -> Iterator[Sequence[Any]]:
    """Every table as rows of one, the heading first; `*` where something is hidden."""
    yield HEADING
    for table in tables:
        told = (table.measure.value, table.unit.value)
        if table.withheld:
            yield table.report, table.table, "(withheld)", *told, HIDDEN, HIDDEN, HIDDEN
        share = table.measure is Measure.share
        for row in table.rows:
            of = _or_hidden(row.of) if share else None
            rate = _or_hidden(row.percent) if share and row.of != 0 else None
            yield table.report, table.table, row.key, *told, _or_hidden(row.value), of, rate
        for reason, number in table.missing.items():
            key, value = f"missing: {reason}", _or_hidden(number)
            yield table.report, table.table, key, "number", told[1], value, None, None


def _or_hidden(number: int | None) -> int | str:
    return HIDDEN if number is None else number
