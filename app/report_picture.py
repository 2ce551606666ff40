"""A report as a picture: a panel a table, a bar a row or a line over time, each value in words. A
thin line on a bar is a share's interval, or reaches to what nine in ten did not go beyond."""

import textwrap
from typing import Any, Literal

import altair as alt

from app import pictures
from app.models.report_tables import Measure, Report, ReportRow, ReportTable, Unit
from app.pictures import FONT, INK, LINE, axis, places
from app.services.reports.tables import drawn_as, in_no_row, said, spelled

WIDTH, GREY = 420, "#bdbdbd"
SHORT = 6  # so many rows are all drawn, however many of them are nothing


async def svg(report: Report) -> bytes:
    """As a drawing, with its description in words. Raises Busy."""
    return await pictures.svg(_chart(report), _title(report), report.description)


async def png(report: Report) -> bytes:
    """Made of points, with its words in it. Raises Busy."""
    return await pictures.png(_chart(report), report.description)


def _title(report: Report) -> str:
    return f"{report.title}, {report.first_day:%-d %B %Y} to {report.last_day:%-d %B %Y}"


def _chart(report: Report) -> alt.TopLevelMixin:
    panels = [_panel(each) for each in report.tables if each.rows] or [_none()]
    head = alt.Title(_title(report), subtitle=_key(report) or alt.Undefined, subtitleFontSize=11)
    chart: Any = alt.vconcat(*panels, spacing=18).properties(title=head, background="#ffffff")
    chart = chart.configure(font=FONT).configure_title(fontSize=16, anchor="start", offset=12)
    finished: alt.TopLevelMixin = chart
    return finished


def _key(report: Report) -> list[str]:
    """What the thin lines mean, as far as there are any."""
    drawn = {
        table.measure for table in report.tables for row in table.rows if row.of and row.value != 0
    }
    said = {
        Measure.share: "The thin line of a share is its 95 % interval (Wilson).",
        Measure.median: "Bars of days or minutes are medians; the thin line reaches to what nine in"
        " ten did not go beyond.",
    }
    return [words for measure, words in said.items() if measure in drawn]


def reaching(row: ReportRow, table: ReportTable) -> tuple[float | None, float | None]:
    """From where to where a thin line runs: a share's interval, or from a median to what nine in
    ten did not go beyond."""
    if row.interval is not None:
        return row.interval.low, row.interval.high
    return (row.value, row.p90) if table.measure is Measure.median else (None, None)


def told_apart(table: ReportTable) -> tuple[list[ReportRow], list[ReportRow]]:
    """The rows that are drawn, and of a long table those of which there is nothing to draw."""
    if table.over_time or len(table.rows) <= SHORT:
        return list(table.rows), []
    shown = [row for row in table.rows if _something(row, table)]
    return shown, [row for row in table.rows if not _something(row, table)]


def _something(row: ReportRow, table: ReportTable) -> bool:
    return bool(row.value if table.measure is Measure.number else row.of)


def _panel(table: ReportTable) -> Any:
    shown, none = told_apart(table)
    empty = not any(_something(row, table) for row in shown)
    lines = [in_no_row(table).strip()] if table.missing else []
    if none and not empty:
        lines.insert(0, f"None: {', '.join(spelled(row.key) for row in none)}.")
    head = _head(table, [part for line in lines for part in textwrap.wrap(line, 90)])
    if empty:
        return _none().properties(title=head)
    rows = [
        {"at": place, "long": drawn_as(row, table), "words": said(row, table)}
        | dict(zip(("low", "high"), reaching(row, table), strict=True))
        for place, row in enumerate(shown)
    ]
    drawn = _line(table, rows) if table.over_time else _bars(table, shown, rows)
    return drawn.properties(title=head)


def _head(table: ReportTable, below: list[str]) -> alt.Title:
    unit = {
        Measure.share: "percent",
        Measure.rate: f"{spelled(table.unit.value)} in 1,000 days",
    }.get(table.measure, spelled(table.unit.value))
    known = unit in table.title.casefold()
    return alt.Title(
        table.title if known else f"{table.title} ({unit})",
        subtitle=below or alt.Undefined,
        fontSize=13,
        subtitleFontSize=11,
        subtitlePadding=4,
        anchor="start",
        frame="group",
        offset=6,
    )


def _none() -> Any:
    """What stands where there is nothing to draw, under the title of its table."""
    words = alt.Chart(alt.InlineData(values=[{"said": "None in this period."}])).mark_text(
        align="left", fontSize=12, color="#000000"
    )
    placed = words.encode(x=alt.value(0), text="said:N")
    return placed.properties(width=WIDTH, height=16, view=alt.ViewBackground(strokeWidth=0))


def _scale(rows: list[dict[str, Any]], *, percent: bool) -> alt.Scale:
    longest = max((max(each["long"] or 0, each["high"] or 0) for each in rows), default=0)
    return alt.Scale(domain=[0, 100 if percent else longest or 1], nice=not percent)


def _numbers(table: ReportTable, orient: Literal["bottom", "left"]) -> alt.Axis:
    """An axis of numbers: of what is counted one by one, whole ones."""
    whole = table.measure is Measure.number and table.unit is not Unit.hours
    most = max((drawn_as(row, table) or 0 for row in table.rows), default=0)
    return alt.Axis(
        orient=orient,
        labelFontSize=11,
        tickCount=max(min(4, int(most)), 1) if whole else 4,
        gridColor="#e0e0e0",
    )


def _bars(table: ReportTable, shown: list[ReportRow], rows: list[dict[str, Any]]) -> Any:
    scale, numbers = _scale(rows, percent=table.measure is Measure.share), _numbers(table, "bottom")
    for row, each in zip(shown, rows, strict=True):
        lines = textwrap.wrap(spelled(row.key), 34) or [" "]
        each |= {"name": "\n".join(lines), "lines": len(lines)}
    tallest = max(each["lines"] for each in rows)
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y("at:O", title=None, axis=None, scale=places(len(rows)))
    )
    known = base.transform_filter("isValid(datum.long)")
    bars = known.mark_bar(color=GREY, stroke=INK, strokeWidth=1, height=14).encode(
        x=alt.X("long:Q", title=None, axis=numbers, scale=scale)
    )
    reach = known.transform_filter("isValid(datum.low) && datum.high > datum.low").mark_rule(
        color=INK, strokeWidth=2
    )
    words = base.mark_text(align="left", fontSize=12, color="#000000").encode(
        x=alt.value(WIDTH + 10), text="words:N"
    )
    layers = [bars, reach.encode(x=alt.X("low:Q", scale=scale), x2="high:Q"), words]
    layers += [_names(base, lines) for lines in range(1, tallest + 1)]
    step = max(26, LINE * tallest + 8)
    return alt.layer(*layers).properties(width=WIDTH, height=alt.Step(step))


def _names(base: Any, lines: int) -> Any:
    """The names of so many lines, each in the middle of its row: an axis cannot do that."""
    return (
        base.transform_filter(f"datum.lines == {lines}")
        .mark_text(
            align="right",
            baseline="middle",
            fontSize=12,
            lineBreak="\n",
            lineHeight=LINE,
            dy=-LINE * (lines - 1) / 2,
            color="#000000",
        )
        .encode(x=alt.value(-8), text="name:N")
    )


def _line(table: ReportTable, rows: list[dict[str, Any]]) -> Any:
    scale, numbers = _scale(rows, percent=table.measure is Measure.share), _numbers(table, "left")
    names = axis([[spelled(row.key)] for row in table.rows], "top")
    names.orient, names.labelAngle = "bottom", -45
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("at:O", title=None, axis=names, scale=places(len(rows))),
        y=alt.Y("long:Q", title=None, axis=numbers, scale=scale),
    )
    line = base.mark_line(color=INK, point=alt.OverlayMarkDef(color=INK, size=40))
    halo = base.mark_text(dy=-10, fontSize=11, stroke="#ffffff", strokeWidth=4)
    words = base.mark_text(dy=-10, fontSize=11, color="#000000")
    layers = line, halo.encode(text="words:N"), words.encode(text="words:N")
    return alt.layer(*layers).properties(width=alt.Step(46), height=140)
