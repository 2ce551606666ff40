"""The board pack on paper: its tables, definitions, bars and intervals. Pure."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from app.models.base import Output
from app.models.board_packs import BoardPack
from app.models.report_tables import Measure, Report, ReportRow, ReportTable
from app.models.reports import IndicatorRead, OutcomeReport
from app.services.prints.words import FOLDER
from app.services.reference import labels
from app.services.reports import plain
from app.services.reports.tables import drawn_as, said, spelled

Row = dict[str, Any]
MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
WIDTHS = {
    "indicators": [3, 0, 2, 2, 3],
    "paired": [4, 2, 2, 2, 2, 2],
    "scores": [3, 2, 2, 3, 2, 2, 2],
}
"""Shares of the width; 0: as much as a bar takes."""


class PackWords(Output):
    """The words of the pack, from `app/reference/print/board_pack.toml`."""

    classification: str
    title: str
    as_at: str
    handling: str
    happened: str
    comparison: str
    how: str
    reading: list[str]
    outcomes: str
    cohort: str
    caution: str
    lost: str
    nobody_lost: str
    no_cohort: str
    missing: str
    if_missing: str
    nothing: str
    none_of: str
    version: str
    column: dict[str, str]
    heading: dict[str, str]
    definition: dict[str, str]


@lru_cache
def words() -> PackWords:
    return PackWords.model_validate(tomllib.loads((FOLDER / "board_pack.toml").read_text("utf-8")))


def laid_out(pack: BoardPack) -> dict[str, Any]:
    """The pack as `app/reference/print/board_pack.typ` sets it."""
    told = words()
    before = {each.report: each for each in pack.before}
    sections = [_section(each, before.get(each.report)) for each in pack.reports]
    return {
        "title": told.title,
        "month": f"{pack.first_day:%B %Y}",
        "prison": pack.prison,
        "as_at": told.as_at.format(day=_day(pack.as_at)),
        "classification": told.classification,
        "handling": told.handling,
        "heading": told.happened,
        "comparison": told.comparison,
        "happened": [each.model_dump() for each in pack.happened],
        "how": told.how,
        "reading": told.reading,
        "nothing": told.nothing,
        "sections": [*sections, _outcomes(pack.outcomes)],
        "notices": [],
    }


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _section(report: Report, before: Report | None) -> dict[str, Any]:
    earlier = {each.table: each for each in before.tables} if before else {}
    tables = [_table(each, earlier.get(each.table)) for each in report.tables]
    version = words().version.format(version=report.definition_version)
    return {"title": report.title, "notes": [version], "tables": tables}


def _table(table: ReportTable, before: ReportTable | None) -> dict[str, Any]:
    told = words()
    then = {row.key: row for row in before.rows} if before and not table.over_time else {}
    share, spread = table.measure is Measure.share, table.measure in (Measure.share, Measure.rate)
    most = 100.0 if share else max((drawn_as(row, table) or 0 for row in table.rows), default=0)
    columns = [told.column["what"], told.column["bar"], told.column["value"]]
    columns += [told.column["interval"]] if spread else []
    columns += [told.column["before"]] if then else []
    columns[2] = told.column["over_time"] if table.over_time else columns[2]
    empty = [row.key for row in table.rows if _empty(row) and _empty(then.get(row.key, row))]
    rows = []
    for row in table.rows:
        if row.key in empty and not table.over_time:
            continue
        cells = [said(row, table)]
        cells += [_interval(row.interval, " %" if share else "")] if spread else []
        cells += [said(then[row.key], table) if row.key in then else "–"] if then else []
        rows.append(_row(_key(row.key), drawn_as(row, table), most, cells, row))
    kind = "over_time" if table.over_time else table.measure.value
    return {
        "title": table.title,
        "definition": told.definition[kind].format(unit=plain.unit(table)),
        "columns": columns,
        "widths": [9, 0, 8, 6, 8][: len(columns)] if spread else [9, 0, *[6] * (len(columns) - 2)],
        "bars": True,
        "rows": rows,
        "after": [
            *_none_of(empty if rows and not table.over_time else []),
            *_missing(table.missing),
        ],
    }


def _empty(row: ReportRow) -> bool:
    """Whether there was nothing of it."""
    return row.of == 0 or (row.of is None and not row.value)


def _none_of(keys: list[str]) -> Iterator[str]:
    if keys:
        yield words().none_of.format(keys=", ".join(_key(each) for each in keys))


def _key(key: str) -> str:
    """What a row is of; a month as people say it."""
    if MONTH.fullmatch(key):
        return f"{date.fromisoformat(f'{key}-01'):%B %Y}"
    return spelled(key)


def _row(
    name: str, long: float | None, most: float, cells: list[str], of: ReportRow | IndicatorRead
) -> Row:
    """A row with its bar, as parts of the longest."""
    between = of.interval if most else None
    return {
        "name": name,
        "long": (long or 0) / most if most else 0,
        "between": [min(at / most, 1) for at in (between.low, between.high)] if between else [],
        "cells": [_set(each) for each in cells],
    }


def _set(cell: str) -> str:
    """A value that is not parted from its sign, with a minus that is one."""
    return re.sub(r"(?<![\w])-(?=[0-9])", "\u2212", cell.replace(" %", "\u00a0%"))


def _interval(between: Any, unit: str = " %") -> str:
    return f"{between.low:g} to {between.high:g}{unit}" if between else "–"


def _missing(missing: Mapping[str, int]) -> Iterator[str]:
    if any(missing.values()):
        yield words().missing.format(reasons=_reasons(missing))


def _reasons(missing: Mapping[str, int]) -> str:
    return ", ".join(f"{spelled(why)} {number}" for why, number in missing.items() if number)


def _outcomes(found: OutcomeReport | None) -> dict[str, Any]:
    """The cohort's section: what these figures cannot show stands above them."""
    told = words()
    if found is None:
        return {"title": told.outcomes, "notes": [told.no_cohort], "tables": []}
    cohort = found.cohort
    about = told.cohort.format(
        size=cohort.size,
        first=_day(cohort.referred_from),
        last=_day(cohort.referred_to),
        followed=found.followed_up,
        from_days=cohort.follow_up_from_days,
        to_days=cohort.follow_up_to_days,
        version=cohort.definition_version,
        digest=(cohort.digest or "")[:16],
    )
    lost = told.lost.format(reasons=_reasons(found.lost)) if found.lost else told.nobody_lost
    return {
        "title": f"{told.outcomes}: {cohort.name}",
        "notes": [told.caution, about, lost],
        "tables": [_indicators(found), _paired(found), _scores(found)],
    }


def _indicators(found: OutcomeReport) -> dict[str, Any]:
    told = words()
    names = ("what", "bar", "value", "interval", "missing")
    columns = [told.column[each] for each in names]
    columns[2] = told.column["yes"]
    rows = []
    for each in found.indicators:
        share = "nobody" if each.percent is None else f"{each.percent} %"
        missing = _reasons(each.missing) or "–"
        if each.if_missing and each.missing:
            bounds = told.if_missing.format(no=each.if_missing.no, yes=each.if_missing.yes)
            missing = f"{missing} ({bounds})"
        value = f"{each.numerator} of {each.denominator} ({share})"
        label = str(labels()["indicator"][each.indicator.value]["label"])
        cells = [value, _interval(each.interval), missing]
        rows.append(_row(label, each.percent, 100, cells, each))
    return _plain_table("indicators", columns, rows, bars=True)


def _paired(found: OutcomeReport) -> dict[str, Any]:
    names = ("question", "pairs", "resolved", "new_onset", "increased", "p_value")
    rows = [
        _cells(
            str(labels()["question"][each.question.value]["label"]),
            str(each.pairs),
            str(each.resolved),
            str(each.new_onset),
            str(each.increased),
            "–" if each.p_value is None else _p_value(each.p_value),
        )
        for each in found.paired
    ]
    return _plain_table("paired", [words().column[each] for each in names], rows)


def _p_value(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _scores(found: OutcomeReport) -> dict[str, Any]:
    names = ("scale", "pairs", "difference", "interval", "improved", "unchanged", "deteriorated")
    rows = []
    for each in found.scores:
        if not each.pairs:
            continue
        between = each.interval
        rows.append(
            _cells(
                str(labels()["instrument"][each.instrument.value]["label"]),
                str(each.pairs),
                f"{each.mean_difference:+.1f}" if each.mean_difference is not None else "–",
                f"{between.low:+.1f} to {between.high:+.1f}" if between else "–",
                *(
                    "–" if number is None else str(number)
                    for number in (
                        each.reliably_improved,
                        each.no_reliable_change,
                        each.reliably_deteriorated,
                    )
                ),
            )
        )
    return _plain_table("scores", [words().column[each] for each in names], rows)


def _cells(name: str, *cells: str) -> Row:
    return {"name": name, "long": 0, "between": [], "cells": [_set(each) for each in cells]}


def _plain_table(
    name: str, columns: list[str], rows: list[Row], *, bars: bool = False
) -> dict[str, Any]:
    told = words()
    return {
        "title": told.heading[name],
        "definition": told.definition[name],
        "columns": columns,
        "widths": WIDTHS[name],
        "bars": bars,
        "rows": rows,
        "after": [],
    }
