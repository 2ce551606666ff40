"""Under what a process runs, and when none did: written at once, so that it can be told later."""

import hashlib
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import __version__
from app.config import Settings
from app.db import Database
from app.models.operations import SweepPulse
from app.models.software import Outage, Process, SoftwareStart

OUTAGE_AFTER = timedelta(seconds=60)
_APP = Path(__file__).parents[1]
# Where things are, not what is decided; and addresses that hold passwords.
_NOT_DECIDING = {"database_url", "owner_database_url", "secrets_dir", "var_dir", "listen", "port"}


async def started(db: Database, process: Process, config: Settings) -> None:
    """Record that a process started."""
    row = SoftwareStart(
        process=process,
        software_version=__version__,
        build=build(),
        settings_digest=settings_digest(config),
        reference_digests=reference_digests(),
    )
    async with db.outside() as session:
        session.add(row)


async def note_outage(db: AsyncSession, prison_id: str, now: datetime) -> None:
    """Before the pulse is written: where the last one is too long ago, nothing was swept since.
    `now` is real time by the database's clock, as pulses are."""
    pulse = select(SweepPulse).where(col(SweepPulse.prison_id) == prison_id)
    last = (await db.execute(pulse.with_for_update())).scalar_one_or_none()
    if last is not None and now - last.swept_at > OUTAGE_AFTER:
        db.add(Outage(prison_id=prison_id, began_at=last.swept_at, ended_at=now))
        await db.flush()


@cache
def build() -> str:
    """A digest of the program itself: every source file by name."""
    whole = hashlib.sha256()
    for file in sorted(_APP.rglob("*.py")):
        whole.update(file.relative_to(_APP).as_posix().encode() + b"\0")
        whole.update(hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()


@cache
def reference_digests() -> list[dict[str, str]]:
    """A digest of each reference file, with its name."""
    return [
        {"file": file.name, "digest": hashlib.sha256(file.read_bytes()).hexdigest()}
        for file in sorted((_APP / "reference").iterdir())
        if file.suffix in {".toml", ".json"}
    ]


def settings_digest(config: Settings) -> str:
    """A digest of the settings that decide something; no secret goes into it."""
    deciding: dict[str, Any] = {
        name: value
        for name, value in config
        if name not in _NOT_DECIDING and not isinstance(value, SecretStr)
    }
    whole = orjson.dumps(deciding, default=str, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(whole).hexdigest()
