"""What the scheme did: the sessions of a period, who came to them, and when people are reached."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.models.mentees import Mentee
from app.models.moves import History
from app.models.people import Person
from app.models.regimes import Slot
from app.models.report_tables import ReportTable, Unit
from app.models.sessions import (
    CancelReason,
    Participation,
    ParticipationStatus,
    Session,
    SessionKind,
    SessionStatus,
)
from app.services import on_duty
from app.services.doors import Doors
from app.services.names import of_person
from app.services.periods import Period
from app.services.regime_days import resolve
from app.services.reports.tables import counts, shares
from app.services.sessions.moves import COMING, HELD, SESSION, SUPERSEDED
from app.services.working_days import local_date, utc

NOT_SAID = "not_said"
ONE_DAY = timedelta(days=1)
S, A = SessionStatus, ParticipationStatus


class Part(StrEnum):
    """A part of the day. `locked`: by a lockdown, or on a day whose regime opens no door; `night`:
    from lock-up to the first slot of the day, or in a night slot."""

    day = "day"
    evening = "evening"
    locked = "locked"
    night = "night"


@dataclass(frozen=True, slots=True)
class Sessions:
    """So many sessions of one kind, state and, where they were cancelled, reason."""

    kind: SessionKind
    status: SessionStatus
    begun: bool
    reason: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Place:
    """One person's place in one session."""

    kind: SessionKind
    starts_at: datetime
    cancelled: bool
    status: ParticipationStatus
    reason: CancelReason | None
    person_id: UUID


async def tables(db: AsyncSession, actor: Actor, period: Period) -> list[ReportTable]:
    """Sessions by kind, outcome and reason; who came; how many people, and at which times."""
    sessions = await _sessions(db, actor.prison_id, period)
    places = await _places(db, actor.prison_id, period)
    doors = await on_duty.doors(db, actor.prison_id, period.since, period.until)
    return [*of_sessions(sessions), *of_places(places, clock.now()), reached(places, doors)]


async def _sessions(db: AsyncSession, prison_id: str, period: Period) -> list[Sessions]:
    why = (
        select(col(History.reason))
        .where(
            col(History.prison_id) == col(Session.prison_id),
            col(History.noun) == SESSION.noun,
            col(History.thing_id) == col(Session.id),
            col(History.to_state) == S.cancelled,
        )
        .order_by(col(History.recorded_at).desc())
        .limit(1)
        .correlate(Session)
        .scalar_subquery()
    )
    columns = (
        col(Session.kind),
        col(Session.status),
        col(Session.starts_at) <= clock.now(),
        case((col(Session.status) == S.cancelled, why)),
    )
    each = (
        select(*(column.label(f"c{number}") for number, column in enumerate(columns)))
        .where(
            col(Session.prison_id) == prison_id,
            col(Session.starts_at) >= period.since,
            col(Session.starts_at) < period.until,
        )
        .subquery()
    )
    found = select(*each.c, func.count()).group_by(*each.c)
    rows: Any = await db.execute(found)
    return [Sessions(*row) for row in rows]


async def _places(db: AsyncSession, prison_id: str, period: Period) -> list[Place]:
    """Who was to come; one person under two numbers is one."""
    found = (
        select(
            col(Session.kind),
            col(Session.starts_at),
            col(Session.status) == S.cancelled,
            col(Participation.status),
            col(Participation.reason),
            func.coalesce(col(Person.merged_into), col(Person.id)),
        )
        .select_from(Session)
        .join(
            Participation,
            and_(
                col(Participation.prison_id) == col(Session.prison_id),
                col(Participation.session_id) == col(Session.id),
            ),
        )
        .join(
            Mentee,
            and_(
                col(Mentee.prison_id) == col(Participation.prison_id),
                col(Mentee.id) == col(Participation.mentee_id),
            ),
        )
        .join(Person, of_person(Mentee))
        .where(
            col(Session.prison_id) == prison_id,
            col(Person.prison_id) == prison_id,
            col(Session.starts_at) >= period.since,
            col(Session.starts_at) < period.until,
        )
    )
    return [Place(*row) for row in await db.execute(found)]


def of_sessions(every: Sequence[Sessions]) -> list[ReportTable]:
    """Those that took place, what became of all, and why some did not. What another took the place
    of was no session. Pure."""
    sessions = [each for each in every if each.reason != SUPERSEDED]
    held, cancelled = Counter[str](), Counter[str]()
    outcomes, reasons = Counter[str](), Counter[str]()
    for each in sessions:
        outcome = _outcome(each)
        outcomes[outcome] += each.count
        if outcome == "held":
            held[each.kind.value] += each.count
        elif outcome == "cancelled":
            cancelled[each.kind.value] += each.count
            reasons[each.reason or NOT_SAID] += each.count
    unknown = {NOT_SAID: reasons[NOT_SAID]} if reasons[NOT_SAID] else {}
    superseded = sum(each.count for each in every) - sum(each.count for each in sessions)
    listed = ("held", "cancelled", "not_recorded", "to_come")
    of_kind = {
        kind.value: (held[kind.value], held[kind.value] + cancelled[kind.value])
        for kind in SessionKind
    }
    return [
        counts(
            "sessions_by_kind", "Sessions held, by kind", Unit.sessions, _each(SessionKind, held)
        ),
        counts(
            "sessions_by_outcome",
            "What became of all sessions",
            Unit.sessions,
            {name: outcomes[name] for name in listed},
            missing={SUPERSEDED: superseded} if superseded else {},
        ),
        shares(
            "held_of_planned",
            "Sessions held, of those held or cancelled",
            Unit.sessions,
            {"all": (outcomes["held"], outcomes["held"] + outcomes["cancelled"]), **of_kind},
        ),
        counts(
            "cancelled_by_reason",
            "Sessions cancelled, by why",
            Unit.sessions,
            _each(CancelReason, reasons),
            missing=unknown,
        ),
    ]


def _outcome(each: Sessions) -> str:
    if each.status in HELD:
        return "held"
    if each.status is S.cancelled:
        return "cancelled"
    return "not_recorded" if each.begun else "to_come"


def _each(names: type[StrEnum], counted: Mapping[str, int]) -> dict[str, float]:
    return {each.value: counted.get(each.value, 0) for each in names}


def of_places(every: Iterable[Place], now: datetime) -> list[ReportTable]:
    """Who came, who did not and why. Pure."""
    results, reasons, to_come = Counter[str](), Counter[str](), 0
    came, stayed_away = Counter[str](), Counter[str]()
    for each in every:
        if each.status in COMING:
            if each.cancelled:
                continue  # what took its place has them
            to_come += each.starts_at > now
            results["not_marked"] += each.starts_at <= now
            continue
        state = each.status.value
        results[state] += 1
        came[each.kind.value] += each.status is A.attended
        stayed_away[each.kind.value] += each.status is A.dna
        if each.status is A.cancelled:
            reasons[each.reason.value if each.reason else NOT_SAID] += 1
    listed = (A.attended, A.dna, A.declined, A.cancelled, "not_marked")
    unknown = {NOT_SAID: reasons[NOT_SAID]} if reasons[NOT_SAID] else {}
    of_kind = {
        kind.value: (came[kind.value], came[kind.value] + stayed_away[kind.value])
        for kind in SessionKind
    }
    return [
        counts(
            "attendance",
            "Who came",
            Unit.places,
            {str(name): results[str(name)] for name in listed},
            missing={"to_come": to_come} if to_come else {},
        ),
        shares(
            "came",
            "Came, of those who could",
            Unit.places,
            {"all": (results["attended"], results["attended"] + results["dna"]), **of_kind},
        ),
        counts(
            "absent_by_reason",
            "Did not take part, by why",
            Unit.places,
            _each(CancelReason, reasons),
            missing=unknown,
        ),
    ]


def part_of_day(doors: Doors, at: datetime) -> Part | None:
    """In which part of the prison's day an instant lies; None where nobody set a regime. Pure."""
    regimes = doors.regimes
    today = local_date(at, regimes.zone)
    day = resolve(regimes, today)
    slots = [*resolve(regimes, today - ONE_DAY).slots, *day.slots]
    within = {slot for slot, starts, ends in slots if starts <= at < ends}
    if Slot.night in within:
        return Part.night
    locked = doors.by_regime(at)
    if locked is None:
        return None
    begins = [starts for slot, starts, _ in day.slots if slot is not Slot.night]
    if locked:
        return Part.night if begins and day.lock_up_at is not None else Part.locked
    if any(first <= utc(at) < last for first, last in doors.lockdowns):
        return Part.locked
    return Part.evening if Slot.ed in within else Part.day


def reached(every: Iterable[Place], doors: Doors) -> ReportTable:
    """How many different people came to something, and at which times; who came by day and at
    night stands in both rows. Pure."""
    people: dict[str, set[UUID]] = {"all": set(), **{part.value: set() for part in Part}}
    without, parts = set[UUID](), dict[datetime, Part | None]()
    for each in every:
        if each.status is not A.attended:
            continue
        people["all"].add(each.person_id)
        if each.starts_at not in parts:
            parts[each.starts_at] = part_of_day(doors, each.starts_at)
        part = parts[each.starts_at]
        (without if part is None else people[part.value]).add(each.person_id)
    return counts(
        "people_reached",
        "Different people who came",
        Unit.people,
        {name: len(ids) for name, ids in people.items()},
        missing={"no_regime": len(without)} if without else {},
    )
