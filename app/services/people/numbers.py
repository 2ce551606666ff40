"""By which numbers a person is found here: their own, and every one that was ever theirs."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, String, Text, any_, cast, func, or_, select
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.people import Person
from app.models.prisons import PersonIdentity
from app.scope import everything
from app.services.people.identities import identities_of


def found_by(number: Any) -> ColumnElement[bool]:
    """Whether a person is found by a number: it is theirs, or was."""
    ever = select(col(PersonIdentity.id)).where(
        col(PersonIdentity.numbers).op("@>")(array([cast(number, Text)]))
    )
    # As an array, asked first: so that each side of the `or` has its index.
    theirs = col(Person.identity_id) == any_(func.array(ever.scalar_subquery()))
    return or_(col(Person.number) == cast(number, String), theirs)


_each = func.unnest(col(PersonIdentity.numbers)).column_valued("each_number")
NUMBERS = func.array(
    select(_each)
    .select_from(PersonIdentity)
    .where(col(PersonIdentity.id) == col(Person.identity_id))
    .order_by(_each)
    .correlate(Person)
    .scalar_subquery()
)
"""Every number by which a person of a list is found, in order."""


async def by_number(db: AsyncSession, prison_id: str, number: str) -> Person | None:
    """Who is found here by a number; the row of who they are, if two numbers were one person."""
    return (await by_numbers(db, prison_id, [number])).get(number)


async def by_numbers(
    db: AsyncSession, prison_id: str, numbers: Collection[str], *, lock: bool = False
) -> dict[str, Person]:
    """Who is found here by each of the numbers. With `lock` they stay as they are until the
    commit; whoever only refers to them does not wait."""

    async def rows(*conditions: ColumnElement[bool]) -> Sequence[Person]:
        found = everything(Person, prison_id).where(col(Person.merged_into).is_(None), *conditions)
        if lock:
            found = found.with_for_update(key_share=True)
        return (await db.execute(found.order_by(col(Person.id)))).scalars().all()

    answer = {each.number: each for each in await rows(col(Person.number).in_(numbers))}
    missing = set(numbers) - answer.keys()
    ever = {each.id: set(each.numbers) for each in await identities_of(db, missing)}
    if not ever:
        return answer
    for person in reversed(await rows(col(Person.identity_id).in_(ever))):  # the oldest comes last
        answer |= dict.fromkeys(missing & ever[person.identity_id], person)
    return answer
