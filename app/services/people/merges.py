"""Two numbers that are one person, as the prison system tells: nothing is lost, and both find them.

Everything of the removed number is made to name the kept person (`carrying.py`); of what one can
have only once the younger or the less strict ends as `merged` (`uniting.py`, `episodes.py`). The
removed row stays as an alias. `docs/decisions/0018-merged-persons.md` says why.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from app import clock
from app.access import Actor
from app.errors import NotFound
from app.models.base import Output
from app.models.people import (
    MergedRow,
    MergeOutcome,
    MergeRead,
    MergeWarning,
    Person,
    PersonMerge,
    Presence,
)
from app.models.prisons import PersonIdentity
from app.scope import everything
from app.services import non_associations, outbox
from app.services.people import deaths
from app.services.people.carrying import carry
from app.services.people.episodes import end_with_oneself, unite_mentees, unite_mentors
from app.services.people.identities import identities_of, identity_lock, people_lock
from app.services.people.locked import standing_death
from app.services.people.numbers import by_number
from app.services.people.uniting import ONE_OF_EACH
from app.visibility import shape

LOOKED_AFTER_FOR = timedelta(days=1)


@dataclass(slots=True)
class Merged:
    """What became of a merge."""

    person: Person
    outcome: MergeOutcome
    numbers: list[str] = field(default_factory=list)
    warnings: list[MergeWarning] = field(default_factory=list)
    ended: list[SQLModel] = field(default_factory=list)
    aside: list[SQLModel] = field(default_factory=list)


async def merge(db: AsyncSession, actor: Actor, body: PersonMerge) -> Merged:
    """Make one person of two numbers. Raises NotFound when neither is known here.

    The same again changes nothing, and merges in any order come to the same: one at a time in a
    prison, each beginning from who the numbers stand for by then.
    """
    here = actor.prison_id
    await people_lock(db, here)
    await identity_lock(db)  # identities are shared with other prisons
    kept = await by_number(db, here, body.number)
    gone = await by_number(db, here, body.removed_number)
    if kept is None and gone is None:
        raise NotFound("Neither number is known here.")
    news = await _tie(db, body)
    one = kept or gone
    assert one is not None
    numbers = await _numbers_of(db, one)
    apart = await non_associations.with_those_apart(db, here, numbers)
    if kept is None or gone is None or kept.id == gone.id:
        result = Merged(one, await _renumber(db, one, body, kept is None, news))
    else:
        result = await _merge(db, kept, gone, apart)
    await non_associations.part_pairs(db, here, apart)  # even if another prison tied them before
    result.numbers = sorted(numbers)
    if result.person.number != body.number:
        result.warnings.append(MergeWarning.kept_under_another_number)
    return result


async def _tie(db: AsyncSession, body: PersonMerge) -> bool:
    """Let every identity of either number know all numbers of both: another prison's rows name
    whichever they did. Answers whether that was news."""
    found = await identities_of(db, [body.number, body.removed_number])
    every = sorted({body.number, body.removed_number}.union(*(each.numbers for each in found)))
    news = [each for each in found if sorted(each.numbers) != every]
    for identity in news:
        identity.numbers = every
    await db.flush()
    return bool(news)


async def _renumber(
    db: AsyncSession, person: Person, body: PersonMerge, kept_is_new: bool, news: bool
) -> MergeOutcome:
    """Only one of the numbers was anybody's here: it is theirs together with the other."""
    if kept_is_new and person.number == body.removed_number:
        person.number = body.number
        outbox.say(db, person.prison_id, "person.updated", person.id, presence=person.presence)
        await db.flush()
        return MergeOutcome.renumbered
    if not news:
        return MergeOutcome.unchanged
    person.version += 1  # its numbers are shown with it
    await db.flush()
    return MergeOutcome.noted


async def _numbers_of(db: AsyncSession, person: Person) -> Sequence[str]:
    return (await db.get_one(PersonIdentity, person.identity_id)).numbers


async def _merge(db: AsyncSession, kept: Person, gone: Person, apart: Collection[str]) -> Merged:
    await _lock(db, kept, gone)
    await non_associations.hold_mentors(db, kept.prison_id, apart)  # mentors before placements
    result = Merged(kept, MergeOutcome.merged)
    born = {each.date_of_birth for each in (kept, gone) if each.date_of_birth is not None}
    if len(born) > 1:
        result.warnings.append(MergeWarning.date_of_birth_differs)
    _take_over(kept, gone)
    kept.version += 1  # its numbers are shown with it
    await db.flush()
    await _unite(db, result, gone)
    gone.presence, gone.cell_location = Presence.left, None
    gone.merged_into, gone.merged_at = kept.id, clock.now()
    outbox.say(db, kept.prison_id, "person.merged", kept.id, removed_id=gone.id)
    await db.flush()
    if await standing_death(db, kept.prison_id, kept.id) is not None:
        await deaths.carry_on(db, kept)
    if result.aside:
        result.warnings.append(MergeWarning.some_rows_stay_aside)
    return result


async def _lock(db: AsyncSession, *people: Person) -> None:
    """Both rows in one order for everyone: whoever refers to them meanwhile waits."""
    for person in sorted(people, key=lambda each: each.id):
        await db.refresh(person, with_for_update=True)


def _take_over(kept: Person, gone: Person) -> None:
    """What is known of the removed number alone; where the person is, if it says that he is."""
    if kept.presence is Presence.left and gone.presence is not Presence.left:
        kept.presence, kept.cell_location = gone.presence, gone.cell_location
        kept.came_back_at = clock.now()
    if kept.presence is not Presence.left and kept.cell_location is None:
        kept.cell_location = gone.cell_location
    if kept.date_of_birth is None:
        kept.date_of_birth = gone.date_of_birth
    kept.no_it_access = kept.no_it_access or gone.no_it_access


async def _unite(db: AsyncSession, result: Merged, gone: Person) -> None:
    """End what would be there twice, then make everything name the kept person."""
    kept = result.person
    result.ended += await end_with_oneself(db, kept, gone)
    for unite in ONE_OF_EACH:
        result.ended += await unite(db, kept, gone)
    for episodes in (unite_mentors, unite_mentees):
        ended, aside = await episodes(db, kept, gone)
        result.ended += ended
        result.aside += aside
    await db.flush()
    left = await carry(db, kept.prison_id, "person", gone.id, kept.id)
    result.aside += [each for each in left if each is not gone]


async def look_after(db: AsyncSession, prison_id: str) -> int:
    """Carry over what was written to a removed number in the instant in which it was merged. For
    the worker: for a day, and most times nothing."""
    since = clock.now() - LOOKED_AFTER_FOR
    found = everything(Person, prison_id).where(col(Person.merged_at) >= since)
    lately = (await db.execute(found.order_by(col(Person.id)))).scalars().all()
    if not lately:
        return 0
    await people_lock(db, prison_id)
    for gone in lately:
        await db.refresh(gone)
        survivor = everything(Person, prison_id).where(col(Person.id) == gone.merged_into)
        kept = (await db.execute(survivor)).scalar_one()
        await _lock(db, kept, gone)
        await _unite(db, Merged(kept, MergeOutcome.unchanged), gone)
    return len(lately)


def shown(result: Merged, actor: Actor) -> Output:
    """What became of it; a machine is told no more than it brought."""
    told = MergeRead(
        number=result.person.number,
        outcome=result.outcome,
        warnings=result.warnings,
        person_id=result.person.id,
        numbers=result.numbers,
        ended=[_row(each) for each in result.ended],
        aside=[_row(each) for each in result.aside],
    )
    return shape("people.merges", actor.role).model_validate(told, from_attributes=True)


def _row(thing: SQLModel) -> MergedRow:
    return MergedRow(table=str(thing.__tablename__), id=thing.id)  # type: ignore[attr-defined]
