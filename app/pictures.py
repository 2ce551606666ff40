"""Pictures: charts as SVG, readable in black and white and by a screen reader, the same bytes for
the same facts.

Rendered by vl-convert off the event loop: nothing is fetched, and no browser is needed.
"""

import asyncio
import json
import re
import textwrap
from typing import Any, Literal
from xml.sax.saxutils import escape
from zlib import crc32

import altair as alt
import vl_convert

from app.errors import SheetTooLong
from app.models.concerns import ConcernClock, ConcernFigure, ConcernFigures, Doors
from app.models.rooms import RoomUsage, RoomUsageRead
from app.models.trainings import MatrixCell, TrainingMatrix, TrainingStatus
from app.turns import Turns

TURNS = Turns(at_once=1, most_waiting=4)  # the renderer draws one at a time, for seconds
MOST_ROOMS = 20  # in one picture
SOON_DAYS = 60
FONT, INK, EDGE = "sans-serif", "#333333", "#8c8c8c"
WEEK = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
LINE = 15  # pixels from one line of a label to the next
COUNTS, SOON = "signed off", f"signed off, {SOON_DAYS} days or fewer left"
LACKING, OPEN = "required and lacking", "not required, not signed off"
SHADES = {COUNTS: "#ffffff", SOON: "#d0d0d0", LACKING: INK, OPEN: "#f2f2f2"}
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ROOT = re.compile(r"<svg\b[^>]*>")


async def svg(chart: alt.TopLevelMixin, title: str, description: str) -> bytes:
    """A chart as SVG with its title and its description in words. Raises Busy."""
    async with TURNS.take():
        return await asyncio.to_thread(_rendered, chart.to_dict(), title, description)


async def png(chart: alt.TopLevelMixin, description: str) -> bytes:
    """A chart made of points, with its description in words within. Raises Busy."""
    async with TURNS.take():
        return await asyncio.to_thread(_points, chart.to_dict(), description)


def _rendered(spec: dict[str, Any], title: str, description: str) -> bytes:
    drawn = vl_convert.vegalite_to_svg(_legible(spec), vl_version="6.4", allowed_base_urls=[])
    return _told(drawn, title, description).encode()


def _told(drawn: str, title: str, description: str) -> str:
    """The picture with its alternative text, as its first children."""
    words = (
        f'<title id="picture-title">{escape(_legible(title))}</title>'
        f'<desc id="picture-desc">{escape(_legible(description))}</desc>'
    )
    root = _ROOT.search(drawn)
    assert root is not None, "a picture has a root"
    named = ' role="img" aria-labelledby="picture-title picture-desc">'
    opening = re.sub(r' role="[^"]*"| aria-\w+="[^"]*"', "", root[0])
    return drawn[: root.start()] + opening[:-1] + named + words + drawn[root.end() :]


def _legible(spec: Any) -> Any:
    """The same without the characters that XML has no place for: one of them in any text stops
    the renderer, and the process with it."""
    if isinstance(spec, str):
        return _NO_XML.sub("", spec)
    if isinstance(spec, dict):
        return {_legible(key): _legible(each) for key, each in spec.items()}
    return [_legible(each) for each in spec] if isinstance(spec, list) else spec


async def training_matrix(matrix: TrainingMatrix) -> bytes:
    """Who lacks which module: a row a mentor, a column a module."""
    title = f"Training on {matrix.as_at:%-d %B %Y}"
    return await svg(_matrix_chart(matrix, title), title, _matrix_words(matrix))


def _matrix_words(matrix: TrainingMatrix) -> str:
    """The picture in words: for each mentor, what is lacking."""
    titles = {column.module: column.title for column in matrix.modules}
    lines = []
    for mentor in matrix.mentors:
        lacking = [titles[cell.module] for cell in mentor.cells if cell.lacking]
        lines.append(f"{mentor.display_name} lacks {', '.join(lacking) or 'nothing'}.")
    return " ".join(lines) or "No mentors."


def _said(cell: MatrixCell) -> tuple[str, str]:
    """What stands in a cell, and its shade."""
    if cell.status is TrainingStatus.competent and not cell.lacking and cell.expires_on:
        soon = cell.days_left is not None and cell.days_left <= SOON_DAYS
        return f"to {cell.expires_on:%-d %b %Y}", SOON if soon else COUNTS
    said = cell.status.value.replace("_", " ") if cell.status else "not opened"
    return said, LACKING if cell.lacking else OPEN


def _matrix_chart(matrix: TrainingMatrix, title: str) -> alt.TopLevelMixin:
    columns = {column.module: number for number, column in enumerate(matrix.modules)}
    rows = []
    for number, mentor in enumerate(matrix.mentors):
        for cell in mentor.cells:
            words, shade = _said(cell)
            rows.append({"x": columns[cell.module], "y": number, "words": words, "shade": shade})
    names = [[mentor.display_name] for mentor in matrix.mentors]
    heads = [
        textwrap.wrap(column.title if column.required else f"{column.title} (optional)", 22)
        for column in matrix.modules
    ]
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("x:O", title=None, axis=axis(heads, "top"), scale=places(len(heads))),
        y=alt.Y("y:O", title=None, axis=axis(names, "left"), scale=places(len(names))),
    )
    legend = alt.Legend(
        title=None, orient="bottom", symbolType="square", symbolStrokeColor=INK, labelLimit=0
    )
    shades = alt.Scale(domain=list(SHADES), range=list(SHADES.values()))
    squares = base.mark_rect(stroke=EDGE, strokeWidth=1).encode(
        fill=alt.Fill("shade:N", scale=shades, legend=legend)
    )
    said = base.mark_text(fontSize=12).encode(
        text="words:N",
        color=alt.condition(alt.datum.shade == LACKING, alt.value("#ffffff"), alt.value("#000000")),
    )
    chart: Any = alt.layer(squares, said).properties(
        title=title, background="#ffffff", width=alt.Step(150), height=alt.Step(32)
    )
    chart = chart.configure(font=FONT).configure_title(fontSize=16, anchor="start", offset=12)
    finished: alt.TopLevelMixin = chart
    return finished


def places(count: int) -> alt.Scale:
    """Places by number, so that two of one name stay two, and a row without cells is there."""
    return alt.Scale(domain=list(range(count)))


def axis(labels: list[list[str]], orient: Literal["top", "left"]) -> alt.Axis:
    """An axis whose labels are whole, each a list of lines. Lines run downwards from the first
    one: all labels get as many, the first of them blank, and that much room."""
    most = max((len(lines) for lines in labels), default=1)
    even = [[" "] * (most - len(lines)) + _legible(lines) for lines in labels]
    return alt.Axis(
        orient=orient,
        labelExpr=f"{json.dumps(even)}[datum.value]",
        labelAngle=0,
        labelLimit=0,
        labelFontSize=12,
        labelLineHeight=LINE,
        labelPadding=6 + LINE * (most - 1),
        grid=False,
        ticks=False,
        domain=False,
    )


async def room_usage(use: RoomUsageRead) -> bytes:
    """When rooms are in use: a field a weekday and hour, a panel a room."""
    title = _use_title(use)
    return await svg(_use_chart(use, title), title, use.description)


async def room_usage_png(use: RoomUsageRead) -> bytes:
    """The same made of points, with its words in it."""
    return await png(_use_chart(use, _use_title(use)), use.description)


def _points(spec: dict[str, Any], description: str) -> bytes:
    """A PNG at twice the size of the drawing; its description is a text within it."""
    drawn = vl_convert.vegalite_to_png(
        _legible(spec), vl_version="6.4", scale=2, allowed_base_urls=[]
    )
    words = b"Description\0\0\0\0\0" + _legible(description).encode()
    chunk = len(words).to_bytes(4) + b"iTXt" + words + crc32(b"iTXt" + words).to_bytes(4)
    end = drawn.rindex(b"IEND") - 4
    found: bytes = drawn[:end] + chunk + drawn[end:]
    return found


def _use_title(use: RoomUsageRead) -> str:
    days = f"{use.first:%-d %B %Y} to {use.last:%-d %B %Y}"
    return f"Use of rooms in percent of each hour, {days}"


def _use_chart(use: RoomUsageRead, title: str) -> alt.TopLevelMixin:
    if len(use.rooms) > MOST_ROOMS:
        raise SheetTooLong(f"At most {MOST_ROOMS} rooms are drawn at a time: ask for one wing.")
    used = [each.hour for room in use.rooms for each in room.hours]
    hours = list(range(min([*used, 8]), max([*used, 18]) + 1))
    panels = [_use_panel(room, hours) for room in use.rooms] or [words_alone("No rooms")]
    chart: Any = alt.vconcat(*panels, spacing=18).properties(title=title, background="#ffffff")
    chart = chart.configure(font=FONT).configure_title(fontSize=16, anchor="start", offset=12)
    finished: alt.TopLevelMixin = chart
    return finished


def _use_panel(room: RoomUsage, hours: list[int]) -> Any:
    """A room's week: white where it is never in use, darker the more it is, with the number."""
    known = {(each.weekday, each.hour): each.percent for each in room.hours}
    rows = [
        {"day": day, "hour": hour, "percent": percent, "words": f"{percent}" if percent else ""}
        for day in range(7)
        for hour in hours
        for percent in [known.get((day + 1, hour), 0)]
    ]
    heads = alt.Axis(
        orient="top", labelExpr="datum.value + ':00'", labelAngle=0, labelFontSize=12,
        labelPadding=6, ticks=False, domain=False,
    )  # fmt: skip
    names = alt.Axis(
        labelExpr=f"{json.dumps(WEEK)}[datum.value]",
        labelFontSize=12,
        labelPadding=6,
        ticks=False,
        domain=False,
    )
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("hour:O", title=None, axis=heads, scale=alt.Scale(domain=hours)),
        y=alt.Y("day:O", title=None, axis=names, scale=places(7)),
    )
    shades = alt.Scale(domain=[0, 100], range=["#ffffff", INK])
    fields = base.mark_rect(stroke=EDGE, strokeWidth=1).encode(
        fill=alt.Fill("percent:Q", scale=shades, legend=None)
    )
    said = base.mark_text(fontSize=12).encode(
        text="words:N",
        color=alt.condition(alt.datum.percent > 65, alt.value("#ffffff"), alt.value("#000000")),
    )
    name = textwrap.wrap(_legible(f"{room.name}, {room.wing}"), 60)
    return alt.layer(fields, said).properties(
        title=alt.Title(name, fontSize=13, anchor="start"),
        width=alt.Step(46),
        height=alt.Step(24),
    )


def words_alone(said: str) -> Any:
    """What stands where there is nothing to draw."""
    return alt.Chart(alt.InlineData(values=[{"said": said}])).mark_text(fontSize=14).encode(
        text="said:N"
    )  # fmt: skip


async def concern_figures(found: ConcernFigures) -> bytes:
    """Which share of the concerns was in time: a panel a clock, a line an immediacy."""
    title = _figures_title(found)
    return await svg(_figures_chart(found, title), title, found.description)


async def concern_figures_png(found: ConcernFigures) -> bytes:
    """The same made of points, with its words in it."""
    return await png(_figures_chart(found, _figures_title(found)), found.description)


def _figures_title(found: ConcernFigures) -> str:
    days = f"{found.first_day:%-d %B %Y} to {found.last_day:%-d %B %Y}"
    return f"Concerns in time in percent, {days}"


def _figures_chart(found: ConcernFigures, title: str) -> alt.TopLevelMixin:
    timed = [each for each in ConcernClock if each is not ConcernClock.paged]
    panels = [_figures_panel(found, each) for each in timed]
    chart: Any = alt.vconcat(*panels, spacing=18).properties(title=title, background="#ffffff")
    chart = chart.configure(font=FONT).configure_title(fontSize=16, anchor="start", offset=12)
    finished: alt.TopLevelMixin = chart
    return finished


def _figures_panel(found: ConcernFigures, clock: ConcernClock) -> Any:
    """One clock: a point where the share lies, a line as far as chance may move it."""
    mine = [
        each
        for each in found.figures
        if each.clock is clock and each.doors is Doors.any and each.immediacy is not None
    ]
    rows = [_figures_row(number, each) for number, each in enumerate(mine)]
    names = [[str(each.immediacy).replace("_", " ")] for each in mine]
    percent = alt.Axis(orient="bottom", labelFontSize=12, tickCount=5, gridColor="#e0e0e0")
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y("y:O", title=None, axis=axis(names, "left"), scale=places(len(mine)))
    )
    shares = alt.X("share:Q", title=None, axis=percent, scale=alt.Scale(domain=[0, 100]))
    known = base.transform_filter("isValid(datum.share)")
    between = known.mark_rule(color=INK, strokeWidth=2).encode(
        x=alt.X("low:Q", scale=alt.Scale(domain=[0, 100])), x2="high:Q"
    )
    points = known.mark_point(color=INK, fill=INK, size=80, opacity=1).encode(x=shares)
    said = base.mark_text(align="left", fontSize=12, color="#000000").encode(
        x=alt.value(510), text="words:N"
    )
    return alt.layer(between, points, said).properties(
        title=alt.Title(clock.value.capitalize(), fontSize=13, anchor="start"),
        width=500,
        height=alt.Step(28),
    )


def _figures_row(number: int, each: ConcernFigure) -> dict[str, Any]:
    if each.breached_percent is None or each.interval is None:
        return {"y": number, "share": None, "low": None, "high": None, "words": "none due"}
    return {
        "y": number,
        "share": round(100 - each.breached_percent, 1),
        "low": round(100 - each.interval.high, 1),
        "high": round(100 - each.interval.low, 1),
        "words": f"{each.due - each.breached} of {each.due}",
    }
