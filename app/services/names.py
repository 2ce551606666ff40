"""The display names of mentors and mentees: of many at once, or as a column of a list."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from app.models.mentees import Mentee
from app.models.mentors import Mentor
from app.models.people import Person
from app.scope import everything

Side = type[Mentor] | type[Mentee]


def of_person(side: Side) -> ColumnElement[bool]:
    """What ties an episode to its person."""
    return and_(col(side.prison_id) == col(Person.prison_id), col(side.person_id) == col(Person.id))


async def names(
    db: AsyncSession, side: Side, prison_id: str, ids: Collection[UUID | None]
) -> dict[UUID, str]:
    """The names of these, by id."""
    found = everything(side, prison_id).join(Person, of_person(side)).where(col(side.id).in_(ids))
    both = found.with_only_columns(col(side.id), col(Person.display_name))
    return {row_id: name for row_id, name in (await db.execute(both)).all()}


def name_of(side: Side, side_id: Any, row: type[SQLModel]) -> ScalarSelect[str]:
    """The name of whom a column of a row's table says, as a column beside it."""
    here = col(row.prison_id)  # type: ignore[attr-defined]
    return (
        select(col(Person.display_name))
        .join(side, col(side.person_id) == col(Person.id))
        .where(col(Person.prison_id) == here, col(side.prison_id) == here, col(side.id) == side_id)
        .correlate(row)
        .scalar_subquery()
    )
