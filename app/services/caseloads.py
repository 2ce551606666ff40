"""Caseloads: which clinician has whom as patient; and whom a clinician may write clinically of."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Conflicting, Invalid, NotAllowed, NotFound, NotHere
from app.grants import GRANTS
from app.models.base import Output
from app.models.caseloads import Caseload, CaseloadCreate, CaseloadRead, CaseloadUpdate
from app.models.people import Person, Presence
from app.models.staff import Role, Staff
from app.rights import Permission
from app.scope import everything, referred
from app.services import outbox
from app.ties import in_my_care


async def check_care(db: AsyncSession, actor: Actor, person_id: UUID) -> None:
    """The person is in support, a patient of this clinician, or behind a glass they broke.
    Raises NotFound."""
    found = everything(Person, actor.prison_id).where(
        col(Person.id) == person_id, in_my_care(col(Person.id))
    )
    if (await db.execute(found.params(actor.scope()))).scalar_one_or_none() is None:
        raise NotFound()


async def take_on(db: AsyncSession, actor: Actor, body: CaseloadCreate) -> Caseload:
    """Put a person on one's own caseload; the mental health lead on any clinician's. One that is
    there already is refused by the database."""
    person = await referred(db, Person, actor.prison_id, body.person_id, "person_id")
    if person.presence is Presence.left:
        raise NotHere()
    caseload = Caseload(
        prison_id=actor.prison_id,
        person_id=person.id,
        staff_id=await _clinician(db, actor, body),
        started_at=clock.now(),
    )
    db.add(caseload)
    outbox.say(db, actor.prison_id, "caseload.begun", caseload.id)
    await db.flush()
    return caseload


async def _clinician(db: AsyncSession, actor: Actor, body: CaseloadCreate) -> UUID:
    """Whose patient the person becomes. Raises Invalid for someone who is no clinician here."""
    staff_id = body.staff_id or actor.staff_id
    assert staff_id is not None, "clinicians have a row of staff"
    _check_whose(actor, staff_id)
    staff = await referred(db, Staff, actor.prison_id, staff_id, "staff_id")
    able = Permission.clinical_note_write in GRANTS[Role(staff.role.value)]
    if not (staff.active and able):
        raise Invalid.field("staff_id", "not_a_clinician", "must be an active clinician")
    return staff.id


def _check_whose(actor: Actor, staff_id: UUID) -> None:
    if staff_id != actor.staff_id and actor.role is not Role.mental_health_lead:
        raise NotAllowed("Others' caseloads belong to the mental health lead.")


async def end(db: AsyncSession, actor: Actor, caseload: Caseload, body: CaseloadUpdate) -> None:
    """End a person's time on a caseload, and with it what rests on it."""
    _check_whose(actor, caseload.staff_id)
    if caseload.ended_at is not None:
        raise Conflicting("It has ended already.")
    now = clock.now()
    ended_at = body.ended_at or now
    if not caseload.started_at <= ended_at <= now:
        message = "must not be in the future, nor before it began"
        raise Invalid.field("ended_at", "in_order", message)
    caseload.ended_at, caseload.ended_reason = ended_at, body.ended_reason
    outbox.say(db, caseload.prison_id, "caseload.ended", caseload.id, reason=body.ended_reason)
    await db.flush()


async def shown(db: AsyncSession, caseload: Caseload) -> Output:
    """The entry with the person's name."""
    person = await referred(db, Person, caseload.prison_id, caseload.person_id, "person_id")
    fields = {**caseload.model_dump(), "display_name": person.display_name}
    return CaseloadRead.model_validate(fields)
