"""Permission to share: given, and taken back on the person's word. It never stands in the way of
what must be told for safety: concerns do not ask it."""

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Invalid
from app.models.base import Output
from app.models.mentees import Mentee, MenteeStatus
from app.models.people import Person
from app.models.permissions import (
    PermissionCreate,
    PermissionStatus,
    Purpose,
    Recipient,
    SharingPermission,
)
from app.models.staff import Role
from app.scope import everything, referred
from app.services import lifecycle
from app.services.lifecycle import Context, Lifecycle, Move
from app.services.mentees.moves import MENTEE, PERMISSION_REVOKED
from app.visibility import shape

S = PermissionStatus
PEER_SUPPORT = (Recipient.mentor, Purpose.peer_support)
REVOKE_REASONS = ("spoken_word", "written_word", "recorded_in_error")


async def note_revocation(db: AsyncSession, context: Context) -> None:
    context.thing.revoked_at = context.now


async def pause_support(db: AsyncSession, context: Context) -> None:
    """Without permission to share with the mentor support pauses, in the same transaction."""
    permission: SharingPermission = context.thing
    if (permission.recipient, permission.purpose) != PEER_SUPPORT:
        return
    found = everything(Mentee, permission.prison_id).where(
        col(Mentee.person_id) == permission.person_id, col(Mentee.status) == MenteeStatus.engaged
    )
    for mentee in (await db.execute(found.with_for_update())).scalars().all():
        await lifecycle.move(
            db,
            MENTEE,
            mentee,
            to=MenteeStatus.paused,
            actor=context.actor,
            reason=PERMISSION_REVOKED,
        )


MOVES = {
    (S.given, S.revoked): Move(
        frozenset({Role.support_worker, Role.clinician}),
        reasons=REVOKE_REASONS,
        effects=(note_revocation, pause_support),
    )
}
PERMISSION = Lifecycle("permissions", "permission", PermissionStatus, MOVES)


async def give(db: AsyncSession, actor: Actor, body: PermissionCreate) -> SharingPermission:
    """Record a permission as given. One that stands already is refused by the database."""
    if body.given_at > clock.now():
        raise Invalid.field("given_at", "in_the_future", "must not be in the future")
    await referred(db, Person, actor.prison_id, body.person_id, "person_id")
    permission = SharingPermission(
        prison_id=actor.prison_id, recorded_by=actor.staff_id, **body.model_dump()
    )
    await lifecycle.begin(db, PERMISSION, permission, actor, occurred_at=body.given_at)
    return permission


async def give_unless_given(db: AsyncSession, actor: Actor, body: PermissionCreate) -> None:
    """Record a permission, unless it stands already."""
    found = everything(SharingPermission, actor.prison_id).where(
        col(SharingPermission.person_id) == body.person_id,
        col(SharingPermission.recipient) == body.recipient,
        col(SharingPermission.purpose) == body.purpose,
        col(SharingPermission.status) == S.given,
    )
    if (await db.execute(found)).scalar_one_or_none() is None:
        await give(db, actor, body)


async def shown(db: AsyncSession, permission: SharingPermission, actor: Actor) -> Output:
    """The permission, with what this actor may do next."""
    moves = await lifecycle.options(db, PERMISSION, permission, actor)
    fields = {**permission.model_dump(), "moves": moves}
    return shape("permissions", actor.role).model_validate(fields)
