"""Everything that names one row is made to name another: derived from the tables themselves, so
that one added later is missed by none.

What the other row has already (one live permission of a kind, one part in a session) cannot be
named twice: such a row is left where it is, and told of.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Table
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from app.models.retention import Expiry
from app.scope import everything

# Rows that go on naming whom they named, each with its reason.
NOT_CARRIED: dict[type[SQLModel], str] = {
    Expiry: "what was taken away was taken from the removed number's records",
}


@cache
def pointing_at(table: str) -> tuple[tuple[type[SQLModel], str], ...]:
    """Every column that refers to the rows of a scoped table, by its model, in one order."""
    found = []
    for mapper in SQLModel._sa_registry.mappers:
        here = mapper.local_table
        if mapper.class_ in NOT_CARRIED or not isinstance(here, Table):
            continue
        found += [(mapper.class_, column) for column in _columns_at(here, table)]
    return tuple(sorted(found, key=lambda each: (str(each[0].__tablename__), each[1])))


def _columns_at(here: Table, table: str) -> Iterator[str]:
    for constraint in here.constraints:
        if not isinstance(constraint, ForeignKeyConstraint):
            continue
        if constraint.referred_table.name == table:
            columns = [name for name in constraint.column_keys if name != "prison_id"]
            if len(columns) == 1:
                yield columns[0]


async def carry(
    db: AsyncSession, prison_id: str, table: str, old: UUID, new: UUID
) -> list[SQLModel]:
    """Make everything that names `old` name `new`. Answers the rows that could not."""
    left = []
    for model, column in pointing_at(table):
        found = everything(model, prison_id).where(getattr(model, column) == old)
        rows = await db.execute(found.order_by(model.id).with_for_update())  # type: ignore[attr-defined]
        named: list[SQLModel] = list(rows.scalars())
        if named and not await _rename(db, named, column, new):
            left += [each for each in named if not await _rename(db, [each], column, new)]
    return left


async def _rename(db: AsyncSession, rows: list[Any], column: str, new: UUID) -> bool:
    """Name the other in all of these rows, or, if the database says no to one, in none."""
    try:
        async with db.begin_nested():
            for row in rows:
                setattr(row, column, new)
            await db.flush()
    except IntegrityError:
        for row in rows:
            await db.refresh(row)
        return False
    return True
