"""Staff: who works in the scheme, and as what. Their row decides what their token may do."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor
from app.errors import NotAllowed, OwnRecord
from app.models.staff import Role, Staff, StaffCreate, StaffRole, StaffUpdate
from app.services import duties, outbox


async def create(db: AsyncSession, actor: Actor, body: StaffCreate) -> Staff:
    """Add a member of staff. A subject that is taken is refused by the database."""
    _may_manage(actor, body.role)
    staff = Staff(prison_id=actor.prison_id, **body.model_dump())
    db.add(staff)
    outbox.say(db, staff.prison_id, "staff.added", staff.id, role=staff.role)
    await db.flush()
    return staff


async def update(db: AsyncSession, actor: Actor, staff: Staff, body: StaffUpdate) -> None:
    """Change a member of staff. Nobody changes their own role or ends their own access, and the
    only last resort stays."""
    changes = {
        name: value
        for name, value in body.model_dump(exclude_unset=True).items()
        if getattr(staff, name) != value
    }
    if staff.id == actor.staff_id and changes.keys() & {"role", "active"}:
        raise OwnRecord()
    _may_manage(actor, staff.role, body.role or staff.role)
    if changes.get("active") is False:
        await duties.release(db, staff)
    for name, value in changes.items():
        setattr(staff, name, value)
    if changes:
        active = str(staff.active).lower()
        outbox.say(db, staff.prison_id, "staff.updated", staff.id, role=staff.role, active=active)
    await db.flush()


def _may_manage(actor: Actor, *roles: StaffRole) -> None:
    """The mental health lead manages clinical staff: else they could make a governor."""
    clinical = all(Role(role).family is Role.clinician for role in roles)
    if actor.role is Role.mental_health_lead and not clinical:
        raise NotAllowed("The mental health lead manages clinical staff.")
