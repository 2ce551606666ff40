"""Regimes: the prison's day by weekday, and when its people are locked up next."""

from datetime import date, datetime, time, timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Invalid, NotFound
from app.models.prisons import Prison
from app.models.regime_exceptions import RegimeException
from app.models.regimes import (
    Regime,
    RegimeDay,
    RegimeDays,
    RegimePut,
    Slot,
    SlotSpan,
    SlotTimes,
)
from app.scope import everything, visible
from app.services import outbox
from app.services.regime_days import (
    LOOK_AHEAD,
    DayOfRegime,
    Regimes,
    Span,
    Times,
    days_touched,
    next_lock_up,
    open_spans,
    resolve,
)
from app.services.working_days import local_date

LONGEST = timedelta(days=91)


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


async def load(db: AsyncSession, prison_id: str, first: date, last: date) -> Regimes:
    """All that is set for the days between two dates, both included."""
    prison = await db.get_one(Prison, prison_id)
    rows = (await db.scalars(everything(Regime, prison_id))).all()
    dated = everything(RegimeException, prison_id).where(
        col(RegimeException.withdrawn_at).is_(None),
        col(RegimeException.on_date).between(first, last),
    )
    exceptions = (await db.scalars(dated)).all()
    return Regimes(
        prison.tz,
        {row.weekday: Times(row.lock_up, _slots(row.slots)) for row in rows},
        {row.on_date: Times(row.lock_up, _slots(row.slots), row.id) for row in exceptions},
    )


def _slots(kept: list[dict[str, str]]) -> list[tuple[Slot, time, time]]:
    slots = [SlotTimes.model_validate(each) for each in kept]
    return [(each.slot, each.starts, each.ends) for each in slots]


async def open_between(
    db: AsyncSession, prison_id: str, first: datetime, last: datetime
) -> list[Span]:
    """When the regime lets people meet, around a time."""
    zone = (await db.get_one(Prison, prison_id)).tz
    days = list(days_touched(zone, first, last))
    return open_spans(await load(db, prison_id, days[0], days[-1]), first, last)


async def days(db: AsyncSession, actor: Actor, first: date | None, last: date | None) -> RegimeDays:
    """The days between two dates, both included, as they come out; a week from today unless told.
    Raises Invalid, naming the field."""
    if first is None:
        first = local_date(clock.now(), (await db.get_one(Prison, actor.prison_id)).tz)
    last = last or first + timedelta(days=6)
    if last < first:
        raise Invalid.field("to", "in_order", "must not be before `from`")
    if last - first > LONGEST:
        raise Invalid.field("to", "too_long", "at most 92 days are asked for at a time")
    regimes = await load(db, actor.prison_id, first, last)
    number = (last - first).days + 1
    found = [resolve(regimes, first + timedelta(days=each)) for each in range(number)]
    return RegimeDays(items=[_shown(each) for each in found])


def _shown(found: DayOfRegime) -> RegimeDay:
    return RegimeDay(
        day=found.day,
        source=found.source,
        bank_holiday=found.bank_holiday,
        exception_id=found.exception_id,
        lock_up_at=found.lock_up_at,
        slots=[
            SlotSpan(slot=slot, starts_at=starts, ends_at=ends)
            for slot, starts, ends in found.slots
        ],
    )


async def lock_up_after(db: AsyncSession, prison_id: str, instant: datetime) -> datetime | None:
    """The first lock-up after the instant, in UTC; None in a prison without a regime."""
    today = local_date(instant, (await db.get_one(Prison, prison_id)).tz)
    regimes = await load(db, prison_id, today, today + timedelta(days=LOOK_AHEAD))
    return next_lock_up(regimes, instant)


async def _find(
    db: AsyncSession, actor: Actor, weekday: int, *, lock: bool = False
) -> Regime | None:
    found = visible(Regime, actor).where(col(Regime.weekday) == weekday)
    if lock:
        found = found.with_for_update()
    return (await db.execute(found)).scalar_one_or_none()
