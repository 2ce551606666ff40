"""The engine's pulse, and what is read off it: whether every prison is swept in time.

The worker writes it after each sweep; health, metrics and the heartbeat judge it. Times are the
database's: a worker whose clock is behind takes its steps late and would call nothing overdue.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.db import Database
from app.models.concerns import CONCERN_OPEN, Concern
from app.models.deliveries import Delivery
from app.models.notifications import UNREACHED, Notification
from app.models.operations import SweepPulse
from app.models.outbox import Outbox
from app.models.tasks import Task, TaskStatus
from app.services import notifications, software

STALE_AFTER = timedelta(seconds=30)
OVERDUE_BOUND = timedelta(seconds=60)
SKEW_BOUND = timedelta(seconds=2)  # machines that ask a time server differ by milliseconds
SKEW_KEPT = timedelta(seconds=60)  # of two workers the one whose clock is right must not hide it

Machine = Callable[[], datetime]
"""The clock of the machine that a process runs on."""


class Trouble(StrEnum):
    """Why the engine cannot be relied on. `not_swept`: no worker, or none that reaches a prison."""

    not_swept = "not_swept"
    overdue = "overdue"
    clocks_differ = "clocks_differ"


@dataclass(frozen=True, slots=True)
class Skew:
    """How far this process's clock is ahead of the database's, and how well that is known: the
    answer was on its way."""

    ahead: timedelta
    within: timedelta

    @property
    def too_far(self) -> bool:
        return abs(self.ahead) - self.within > SKEW_BOUND


@dataclass(frozen=True, slots=True)
class Engine:
    """What the pulses say of all prisons. `swept`: how long ago the one left longest was, None if
    some prison never was; `overdue`: of the step or page that waits longest."""

    prisons: int
    swept: timedelta | None
    overdue: timedelta
    skew: timedelta
    troubles: tuple[Trouble, ...]
    where: str | None = None
    """A prison whose pulse is not as it should be."""


def compare(asked: datetime, said: datetime, heard: datetime) -> Skew:
    """What the database said the time was, between asking it and hearing it."""
    half = (heard - asked) / 2
    return Skew(asked + half - said, half)


async def skew_of(db: Database, machine: Machine = clock.real_now) -> Skew:
    """How far this process's clock is ahead of the database's now."""
    asked = machine()
    said: datetime = await db.fetchval("SELECT clock_timestamp()")
    return compare(asked, said, machine())


async def write(db: AsyncSession, prison_id: str, machine: Machine = clock.real_now) -> None:
    """Write that the prison was swept, and since when a step is overdue or a page unsent."""
    asked = machine()
    said: datetime = (await db.execute(select(func.clock_timestamp()))).scalar_one()
    skew = compare(asked, said, machine())
    await software.note_outage(db, prison_id, said)
    oldest = [each.scalar_subquery() for each in _waiting(prison_id, said + clock.offset())]
    row = {
        "swept_at": said,
        "oldest_overdue_at": (await db.execute(select(func.least(*oldest)))).scalar(),
        "skew_seconds": skew.ahead.total_seconds(),
    }
    if skew.too_far:
        row["skewed_at"] = said
    written = insert(SweepPulse).values(prison_id=prison_id, **row)
    await db.execute(written.on_conflict_do_update(index_elements=["prison_id"], set_=row))


def _waiting(prison_id: str, now: datetime) -> list[Any]:
    """Since when what is due by now waits: steps of concerns and tasks, pages, deliveries. An open
    concern without a next step waits since it was raised."""
    step = select(func.min(func.coalesce(col(Concern.next_step_at), col(Concern.raised_at)))).where(
        col(Concern.prison_id) == prison_id,
        col(Concern.status).in_(CONCERN_OPEN),
        or_(col(Concern.next_step_at) <= now, col(Concern.next_step_at).is_(None)),
    )
    task = select(func.min(col(Task.next_step_at))).where(
        col(Task.prison_id) == prison_id,
        col(Task.status) == TaskStatus.open,
        col(Task.next_step_at) <= now,
    )
    page = select(func.min(col(Outbox.recorded_at))).where(
        col(Outbox.prison_id) == prison_id,
        col(Outbox.topic) == notifications.PAGE,
        col(Outbox.sent_at).is_(None),
    )
    unreached = select(col(Notification.id)).where(
        col(Notification.prison_id) == prison_id, col(Notification.status).in_(UNREACHED)
    )
    carried = select(func.min(col(Delivery.recorded_at))).where(
        col(Delivery.prison_id) == prison_id,
        col(Delivery.next_attempt_at).is_not(None),
        col(Delivery.notification_id).in_(unreached),
        func.coalesce(col(Delivery.not_before), now) <= now,
    )
    return [step, task, page, carried]


async def judge(db: Database, machine: Machine = clock.real_now) -> Engine:
    """How the engine is, of every prison served here. One whose pulse is missing is not well."""
    own = await skew_of(db, machine)
    rows = await db.pool.fetch(
        "SELECT p.id, s.swept_at, s.oldest_overdue_at, s.skew_seconds, s.skewed_at,"
        " clock_timestamp() AS said FROM prison p LEFT JOIN sweep_pulse s ON s.prison_id = p.id"
    )
    found: dict[Trouble, str | None] = {Trouble.clocks_differ: None} if own.too_far else {}
    swept: timedelta | None = timedelta()
    overdue, skew = timedelta(), own.ahead
    for row in rows:
        if row["swept_at"] is None:
            swept = None
            found.setdefault(Trouble.not_swept, row["id"])
            continue
        age, waits = row["said"] - row["swept_at"], timedelta()
        swept = swept if swept is None else max(swept, age)
        if row["oldest_overdue_at"] is not None:
            waits = row["said"] + clock.offset() - row["oldest_overdue_at"]
        overdue = max(overdue, waits)
        skew = max(skew, timedelta(seconds=row["skew_seconds"]), key=abs)
        skewed = row["skewed_at"] is not None and row["said"] - row["skewed_at"] < SKEW_KEPT
        for trouble, there in (
            (Trouble.not_swept, abs(age) > STALE_AFTER),  # a pulse to come is none either
            (Trouble.overdue, waits > OVERDUE_BOUND),
            (Trouble.clocks_differ, skewed),
        ):
            if there:
                found.setdefault(trouble, row["id"])
    where = next(filter(None, found.values()), None)
    return Engine(len(rows), swept, overdue, skew, tuple(t for t in Trouble if t in found), where)


def gauges(engine: Engine) -> list[tuple[str, str, str]]:
    """Name, meaning and value of each gauge; `+Inf` where a prison was never swept."""
    swept = "+Inf" if engine.swept is None else f"{engine.swept.total_seconds():.3f}"
    overdue, skew = (f"{each.total_seconds():.3f}" for each in (engine.overdue, engine.skew))
    return [
        ("wellwing_oldest_overdue_seconds", "How late the latest step or page is.", overdue),
        ("wellwing_sweep_age_seconds", "How long ago the prison left longest was swept.", swept),
        ("wellwing_clock_skew_seconds", "Furthest that a clock is ahead of the database's.", skew),
        ("wellwing_prisons", "Prisons served.", str(engine.prisons)),
        (
            "wellwing_engine_well",
            "1 while /health/escalation is 200.",
            str(int(not engine.troubles)),
        ),
    ]
