"""Outcomes as a picture: a line an indicator, a point where its share lies, and how far chance may
move it."""

from typing import Any

import altair as alt

from app import pictures
from app.models.reports import IndicatorRead, OutcomeReport
from app.pictures import FONT, INK, axis, places


async def svg(report: OutcomeReport) -> bytes:
    """As a drawing, with its description in words. Raises Busy."""
    return await pictures.svg(_chart(report), _title(report), report.description)


async def png(report: OutcomeReport) -> bytes:
    """Made of points, with its words in it. Raises Busy."""
    return await pictures.png(_chart(report), report.description)


def _title(report: OutcomeReport) -> str:
    return f"{report.cohort.name}: shares in percent, {report.label}"


def _chart(report: OutcomeReport) -> alt.TopLevelMixin:
    rows = [_row(number, each) for number, each in enumerate(report.indicators)]
    names = [[each.indicator.value.replace("_", " ")] for each in report.indicators]
    percent = alt.Axis(orient="bottom", labelFontSize=12, tickCount=5, gridColor="#e0e0e0")
    whole = alt.Scale(domain=[0, 100])
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y("y:O", title=None, axis=axis(names, "left"), scale=places(len(rows)))
    )
    known = base.transform_filter("isValid(datum.share)")
    between = known.mark_rule(color=INK, strokeWidth=2).encode(
        x=alt.X("low:Q", scale=whole), x2="high:Q"
    )
    points = known.mark_point(color=INK, fill=INK, size=80, opacity=1).encode(
        x=alt.X("share:Q", title=None, axis=percent, scale=whole)
    )
    said = base.mark_text(align="left", fontSize=12, color="#000000").encode(
        x=alt.value(510), text="words:N"
    )
    chart: Any = alt.layer(between, points, said).properties(
        title=_title(report), width=500, height=alt.Step(34), background="#ffffff"
    )
    chart = chart.configure(font=FONT).configure_title(fontSize=16, anchor="start", offset=12)
    finished: alt.TopLevelMixin = chart
    return finished


def _row(number: int, each: IndicatorRead) -> dict[str, Any]:
    if each.interval is None:
        return {"y": number, "share": None, "low": None, "high": None, "words": "nobody"}
    return {
        "y": number,
        "share": round(100 * each.numerator / each.denominator, 1),
        "low": each.interval.low,
        "high": each.interval.high,
        "words": f"{each.ratio}, {each.percent} %",
    }
