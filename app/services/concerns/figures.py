"""How soon people came: the clocks of the concerns of a period, and how many were missed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.models.concerns import (
    Concern,
    ConcernClock,
    ConcernFigure,
    ConcernFigures,
    ConcernStatus,
    Doors,
    Interval,
)
from app.models.notifications import Notification
from app.models.prisons import Prison
from app.scope import countable_concerns
from app.services import on_duty
from app.services.escalation import Immediacy
from app.services.figures import nearest_rank, wilson
from app.services.periods import period_of

USUAL = timedelta(days=27)
C = ConcernClock
HEADING = (
    "immediacy", "doors", "clock", "due", "running", "breached", "breached_percent",
    "low_percent", "high_percent", "done", "median_minutes", "p90_minutes", "p99_minutes",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Timed:
    """A concern as far as it is counted: for each clock when it was done and by when it was due."""

    immediacy: Immediacy
    locked: bool
    raised_at: datetime
    closed_at: datetime | None
    clocks: dict[ConcernClock, tuple[datetime | None, datetime | None]]


async def figures(
    db: AsyncSession, actor: Actor, first: date | None, last: date | None
) -> ConcernFigures:
    """The concerns raised in a period of days, both included; the last 28 unless told. What is
    kept from somebody is in none of their figures. Raises Invalid."""
    zone, as_at = (await db.get_one(Prison, actor.prison_id)).tz, clock.now()
    period = period_of(zone, first, last, USUAL)
    doors = await on_duty.doors(db, actor.prison_id, period.since, period.until)
    paged = (
        select(func.min(col(Notification.sent_at)))
        .where(
            col(Notification.prison_id) == col(Concern.prison_id),
            col(Notification.concern_id) == col(Concern.id),
        )
        .correlate(Concern)
        .scalar_subquery()
    )
    counted = (
        countable_concerns(actor)
        .where(
            col(Concern.raised_at) >= period.since,
            col(Concern.raised_at) < period.until,
            col(Concern.status) != ConcernStatus.merged_duplicate,
        )
        .add_columns(paged)
    )
    timed = [
        _timed(concern, sent_at, locked=doors.locked_up(concern.raised_at) is not False)
        for concern, sent_at in await db.execute(counted)
    ]
    found = list(reckoned(timed, as_at))
    return ConcernFigures(
        first_day=period.first,
        last_day=period.last,
        concerns=len(timed),
        description=in_words(found),
        figures=found,
    )


def _timed(concern: Concern, paged_at: datetime | None, *, locked: bool) -> Timed:
    return Timed(
        concern.immediacy,
        locked,
        concern.raised_at,
        concern.closed_at,
        {
            C.paged: (paged_at, None),
            C.acknowledged: (concern.acknowledged_at, concern.acknowledge_by),
            C.seen: (concern.seen_at, concern.seen_by),
            C.decided: (concern.decided_at, concern.decide_by),
        },
    )


def reckoned(timed: Sequence[Timed], as_at: datetime) -> Iterator[ConcernFigure]:
    """Every clock of every immediacy, and of all of them; by day and by night. Pure."""
    for immediacy in (None, *Immediacy):
        of_it = [each for each in timed if immediacy in (None, each.immediacy)]
        for doors in Doors:
            rows = [each for each in of_it if _at(each, doors)]
            for name in ConcernClock:
                yield _figure(rows, immediacy, doors, name, as_at)


def _at(timed: Timed, doors: Doors) -> bool:
    return doors is Doors.any or timed.locked is (doors is Doors.locked)


def _figure(
    rows: Sequence[Timed],
    immediacy: Immediacy | None,
    doors: Doors,
    name: ConcernClock,
    as_at: datetime,
) -> ConcernFigure:
    due, breached, minutes = 0, 0, []
    for each in rows:
        done_at, by = each.clocks[name]
        if done_at is not None:
            minutes.append(max((done_at - each.raised_at).total_seconds(), 0.0) / 60)
        ended = done_at or each.closed_at
        late = by is not None and (ended or as_at) > by
        due += late or ended is not None
        breached += late
    minutes.sort()
    timeless = name is C.paged
    share = None if timeless or not due else breached
    return ConcernFigure(
        immediacy=immediacy,
        doors=doors,
        clock=name,
        due=due,
        running=len(rows) - due,
        breached=breached,
        breached_percent=None if share is None else round(100 * share / due, 1),
        interval=None if share is None else _interval(share, due),
        done=len(minutes),
        median_minutes=round(median(minutes), 2) if minutes else None,
        p90_minutes=round(nearest_rank(minutes, 0.9), 2) if minutes else None,
        p99_minutes=round(nearest_rank(minutes, 0.99), 2) if minutes else None,
    )


def _interval(count: int, of: int) -> Interval:
    low, high = wilson(count, of)
    return Interval(low=round(100 * low, 1), high=round(100 * high, 1))


def in_words(found: Sequence[ConcernFigure]) -> str:
    """For each immediacy and deadline how many were missed, and how long it took."""
    said = []
    for each in found:
        if each.doors is not Doors.any or each.immediacy is None or not each.due:
            continue
        name = f"{each.immediacy.value.replace('_', ' ')}, {each.clock.value}"
        took = f"median {each.median_minutes} minutes" if each.done else "none done"
        missed = "" if each.clock is C.paged else f"{each.breached} of {each.due} late, "
        said.append(f"{name}: {missed}{took}.")
    return " ".join(said) or "No concern's time was over in this period."


def table(found: ConcernFigures) -> Iterator[Sequence[Any]]:
    """The figures as rows, the heading first."""
    yield HEADING
    for each in found.figures:
        between = each.interval
        yield (
            each.immediacy.value if each.immediacy else "all",
            each.doors.value,
            each.clock.value,
            each.due,
            each.running,
            each.breached,
            each.breached_percent,
            between and between.low,
            between and between.high,
            each.done,
            each.median_minutes,
            each.p90_minutes,
            each.p99_minutes,
        )
