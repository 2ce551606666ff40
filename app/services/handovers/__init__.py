"""Hand-overs: offered, accepted item by item, taken back (here); and what becomes of a concern
whose acceptor went off duty without one (`lapsing.py`)."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Conflicting, FieldError, Invalid, NotAllowed, NotOnDuty
from app.grants import GRANTS
from app.models.base import Output
from app.models.concerns import CONCERN_OPEN, Concern
from app.models.duties import Duty
from app.models.handovers import (
    AcceptanceCreate,
    DutyHandoverCreate,
    DutyHandoverStatus,
    Handover,
    HandoverItem,
)
from app.models.moves import MoveCreate
from app.models.staff import Role, Staff, StaffRole
from app.models.tasks import TaskKind
from app.rights import Permission
from app.scope import everything, referred, visible
from app.services import duties, lifecycle, tasks
from app.services.concerns.clocks import reschedule
from app.services.concerns.moves import CONCERN
from app.services.concerns.routing import may_work
from app.services.handovers.moves import HANDOVER
from app.visibility import shape

S = DutyHandoverStatus
TIME_TO_ACCEPT = timedelta(minutes=15)


async def offer(db: AsyncSession, actor: Actor, body: DutyHandoverCreate) -> Handover:
    """Hand a duty that one holds over to whoever comes on. They are paged at once, and others
    where they do not accept."""
    assert actor.staff_id is not None, "only staff hold the permission"
    duty = await referred(db, Duty, actor.prison_id, body.duty_id, "duty_id")
    now = clock.now()
    roster = await duties.load(db, actor.prison_id, now, now)
    here = {staff.id for staff in roster.working}
    if not any(
        each.duty_id == duty.id and each.holder(now, here) == actor.staff_id for each in roster.held
    ):
        raise NotAllowed("Only whoever has the duty now hands it over.")
    to = await referred(db, Staff, actor.prison_id, body.to_staff_id, "to_staff_id")
    if not to.active or to.id == actor.staff_id:
        raise Invalid.field("to_staff_id", "another", "must be another active member of staff")
    concerns = await _concerns(db, actor, body.concern_ids)
    _can_take(concerns, to)
    handover = Handover(
        prison_id=actor.prison_id,
        duty_id=duty.id,
        post=duty.post,
        from_staff_id=actor.staff_id,
        to_staff_id=to.id,
        notes=body.notes,
        disclosure=body.disclosure,
        accept_by=max(now + TIME_TO_ACCEPT, duty.ends_at or now),
    )
    await lifecycle.begin(db, HANDOVER, handover, actor)
    for each in concerns:
        item = HandoverItem(
            prison_id=handover.prison_id, handover_id=handover.id, concern_id=each.id
        )
        db.add(item)
    await tasks.open_task(
        db,
        handover.prison_id,
        TaskKind.handover_due,
        thing=handover,
        due_at=handover.accept_by,
        for_staff_id=to.id,
        actor=actor,
        told_at_once=True,
    )
    return handover


async def _concerns(
    db: AsyncSession, actor: Actor, ids: Sequence[UUID] | None
) -> Sequence[Concern]:
    """The open concerns that the actor has accepted on duty: all that wait for a decision, or
    those named. Raises Invalid, naming those that are not theirs."""
    mine = visible(Concern, actor).where(
        col(Concern.accepted_by_staff_id) == actor.staff_id,
        col(Concern.accepted_on_duty_at).is_not(None),
        col(Concern.status).in_(CONCERN_OPEN),
    )
    if ids is None:
        mine = mine.where(col(Concern.decided_at).is_(None))
    else:
        mine = mine.where(col(Concern.id).in_(ids))
    found = (await db.scalars(mine.order_by(col(Concern.raised_at), col(Concern.id)))).all()
    known, message = {each.id for each in found}, "is no open concern that you accepted on duty"
    errors = [
        FieldError(f"concern_ids.{place}", "unknown", message)
        for place, each in enumerate(ids or ())
        if each not in known
    ]
    if errors:
        raise Invalid(message, errors=errors)
    return found


def _can_take(concerns: Sequence[Concern], to: Staff) -> None:
    """Raises Invalid where the next may not read a concern, or reviews none."""
    reviews = Permission.concern_review in GRANTS[Role(to.role.value)]
    governor = to.role is StaffRole.governor  # who review only what is routed to them
    if not all(
        reviews and may_work(each, to.role, to.id) and (each.routed or not governor)
        for each in concerns
    ):
        message = "cannot take up all of these concerns; leave some out, or choose somebody else"
        raise Invalid.field("to_staff_id", "cannot_take", message)


async def accept(
    db: AsyncSession, actor: Actor, handover: Handover, body: AcceptanceCreate
) -> None:
    """Take a duty over, concern by concern. What is accepted is theirs; what is declined stays
    with whoever had it, and pages when they go. Raises NotOnDuty before one comes on."""
    if handover.status is not S.offered:
        raise Conflicting("It is no longer offered.")
    if handover.to_staff_id != actor.staff_id:
        raise NotAllowed("Only whom it is handed to accepts it.")
    on_duty = await duties.on_duty(db, handover.prison_id, clock.now())
    here = {each for ids in on_duty.values() for each in ids}
    if actor.staff_id not in here:
        raise NotOnDuty()
    others = here - {handover.from_staff_id, actor.staff_id}
    items = await items_of(db, handover)
    for item, yes in _answers(items, body):
        await _answer(db, actor, item, others, accepted=yes)
    await _decline_what_is_kept(db, actor, [item for item in items if not item.answered])
    await db.flush()
    if all(item.answered for item in items):
        await lifecycle.move(db, HANDOVER, handover, to=S.accepted, actor=actor)
        await tasks.finish(db, handover, TaskKind.handover_due, actor)


def _answers(
    items: Sequence[HandoverItem], body: AcceptanceCreate
) -> list[tuple[HandoverItem, bool]]:
    waiting = {item.concern_id: item for item in items if not item.answered}
    if body.items is None:
        return [(item, True) for item in waiting.values()]
    errors = [
        FieldError(f"items.{place}.concern_id", "unknown", "does not wait in this hand-over")
        for place, each in enumerate(body.items)
        if each.concern_id not in waiting
    ]
    if errors:
        raise Invalid(errors[0].message, errors=errors)
    return [(waiting[each.concern_id], each.accept) for each in body.items]


async def _answer(
    db: AsyncSession, actor: Actor, item: HandoverItem, others: set[UUID], *, accepted: bool
) -> None:
    """One concern: taken on, unless it is closed by now or kept from them since. What one of the
    others on duty has accepted in the meantime stays with them."""
    now = clock.now()
    found = visible(Concern, actor).where(col(Concern.id) == item.concern_id)
    concern = (await db.scalars(found.with_for_update())).one_or_none()
    if concern is None or not accepted or concern.accepted_by_staff_id in others:
        item.declined_at = now
        return
    item.accepted_at = now
    if concern.status not in CONCERN_OPEN:
        return
    concern.accepted_by_staff_id = actor.staff_id
    concern.accepted_on_duty_at = now
    if concern.acknowledged_at is None:
        concern.acknowledged_at, concern.acknowledged_by = now, actor.subject
    await lifecycle.mark(db, CONCERN, concern, actor, "handover_accepted")
    await reschedule(db, concern, now)


async def _decline_what_is_kept(
    db: AsyncSession, actor: Actor, waiting: Sequence[HandoverItem]
) -> None:
    """What is kept from them since is not waited for: they cannot name it, and that an answer were
    wanting would tell them of it."""
    known = visible(Concern, actor).where(
        col(Concern.id).in_([each.concern_id for each in waiting])
    )
    readable = {each.id for each in await db.scalars(known)}
    for item in waiting:
        if item.concern_id not in readable:
            item.declined_at = clock.now()


async def items_of(db: AsyncSession, handover: Handover) -> Sequence[HandoverItem]:
    """The concerns of a hand-over, locked."""
    found = everything(HandoverItem, handover.prison_id).where(
        col(HandoverItem.handover_id) == handover.id
    )
    return (await db.scalars(found.order_by(col(HandoverItem.id)).with_for_update())).all()


async def act(db: AsyncSession, actor: Actor, handover: Handover, body: MoveCreate) -> None:
    """Take a hand-over back, which is all that a move does."""
    await lifecycle.make(db, HANDOVER, handover, actor, body)
    await tasks.drop(db, handover, TaskKind.handover_due)


async def shown(db: AsyncSession, handover: Handover, actor: Actor) -> Output:
    """The hand-over as this actor sees it: of its concerns those that they may read."""
    readable = visible(Concern, actor).with_only_columns(
        col(Concern.reference),
        col(HandoverItem.concern_id),
        col(HandoverItem.accepted_at),
        col(HandoverItem.declined_at),
    )
    found = readable.join(
        HandoverItem,
        (col(HandoverItem.prison_id) == col(Concern.prison_id))
        & (col(HandoverItem.concern_id) == col(Concern.id)),
    ).where(col(HandoverItem.handover_id) == handover.id)
    items = [row._asdict() for row in await db.execute(found.order_by(col(HandoverItem.id)))]
    moves = await lifecycle.options(db, HANDOVER, handover, actor)
    fields = {**handover.model_dump(), "concerns": items, "moves": moves}
    return shape("handovers", actor.role).model_validate(fields)
