"""What the tables of every report are made of: counts, shares, rates, medians; how they are told.

Pure: the caller brings what was counted.
"""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any

from app.models.concerns import Interval
from app.models.report_tables import Measure, Report, ReportRow, ReportTable, Unit
from app.services.figures import nearest_rank, wilson
from app.services.outcomes.rates import Rate

WORDS = {
    "cbt_course": "CBT course",
    "dna": "did not attend",
    "referred_by_acct_reviews": "referred by ACCT reviews",
    "within_24h": "within 24 hours",
}
HEADING = (
    "table",
    "key",
    "measure",
    "unit",
    "value",
    "of",
    "percent",
    "per_1000",
    "low",
    "high",
    "p90",
)


def counts(
    table: str,
    title: str,
    unit: Unit,
    counted: Mapping[str, float],
    *,
    over_time: bool = False,
    missing: Mapping[str, int] | None = None,
) -> ReportTable:
    """A table of how many, a row each."""
    rows = [
        ReportRow(key=key, value=value, of=None, percent=None, interval=None, p90=None)
        for key, value in counted.items()
    ]
    return made(table, title, Measure.number, unit, rows, over_time=over_time, missing=missing)


def shares(
    table: str,
    title: str,
    unit: Unit,
    counted: Mapping[str, tuple[int, int]],
    *,
    over_time: bool = False,
    missing: Mapping[str, int] | None = None,
) -> ReportTable:
    """A table of how many of how many, with Wilson's 95 % intervals."""
    rows = [_share(key, count, of) for key, (count, of) in counted.items()]
    return made(table, title, Measure.share, unit, rows, over_time=over_time, missing=missing)


def rates(
    table: str,
    title: str,
    unit: Unit,
    counted: Mapping[str, tuple[int, int]],
    *,
    over_time: bool = False,
    missing: Mapping[str, int] | None = None,
) -> ReportTable:
    """A table of how many in how many days, with exact 95 % intervals of a Poisson rate."""
    rows = [_rate(key, count, days) for key, (count, days) in counted.items()]
    return made(table, title, Measure.rate, unit, rows, over_time=over_time, missing=missing)


def medians(
    table: str,
    title: str,
    unit: Unit,
    took: Mapping[str, Sequence[float]],
    *,
    over_time: bool = False,
    missing: Mapping[str, int] | None = None,
) -> ReportTable:
    """A table of how long things took: the median, and what nine in ten did not go beyond."""
    rows = [_median(key, sorted(values)) for key, values in took.items()]
    return made(table, title, Measure.median, unit, rows, over_time=over_time, missing=missing)


def made(
    table: str,
    title: str,
    measure: Measure,
    unit: Unit,
    rows: list[ReportRow],
    *,
    over_time: bool = False,
    missing: Mapping[str, int] | None = None,
) -> ReportTable:
    """A table of rows that are made already."""
    return ReportTable(
        table=table,
        title=title,
        measure=measure,
        unit=unit,
        over_time=over_time,
        missing=dict(sorted((missing or {}).items())),
        rows=rows,
    )


def _share(key: str, count: int, of: int) -> ReportRow:
    low, high = wilson(count, of) if of else (0.0, 0.0)
    between = Interval(low=round(100 * low, 1), high=round(100 * high, 1)) if of else None
    percent = round(100 * count / of, 1) if of else None
    return ReportRow(key=key, value=count, of=of, percent=percent, interval=between, p90=None)


def _rate(key: str, count: int, days: int) -> ReportRow:
    rate = Rate(count, days)
    low_high, per_1000 = rate.interval, rate.per_1000
    return ReportRow(
        key=key,
        value=count,
        of=days,
        percent=None,
        per_1000=None if per_1000 is None else round(per_1000, 2),
        interval=(
            Interval(low=round(low_high[0], 2), high=round(low_high[1], 2)) if low_high else None
        ),
        p90=None,
    )


def _median(key: str, ordered: Sequence[float]) -> ReportRow:
    middle = round(median(ordered), 2) if ordered else None
    most = round(nearest_rank(ordered, 0.9), 2) if ordered else None
    return timed(key, middle, most, len(ordered))


def timed(key: str, middle: float | None, most: float | None, of: int) -> ReportRow:
    """How long something took, where that was counted already."""
    return ReportRow(key=key, value=middle, of=of, percent=None, interval=None, p90=most)


def said(row: ReportRow, table: ReportTable) -> str:
    """A value as it stands on paper and in a picture: 12, 8 of 14 (57.1 %), or a median as
    3.5, nine in ten by 9 (of 12)."""
    if row.value is None:
        return "none"
    value = number(row.value)
    if table.measure is Measure.share:
        share = f" ({row.percent:g} %)" if row.percent is not None else ""
        return f"{value} of {row.of}{share}"
    if table.measure is Measure.rate:
        rate = f" ({row.per_1000:g} in 1,000)" if row.per_1000 is not None else ""
        return f"{value} in {number(row.of)} days{rate}"
    if table.measure is Measure.median:
        most = f", nine in ten by {number(row.p90)}" if row.p90 not in {None, row.value} else ""
        return f"{value}{most} (of {row.of})"
    return value


def drawn_as(row: ReportRow, table: ReportTable) -> float | None:
    """What a bar is as long as: a share in percent, a rate in 1,000 days, else the value."""
    if table.measure is Measure.rate:
        return row.per_1000
    return row.percent if table.measure is Measure.share else row.value


def number(value: float | None) -> str:
    """As people write it: 1,204 or 0.5."""
    return f"{value or 0:,.2f}".rstrip("0").rstrip(".")


def in_words(title: str, tables: Sequence[ReportTable]) -> str:
    """The report in words, for who cannot see its picture."""
    told = []
    for table in tables:
        rows = "; ".join(f"{spelled(row.key)} {said(row, table)}" for row in table.rows)
        told.append(f"{table.title}: {rows or 'nothing'}.{in_no_row(table)}")
    return f"{title}. " + " ".join(told)


def in_no_row(table: ReportTable) -> str:
    """What a table leaves out, in words; empty where that is nothing."""
    left_out = ", ".join(f"{spelled(why)} {count}" for why, count in table.missing.items())
    return f" In no row: {left_out}." if left_out else ""


def spelled(key: str) -> str:
    """A code as words."""
    return WORDS.get(key, key.replace("_", " "))


def csv_rows(report: Report) -> Iterator[Sequence[Any]]:
    """Every table of the report as rows of one, the heading first."""
    yield HEADING
    for table in report.tables:
        for row in table.rows:
            between = row.interval
            yield (
                table.table, row.key, table.measure.value, table.unit.value, row.value, row.of,
                row.percent, row.per_1000, between and between.low, between and between.high,
                row.p90,
            )  # fmt: skip
        for reason, count in table.missing.items():
            yield table.table, f"missing: {reason}", "number", table.unit.value, count, *[None] * 6
