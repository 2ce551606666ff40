"""Read the regime times that HMPPS holds: AM, PM and ED by weekday, as its activities service
answers them (JSON), or as a table (CSV). NIGHT and lock-up it does not know.

Pure: bytes in, weekdays out.
"""

import csv
import io
from dataclasses import dataclass
from datetime import time
from typing import Any

from app.integrations.prison.documents import FileRefused, documents
from app.models.regimes import Slot

WEEKDAYS = {
    name: number
    for number, name in enumerate(
        ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"), start=1
    )
}
SLOTS = ("am", "pm", "ed")
_ENDS = ("start", "finish")
COLUMNS = ("prison_code", "day_of_week", *(f"{slot}_{end}" for slot in SLOTS for end in _ENDS))
KEYS = ("prisonCode", "dayOfWeek", *(f"{slot}{end.title()}" for slot in SLOTS for end in _ENDS))
LARGEST = 10_000  # rows; there are seven a prison


@dataclass(frozen=True, slots=True)
class WeekdayRow:
    """One weekday of one prison."""

    position: int
    line: int
    prison: str
    weekday: int
    slots: tuple[tuple[Slot, time, time], ...]


@dataclass(frozen=True, slots=True)
class WeekdayRefused:
    """One that was left out."""

    position: int
    line: int
    field: str  # as the file spells it
    reason: str


class _Bad(Exception):
    def __init__(self, field: str, reason: str) -> None:
        super().__init__(field, reason)
        self.field, self.reason = field, reason


Row = WeekdayRow | WeekdayRefused


def parse_json(data: bytes) -> list[Row]:
    """Every weekday of an answer, in its order. Raises FileRefused."""
    rows: list[Row] = []
    for position, (line, document) in enumerate(documents(data, "dayOfWeek"), start=1):
        if not isinstance(document, dict):
            reason = "document must be a JSON object that describes one weekday."
            rows.append(WeekdayRefused(position, line, "document", reason))
        else:
            rows.append(_weekday(position, line, [document.get(name) for name in KEYS], KEYS))
    return rows


def parse_csv(data: bytes) -> list[Row]:
    """Every weekday of a table with a line of column names. Raises FileRefused."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileRefused("The file is not UTF-8 text", 1, 1, error.start) from None
    reader = csv.reader(io.StringIO(text, newline=""))
    rows: list[Row] = []
    try:
        header = next(reader, [])
        if tuple(each.strip() for each in header) != COLUMNS:
            raise FileRefused(f"The first line must name {', '.join(COLUMNS)}", 1, 1, 0)
        for values in reader:
            if not values:
                continue
            if len(rows) >= LARGEST:
                raise FileRefused(f"The file has over {LARGEST} rows", reader.line_num, 1, 0)
            rows.append(_line(len(rows) + 1, reader.line_num, values))
    except csv.Error:
        raise FileRefused("The file is no table", reader.line_num, 1, 0) from None
    return rows


def _line(position: int, line: int, values: list[str]) -> Row:
    if len(values) != len(COLUMNS):
        reason = f"row must have {len(COLUMNS)} columns."
        return WeekdayRefused(position, line, "row", reason)
    said = [each.strip() or None for each in values]
    return _weekday(position, line, said, COLUMNS)


def _weekday(position: int, line: int, values: list[Any], names: tuple[str, ...]) -> Row:
    """The prison, the weekday, then start and finish of each slot."""
    try:
        prison, day, *times = values
        if not isinstance(prison, str) or len(prison.strip()) != 3:
            raise _Bad(names[0], "must be three letters")
        weekday = WEEKDAYS.get(day.strip().upper()) if isinstance(day, str) else None
        if weekday is None:
            raise _Bad(names[1], "must be a weekday like MONDAY")
        slots = []
        for number, slot in enumerate(SLOTS):
            at = 2 * number
            both = names[2 + at], names[3 + at]
            if (found := _slot(slot, times[at], times[at + 1], both)) is not None:
                slots.append(found)
    except _Bad as bad:
        return WeekdayRefused(position, line, bad.field, f"{bad.field} {bad.reason}.")
    return WeekdayRow(position, line, prison.strip().upper(), weekday, tuple(slots))


def _slot(
    name: str, start: Any, finish: Any, names: tuple[str, str]
) -> tuple[Slot, time, time] | None:
    """A slot with both its times; without either there is none that day."""
    if start is None and finish is None:
        return None
    starts, ends = _time(start, names[0]), _time(finish, names[1])
    if ends <= starts:
        raise _Bad(names[1], f"must be after {names[0]}")
    return Slot(name.upper()), starts, ends


def _time(value: Any, name: str) -> time:
    try:
        found = time.fromisoformat(value.strip())
    except (AttributeError, ValueError):
        raise _Bad(name, "must be a time like 08:30") from None
    if found.tzinfo is not None or found.microsecond:
        raise _Bad(name, "must be a time like 08:30")
    return found
