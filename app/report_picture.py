"""A report as a picture: a panel a table, a bar a row or a line over time, each value in words."""

import textwrap
from typing import Any

import altair as alt

from app import pictures
from app.models.report_tables import Measure, Report, ReportRow, ReportTable
from app.pictures import FONT, INK, axis, places, words_alone
from app.services.reports.tables import said, spelled

WIDTH, GREY = 420, "#bdbdbd"


async def svg(report: Report) -> bytes:
    """As a drawing, with its description in words. Raises Busy."""
    return await pictures.svg(_chart(report), _title(report), report.description)


async def png(report: Report) -> bytes:
    """Made of points, with its words in it. Raises Busy."""
    return await pictures.png(_chart(report), report.description)


def _title(report: Report) -> str:
    return f"{report.title}, {report.first_day:%-d %B %Y} to {report.last_day:%-d %B %Y}"


def _chart(report: Report) -> alt.TopLevelMixin:
    panels = [_panel(each) for each in report.tables if each.rows] or [words_alone("Nothing")]
    chart: Any = alt.vconcat(*panels, spacing=18).properties(
        title=_title(report), background="#ffffff"
    )
    chart = chart.configure(font=FONT).configure_title(fontSize=16, anchor="start", offset=12)
    finished: alt.TopLevelMixin = chart
    return finished


def drawn_as(row: ReportRow, table: ReportTable) -> float | None:
    """What a bar is as long as: a share in percent, a rate in 1,000 days, else the value."""
    if table.measure is Measure.rate:
        return row.per_1000
    return row.percent if table.measure is Measure.share else row.value


def _panel(table: ReportTable) -> Any:
    rows = [
        {"at": number, "long": drawn_as(row, table), "words": said(row, table)}
        for number, row in enumerate(table.rows)
    ]
    unit = {
        Measure.share: "percent",
        Measure.rate: f"{spelled(table.unit.value)} in 1,000 days",
    }.get(table.measure, spelled(table.unit.value))
    head = alt.Title(f"{table.title}, {unit}", fontSize=13, anchor="start")
    drawn = _line(table, rows) if table.over_time else _bars(table, rows)
    return drawn.properties(title=head)


def _scale(rows: list[dict[str, Any]], *, percent: bool) -> alt.Scale:
    longest = max((each["long"] or 0 for each in rows), default=0)
    return alt.Scale(domain=[0, 100 if percent else max(longest, 1)], nice=not percent)


def _bars(table: ReportTable, rows: list[dict[str, Any]]) -> Any:
    scale = _scale(rows, percent=table.measure is Measure.share)
    numbers = alt.Axis(orient="bottom", labelFontSize=11, tickCount=4, gridColor="#e0e0e0")
    names = [textwrap.wrap(spelled(row.key), 34) or [" "] for row in table.rows]
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y("at:O", title=None, axis=axis(names, "left"), scale=places(len(rows)))
    )
    bars = base.transform_filter("isValid(datum.long)").mark_bar(
        color=GREY, stroke=INK, strokeWidth=1, height=14
    ).encode(x=alt.X("long:Q", title=None, axis=numbers, scale=scale))  # fmt: skip
    words = base.mark_text(align="left", fontSize=12, color="#000000").encode(
        x=alt.value(WIDTH + 10), text="words:N"
    )
    return alt.layer(bars, words).properties(width=WIDTH, height=alt.Step(26))


def _line(table: ReportTable, rows: list[dict[str, Any]]) -> Any:
    scale = _scale(rows, percent=table.measure is Measure.share)
    numbers = alt.Axis(labelFontSize=11, tickCount=4, gridColor="#e0e0e0")
    names = axis([[spelled(row.key)] for row in table.rows], "top")
    names.orient, names.labelAngle = "bottom", -45
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("at:O", title=None, axis=names, scale=places(len(rows))),
        y=alt.Y("long:Q", title=None, axis=numbers, scale=scale),
    )
    line = base.mark_line(color=INK, point=alt.OverlayMarkDef(color=INK, size=40))
    words = base.mark_text(dy=-10, fontSize=11, color="#000000").encode(text="words:N")
    return alt.layer(line, words).properties(width=alt.Step(46), height=140)
