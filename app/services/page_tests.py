"""Tests of the last resort: sent as any page is, and done when a receipt says that it arrived, or
a person who was told the code that stood in it."""

import hmac
from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor, the_system
from app.config import settings
from app.db import Database
from app.errors import Conflicting
from app.models.addresses import ChannelKind
from app.models.base import new_id
from app.models.deliveries import Delivery
from app.models.duties import Post
from app.models.notifications import Urgency
from app.models.operations import SweepPulse
from app.models.page_tests import PageTest, PageTestTo, PageTestTry
from app.models.prisons import Prison
from app.models.staff import StaffRole
from app.scope import everything
from app.services import deliveries, duties, lifecycle, outbox, references
from app.services.deliveries.moves import DELIVERY
from app.services.deliveries.routing import Rank, Route, to_outside
from app.services.prisons import outside

MOST_IN_A_DAY = 12  # a text costs money, and wakes somebody
CODE_COUNTS_FOR = timedelta(days=3)  # as long as a delivery is tried


async def create(
    db: AsyncSession, prison: Prison, last_resort: PageTestTo, asked_by: str
) -> PageTest:
    """Send a test page to a last resort. Raises Conflicting where there is none, or no channel of
    the site reaches it."""
    await _not_too_many(db, prison.id)
    test = PageTest(
        id=new_id(),
        prison_id=prison.id,
        last_resort=last_resort,
        reference=references.new("P"),
        asked_by=asked_by,
    )
    if last_resort is PageTestTo.outside:
        test.address = outside(prison)
    else:
        test.staff_id = await _inside(db, prison.id)
    if test.address is None and test.staff_id is None:
        raise Conflicting("There is no such last resort: name one first.")
    ways = {ChannelKind(each) for each in settings().ways}
    routes = await _routes(db, prison, test, ways)
    if not routes:
        raise Conflicting("No channel of this site reaches the last resort.")
    db.add(test)
    outbox.say(db, prison.id, "page_test.sent", test.id, last_resort=last_resort)
    await db.flush()
    for route in routes:
        await _begin(db, test, route)
    return test


async def _not_too_many(db: AsyncSession, prison_id: str) -> None:
    lately = everything(PageTest, prison_id).where(
        col(PageTest.recorded_at) > clock.now() - timedelta(days=1)
    )
    if len((await db.scalars(lately)).all()) >= MOST_IN_A_DAY:
        raise Conflicting(f"At most {MOST_IN_A_DAY} tests are sent in a day.")


async def _inside(db: AsyncSession, prison_id: str) -> UUID | None:
    """Who is the last resort inside the prison now: whoever has the post, else a governor."""
    now = clock.now()
    roster = await duties.load(db, prison_id, now, now)
    governors = [each.id for each in roster.working if each.role is StaffRole.governor]
    return next(iter([*roster.on_duty(now)[Post.last_resort], *governors]), None)


async def _routes(
    db: AsyncSession, prison: Prison, test: PageTest, channels: Collection[ChannelKind]
) -> list[Route]:
    if test.staff_id is None:
        return to_outside(test.address or "", channels)
    return await deliveries.routes_to(db, prison.id, test.staff_id, Urgency.now, channels)


async def _begin(db: AsyncSession, test: PageTest, route: Route) -> None:
    delivery = Delivery(
        prison_id=test.prison_id,
        page_test_id=test.id,
        address_id=route.address_id,
        channel=route.channel,
        rank=Rank.safety,
        next_attempt_at=clock.real_now(),
    )
    await lifecycle.begin(db, DELIVERY, delivery, the_system(test.prison_id))


def words(test: PageTest) -> str:
    """What is sent. Who never received it cannot know the code."""
    what = f"{test.prison_id}: this tests the last resort, reference {test.reference}"
    return f"{what}: do nothing, unless you are asked for its code, {code_of(test)}."


def code_of(test: PageTest) -> str:
    """The six digits in a test page, worked out of the service's key and kept nowhere: no answer
    of the API holds them."""
    key = settings().secret_key.get_secret_value().encode()
    digest = hmac.digest(key, f"page_test:{test.prison_id}:{test.id}".encode(), "sha256")
    return f"{int.from_bytes(digest[:8], 'big') % 1_000_000:06}"


async def confirm(db: AsyncSession, actor: Actor, test: PageTest, code: str) -> None:
    """Say that a test arrived, by the code that stood in it. A wrong one costs a try, which is
    written down: it raises nothing. Raises Conflicting where no code counts."""
    if test.arrived_at is not None:
        return
    if test.tries_left < 1 or clock.now() >= test.recorded_at + CODE_COUNTS_FOR:
        raise Conflicting("The code counts no more: send another test.")
    if hmac.compare_digest(code_of(test), code):
        test.arrived_at, test.confirmed_by = clock.now(), actor.subject
        outbox.say(db, test.prison_id, "page_test.confirmed", test.id, last_resort=test.last_resort)
    else:
        test.tries_left -= 1
    await db.flush()


async def tries(db: AsyncSession, test: PageTest) -> list[PageTestTry]:
    """What became of a test on each channel."""
    found = everything(Delivery, test.prison_id).where(col(Delivery.page_test_id) == test.id)
    rows = await db.scalars(found.order_by(col(Delivery.recorded_at), col(Delivery.id)))
    return [PageTestTry.model_validate(row) for row in rows]


async def tell_health(db: AsyncSession, prison_id: str) -> None:
    """Write where health reads it when a test of the last resort outside last arrived, of the one
    that it is now."""
    prison = await db.get_one(Prison, prison_id)
    arrived = select(func.max(col(PageTest.arrived_at))).where(
        col(PageTest.prison_id) == prison_id, col(PageTest.address) == outside(prison)
    )
    await db.execute(
        update(SweepPulse)
        .where(col(SweepPulse.prison_id) == prison_id)
        .values(last_resort_tested_at=arrived.scalar_subquery())
    )


async def all_tested(db: Database, days: int) -> tuple[bool, int]:
    """Whether the last resort of every prison was reached within so many days; of how many."""
    rows = await db.pool.fetch(
        "SELECT s.last_resort_tested_at AS tested FROM prison p"
        " LEFT JOIN sweep_pulse s ON s.prison_id = p.id"
    )
    since = clock.now() - timedelta(days=days)
    return all(row["tested"] and row["tested"] >= since for row in rows), len(rows)
