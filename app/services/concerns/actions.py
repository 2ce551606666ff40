"""Actions of a concern: who does what by when, and hands over only to someone who accepts."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Conflicting, Invalid, NotAllowed, NotFound
from app.grants import GRANTS
from app.models.concerns import Action, ActionCreate, ActionDone, Concern, ConcernStatus
from app.models.staff import Role, Staff, StaffRole
from app.models.tasks import Task, TaskKind, TaskStatus
from app.rights import Permission
from app.scope import everything, referred, visible
from app.services import lifecycle, tasks
from app.services.concerns.moves import CONCERN, actions_of
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
    task = await tasks.open_task(
        db,
        concern.prison_id,
        TaskKind.action_due,
        thing=concern,
        due_at=body.due_at,
        for_role=owner.role,
        for_staff_id=owner.id,
        actor=actor,
        told_at_once=owner.id != actor.staff_id,
    )
    action.task_id = task.id
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


async def _open_task_of(db: AsyncSession, action: Action) -> Task | None:
    """The task that climbs while the action is not done, locked."""
    found = everything(Task, action.prison_id).where(
        col(Task.id) == action.task_id, col(Task.status) == TaskStatus.open
    )
    return (await db.scalars(found.with_for_update())).one_or_none()


async def carry_over(db: AsyncSession, duplicate: Concern, survivor: Concern) -> None:
    """What is still to be done of a duplicate is to be done of the concern that stays."""
    for action in await actions_of(db, duplicate):
        if action.done_at is None:
            action.concern_id = survivor.id
            if (task := await _open_task_of(db, action)) is not None:
                task.thing_id = survivor.id
    await db.flush()


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
    if (task := await _open_task_of(db, action)) is not None:
        await tasks.settle(db, task, actor)


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
    if (task := await _open_task_of(db, action)) is not None:
        task.for_staff_id = actor.staff_id
        task.for_role = StaffRole(actor.role.value)
        await lifecycle.mark(db, tasks.TASK, task, actor, "handed_on")
    await lifecycle.mark(db, CONCERN, concern, actor, "action_accepted")
    await db.flush()
