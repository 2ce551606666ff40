"""What every import has in common: a file is read as a whole or refused with the place, and of
each of its rows it is told what became of it."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from app.errors import FieldError, Invalid
from app.integrations.prison.documents import FileRefused
from app.models.base import Output

Rows = TypeVar("Rows")
Kind = TypeVar("Kind", bound=StrEnum)
Told = TypeVar("Told", bound=Output)


class Placed(Protocol):
    """A row of a file, good or bad: which it is, and where it stands."""

    @property
    def position(self) -> int: ...

    @property
    def line(self) -> int: ...


async def read(parse: Callable[[bytes], Rows], data: bytes) -> Rows:
    """The rows of a file, read beside whatever else is served. Raises Invalid with the position
    when the file as a whole cannot be read."""
    try:
        return await asyncio.to_thread(parse, data)
    except FileRefused as refused:
        raise Invalid(
            f"{refused}.",
            errors=[FieldError("body", "file_refused", str(refused))],
            line=refused.line,
            column=refused.column,
            byte=refused.byte,
        ) from None


def told(
    shape: type[Told],
    row: Placed,
    outcome: StrEnum,
    field: str | None = None,
    reason: str | None = None,
) -> Told:
    """What became of one row, and which of its fields decided it, as the file spells it."""
    where = {"position": row.position, "line": row.line}
    return shape.model_validate({**where, "outcome": outcome, "field": field, "reason": reason})


def counts(kinds: type[Kind], rows: Iterable[Any]) -> dict[Kind, int]:
    """How many rows came out as what, also where there are none."""
    counted = Counter(row.outcome for row in rows)
    return {kind: counted[kind] for kind in kinds}
