"""Character references: entered by staff as they are received, corrected by staff, every word of
them a version."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.access import Actor
from app.errors import Invalid
from app.models.base import Output
from app.models.character_references import (
    CharacterReference,
    CharacterReferenceCreate,
    CharacterReferencePut,
)
from app.models.mentors import Mentor
from app.models.prisons import Prison
from app.services import outbox, texts
from app.services.mentors.applying import began_at, undecided
from app.services.working_days import local_date
from app.visibility import shape


async def enter(
    db: AsyncSession, actor: Actor, body: CharacterReferenceCreate
) -> CharacterReference:
    """Enter a reference for an application that nobody has decided on yet."""
    mentor = await undecided(db, actor, body.mentor_id)
    await _check_day(db, mentor, body.received_on)
    assert actor.staff_id is not None, "staff have a row"
    reference = CharacterReference(
        prison_id=actor.prison_id, recorded_by=actor.staff_id, **body.model_dump()
    )
    db.add(reference)
    outbox.say(db, actor.prison_id, "character_reference.entered", reference.id)
    await db.flush()
    await texts.keep_first(db, actor, reference, "referee_name", "text")
    return reference


async def correct(
    db: AsyncSession, actor: Actor, reference: CharacterReference, body: CharacterReferencePut
) -> None:
    """Put right what was entered wrongly, before anybody decides by it."""
    mentor = await undecided(db, actor, reference.mentor_id)
    await _check_day(db, mentor, body.received_on)
    for name, value in body.model_dump(exclude={"disclosure"}).items():
        setattr(reference, name, value)
    reference.disclosure = body.disclosure or reference.disclosure
    assert actor.staff_id is not None, "staff have a row"
    reference.recorded_by = actor.staff_id
    outbox.say(db, reference.prison_id, "character_reference.corrected", reference.id)
    await db.flush()
    for field in ("referee_name", "text"):
        await texts.keep(db, actor, reference, field)


async def _check_day(db: AsyncSession, mentor: Mentor, received_on: date) -> None:
    """A reference is of this application: received since it began, and not in the future."""
    zone = (await db.get_one(Prison, mentor.prison_id)).tz
    first = local_date(await began_at(db, mentor), zone)
    if not first <= received_on <= local_date(clock.now(), zone):
        message = "must not be in the future, nor before the application began"
        raise Invalid.field("received_on", "in_order", message)


def shown(reference: CharacterReference, actor: Actor) -> Output:
    """The reference, to those who may decide on it."""
    return shape("character_references", actor.role).model_validate(reference)
