"""How often people came, in sums alone: by kind of session, by slot of the regime and by week.
Whole weeks are asked for: no two sums then differ by a day, which may be somebody's."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Invalid
from app.models.attendance_figures import AttendanceSum
from app.models.base import Output
from app.models.moves import History
from app.models.participations import CancelReason, ParticipationStatus
from app.models.prisons import Prison
from app.models.regimes import Slot
from app.models.sessions import Participation, Session, SessionKind
from app.scope import everything
from app.services import regimes
from app.services.periods import period_of
from app.services.regime_days import ONE_DAY, Regimes, resolve
from app.services.scheduling import week_of
from app.services.working_days import local_date
from app.visibility import shape

A, R = ParticipationStatus, CancelReason
USUAL_PERIOD = timedelta(days=27)
SUNDAY = 7
EXCUSED = frozenset({R.clash, R.mentee_unwell})
"""Reasons of the one who was to come; the prison needed them elsewhere, or they were ill."""
BY_THE_PRISON = frozenset(
    {
        R.regime_lockdown,
        R.staff_shortage,
        R.no_room,
        R.no_escort,
        R.segregation,
        R.transfer,
        R.safety,
    }
)


@dataclass(frozen=True, slots=True)
class Parts:
    """So many parts in sessions of one kind that begin at one instant, of which the same became."""

    kind: SessionKind
    starts_at: datetime
    status: ParticipationStatus
    reason: CancelReason | None
    unplanned: bool
    number: int = 1


def summed(parts: Iterable[Parts]) -> AttendanceSum:
    """Each part counts once as planned or walked in, and once as what became of it."""
    found: Counter[str] = Counter()
    for each in parts:
        if each.unplanned and each.status is not A.attended:
            continue  # somebody who was not there after all, and had not been expected
        found["walked_in" if each.unplanned else "planned"] += each.number
        found[_became(each)] += each.number
    return AttendanceSum(**{name: found[name] for name in AttendanceSum.model_fields})


def _became(part: Parts) -> str:
    if part.status in {A.attended, A.dna}:
        return part.status.value
    if part.status is A.declined or part.reason in EXCUSED:
        return "excused"
    if part.status is not A.cancelled:
        return "open"
    if part.reason in BY_THE_PRISON:
        return "cancelled_by_prison"
    return "cancelled_by_mentor" if part.reason is R.mentor_unavailable else "cancelled_otherwise"


def slot_of(known: Regimes, instant: datetime) -> Slot | None:
    """The slot of the regime in which it lies; a night belongs to the day on which it begins."""
    today = local_date(instant, known.zone)
    for day in (today, today - ONE_DAY):
        for slot, starts, ends in resolve(known, day).slots:
            if starts <= instant < ends:
                return slot
    return None


async def figures(db: AsyncSession, actor: Actor, since: date | None, until: date | None) -> Output:
    """What became of the parts in sessions that begin in whole weeks, both days included; in the
    last four unless told. Raises Invalid."""
    prison_id = actor.prison_id
    zone = (await db.get_one(Prison, prison_id)).tz
    today = local_date(clock.now(), zone)
    until = until or today - timedelta(days=today.isoweekday() % SUNDAY)
    period = period_of(zone, since, until, USUAL_PERIOD)
    if period.first.isoweekday() != 1:
        raise Invalid.field("from", "monday", "must be a Monday: whole weeks are asked for")
    if period.last.isoweekday() != SUNDAY:
        raise Invalid.field("to", "sunday", "must be a Sunday: whole weeks are asked for")
    parts = await _parts(db, prison_id, period.since, period.until)
    known = await regimes.load(db, prison_id, period.first - ONE_DAY, period.last)
    slot = lru_cache(maxsize=None)(lambda instant: slot_of(known, instant))

    def by(name: str, key: Any, order: list[Any]) -> list[dict[str, Any]]:
        groups: dict[Any, list[Parts]] = defaultdict(list)
        for each in parts:
            groups[key(each)].append(each)
        there = [each for each in order if each in groups]
        return [{name: each, **summed(groups[each]).model_dump()} for each in there]

    weeks = {week_of(each.starts_at, period.zone) for each in parts}
    return shape("participations.figures", actor.role).model_validate(
        {
            "first_day": period.first,
            "last_day": period.last,
            "all": summed(parts),
            "kinds": by("kind", lambda each: each.kind, list(SessionKind)),
            "slots": by("slot", lambda each: slot(each.starts_at), [*Slot, None]),
            "weeks": by("monday", lambda each: week_of(each.starts_at, period.zone), sorted(weeks)),
        }
    )


async def _parts(db: AsyncSession, prison_id: str, since: datetime, until: datetime) -> list[Parts]:
    """The parts in sessions that begin between, put together as far as they are alike."""
    began_there = (
        select(col(History.id))
        .where(
            col(History.prison_id) == prison_id,
            col(History.thing_id) == col(Participation.id),
            col(History.from_state).is_(None),
            col(History.to_state) == A.attended.value,
        )
        .correlate(Participation)
        .exists()
    )
    columns = (
        col(Session.kind),
        col(Session.starts_at),
        col(Participation.status),
        col(Participation.reason),
        began_there.label("unplanned"),
    )
    found = (
        everything(Participation, prison_id)
        .join(
            Session,
            (col(Session.prison_id) == col(Participation.prison_id))
            & (col(Session.id) == col(Participation.session_id)),
        )
        .where(col(Session.starts_at) >= since, col(Session.starts_at) < until)
        .with_only_columns(*columns)
        .subquery()
    )
    alike = select(*found.c, func.count()).group_by(*found.c)
    rows: Sequence[Any] = (await db.execute(alike)).all()
    return [Parts(*row) for row in rows]
