"""Who of a plan is not to meet, and when the prison needs them elsewhere.

Of two who are a pair already, that one reported the other is told to nobody by a plan: it would say
that something came up since (docs/decisions/0019). Whom the prison keeps apart, it keeps apart.
"""

from collections.abc import Mapping
from datetime import datetime
from itertools import combinations
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.mentors import Mentor
from app.models.pairings import Pairing, PairingStatus
from app.models.prison_events import PrisonEvent
from app.scope import everything
from app.services import between_two
from app.services.scheduling import Needed


async def apart(
    db: AsyncSession, mentor: Mentor, mentees: Mapping[UUID, UUID], asker: UUID | None
) -> frozenset[frozenset[UUID]]:
    """The twos of mentor and mentees who cannot attend together, by their ids as such. `mentees`:
    their persons. The asker is a member of staff, or nobody."""
    prison_id, persons = mentor.prison_id, {mentor.id: mentor.person_id, **mentees}
    kept = await between_two.non_associated(db, prison_id, persons.values())
    sides = [mentor.person_id], mentees.values()
    told = await between_two.reported(db, prison_id, *sides, asker)
    between = await between_two.accused(db, prison_id, mentees.values(), asker)
    pairs = select(col(Pairing.mentee_id)).where(
        col(Pairing.prison_id) == prison_id,
        col(Pairing.mentor_id) == mentor.id,
        col(Pairing.mentee_id).in_(mentees),
        col(Pairing.status) != PairingStatus.ended,
    )
    paired = set((await db.scalars(pairs)).all())

    def kept_apart(one: UUID, other: UUID) -> bool:
        two = persons[one], persons[other]
        if one != mentor.id:
            return two in kept or two in between
        return two in kept or (two in told and other not in paired)

    every = combinations(persons, 2)  # the mentor comes first
    return frozenset(frozenset(two) for two in every if kept_apart(*two))


async def needed(
    db: AsyncSession,
    mentor: Mentor,
    mentees: Mapping[UUID, UUID],
    first: datetime,
    last: datetime,
) -> list[Needed]:
    """When the prison needs the mentor or the mentees elsewhere, between two instants."""
    found = everything(PrisonEvent, mentor.prison_id).where(
        col(PrisonEvent.person_id).in_({mentor.person_id, *mentees.values()}),
        col(PrisonEvent.cancelled_at).is_(None),
        col(PrisonEvent.starts_at) < last,
        col(PrisonEvent.ends_at) > first,
    )
    events = (await db.scalars(found.order_by(col(PrisonEvent.starts_at)))).all()
    return [
        Needed(thing_id, event.kind, event.starts_at, event.ends_at)
        for event in events
        for thing_id, person_id in {mentor.id: mentor.person_id, **mentees}.items()
        if person_id == event.person_id
    ]
