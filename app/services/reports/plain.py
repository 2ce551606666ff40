"""What happened in plain words: a sentence or two a report, for the first page. Pure."""

from collections.abc import Callable, Iterator

from app.models.board_packs import Happened
from app.models.report_tables import Measure, Report, ReportRow, ReportTable
from app.models.reports import OutcomeReport
from app.services.reference import labels
from app.services.reports.tables import said, spelled

FIRST = 2  # tables of a report that the first page tells of: the others stand on the pages behind
FEW = 3  # rows that one sentence takes


def happened(
    reports: list[Report], before: list[Report], outcomes: OutcomeReport | None
) -> list[Happened]:
    """Report by report, then what became of the cohort."""
    then = {each.report: each for each in before}
    told = []
    for report in reports:
        earlier = {each.table: each for each in then[report.report].tables}
        tables = [each for each in report.tables if each.rows][:FIRST]
        sentences = [_sentence(each, earlier.get(each.table)) for each in tables]
        told.append(Happened(title=report.title, sentences=sentences or ["Nothing to tell of."]))
    if outcomes is not None:
        told.append(Happened(title="What became of people", sentences=list(_outcomes(outcomes))))
    return told


def _sentence(table: ReportTable, before: ReportTable | None) -> str:
    if table.over_time:
        *_, last = table.rows
        was = f" ({said(table.rows[-2], table)} before)" if len(table.rows) > 1 else ""
        return f"{table.title}: {said(last, table)}{was}."
    if table.measure is Measure.number:
        return _numbers(table, before)
    known = [each for each in table.rows if each.of]
    if not known:
        return f"{table.title}: there was nothing to count."
    if table.measure is Measure.share:
        return f"{table.title}: {_each(table, known, lambda row: row.percent or 0)}."
    took = _each(table, known, lambda row: row.value or 0)
    return f"{table.title}: half took no longer than {took}."


def _each(table: ReportTable, rows: list[ReportRow], size: Callable[[ReportRow], float]) -> str:
    """All of a few rows; of many the least and the most."""
    if len(rows) == 1:
        return _worth(rows[0], table)
    if len(rows) <= FEW:
        return "; ".join(f"{spelled(row.key)} {_worth(row, table)}" for row in rows)
    ordered = sorted(rows, key=size)
    least, most = ordered[0], ordered[-1]
    return (
        f"from {_worth(least, table)} ({spelled(least.key)})"
        f" to {_worth(most, table)} ({spelled(most.key)})"
    )


def _worth(row: ReportRow, table: ReportTable) -> str:
    if table.measure is Measure.share:
        return said(row, table)
    value = row.value or 0
    return f"{value:.0f} {unit(table)}" if value >= 10 else f"{round(value, 1):g} {unit(table)}"


def unit(table: ReportTable) -> str:
    """What a table counts in, as a word within a sentence."""
    return str(labels()["unit"][table.unit.value]["label"]).lower()


def _numbers(table: ReportTable, before: ReportTable | None) -> str:
    """The largest of them, each beside the month before. Nothing is added up: rows may overlap."""
    there = [row for row in table.rows if row.value]
    if not there:
        return f"{table.title}: none."
    earlier = {row.key: row.value for row in before.rows} if before else {}
    largest = sorted(there, key=lambda row: row.value or 0, reverse=True)[:FEW]
    told = []
    for place, row in enumerate(largest):
        words = "" if place else " the month before"
        was = earlier.get(row.key)
        compared = f" ({was:,g}{words})" if was is not None else ""
        told.append(f"{spelled(row.key)} {row.value:,g}{compared}")
    rest = len(there) - len(largest)
    others = f"; {rest} more kinds" if rest > 1 else "; one more kind" if rest else ""
    return f"{table.title}: {', '.join(told)}{others}."


def _outcomes(found: OutcomeReport) -> Iterator[str]:
    """The cohort's figures, and what they cannot show first."""
    yield (
        f"Of the {found.cohort.size} people in the cohort “{found.cohort.name}”,"
        f" {found.followed_up} were followed up. These figures are {found.label}."
    )
    named = labels()["indicator"]
    for each in found.indicators:
        if each.percent is not None:
            label = named[each.indicator.value]["label"]
            yield f"{label}: {each.numerator} of {each.denominator} ({each.percent} %)."
