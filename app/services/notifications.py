"""Pages to people: written with the step that needs them, sent after it under a stable id."""

from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor, the_system
from app.integrations.notify import Channel, PageMessage
from app.models.concerns import Concern
from app.models.notifications import Notification, NotificationStatus
from app.models.prisons import Prison
from app.models.staff import Role, Staff
from app.scope import everything
from app.services import lifecycle, outbox
from app.services.escalation import Page
from app.services.lifecycle import Lifecycle, Move

log = structlog.get_logger(__name__)
S = NotificationStatus
PAGE = "notification.page"
_SERVICE = Move(frozenset({Role.system}), offered=False)
_READER = Move(frozenset(Role), offered=False)

MOVES = {
    (S.pending, S.sent): _SERVICE,
    (S.pending, S.failed): _SERVICE,
    (S.failed, S.sent): _SERVICE,
    (S.failed, S.failed): _SERVICE,
    (S.pending, S.read): _READER,
    (S.sent, S.read): _READER,
    (S.failed, S.read): _READER,
}
NOTIFICATION = Lifecycle("notifications", "", NotificationStatus, MOVES)


async def page(
    db: AsyncSession, concern: Concern, prison: Prison, what: Page, step: int
) -> Notification:
    """Put one page into the outbox, in the transaction of the step that needs it."""
    call = f", call {prison.call_back_number}" if prison.call_back_number else ""
    notification = Notification(
        prison_id=concern.prison_id,
        concern_id=concern.id,
        staff_id=what.to if isinstance(what.to, UUID) else None,
        address=what.to if isinstance(what.to, str) else None,
        step=step,
        why=what.reason.value,
        text=f"{prison.id}: a concern needs you, reference {concern.reference}{call}.",
    )
    await lifecycle.begin(db, NOTIFICATION, notification, the_system(concern.prison_id))
    outbox.say(db, concern.prison_id, PAGE, notification.id, concern_id=concern.id)
    return notification


async def send(db: AsyncSession, prison_id: str, notification_id: UUID, channel: Channel) -> bool:
    """Send one page through the channel. False when it could not be handed over, however the
    channel says so."""
    found = everything(Notification, prison_id).where(col(Notification.id) == notification_id)
    notification = (await db.execute(found)).scalar_one()
    to = notification.address or await _contact(db, prison_id, notification.staff_id)
    state = S.sent
    try:
        await channel.send(PageMessage(notification.id, prison_id, to, notification.text))
    except Exception:
        log.exception("channel_failed", prison_id=prison_id, notification_id=str(notification_id))
        state = S.failed
    await db.refresh(notification, with_for_update=True)  # it may have been read in the meantime
    notification.attempts += 1
    if state is S.sent:
        notification.sent_at = clock.now()
    if notification.status is not S.read:
        await lifecycle.move(db, NOTIFICATION, notification, to=state, actor=the_system(prison_id))
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
