"""Staff: who works in the scheme, and as what. Their row decides what their token may do."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor
from app.errors import Conflicting, NotAllowed, OwnRecord, SecondPersonNeeded
from app.models.staff import Role, Staff, StaffCreate, StaffRole, StaffUpdate
from app.services import addresses, calendar_feeds, duties, outbox

# Who reads concerns that others may not, and who may confirm such a one: not made by one person.
CONFIRMED = frozenset({StaffRole.governor, StaffRole.mental_health_lead})


async def create(db: AsyncSession, actor: Actor, body: StaffCreate) -> Staff:
    """Add a member of staff; a governor or mental health lead works here once a second person has
    confirmed it. A subject that is taken is refused by the database."""
    _may_manage(actor, body.role)
    staff = Staff(prison_id=actor.prison_id, **body.model_dump())
    _await_confirmation(actor, staff)
    db.add(staff)
    outbox.say(db, staff.prison_id, "staff.added", staff.id, role=staff.role)
    await db.flush()
    return staff


async def update(db: AsyncSession, actor: Actor, staff: Staff, body: StaffUpdate) -> None:
    """Change a member of staff. Nobody changes their own role or ends their own access, the only
    last resort stays, and who is to be a governor or mental health lead waits for a second person.
    """
    changes = {
        name: value
        for name, value in body.model_dump(exclude_unset=True).items()
        if getattr(staff, name) != value
    }
    if staff.id == actor.staff_id and changes.keys() & {"role", "active"}:
        raise OwnRecord()
    _may_manage(actor, staff.role, body.role or staff.role)
    was_active = staff.active
    for name, value in changes.items():
        setattr(staff, name, value)
    if changes.keys() & {"role", "active"} or body.active is False:
        _await_confirmation(actor, staff)
    if was_active and not staff.active:
        await duties.release(db, staff)
        await calendar_feeds.end_all(db, staff, actor.subject)
        await addresses.end_all(db, staff, actor.subject)
    if changes:
        active = str(staff.active).lower()
        outbox.say(db, staff.prison_id, "staff.updated", staff.id, role=staff.role, active=active)
    await db.flush()


async def confirm(db: AsyncSession, actor: Actor, staff: Staff) -> None:
    """Let someone begin as governor or mental health lead, as the second person who says so.

    Raises Conflicting when nothing waits, SecondPersonNeeded for who asked for it.
    """
    if staff.confirmation_asked_by is None:
        raise Conflicting("Nothing waits to be confirmed here.")
    if actor.staff_id == staff.confirmation_asked_by:
        raise SecondPersonNeeded()
    staff.confirmation_asked_by, staff.active = None, True
    outbox.say(db, staff.prison_id, "staff.confirmed", staff.id, role=staff.role, active="true")
    await db.flush()


def _await_confirmation(actor: Actor, staff: Staff) -> None:
    """Hold back who would work in a role that takes two people; the command line answers for
    itself. Taken back, or another role, and nothing waits any more."""
    staff.confirmation_asked_by = None
    if staff.active and staff.role in CONFIRMED and actor.staff_id is not None:
        staff.active, staff.confirmation_asked_by = False, actor.staff_id


def _may_manage(actor: Actor, *roles: StaffRole) -> None:
    """The mental health lead manages clinical staff: else they could make a governor."""
    clinical = all(Role(role).family is Role.clinician for role in roles)
    if actor.role is Role.mental_health_lead and not clinical:
        raise NotAllowed("The mental health lead manages clinical staff.")
