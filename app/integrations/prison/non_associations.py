"""Read HMPPS non-association answers: a prisoner's own list, the bare pairs of `involving`, a page
of either, or one document a line.

Pure: bytes in, pairs out. Of each only the two numbers, the restriction and whether it is open are
taken. Roles, reasons and comments say who harmed whom, and are not even looked at. The counts
beside a list are not trusted; the list is. Whatever is doubtful is read as the stricter: a pair
that is both open and closed is open, a restriction that is not known is the widest.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.integrations.prison.documents import documents
from app.models.non_associations import Restriction

_NUMBER = re.compile(r"[A-Za-z][0-9]{4}[A-Za-z]{2}")
LARGEST_ID = 2**63 - 1
DOUBTFUL_STATE = "isOpen and isClosed disagree: taken as open"
DOUBTFUL_RESTRICTION = "restrictionType is not one that is known: taken as WING"


@dataclass(frozen=True, slots=True)
class PairRow:
    """One non-association: the smaller number first. `changed_at` is the prison's wall clock."""

    position: int  # over the whole file, from 1
    line: int  # where its document starts, from 1
    source_id: int
    low: str
    high: str
    restriction: Restriction
    is_open: bool
    changed_at: datetime | None
    doubt: str | None


@dataclass(frozen=True, slots=True)
class PairRefused:
    """One that was left out. `reason` quotes nothing out of it."""

    position: int
    line: int
    field: str  # as HMPPS spells it
    reason: str


class _Bad(Exception):
    def __init__(self, field: str, reason: str) -> None:
        super().__init__(field, reason)
        self.field, self.reason = field, reason


def parse(data: bytes) -> list[PairRow | PairRefused]:
    """Every non-association of the file, in its order; a bad one spoils no other. Raises
    FileRefused."""
    found: list[PairRow | PairRefused] = []
    for line, document in documents(data):
        for where, entry, first in _entries(document):
            position = len(found) + 1
            try:
                found.append(_pair(position, line, entry, where, first))
            except _Bad as bad:
                reason = f"{bad.field} {bad.reason}."
                found.append(PairRefused(position, line, bad.field, reason))
    return found


def _entries(document: Any) -> Iterator[tuple[str, Any, Any]]:
    """The pairs of a document, each with its path; of a prisoner's own list also whose it is."""
    if not isinstance(document, dict) or "nonAssociations" not in document:
        yield "", document, None
        return
    entries = document["nonAssociations"]
    if not isinstance(entries, list):
        yield "nonAssociations", None, None
        return
    for index, entry in enumerate(entries):
        yield f"nonAssociations[{index}]", entry, document


def _pair(position: int, line: int, entry: Any, where: str, owner: Any) -> PairRow:
    if not isinstance(entry, dict):
        raise _Bad(where or "document", "must be a JSON object that describes one non-association")
    dot = f"{where}." if where else ""
    if owner is None:
        numbers = [
            _number(entry, f"{side}PrisonerNumber", dot, f"{side}PrisonerNumber")
            for side in ("first", "second")
        ]
        last = "secondPrisonerNumber"
    else:
        other, last = entry.get("otherPrisonerDetails"), f"{dot}otherPrisonerDetails"
        if not isinstance(other, dict):
            raise _Bad(last, "must be an object")
        numbers = [
            _number(owner, "prisonerNumber", "", "prisonerNumber"),
            _number(other, "prisonerNumber", f"{last}.", "prisonerNumber"),
        ]
        last = f"{last}.prisonerNumber"
    low, high = sorted(numbers)
    if low == high:
        raise _Bad(last, "is the same prisoner")
    is_open, doubt = _is_open(entry, dot)
    restriction, unknown = _restriction(entry)
    return PairRow(
        position=position,
        line=line,
        source_id=_source_id(entry, dot),
        low=low,
        high=high,
        restriction=restriction,
        is_open=is_open,
        changed_at=_changed_at(entry),
        doubt=doubt or unknown,
    )


def _number(document: dict[str, Any], key: str, dot: str, name: str) -> str:
    value = document.get(key)
    if not isinstance(value, str) or not _NUMBER.fullmatch(value.strip()):
        raise _Bad(f"{dot}{name}", "must be like A1234BC")
    return value.strip().upper()


def _source_id(entry: dict[str, Any], dot: str) -> int:
    value = entry.get("id")
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not 0 < int(str(value)) <= LARGEST_ID:
        raise _Bad(f"{dot}id", "must be a whole number above zero")
    return int(str(value))


def _is_open(entry: dict[str, Any], dot: str) -> tuple[bool, str | None]:
    """Whether it stands; the two fields should say the same."""
    said_open, said_closed = entry.get("isOpen"), entry.get("isClosed")
    if not isinstance(said_open, bool | None) or not isinstance(said_closed, bool | None):
        raise _Bad(f"{dot}isOpen", "and isClosed must be true or false")
    if said_open is None and said_closed is None:
        raise _Bad(f"{dot}isOpen", "is missing")
    stands = [said_open] if said_open is not None else []
    stands += [not said_closed] if said_closed is not None else []
    return any(stands), DOUBTFUL_STATE if len(set(stands)) == 2 else None


def _restriction(entry: dict[str, Any]) -> tuple[Restriction, str | None]:
    value = entry.get("restrictionType")
    known = {each.name.upper(): each for each in Restriction}
    if isinstance(value, str) and value.strip().upper() in known:
        return known[value.strip().upper()], None
    return Restriction.wing, DOUBTFUL_RESTRICTION


def _changed_at(entry: dict[str, Any]) -> datetime | None:
    """When the source changed it last, without an offset as it is sent; None if it does not say."""
    try:
        return datetime.fromisoformat(entry.get("whenUpdated") or entry.get("whenCreated") or "")
    except (TypeError, ValueError):
        return None
