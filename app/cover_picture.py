"""The rota's cover as a picture: a field a day and hour, with how many of how many are there. A gap
is black and its words are white: it is seen without colours, and on paper."""

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import altair as alt

from app import pictures
from app.models.rota_cover import CoverHour, CoverRole, RotaCover
from app.pictures import EDGE, FONT, INK
from app.services.reference import labels

COVERED, GAP, FREE, NO_HOUR = "covered", "somebody is missing", "nobody is needed", "no such hour"
SHADES = {COVERED: "#d9d9d9", GAP: "#000000", FREE: "#ffffff", NO_HOUR: "#f2f2f2"}
Hour = tuple[int, bool]


async def svg(cover: RotaCover) -> bytes:
    """As a drawing, with its description in words."""
    return await pictures.svg(_chart(cover), _title(cover), cover.description)


async def png(cover: RotaCover) -> bytes:
    """Made of points, with its words in it."""
    return await pictures.png(_chart(cover), cover.description)


def _title(cover: RotaCover) -> str:
    days = f"{cover.first:%-d %B %Y} to {cover.last:%-d %B %Y}"
    return f"Cover of the rota, {days}: how many of how many needed"


def _chart(cover: RotaCover) -> alt.TopLevelMixin:
    zone = ZoneInfo(cover.time_zone)
    panels = [_panel(role, zone) for role in cover.roles] or [
        pictures.words_alone("Nobody is needed")
    ]
    chart: Any = alt.vconcat(*panels, spacing=24).properties(
        title=_title(cover), background="#ffffff"
    )
    chart = chart.configure(font=FONT).configure_title(fontSize=16, anchor="start", offset=12)
    finished: alt.TopLevelMixin = chart
    return finished


def _panel(role: CoverRole, zone: ZoneInfo) -> Any:
    """A role: a row a day, a column an hour; the hour that comes twice has two."""
    known = {(n, (each.hour, each.again)): each
             for n, day in enumerate(role.days) for each in day.hours}  # fmt: skip
    hours = sorted({(hour, False) for hour in range(24)} | {hour for _, hour in known})
    rows = [
        {"x": x, "y": y, **_field(known.get((y, hour)), has_hour(day.on, hour, zone))}
        for y, day in enumerate(role.days)
        for x, hour in enumerate(hours)
    ]
    heads = [[f"{hour}:00", *(["again"] if again else [])] for hour, again in hours]
    names = [[f"{day.on:%a} {day.on.day} {day.on:%b}"] for day in role.days]
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X(
            "x:O", title=None, axis=pictures.axis(heads, "top"), scale=pictures.places(len(heads))
        ),
        y=alt.Y(
            "y:O", title=None, axis=pictures.axis(names, "left"), scale=pictures.places(len(names))
        ),
    )
    legend = alt.Legend(
        title=None, orient="bottom", symbolType="square", symbolStrokeColor=INK, labelLimit=0
    )
    shades = alt.Scale(domain=list(SHADES), range=list(SHADES.values()))
    fields = base.mark_rect(stroke=EDGE, strokeWidth=1).encode(
        fill=alt.Fill("is:N", scale=shades, legend=legend)
    )
    said = base.mark_text(fontSize=12).encode(
        text="words:N",
        color=alt.condition(alt.datum["is"] == GAP, alt.value("#ffffff"), alt.value("#000000")),
    )
    name = str(labels()["rota_role"][role.role]["label"])
    return alt.layer(fields, said).properties(
        title=alt.Title(name, fontSize=14, anchor="start"), width=alt.Step(40), height=alt.Step(22)
    )


def _field(found: CoverHour | None, there: bool) -> dict[str, str]:
    """What a field is, and what stands in it."""
    if found is None:
        return {"is": FREE if there else NO_HOUR, "words": "" if there else "–"}
    kind = GAP if found.missing_minutes else COVERED
    return {"is": kind, "words": f"{found.covered}/{found.needed}"}


def has_hour(day: date, hour: Hour, zone: ZoneInfo) -> bool:
    """Whether the day has the hour: one day a year lacks one, another has one twice."""
    number, again = hour
    wanted = datetime.combine(day, time(number, fold=int(again)), zone)
    found = wanted.astimezone(UTC).astimezone(zone)
    return found.hour == number and found.fold == int(again)
