"""A person's chronology as at an instant: who knew what when, under which policy, settings and
software. Loaded (`facts.py`), narrowed to its reader (`readers.py`), told in order (`events.py`).

Everything it tells of is appended and never changed, or kept as it was (`former_value`), so that
the answer for an instant is the same whenever it is asked (docs/decisions/0011).
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.access import Actor
from app.errors import HoldNeeded, Invalid
from app.models.people import Person
from app.models.releases import Release
from app.services import legal_holds
from app.services.chronology import events, facts
from app.services.chronology.readers import Reader, reader_of, releasing

Events = list[dict[str, Any]]


async def of(db: AsyncSession, actor: Actor, person: Person, as_at: datetime | None) -> Events:
    """What was recorded about someone up to an instant, as far as the actor may know it.

    Nobody browses a life: raises HoldNeeded unless a legal hold on them, or on someone linked to
    them, says that there is something to look into.
    """
    at = instant(as_at)
    if not await legal_holds.held(db, actor.prison_id, person.id):
        raise HoldNeeded()
    return await _told(db, actor.prison_id, person.id, at, reader_of(actor))


async def of_release(db: AsyncSession, release: Release) -> Events:
    """What a bundle tells: everything, but no concern about either of the two who release it."""
    assert release.person_id is not None
    assert release.as_at is not None
    told_to = releasing(release)
    return await _told(db, release.prison_id, release.person_id, release.as_at, told_to)


async def _told(
    db: AsyncSession, prison_id: str, person_id: UUID, as_at: datetime, reader: Reader
) -> Events:
    return events.tell(await facts.load(db, prison_id, person_id, as_at), reader)


def instant(as_at: datetime | None) -> datetime:
    """The instant asked for; now, unless told. Raises Invalid for one that has not come."""
    now = clock.now()
    if as_at is not None and as_at > now:
        raise Invalid.field("as_at", "in_the_future", "must not be in the future")
    return as_at or now


def as_page(told: Events) -> bytes:
    """The events as a page that is answered whole."""
    return orjson.dumps({"items": told, "next": None})
