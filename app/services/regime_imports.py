"""Take in the regime times that HMPPS holds, with a report on each weekday. The night is ours and
is kept, and so is the lock-up; where none was set it is the end of the day's last slot."""

from collections.abc import Callable
from datetime import time
from functools import partial

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor
from app.integrations.prison.regime_times import (
    Row,
    WeekdayRefused,
    WeekdayRow,
    parse_csv,
    parse_json,
)
from app.models.regimes import (
    Regime,
    RegimeImportOutcome,
    RegimeImportReport,
    RegimeImportRow,
    RegimePut,
    Slot,
    SlotTimes,
)
from app.scope import everything
from app.services import import_reports, regimes

Outcome = RegimeImportOutcome
_told = partial(import_reports.told, RegimeImportRow)
TWICE = "the weekday stands again further down"
OVERLAP = "slots overlap, or one overlaps the night that is kept."
ASSUMED = "lock-up was not set: taken as the end of the last slot"


async def import_json(db: AsyncSession, actor: Actor, data: bytes) -> RegimeImportReport:
    return await _import(db, actor, data, parse_json)


async def import_csv(db: AsyncSession, actor: Actor, data: bytes) -> RegimeImportReport:
    return await _import(db, actor, data, parse_csv)


async def _import(
    db: AsyncSession, actor: Actor, data: bytes, parse: Callable[[bytes], list[Row]]
) -> RegimeImportReport:
    """Take in a file. Raises Invalid with the position when it cannot be read as a whole."""
    rows = await import_reports.read(parse, data)
    known = {row.weekday: row for row in await _held(db, actor)}
    last = {
        row.weekday: row.position
        for row in rows
        if isinstance(row, WeekdayRow) and row.prison == actor.prison_id
    }
    report = []
    for row in rows:
        if isinstance(row, WeekdayRefused):
            report.append(_told(row, Outcome.refused, row.field, row.reason))
        elif row.prison != actor.prison_id:
            report.append(_told(row, Outcome.kept_out, None, "of another prison"))
        elif last[row.weekday] != row.position:
            report.append(_told(row, Outcome.unchanged, None, TWICE))
        else:
            report.append(await _take_in(db, actor, row, known.get(row.weekday)))
    return RegimeImportReport(counts=import_reports.counts(Outcome, report), rows=report)


async def _held(db: AsyncSession, actor: Actor) -> list[Regime]:
    found = everything(Regime, actor.prison_id).with_for_update()
    return list((await db.scalars(found)).all())


async def _take_in(
    db: AsyncSession, actor: Actor, row: WeekdayRow, regime: Regime | None
) -> RegimeImportRow:
    slots = [SlotTimes(slot=slot, starts=starts, ends=ends) for slot, starts, ends in row.slots]
    if regime is None and not slots:
        return _told(row, Outcome.refused, None, "a weekday without any slot.")
    lock_up: time = regime.lock_up if regime else max(slot.ends for slot in slots)
    before = [SlotTimes.model_validate(each) for each in regime.slots] if regime else []
    slots += [each for each in before if each.slot is Slot.night]
    order = list(Slot)
    if regime and sorted(before, key=lambda each: order.index(each.slot)) == slots:
        return _told(row, Outcome.unchanged)
    try:
        body = RegimePut(lock_up=lock_up, slots=slots)
    except ValidationError:
        return _told(row, Outcome.refused, None, OVERLAP)
    await regimes.put(db, actor, regime, row.weekday, body)
    return _told(row, Outcome.updated) if regime else _told(row, Outcome.created, None, ASSUMED)
