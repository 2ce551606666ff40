"""Read HMPPS prisoner-search answers: one document, a list, a Spring page, or one document a line.

Pure: bytes in, rows out. Ethnicity, religion, offence, sentence, security and legal status are
never kept, and of the alerts only `KEPT_ALERTS`: what Wellwing has no purpose for is *not held*.

Where a person is, seen from one prison (`placement`; `prisonId` alone decides):

| prisonId        | placement  | a person unknown to us | a person we know    |
|-----------------|------------|------------------------|---------------------|
| this prison     | here       | created                | updated             |
| another prison  | elsewhere  | kept out               | left: transferred   |
| OUT             | out        | kept out               | left: released      |
| TRN             | in_transit | kept out               | left: being moved   |
| null or missing | unknown    | kept out               | left: nowhere known |

Someone at court or on temporary absence (ACTIVE OUT) still belongs here: `here` and `away`. The
first of these that is given decides `away`: inOutStatus, the last word of status, a cellLocation of
COURT or TAP. So a cell COURT with inOutStatus IN is *not* away: HMPPS's own recorded expectations
call that very document RETURN_FROM_COURT.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from unicodedata import normalize

from app import clock
from app.integrations.prison.documents import FileRefused, documents

LONGEST_TEXT = 100  # characters in a name or any other text
EARLIEST_BIRTH = date(1900, 1, 1)

# ACCT open, post-closure, closed; self-harm; no one-to-ones, conflict; vulnerability; no IT.
# The rest (SOR, XTACT, XA "arsonist", ...) tell of offence and security.
KEPT_ALERTS = frozenset(
    {"HA", "HA1", "HA2", "HC", "HS", "RNO121", "RCON", "VI", "VU", "VIP", "XIT"}
)

# ASCII only, tried before upper(): that would turn "ß" into "SS" and make a number of what is none.
_SHAPES = {
    "prisonerNumber": (re.compile(r"[A-Za-z][0-9]{4}[A-Za-z]{2}"), "like A1234BC"),
    "dateOfBirth": (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"), "a date like 1990-08-15"),
    "prisonId": (re.compile(r"[A-Za-z]{3}"), "three capitals"),
    "inOutStatus": (re.compile(r"(?ai:IN|OUT|TRN)"), "IN, OUT or TRN"),
    "bookingId": (re.compile(r"[0-9]{1,20}"), "a whole number of at most 20 digits"),
    "alertCode": (re.compile(r"[A-Za-z0-9]{1,12}"), "an alert code like HA1"),
}
_UNSTORABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # PostgreSQL refuses NUL, halves


@dataclass(frozen=True, slots=True)
class PrisonerRow:
    """One prisoner as HMPPS answers it, cleaned; texts are trimmed, their case as given."""

    position: int  # row in the file, from 1
    line: int  # where the document starts, from 1
    number: str
    first_name: str
    middle_names: str | None
    last_name: str
    date_of_birth: date | None
    prison_id: str | None  # three capitals, or the pseudo-ids OUT and TRN
    cell_location: str | None  # without the prison; may be RECP, COURT, TAP
    status: str | None
    in_out: str | None  # IN, OUT or TRN
    last_movement: str | None  # type code: ADM, CRT, TAP, TRN, REL
    booking_id: str | None  # digits, no leading zeros
    alerts: tuple[str, ...]  # active codes out of KEPT_ALERTS, each once, in document order

    @property
    def display_name(self) -> str:
        """First and last name as one would write them: JIMBOB O'BRIEN is Jimbob O'Brien."""
        return f"{polite(self.first_name)} {polite(self.last_name)}"

    @property
    def away(self) -> bool:
        """Not in the building now; the module's table says how it is decided."""
        for word in (self.in_out, (self.status or "").rpartition(" ")[2]):
            if word in {"IN", "OUT", "TRN"}:
                return word != "IN"
        return self.cell_location in {"COURT", "TAP"}

    @property
    def away_reason(self) -> str | None:
        """`court`, `temporary_absence` or `other` while away, else None."""
        known = _ABSENCES.get(self.last_movement) or _ABSENCES.get(self.cell_location)
        return (known or "other") if self.away else None


_ABSENCES: dict[str | None, str] = {"CRT": "court", "COURT": "court", "TAP": "temporary_absence"}


@dataclass(frozen=True, slots=True)
class RowRefused:
    """One document that was left out. `reason` quotes nothing out of it; `number` is as given, or
    None if it is not a storable string of at most 20 characters."""

    position: int
    line: int
    number: str | None
    field: str  # as HMPPS spells it
    reason: str


class Placement(StrEnum):
    """Where a person is, seen from one prison."""

    here = "here"
    elsewhere = "elsewhere"
    out = "out"
    in_transit = "in_transit"
    unknown = "unknown"


def placement(row: PrisonerRow, prison_id: str) -> Placement:
    """Where the person is, seen from `prison_id`, by the module's table."""
    held = Placement.here if row.prison_id == prison_id else Placement.elsewhere
    return _NOT_HELD.get(row.prison_id, held)


_NOT_HELD = {None: Placement.unknown, "OUT": Placement.out, "TRN": Placement.in_transit}


def parse(data: bytes, *, today: date | None = None) -> list[PrisonerRow | RowRefused]:
    """Every document of the file, in its order; a bad one is a `RowRefused` and spoils no other.

    Raises FileRefused. `today` bounds dates of birth; by default the service's own date.
    """
    day = today or clock.now().date()
    return [
        _row(position, line, document, day)
        for position, (line, document) in enumerate(documents(data), 1)
    ]


def superseded(rows: Sequence[PrisonerRow | RowRefused]) -> dict[int, int]:
    """Positions of rows to ignore since the same prisoner stands again further down, each with the
    position of the row that counts: the last good one."""
    good = [row for row in rows if isinstance(row, PrisonerRow)]
    last = {row.number: row.position for row in good}
    return {row.position: at for row in good if (at := last[row.number]) != row.position}


def polite(name: str) -> str:
    """A name in capitals (or without any) with one capital a part; mixed case is left as given."""
    if not (name.isupper() or name.islower()):
        return name
    word = r"[^\W\d_]+(?:['’][^\W\d_]+)*"
    name = re.sub(word, lambda part: part[0].capitalize(), normalize("NFC", name))
    # O'brien is O'Brien, but Ra'ees, with more letters before the sign, stays.
    name = re.sub(r"\b([^\W\d_]['’])(\w)", lambda part: part[1] + part[2].upper(), name)
    # Macdonald stays: Mace and Mackie would suffer.
    return re.sub(r"\bMc(\w)(?=\w\w)", lambda part: "Mc" + part[1].upper(), name)


class _Bad(Exception):
    def __init__(self, field: str, reason: str) -> None:
        super().__init__(field, reason)
        self.field, self.reason = field, f"{field} {reason}."


def _row(position: int, line: int, document: Any, today: date) -> PrisonerRow | RowRefused:
    try:
        if not isinstance(document, dict):
            raise _Bad("document", "must be a JSON object that describes one prisoner")
        return PrisonerRow(
            position=position,
            line=line,
            number=_required(document, "prisonerNumber"),
            first_name=_required(document, "firstName"),
            middle_names=_text(document, "middleNames"),
            last_name=_required(document, "lastName"),
            date_of_birth=_birth(document, today),
            prison_id=_text(document, "prisonId"),
            cell_location=_text(document, "cellLocation"),
            status=_text(document, "status"),
            in_out=_text(document, "inOutStatus"),
            last_movement=_text(document, "lastMovementTypeCode"),
            booking_id=_booking(document),
            alerts=_alerts(document),
        )
    except _Bad as bad:
        return RowRefused(position, line, _quotable(document), bad.field, bad.reason)


def _quotable(document: Any) -> str | None:
    number = document.get("prisonerNumber") if isinstance(document, dict) else None
    if isinstance(number, str) and len(number) <= 20 and not _UNSTORABLE.search(number):
        return number
    return None


def _text(document: dict[str, Any], key: str, where: str = "") -> str | None:
    """A trimmed text, of the key's shape and in capitals if it has one; null and blank are None."""
    value, field = document.get(key), where + key
    if value is None:
        return None
    if not isinstance(value, str):
        raise _Bad(field, "must be a text")
    value = value.strip()
    if len(value) > LONGEST_TEXT:
        raise _Bad(field, f"is longer than {LONGEST_TEXT} characters")
    if _UNSTORABLE.search(value):
        raise _Bad(field, "contains a control character or half of a surrogate pair")
    if value and key in _SHAPES:
        shape, like = _SHAPES[key]
        if not shape.fullmatch(value):
            raise _Bad(field, f"must be {like}")
        value = value.upper()
    return value or None


def _required(document: dict[str, Any], key: str, where: str = "") -> str:
    if (text := _text(document, key, where)) is None:
        raise _Bad(where + key, "is missing or blank")
    return text


def _birth(document: dict[str, Any], today: date) -> date | None:
    if (text := _text(document, "dateOfBirth")) is None:
        return None
    try:
        born = date.fromisoformat(text)
    except ValueError:
        raise _Bad("dateOfBirth", "is not a day of the calendar") from None
    if not EARLIEST_BIRTH <= born <= today:
        raise _Bad("dateOfBirth", f"must lie between {EARLIEST_BIRTH} and today")
    return born


def _booking(document: dict[str, Any]) -> str | None:
    """Integer, string or zero-padded string, by service; here always the bare digits."""
    value = document.get("bookingId")
    if isinstance(value, int):  # True too, whose text is no number
        document = {"bookingId": str(value)}
    digits = _text(document, "bookingId")
    return digits and (digits.lstrip("0") or "0")


def _alerts(document: dict[str, Any]) -> tuple[str, ...]:
    """Active kept codes. An alert that cannot be read refuses the row: it might be an ACCT."""
    alerts = document.get("alerts", [])
    if alerts is None:
        return ()
    if not isinstance(alerts, list):
        raise _Bad("alerts", "must be a list")
    codes: dict[str, None] = {}  # a set that keeps the order
    for index, alert in enumerate(alerts):
        where = f"alerts[{index}]"
        if not isinstance(alert, dict):
            raise _Bad(where, "must be an object")
        code = _required(alert, "alertCode", f"{where}.")
        active, expired = alert.get("active"), alert.get("expired") or False
        if not (isinstance(active, bool) and isinstance(expired, bool)):
            raise _Bad(where, "must say true or false for active and expired")
        if active and not expired and code in KEPT_ALERTS:
            codes[code] = None
    return tuple(codes)


__all__ = [
    "FileRefused",
    "Placement",
    "PrisonerRow",
    "RowRefused",
    "parse",
    "placement",
    "polite",
    "superseded",
]
