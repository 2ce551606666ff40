"""Regimes: the prison's day by weekday, and when its people are locked up next."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access import Actor
from app.errors import NotFound
from app.models.prisons import Prison
from app.models.regimes import Regime, RegimePut
from app.scope import everything, visible
from app.services import outbox
from app.services.working_days import local_date, utc


async def of_weekday(db: AsyncSession, actor: Actor, weekday: int) -> Regime:
    """The weekday's regime; NotFound when none is set."""
    regime = await _find(db, actor, weekday)
    if regime is None:
        raise NotFound()
    return regime


async def to_put(db: AsyncSession, actor: Actor, weekday: int) -> Regime | None:
    """The weekday's regime, locked, or None when none is set."""
    return await _find(db, actor, weekday, lock=True)


async def put(
    db: AsyncSession, actor: Actor, regime: Regime | None, weekday: int, body: RegimePut
) -> Regime:
    """Set a weekday's regime for the first time, or replace it. Running concerns keep theirs."""
    slots = [slot.model_dump(mode="json") for slot in body.slots]
    if regime is None:
        regime = Regime(
            prison_id=actor.prison_id, weekday=weekday, lock_up=body.lock_up, slots=slots
        )
        db.add(regime)
    else:
        regime.lock_up, regime.slots = body.lock_up, slots
    outbox.say(db, actor.prison_id, "regime.set", regime.id, weekday=weekday)
    await db.flush()
    return regime


async def lock_up_after(db: AsyncSession, prison_id: str, instant: datetime) -> datetime | None:
    """The first lock-up after the instant, in UTC; None in a prison without a regime."""
    prison = await db.get_one(Prison, prison_id)
    rows = (await db.execute(everything(Regime, prison_id))).scalars()
    return next_lock_up({row.weekday: row.lock_up for row in rows}, prison.tz, instant)


def next_lock_up(
    lock_ups: Mapping[int, time], zone: ZoneInfo, instant: datetime
) -> datetime | None:
    """The first lock-up after the instant, by ISO weekday and wall clock; on the 25-hour day an
    hour that comes twice counts when it comes first. ValueError for a naive instant."""
    day, after = local_date(instant, zone), utc(instant)
    for days in range(8):  # the same weekday comes again
        date = day + timedelta(days=days)
        wall = lock_ups.get(date.isoweekday())
        if wall is None:
            continue
        at = datetime.combine(date, wall, zone).astimezone(UTC)
        if at > after:
            return at
    return None


async def _find(
    db: AsyncSession, actor: Actor, weekday: int, *, lock: bool = False
) -> Regime | None:
    found = visible(Regime, actor).where(col(Regime.weekday) == weekday)
    if lock:
        found = found.with_for_update()
    return (await db.execute(found)).scalar_one_or_none()
