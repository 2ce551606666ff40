"""Actions of a concern: who does what by when, and hands over only to someone who accepts."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Conflicting, Invalid, NotAllowed, NotFound
from app.grants import GRANTS
from app.models.concerns import Action, ActionCreate, ActionDone, Concern, ConcernStatus
from app.models.staff import Role, Staff
from app.rights import Permission
from app.scope import referred, visible
from app.services import lifecycle
from app.services.concerns.moves import CONCERN
from app.services.concerns.routing import may_work
from app.services.concerns.work import happened_at, may_decide, still_open


async def _colleague(db: AsyncSession, concern: Concern, staff_id: UUID, name: str) -> Staff:
    """Someone who may work this concern, and so finish or accept what is theirs. One it is about
    is refused like one who does not exist."""
    staff = await referred(db, Staff, concern.prison_id, staff_id, name)
    role = Role(staff.role.value)
    able = Permission.concern_review in GRANTS[role] and may_work(concern, role, staff.id)
    if not staff.active or not able or (role is Role.governor and not concern.routed):
        raise Invalid.field(name, "unknown", "there is no such staff here")
    return staff


async def add(db: AsyncSession, actor: Actor, concern: Concern, body: ActionCreate) -> Action:
    """Give someone something to do about the concern, by a time."""
    still_open(concern)
    may_decide(concern, actor)
    owner = await _colleague(db, concern, body.owner_id, "owner_id")
    if body.due_at <= clock.now():
        raise Invalid.field("due_at", "in_the_past", "must be in the future")
    action = Action(
        prison_id=concern.prison_id,
        concern_id=concern.id,
        what=body.what,
        disclosure=body.disclosure,
        owner_id=owner.id,
        due_at=body.due_at,
    )
    db.add(action)
    if concern.status is ConcernStatus.under_review:
        await lifecycle.move(db, CONCERN, concern, to=ConcernStatus.actions_open, actor=actor)
    await lifecycle.mark(db, CONCERN, concern, actor, "action_added")
    await db.flush()
    return action


async def one(db: AsyncSession, actor: Actor, concern: Concern, action_id: UUID) -> Action:
    """An action of this concern, locked. Raises NotFound."""
    found = visible(Action, actor).where(
        col(Action.id) == action_id, col(Action.concern_id) == concern.id
    )
    action = (await db.execute(found.with_for_update())).scalar_one_or_none()
    if action is None:
        raise NotFound()
    return action


async def finish(
    db: AsyncSession, actor: Actor, concern: Concern, action: Action, body: ActionDone
) -> None:
    """Record that the action was done, and with what outcome; also after the concern is closed."""
    may_decide(concern, actor)
    if action.done_at is not None:
        raise Conflicting("The action is done already.")
    action.done_at, action.outcome = happened_at(concern, body.at), body.outcome
    action.disclosure = action.disclosure.stricter(body.disclosure)
    await lifecycle.mark(db, CONCERN, concern, actor, "action_done")
    await db.flush()


async def hand_over(
    db: AsyncSession, actor: Actor, concern: Concern, action: Action, to_staff_id: UUID
) -> None:
    """Offer the action to someone else; it is theirs when they accept it."""
    still_open(concern)
    may_decide(concern, actor)
    if action.done_at is not None:
        raise Conflicting("The action is done already.")
    receiver = await _colleague(db, concern, to_staff_id, "to_staff_id")
    action.handed_to, action.accepted_at = receiver.id, None
    await lifecycle.mark(db, CONCERN, concern, actor, "action_handed_over")
    await db.flush()


async def accept(db: AsyncSession, actor: Actor, concern: Concern, action: Action) -> None:
    """Accept an action that was handed to me."""
    if actor.staff_id is None or action.handed_to != actor.staff_id:
        raise NotAllowed("Only the one it was handed to can accept it.")
    if action.done_at is not None or action.accepted_at is not None:
        raise Conflicting("The action is done or accepted already.")
    action.accepted_at, action.owner_id = clock.now(), actor.staff_id
    await lifecycle.mark(db, CONCERN, concern, actor, "action_accepted")
    await db.flush()
