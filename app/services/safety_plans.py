"""Safety plans: kept by clinicians in the person's words, shared item by item as they tick."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Conflicting, Invalid, NotFound
from app.models.base import Output
from app.models.mentees import Mentee
from app.models.prisons import Prison
from app.models.safety_plans import (
    ItemVersion,
    SafetyItem,
    SafetyItemCreate,
    SafetyItemKind,
    SafetyItemUpdate,
    SafetyPlan,
    SafetyPlanCreate,
    SafetyPlanUpdate,
)
from app.models.staff import Role
from app.models.texts import TextVersion
from app.scope import everything, visible
from app.services import caseloads, outbox, texts
from app.services.working_days import local_date
from app.visibility import shape

KEPT = ("text", "shared_with_mentor", "shared_with_staff")
_ORDER = {kind: number for number, kind in enumerate(SafetyItemKind)}


async def begin(db: AsyncSession, actor: Actor, body: SafetyPlanCreate) -> SafetyPlan:
    """Begin the plan of someone in one's care. Raises NotFound for anyone else; a second plan of
    one person is refused by the database."""
    await caseloads.check_care(db, actor, body.person_id)
    await _check_ahead(db, actor.prison_id, body)
    assert actor.staff_id is not None, "clinicians have a row of staff"
    plan = SafetyPlan(
        prison_id=actor.prison_id,
        made_by=actor.staff_id,
        changed_at=clock.now(),
        **body.model_dump(),
    )
    db.add(plan)
    outbox.say(db, plan.prison_id, "safety_plan.begun", plan.id)
    await db.flush()
    return plan


async def _check_ahead(
    db: AsyncSession, prison_id: str, body: SafetyPlanCreate | SafetyPlanUpdate
) -> None:
    zone = (await db.get_one(Prison, prison_id)).tz
    if body.review_on < local_date(clock.now(), zone):
        raise Invalid.field("review_on", "in_the_past", "must not be in the past")


async def plan_review(
    db: AsyncSession, actor: Actor, plan: SafetyPlan, body: SafetyPlanUpdate
) -> None:
    """Set when the plan is gone through next."""
    await _check_ahead(db, plan.prison_id, body)
    plan.review_on = body.review_on
    await _changed(db, plan, "review_planned")


async def review(db: AsyncSession, actor: Actor, plan: SafetyPlan, body: SafetyPlanUpdate) -> None:
    """Record that the plan was gone through with the person, and when it is next."""
    await _check_ahead(db, plan.prison_id, body)
    plan.reviewed_at, plan.reviewed_by = clock.now(), actor.staff_id
    plan.review_on = body.review_on
    await _changed(db, plan, "reviewed")


async def end(db: AsyncSession, plan: SafetyPlan) -> None:
    """End the plan: a new one may be begun, and this one is shared with nobody any more."""
    await _changed(db, plan, "ended")
    plan.ended_at = plan.changed_at
    await db.flush()


async def _changed(db: AsyncSession, plan: SafetyPlan, event: str) -> None:
    """The plan has another version now. Raises Conflicting when it has ended."""
    if plan.ended_at is not None:
        raise Conflicting("The plan has ended; begin a new one.")
    plan.changed_at = clock.now()
    outbox.say(db, plan.prison_id, f"safety_plan.{event}", plan.id)
    await db.flush()


async def add_item(
    db: AsyncSession, actor: Actor, plan: SafetyPlan, body: SafetyItemCreate
) -> None:
    """Add an item with the ticks the person made."""
    await _changed(db, plan, "item_added")
    position = body.position or await _after_the_last(db, plan, body.kind)
    fields = body.model_dump(exclude={"position"})
    item = SafetyItem(prison_id=plan.prison_id, plan_id=plan.id, position=position, **fields)
    db.add(item)
    await db.flush()
    await texts.keep_first(db, actor, item, *KEPT)


async def _after_the_last(db: AsyncSession, plan: SafetyPlan, kind: SafetyItemKind) -> int:
    found = everything(SafetyItem, plan.prison_id).where(
        col(SafetyItem.plan_id) == plan.id, col(SafetyItem.kind) == kind
    )
    last = found.order_by(col(SafetyItem.position).desc()).limit(1)
    item = (await db.execute(last)).scalar_one_or_none()
    return item.position + 1 if item else 1


async def item_of(db: AsyncSession, actor: Actor, plan: SafetyPlan, item_id: UUID) -> SafetyItem:
    """An item of this plan, locked. Raises NotFound, also for a removed one."""
    found = visible(SafetyItem, actor).where(
        col(SafetyItem.id) == item_id, col(SafetyItem.plan_id) == plan.id
    )
    item = (await db.execute(found.with_for_update())).scalar_one_or_none()
    if item is None:
        raise NotFound()
    return item


async def change_item(
    db: AsyncSession, actor: Actor, plan: SafetyPlan, item: SafetyItem, body: SafetyItemUpdate
) -> None:
    """Change an item; its words and ticks before stay as versions."""
    await _changed(db, plan, "item_changed")
    for name, value in body.model_dump(exclude_unset=True).items():
        setattr(item, name, value)
    await db.flush()
    for field in KEPT:
        await texts.keep(db, actor, item, field)


async def remove_item(db: AsyncSession, actor: Actor, plan: SafetyPlan, item: SafetyItem) -> None:
    """Take an item out of the plan; it stays as versions."""
    await _changed(db, plan, "item_removed")
    item.removed_at = plan.changed_at
    await texts.append(db, actor, item, "text", None, item.disclosure)


async def versions(db: AsyncSession, actor: Actor, plan: SafetyPlan) -> list[ItemVersion]:
    """Everything that every item ever said and was ticked, removed ones too, oldest first."""
    items = everything(SafetyItem, plan.prison_id).where(col(SafetyItem.plan_id) == plan.id)
    found = visible(TextVersion, actor).where(
        col(TextVersion.thing_id).in_(items.with_only_columns(col(SafetyItem.id)))
    )
    rows = await db.execute(found.order_by(col(TextVersion.recorded_at), col(TextVersion.id)))
    return [
        ItemVersion.model_validate({**row.model_dump(), "item_id": row.thing_id})
        for row in rows.scalars()
    ]


async def shown(db: AsyncSession, plan: SafetyPlan, actor: Actor) -> Output:
    """The plan as this actor sees it, with the items within their reach in the plan's order."""
    found = visible(SafetyItem, actor).where(col(SafetyItem.plan_id) == plan.id)
    items = sorted(
        (await db.execute(found)).scalars(),
        key=lambda item: (_ORDER[item.kind], item.position, item.id),
    )
    fields: dict[str, Any] = {**plan.model_dump(), "items": [item.model_dump() for item in items]}
    if actor.family is Role.mentor:
        fields["mentee_id"] = await _mentee_of(db, actor, plan)
    return shape("safety_plans", actor.role).model_validate(fields)


async def _mentee_of(db: AsyncSession, actor: Actor, plan: SafetyPlan) -> UUID:
    """The mentor's mentee whose plan it is."""
    found = visible(Mentee, actor).where(col(Mentee.person_id) == plan.person_id)
    newest = found.order_by(col(Mentee.recorded_at).desc()).limit(1)
    return (await db.execute(newest)).scalar_one().id
