"""Answers that are files: tables for spreadsheets, and pictures; `files` declares them."""

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fastapi import Response

# A spreadsheet takes a cell that begins so for a formula, and runs it: some pass over blanks before
# it, and over signs that nobody sees, and some know its wide forms.
_FORMULA = re.compile(
    "[\\s\u00ad\u200b-\u200f\u2060\ufeff]*[=+\\-@\uff1d\uff0b\uff0d\uff20]|[\\t\\r\\n]"
)


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file: its media type, and an example for the OpenAPI document."""

    media: str
    example: str


CSV = Format("text/csv", "mentor,status\r\nJo Sampleford,active\r\n")
PDF = Format("application/pdf", "%PDF-1.7")
ICS = Format(
    "text/calendar", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Wellwing\r\nEND:VCALENDAR\r\n"
)
SVG = Format("image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg"></svg>')

PNG = Format("image/png", "(PNG, a picture)")
PROMETHEUS = Format("text/plain", "# TYPE wellwing_engine_well gauge\nwellwing_engine_well 1\n")


def files(*formats: Format) -> dict[int | str, dict[str, Any]]:
    """The answers of an operation that is asked for its content as a file as well."""
    content = {
        each.media: {"schema": {"type": "string"}, "example": each.example} for each in formats
    }
    return {200: {"content": content}}


def cell(value: object) -> str:
    """A value as a cell that a spreadsheet shows and never runs."""
    text = "" if value is None else str(value)
    return f"'{text}" if _FORMULA.match(text) else text


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """Rows as RFC 4180 has them, the heading first."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerows([cell(value) for value in row] for row in rows)
    return written.getvalue()


def csv_reply(rows: Iterable[Iterable[object]], name: str) -> Response:
    """The rows as a file to be saved."""
    return _file(csv_text(rows).encode(), f"{CSV.media}; charset=utf-8; header=present", name)


def pdf_reply(paper: bytes, name: str) -> Response:
    """A sheet of paper, to be saved and printed."""
    return _file(paper, PDF.media, name)


def png_reply(picture: bytes, name: str) -> Response:
    """A picture made of points, shown where it is asked for."""
    return _file(picture, PNG.media, name, shown="inline")


def calendar_reply(calendar: bytes) -> Response:
    """A calendar, for a program that reads it again and again. It is not kept on the way."""
    return _file(calendar, f"{ICS.media}; charset=utf-8", "calendar.ics", shown="inline")


def svg_reply(picture: bytes, name: str) -> Response:
    """A picture, shown where it is asked for; nothing in it may run or load."""
    response = _file(picture, SVG.media, name, shown="inline")
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    return response


def _file(content: bytes, media: str, name: str, *, shown: str = "attachment") -> Response:
    disposition = f'{shown}; filename="{name}"'
    return Response(content, media_type=media, headers={"Content-Disposition": disposition})
