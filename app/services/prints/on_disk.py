"""The sheets for an outage, kept on a disk: in an outage nothing can be printed that was not
written before. Each is written anew every so often over the one before, so none piles up.

Nobody asks for these, so they have only what is kept from nobody whom they are for: one for
whoever is on duty, one for the duty governor.
"""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import structlog
from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.access import the_system
from app.concern_scope import for_any_governor, for_whoever_is_on_duty
from app.db import Database
from app.models.audit import AuditAct
from app.models.concerns import Concern
from app.models.prints import OutageSheet
from app.models.prisons import Prison
from app.scope import everything
from app.services import audit
from app.services.prints import layouts, paper
from app.services.prints.outage import open_concerns, sheet
from app.services.prints.words import words

log = structlog.get_logger(__name__)
HOURS = 48
PRINTER, FOR_GOVERNORS = "Wellwing", "duty-governor.pdf"
SHEETS: dict[str, Callable[[], ColumnElement[bool]]] = {
    "duty.pdf": for_whoever_is_on_duty,
    FOR_GOVERNORS: for_any_governor,
}


async def serve(db: Database, folder: Path, every: timedelta, stopping: asyncio.Event) -> None:
    """Keep every prison's sheets no older than that, until stopped. One that cannot be written
    leaves the one before, and keeps no other waiting."""
    while not stopping.is_set():
        try:
            prison_ids = await db.prison_ids()
        except Exception:  # it is away: the sheets on the disk are for this
            log.warning("database_away")
            prison_ids = []
        for prison_id in prison_ids:
            if not stopping.is_set():
                await keep(db, prison_id, folder, every)
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), min(every.total_seconds() / 4, 60))


async def keep(db: Database, prison_id: str, folder: Path, every: timedelta) -> None:
    """Write a prison's sheets where those there are older, or where there are none."""
    try:
        if not await asyncio.to_thread(_fresh, folder / prison_id, every):
            await write(db, prison_id, folder)
    except Exception:
        log.exception("outage_sheet_failed", prison_id=prison_id)


async def write(db: Database, prison_id: str, folder: Path, by: str | None = None) -> list[Path]:
    """Write a prison's sheets now; answers where they are. What the audit keeps is how much left
    the database by them, and at whose word: `by`, or the worker's."""
    async with db.write(prison_id) as session:
        prison = await session.get_one(Prison, prison_id)
        zone, now = prison.tz, clock.now()
        made = {name: await _made(session, prison, which()) for name, which in SHEETS.items()}
        entry = audit.entry(
            prison_id,
            AuditAct.read,
            "write_outage_sheets",
            actor=None if by else the_system(prison_id),
            subject=by,
            rows=sum(layouts.count(each) for each in made.values()),
        )
        await audit.append(session, entry)
    paths = []
    for name, each in made.items():
        page = layouts.laid_out(each, zone)
        if name == FOR_GOVERNORS:
            page = replace(page, notices=[words().notice["outage_governor"], *page.notices])
        pdf = await paper.pdf(page, PRINTER, now, zone)
        path = folder / prison_id / name
        await asyncio.to_thread(_put, path, pdf)
        paths.append(path)
    return paths


async def _made(db: AsyncSession, prison: Prison, which: ColumnElement[bool]) -> OutageSheet:
    concerns = await open_concerns(db, everything(Concern, prison.id).where(which))
    return await sheet(db, prison, clock.now(), HOURS, concerns)


def _put(path: Path, pdf: bytes) -> None:
    """In one step, so that half a sheet never stands there, and on the disk when it does."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f".{uuid4()}.part")
    try:
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pdf)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _fresh(folder: Path, every: timedelta) -> bool:
    """Whether the sheets are there and young enough; another worker may have written them."""
    since = clock.real_now().timestamp() - every.total_seconds()
    files = [folder / name for name in SHEETS]
    return all(each.exists() and each.stat().st_mtime > since for each in files)
