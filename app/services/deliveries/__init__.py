"""Deliveries: a page goes out on each channel of its own, and what became of it is written down."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import the_system
from app.config import settings
from app.integrations.notify import Fate, Receipted, Undeliverable
from app.models.addresses import Address, AddressKind, ChannelKind
from app.models.break_glass import REVIEWED, BreakGlass
from app.models.concerns import CONCERN_OPEN, Concern
from app.models.deliveries import Delivery, DeliveryCode, DeliveryStatus
from app.models.notifications import Notification, NotificationStatus, Urgency
from app.models.page_tests import PageTest
from app.models.prisons import Prison
from app.models.staff import Staff
from app.models.tasks import Task, TaskStatus
from app.scope import everything
from app.services import lifecycle
from app.services.deliveries.moves import DELIVERY, NOTIFICATION
from app.services.deliveries.routing import (
    Route,
    others,
    rank_of,
    to_outside,
    to_staff,
    verdict,
)
from app.services.prisons import outside

D, N = DeliveryStatus, NotificationStatus
FIRST_ASKED = timedelta(seconds=30)
TRIED_FOR = timedelta(hours=72)
"""How long a delivery that fails is tried again. Its ladder has paged others since."""


def after(attempts: int) -> datetime:
    """When to try again: 5 s, doubling, at most 5 min. Real time: networks know no other."""
    seconds = min(5 * 2 ** min(attempts - 1, 6), 300)
    return clock.real_now() + timedelta(seconds=seconds)


async def fan_out(
    db: AsyncSession, page: Notification, channels: Collection[ChannelKind], *, again: bool
) -> bool:
    """Write a delivery for every way the page is to go, beside the log. Once: `again` looks for
    those there are. Answers whether there is any."""
    if not channels:
        return False
    if again:
        there = everything(Delivery, page.prison_id).where(
            col(Delivery.notification_id) == page.id, col(Delivery.channel) != ChannelKind.log
        )
        if (await db.scalars(there)).first() is not None:
            return True
    routes = await _routes(db, page, channels)
    for each in routes:
        await _begin(db, page, each)
    return bool(routes)


async def _routes(
    db: AsyncSession, page: Notification, channels: Collection[ChannelKind]
) -> list[Route]:
    if page.staff_id is None:
        return to_outside(page.address or "", channels)
    return await routes_to(db, page.prison_id, page.staff_id, page.urgency, channels)


async def routes_to(
    db: AsyncSession,
    prison_id: str,
    staff_id: UUID,
    urgency: Urgency,
    channels: Collection[ChannelKind],
) -> list[Route]:
    """The ways to one of the staff, through the addresses that they have proven."""
    addresses = await _proven(db, prison_id, staff_id)
    if not addresses:
        return []
    zone = (await db.get_one(Prison, prison_id)).tz
    return to_staff(urgency, addresses, channels, clock.now(), zone)


async def _proven(db: AsyncSession, prison_id: str, staff_id: UUID) -> Sequence[Address]:
    """The addresses that one of the staff has proven, and not ended, as they were added."""
    proven = everything(Address, prison_id).where(
        col(Address.staff_id) == staff_id,
        col(Address.verified_at).is_not(None),
        col(Address.ended_at).is_(None),
    )
    return (await db.scalars(proven.order_by(col(Address.recorded_at)))).all()


async def woken(
    db: AsyncSession, prison: Prison, staff: Collection[Staff], channels: Collection[ChannelKind]
) -> frozenset[UUID | str]:
    """Whom a page about somebody's safety would wake: who has a proven address on one of the site's
    channels; where it has none besides the log, who has a contact. And the address outside."""
    there = outside(prison)
    if not channels:
        return frozenset([*(each.id for each in staff if each.contact), *filter(None, [there])])
    proven = everything(Address, prison.id).where(
        col(Address.verified_at).is_not(None), col(Address.ended_at).is_(None)
    )
    quick = proven.where(col(Address.kind) != AddressKind.letter)
    found = {each.staff_id for each in await db.scalars(quick) if each.kind.channel in channels}
    away = there if there and to_outside(there, channels) else None
    return frozenset([*found, *filter(None, [away])])


async def _begin(db: AsyncSession, page: Notification, route: Route) -> None:
    delivery = Delivery(
        prison_id=page.prison_id,
        notification_id=page.id,
        address_id=route.address_id,
        channel=route.channel,
        rank=rank_of(page.urgency, of_concern=page.concern_id is not None),
        not_before=route.not_before,
        next_attempt_at=clock.real_now(),
    )
    await lifecycle.begin(db, DELIVERY, delivery, the_system(page.prison_id))


async def logged(db: AsyncSession, page: Notification, *, taken: bool, again: bool) -> None:
    """Write down that the log took a page, or did not. It is tried again with the page itself."""
    state, code = (D.sent, None) if taken else (D.failed, DeliveryCode.broken)
    delivery = await _of_log(db, page) if again else None
    known = delivery is not None
    delivery = delivery or Delivery(
        prison_id=page.prison_id,
        notification_id=page.id,
        channel=ChannelKind.log,
        status=state,
    )
    delivery.attempts += 1
    delivery.code = code
    if taken:
        delivery.sent_at = clock.now()
    system = the_system(page.prison_id)
    if known:
        await lifecycle.move(db, DELIVERY, delivery, to=state, actor=system, reason=code)
    else:
        await lifecycle.begin(db, DELIVERY, delivery, system)


async def _of_log(db: AsyncSession, page: Notification) -> Delivery | None:
    found = everything(Delivery, page.prison_id).where(
        col(Delivery.notification_id) == page.id, col(Delivery.channel) == ChannelKind.log
    )
    return (await db.scalars(found)).one_or_none()


async def carried(db: AsyncSession, delivery: Delivery, reference: str | None) -> None:
    """The provider took it. A receipt that was faster stands."""
    delivery.provider_reference = (reference or "")[:100] or delivery.provider_reference
    if delivery.status is not D.sending:
        return
    if isinstance(reference, Receipted):
        delivery.asked, delivery.ask_at = 0, clock.real_now() + FIRST_ASKED
    delivery.next_attempt_at, delivery.code, delivery.sent_at = None, None, clock.now()
    await _move(db, delivery, D.sent)


async def not_carried(db: AsyncSession, delivery: Delivery, why: Undeliverable) -> None:
    """The provider did not take it: try again later, unless it never will be taken."""
    if delivery.status is not D.sending:
        return
    delivery.code = why.code
    over = clock.now() - delivery.recorded_at > TRIED_FOR
    if why.for_good or over:
        delivery.next_attempt_at = None
        delivery.code = why.code if why.for_good else DeliveryCode.given_up
    else:
        pause = timedelta(seconds=why.retry_after or 0)
        delivery.next_attempt_at = max(after(delivery.attempts), clock.real_now() + pause)
    await _move(db, delivery, D.failed)


async def receipt(db: AsyncSession, delivery: Delivery, fate: Fate, reference: str | None) -> None:
    """The provider's word on what became of it. The last word is not taken back, and a failure of
    what was sent before means nothing once it was sent anew. `reference`: the provider's own, None
    where it does not say."""
    known, arrived = delivery.provider_reference, fate is Fate.arrived
    if delivery.status in {D.pending, D.delivered} or fate is Fate.on_its_way:
        return
    if known is not None and reference is not None and delivery.status is not D.failed:
        anew = (known == reference) is (delivery.status is D.sending)
        if anew and not arrived:
            return
    delivery.provider_reference = (reference or "")[:100] or known
    delivery.ask_at = None
    if arrived:
        delivery.next_attempt_at = None
        delivery.delivered_at, delivery.code = clock.now(), None
        delivery.sent_at = delivery.sent_at or delivery.delivered_at
        await _move(db, delivery, D.delivered)
        await _arrived(db, delivery)
        return
    again = fate is Fate.not_sent and clock.now() - delivery.recorded_at <= TRIED_FOR
    if not again:
        delivery.next_attempt_at = None
    if delivery.status is not D.failed:
        delivery.code = DeliveryCode.not_delivered
        delivery.next_attempt_at = after(delivery.attempts) if again else None
        await _move(db, delivery, D.failed)


async def _arrived(db: AsyncSession, delivery: Delivery) -> None:
    """A test of a last resort counts from its first receipt on."""
    if delivery.page_test_id is not None:
        found = everything(PageTest, delivery.prison_id)
        tried = found.where(col(PageTest.id) == delivery.page_test_id)
        test = (await db.scalars(tried)).one()
        test.arrived_at = test.arrived_at or delivery.delivered_at


async def _move(db: AsyncSession, delivery: Delivery, to: DeliveryStatus) -> None:
    """One attempt's end: kept in the history with the code and the provider's reference."""
    await lifecycle.move(
        db,
        DELIVERY,
        delivery,
        to=to,
        actor=the_system(delivery.prison_id),
        reason=delivery.code,
        note=delivery.provider_reference,
    )


async def follow(db: AsyncSession, prison_id: str, page_id: UUID) -> Notification | None:
    """Let a page's state follow from its deliveries. Answers the page where it has just turned out
    that it reaches nobody: its ladder is to be hastened, which is owed from here on. Not before the
    reader's other addresses have failed too: they are tried first, at once."""
    found = everything(Notification, prison_id).where(col(Notification.id) == page_id)
    page = (await db.scalars(found.with_for_update(key_share=True))).one()
    theirs = everything(Delivery, prison_id).where(col(Delivery.notification_id) == page_id)
    deliveries = (await db.scalars(theirs)).all()
    to = verdict([(each.channel, each.status) for each in deliveries])
    if to is N.failed and page.status not in {N.read, to}:
        to = N.sending if await _otherwise(db, page, deliveries) else to
    tried_again = page.status is N.failed and to is N.sending  # it has failed until it is sent
    if page.status in {N.read, to} or to is N.pending or tried_again:
        return None
    if to in {N.sent, N.delivered}:
        page.sent_at = page.sent_at or clock.now()
    page.hasten_owed = to is N.failed
    await lifecycle.move(db, NOTIFICATION, page, to=to, actor=the_system(prison_id))
    return page if page.hasten_owed else None


async def _otherwise(db: AsyncSession, page: Notification, tried: Sequence[Delivery]) -> bool:
    """Every way that a page went has failed: send it to its reader's other addresses, in the
    transaction that found it so. Answers whether there is any. Once each, by a unique index."""
    ways = {ChannelKind(each) for each in settings().ways}
    if page.staff_id is None or not ways or not await _awaited(db, page):
        return False
    addresses = await _proven(db, page.prison_id, page.staff_id)
    found = others(page.urgency, addresses, ways, {each.address_id for each in tried})
    for route in found:
        await _begin(db, page, route)
    return bool(found)


async def _awaited(db: AsyncSession, page: Notification) -> bool:
    """Whether what a page is about has waited ever since. Receipts may come days later."""
    if page.concern_id is not None:
        concerns = everything(Concern, page.prison_id).where(col(Concern.id) == page.concern_id)
        concern = (await db.scalars(concerns)).one()
        done = (concern.accepted_on_duty_at, concern.seen_at, concern.decided_at)
        since = [at for at in done if at is not None and at > page.recorded_at]
        return concern.status in CONCERN_OPEN and not since
    if page.task_id is not None:
        tasks = everything(Task, page.prison_id).where(col(Task.id) == page.task_id)
        return (await db.scalars(tasks)).one().status is TaskStatus.open
    glasses = everything(BreakGlass, page.prison_id).where(
        col(BreakGlass.id) == page.break_glass_id
    )
    return (await db.scalars(glasses)).one().status not in REVIEWED
