"""Pages to people: written with the step that needs them, sent after it under a stable id."""

from collections.abc import Collection
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor, the_system
from app.integrations.notify import Channel, PageMessage
from app.models.addresses import ChannelKind
from app.models.base import Output
from app.models.break_glass import BreakGlass
from app.models.concerns import Concern
from app.models.deliveries import Delivery
from app.models.notifications import Notification, NotificationStatus, PageWhy, Urgency
from app.models.prisons import Prison
from app.models.staff import Staff
from app.models.tasks import Task
from app.scope import everything, visible
from app.services import deliveries, lifecycle, outbox
from app.services.deliveries.moves import NOTIFICATION
from app.services.deliveries.routing import rank_of
from app.services.escalation import Immediacy, Page
from app.visibility import shape

log = structlog.get_logger(__name__)
S = NotificationStatus
PAGE = "notification.page"


class NobodyToPage(Exception):
    """The prison has no active staff, and no address outside."""


async def page(
    db: AsyncSession, concern: Concern, prison: Prison, what: Page, step: int
) -> Notification:
    """Put one page about a concern into the outbox, in the transaction of its step."""
    words = f"a concern needs you, reference {concern.reference}"
    about, why = {"concern_id": concern.id}, what.reason.value
    urgency = Urgency.now if concern.immediacy is Immediacy.now else Urgency.safety
    return await _page(db, prison, what.to, words, about, step=step, why=why, urgency=urgency)


async def page_task(
    db: AsyncSession,
    task: Task,
    prison: Prison,
    to: UUID | str,
    why: PageWhy,
    step: int,
    urgency: Urgency,
) -> Notification:
    """Put one page about a task into the outbox, in the transaction of its step."""
    words = f"a task needs you, reference {task.reference}"
    about, code = {"task_id": task.id}, why.value
    return await _page(db, prison, to, words, about, step=step, why=code, urgency=urgency)


async def page_glass(
    db: AsyncSession, glass: BreakGlass, prison: Prison, to: UUID | str
) -> Notification:
    """Put one page about a broken glass into the outbox, in the transaction that broke it."""
    words = f"a break-glass needs your review, reference {glass.reference}"
    about, why = {"break_glass_id": glass.id}, PageWhy.glass_broken.value
    safety = Urgency.safety
    return await _page(db, prison, to, words, about, step=0, why=why, urgency=safety)


async def _page(
    db: AsyncSession,
    prison: Prison,
    to: UUID | str,
    words: str,
    about: dict[str, UUID],
    *,
    step: int,
    why: str,
    urgency: Urgency,
) -> Notification:
    """One page: `about` names the column of the thing it is about, and its id."""
    call = f", call {prison.call_back_number}" if prison.call_back_number else ""
    notification = Notification(
        prison_id=prison.id,
        staff_id=to if isinstance(to, UUID) else None,
        address=to if isinstance(to, str) else None,
        step=step,
        why=why,
        urgency=urgency,
        text=f"{prison.id}: {words}{call}.",
        concern_id=about.get("concern_id"),
        task_id=about.get("task_id"),
        break_glass_id=about.get("break_glass_id"),
    )
    await lifecycle.begin(db, NOTIFICATION, notification, the_system(prison.id))
    said = outbox.say(db, prison.id, PAGE, notification.id, **about)
    said.rank = rank_of(urgency, of_concern="concern_id" in about)
    return notification


async def send(
    db: AsyncSession,
    prison_id: str,
    notification_id: UUID,
    channel: Channel,
    channels: Collection[ChannelKind] = (),
    *,
    again: bool = True,
) -> bool:
    """Write one page to the log, and set it on its way on the other channels the site has. False
    when the log did not take it, however it says so; `again`: it was tried before."""
    found = everything(Notification, prison_id).where(col(Notification.id) == notification_id)
    notification = (await db.execute(found)).scalar_one()
    elsewhere = await deliveries.fan_out(db, notification, channels, again=again)
    to = notification.address or await _contact(db, prison_id, notification.staff_id)
    state = S.sent
    try:
        await channel.send(PageMessage(notification.id, prison_id, to, notification.text))
    except Exception:
        log.exception("channel_failed", prison_id=prison_id, notification_id=str(notification_id))
        state = S.failed
    await deliveries.logged(db, notification, taken=state is S.sent, again=again)
    # it may have been read in the meantime
    await db.refresh(notification, with_for_update={"key_share": True})
    notification.attempts += 1
    if elsewhere:  # what becomes of it there is what became of the page
        return state is S.sent
    # a site has channels, and none of them reaches whom it needs now: the log will not wake them
    unreached = bool(channels) and notification.urgency is Urgency.now
    if state is S.sent and not unreached:
        notification.sent_at = clock.now()
    if notification.status is not S.read:
        to_state = S.failed if unreached else state
        notification.hasten_owed |= unreached and notification.status is not S.failed
        system = the_system(prison_id)
        await lifecycle.move(db, NOTIFICATION, notification, to=to_state, actor=system)
    return state is S.sent


async def _contact(db: AsyncSession, prison_id: str, staff_id: UUID | None) -> str:
    found = everything(Staff, prison_id).where(col(Staff.id) == staff_id)
    staff = (await db.execute(found)).scalar_one()
    return staff.contact or staff.subject


async def mark_read(db: AsyncSession, actor: Actor, notification: Notification) -> None:
    """The person paged has read it. Reading twice is reading once."""
    if notification.status is S.read:
        return
    notification.read_at = clock.now()
    await lifecycle.move(db, NOTIFICATION, notification, to=S.read, actor=actor)


async def deliveries_of(db: AsyncSession, actor: Actor, notification: Notification) -> list[Output]:
    """What became of a page to the actor on each channel, as they may read it."""
    found = visible(Delivery, actor).where(col(Delivery.notification_id) == notification.id)
    rows = await db.scalars(found.order_by(col(Delivery.recorded_at), col(Delivery.id)))
    each_as = shape("notifications.deliveries", actor.role)
    return [each_as.model_validate(row) for row in rows]
