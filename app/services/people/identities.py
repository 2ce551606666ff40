"""One human being across prisons: the only door to `person_identity`.

Identities have no scope, and a person's numbers are an array, which no constraint keeps unique.
So an identity is made only under one lock. It is held until the transaction ends, and taken only
when someone is new to every prison.
"""

import asyncio
from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.prisons import PersonIdentity


async def identify(db: AsyncSession, number: str) -> PersonIdentity:
    """The identity to which a normalised prisoner number belongs; made when there is none."""
    found = await identify_all(db, [number])
    return await db.get_one(PersonIdentity, found[number])


async def identify_all(db: AsyncSession, numbers: Collection[str]) -> dict[str, UUID]:
    """The identity's id for each normalised number; those that are new are made."""
    found = await _find(db, numbers)
    if missing := set(numbers) - found.keys():
        await _lock(db, "person_identity")
        found |= await _find(db, missing)  # someone else may have made them meanwhile
        made = {number: PersonIdentity(numbers=[number]) for number in missing - found.keys()}
        db.add_all(made.values())
        await db.flush()
        found |= {number: identity.id for number, identity in made.items()}
    return found


async def identity_lock(db: AsyncSession) -> None:
    """Let one transaction at a time make or tie identities."""
    await _lock(db, "person_identity")


async def identities_of(db: AsyncSession, numbers: Collection[str]) -> Sequence[PersonIdentity]:
    """Every identity that knows one of the numbers."""
    if not numbers:
        return []
    known = col(PersonIdentity.numbers)
    found = select(PersonIdentity).where(known.overlap(list(numbers)))  # type: ignore[attr-defined]
    return (await db.execute(found.order_by(col(PersonIdentity.id)))).scalars().all()


async def people_lock(db: AsyncSession, prison_id: str) -> None:
    """Let one transaction at a time add people to the prison. Taken before `identify`."""
    await _lock(db, f"people:{prison_id}")


async def _find(db: AsyncSession, numbers: Collection[str]) -> dict[str, UUID]:
    if not numbers:
        return {}
    known = col(PersonIdentity.numbers)
    statement = select(col(PersonIdentity.id), known).where(known.overlap(list(numbers)))  # type: ignore[attr-defined]
    wanted = set(numbers)
    newest_first = (await db.execute(statement.order_by(col(PersonIdentity.id).desc()))).all()
    return {number: row_id for row_id, theirs in newest_first for number in wanted & set(theirs)}


async def _lock(db: AsyncSession, name: str) -> None:
    """Asked for again and again, not waited for: an import takes longer than a statement may."""
    taken = select(func.pg_try_advisory_xact_lock(func.hashtextextended(name, 0)))
    while not (await db.execute(taken)).scalar_one():  # noqa: ASYNC110 - held by other processes
        await asyncio.sleep(0.05)
