"""Read HMPPS schedules: court events, visits, appointments and activities, as the prison's system
answers them.

Pure: bytes in, events out. Of each only whose it is, its kind and its times are taken.
Descriptions, comments and places say what somebody sees a doctor or a relative for, and are not
even looked at; of an appointment's own code only that it is one.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.integrations.prison.documents import documents
from app.models.prison_events import PrisonEventKind

K = PrisonEventKind
_NUMBER = re.compile(r"[A-Za-z][0-9]{4}[A-Za-z]{2}")
_CODE = re.compile(r"[A-Z0-9_]{1,20}")
TYPES = {  # by eventType, which court events have, and by the event's own code
    "COURT": K.court,
    "CRT": K.court,
    "TRANSFER": K.transfer,
    "TRN": K.transfer,
    "EXT_MOV": K.transfer,
    "VISIT": K.visit,
    "VISITS": K.visit,
    "OIC": K.adjudication,
    "ADJUDICATION": K.adjudication,
    "APP": K.appointment,
    "APPOINTMENT": K.appointment,
    "INT_MOV": K.appointment,
    "ACTIVITY": K.activity,
    "PRISON_ACT": K.activity,
}
CALLED_OFF = {"CANC", "CANCELLED"}


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event. Times are the prison's wall clock unless they say otherwise; `event_id` where the
    source gives one."""

    position: int  # over the whole file, from 1
    line: int
    number: str
    kind: PrisonEventKind
    starts: datetime
    ends: datetime | None
    event_id: int | None
    called_off: bool

    @property
    def source_id(self) -> str:
        """What the event is known by: its own number; else what it is and when it begins, of which
        nobody has two."""
        if self.event_id is not None:
            return str(self.event_id)
        return f"{self.kind}@{self.starts.isoformat(timespec='minutes')}"


@dataclass(frozen=True, slots=True)
class EventRefused:
    """One that was left out. `reason` quotes nothing out of it."""

    position: int
    line: int
    field: str  # as HMPPS spells it
    reason: str


class _Bad(Exception):
    def __init__(self, field: str, reason: str) -> None:
        super().__init__(field, reason)
        self.field, self.reason = field, reason


def parse(data: bytes) -> list[EventRow | EventRefused]:
    """Every event of the file, in its order; a bad one spoils no other. Raises FileRefused."""
    found: list[EventRow | EventRefused] = []
    for position, (line, document) in enumerate(documents(data, "offenderNo"), start=1):
        try:
            found.append(_event(position, line, document))
        except _Bad as bad:
            found.append(EventRefused(position, line, bad.field, f"{bad.field} {bad.reason}."))
    return found


def _event(position: int, line: int, document: Any) -> EventRow:
    if not isinstance(document, dict):
        raise _Bad("document", "must be a JSON object that describes one event")
    starts = _time(document, "startTime")
    if starts is None:
        raise _Bad("startTime", "is missing")
    return EventRow(
        position=position,
        line=line,
        number=_number(document),
        kind=_kind(document),
        starts=starts,
        ends=_time(document, "endTime"),
        event_id=_event_id(document),
        called_off=_called_off(document),
    )


def _number(document: dict[str, Any]) -> str:
    value = document.get("offenderNo")
    if not isinstance(value, str) or not _NUMBER.fullmatch(value.strip()):
        raise _Bad("offenderNo", "must be like A1234BC")
    return value.strip().upper()


def _kind(document: dict[str, Any]) -> PrisonEventKind:
    """By the type if there is one that is known, else by the code; any other code is one of the
    many kinds of appointment."""
    for name in ("eventType", "event"):
        value = document.get(name)
        if isinstance(value, str) and value.strip().upper() in TYPES:
            return TYPES[value.strip().upper()]
    code = document.get("event")
    if not isinstance(code, str) or not _CODE.fullmatch(code.strip().upper()):
        raise _Bad("event", "must be a code of capitals")
    return K.appointment


def _time(document: dict[str, Any], name: str) -> datetime | None:
    value = document.get(name)
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise _Bad(name, "must be a time like 2026-11-24T14:30:00") from None
    if not 1900 <= found.year <= 2200:
        raise _Bad(name, "must lie between the years 1900 and 2200")
    return found


def _event_id(document: dict[str, Any]) -> int | None:
    """A whole number, as a number or as text, with zeros before it or without."""
    value = document.get("eventId")
    if value is None:
        return None
    text = str(value).strip() if isinstance(value, int | str) else ""
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,18}", text) or not int(text):
        raise _Bad("eventId", "must be a whole number above zero")
    return int(text)


def _called_off(document: dict[str, Any]) -> bool:
    """Cancelled, or the person is left out of it. One that is over is none the less one."""
    status = document.get("eventStatus")
    if isinstance(status, str) and status.strip().upper() in CALLED_OFF:
        return True
    return any(document.get(name) is True for name in ("excluded", "suspended"))
