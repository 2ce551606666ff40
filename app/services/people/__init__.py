"""People: entered by hand here, taken in from the prison's documents in `imports.py`."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.access import Actor
from app.errors import AlreadyExists, Invalid
from app.models.base import Output
from app.models.people import Person, PersonCreate, Source
from app.models.prisons import PersonIdentity
from app.services import outbox
from app.services.people.believable import unbelievable
from app.services.people.identities import identify, people_lock
from app.services.people.imports import import_documents
from app.services.people.numbers import by_number
from app.visibility import shape


async def create(db: AsyncSession, actor: Actor, body: PersonCreate) -> Person:
    """Enter a prisoner by hand. A number that is known here is refused by the database."""
    _check_birth(body.date_of_birth, clock.now().date())
    await people_lock(db, actor.prison_id)
    if await by_number(db, actor.prison_id, body.number) is not None:
        raise AlreadyExists("Somebody is known here by this number already.")
    identity = await identify(db, body.number)
    person = Person(
        prison_id=actor.prison_id,
        identity_id=identity.id,
        display_name=f"{body.first_name} {body.last_name}",
        source=Source.manual,
        **body.model_dump(),
    )
    db.add(person)
    outbox.say(db, actor.prison_id, "person.created", person.id, presence=person.presence)
    await db.flush()
    return person


def _check_birth(born: date | None, today: date) -> None:
    if born is not None and (why := unbelievable(born, today)):
        raise Invalid.field("date_of_birth", "date_of_birth", why)


async def shown(db: AsyncSession, person: Person, actor: Actor) -> Output:
    """The person as this actor may see them: to a mentor the name, and nothing else."""
    identity = await db.get_one(PersonIdentity, person.identity_id)
    fields = {**person.model_dump(), "numbers": sorted(identity.numbers)}
    return shape("people", actor.role).model_validate(fields)


__all__ = ["create", "identify", "import_documents", "shown"]
