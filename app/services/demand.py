"""Demand: counted from what happened, when it happened; and who is turned away at the door."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Invalid
from app.models.base import Output
from app.models.demand import TurnedAway, TurnedAwayCreate, TurnedAwayReason
from app.models.mentees import Mentee, MenteeStatus
from app.models.moves import History
from app.models.prisons import Prison
from app.services import outbox, waiting_list
from app.services.mentees.moves import CORRECTION_REASONS, MENTEE
from app.services.waiting_list import Waiting
from app.services.working_days import local_date, utc
from app.visibility import shape

S = MenteeStatus
NO_CAPACITY = TurnedAwayReason.no_capacity.value
BEGINNINGS = (S.offered, S.completed, S.disengaged)
A_DAY = timedelta(days=1)
DAYS_WITHOUT_DATES = 28


@dataclass(frozen=True, slots=True)
class Moved:
    """So many moves of one kind."""

    start: str
    to: str
    reason: str | None
    count: int


def counted(moves: Sequence[Moved], to: MenteeStatus) -> int:
    return sum(each.count for each in moves if each.to == to)


def begun(moves: Sequence[Moved]) -> int:
    """Times that support began, or began anew after an end."""
    return sum(each.count for each in moves if each.to == S.engaged and each.start in BEGINNINGS)


def by_reason(moves: Sequence[Moved], to: MenteeStatus) -> Counter[str]:
    found: Counter[str] = Counter()
    for each in moves:
        if each.to == to:
            found[each.reason or "not_said"] += each.count
    return found


def waits(everybody: Sequence[Waiting], now: datetime, alert_days: int) -> dict[str, Any]:
    """How many wait now, and for how long those have who wait for an offer."""
    days = [each.waited(now) / A_DAY for each in everybody if each.status is S.waiting]
    return {
        "waiting_now": len(everybody),
        "waiting_median_days": round(median(days), 1) if days else None,
        "waiting_longest_days": int(max(days)) if days else None,
        "waiting_over_alert": sum(each.over_alert(now, alert_days) for each in everybody),
    }


def period(
    begins_at: datetime | None, ends_at: datetime | None, now: datetime, zone: ZoneInfo
) -> tuple[datetime, datetime]:
    """The time asked for; where it is not said, up to the end of today, and four weeks of days on
    the prison's wall."""
    ends = ends_at or utc(datetime.combine(local_date(now, zone) + A_DAY, time(), zone))
    first = local_date(ends, zone) - DAYS_WITHOUT_DATES * A_DAY
    begins = begins_at or utc(datetime.combine(first, time(), zone))
    if begins >= ends:
        raise Invalid.field("from", "in_order", "must be before `to`")
    return begins, ends


async def shown(
    db: AsyncSession, actor: Actor, begins_at: datetime | None, ends_at: datetime | None
) -> Output:
    """Demand from one time (included) to another (not)."""
    prison = await db.get_one(Prison, actor.prison_id)
    begins, ends = period(begins_at, ends_at, clock.now(), prison.tz)
    moves = await moves_of(db, actor.prison_id, begins, ends)
    sources = await referrals_of(db, actor.prison_id, begins, ends)
    reasons, doors = await turned_away_of(db, actor.prison_id, begins, ends)
    now = waits(await waiting_list.load(db, actor), clock.now(), prison.waiting_alert_days)
    signposted, declined = by_reason(moves, S.signposted), by_reason(moves, S.declined_by_person)
    return shape("demand", actor.role).model_validate(
        {
            "begins_at": begins,
            "ends_at": ends,
            "referrals": sources.total(),
            "referrals_by_source": _listed(sources),
            "accepted": counted(moves, S.accepted),
            "engaged": begun(moves),
            "stepped_up": counted(moves, S.stepped_up),
            "completed": counted(moves, S.completed),
            "disengaged": counted(moves, S.disengaged),
            "signposted": signposted.total(),
            "signposted_by_reason": _listed(signposted),
            "declined": declined.total(),
            "declined_by_reason": _listed(declined),
            "turned_away": reasons.total(),
            "turned_away_by_reason": _listed(reasons),
            "turned_away_by_source": _listed(doors),
            **now,
            "unserved": signposted[NO_CAPACITY] + reasons[NO_CAPACITY] + now["waiting_now"],
        }
    )


def _listed(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{"code": code, "count": count} for code, count in sorted(counts.items())]


async def moves_of(
    db: AsyncSession, prison_id: str, begins: datetime, ends: datetime
) -> list[Moved]:
    """Moves of mentees; those that took back what was recorded in error are none."""
    start, to, reason = col(History.from_state), col(History.to_state), col(History.reason)
    found = (
        select(start, to, reason, func.count())
        .where(
            col(History.prison_id) == prison_id,
            col(History.noun) == MENTEE.noun,
            start != to,
            func.coalesce(reason, "").not_in(CORRECTION_REASONS),
            col(History.occurred_at) >= begins,
            col(History.occurred_at) < ends,
        )
        .group_by(start, to, reason)
    )
    rows = (await db.execute(found)).all()
    return [Moved(str(from_), to_, why, count) for from_, to_, why, count in rows]


async def referrals_of(
    db: AsyncSession, prison_id: str, begins: datetime, ends: datetime
) -> Counter[str]:
    source = col(Mentee.referred_by)
    found = (
        select(source, func.count())
        .where(
            col(Mentee.prison_id) == prison_id,
            col(Mentee.referred_at) >= begins,
            col(Mentee.referred_at) < ends,
            col(Mentee.status) != S.merged,  # who asked under two numbers asked once
        )
        .group_by(source)
    )
    return Counter({each.value: count for each, count in (await db.execute(found)).all()})


async def turned_away_of(
    db: AsyncSession, prison_id: str, begins: datetime, ends: datetime
) -> tuple[Counter[str], Counter[str]]:
    """By reason, and by who asked."""
    reason, source = col(TurnedAway.reason), col(TurnedAway.source)
    found = (
        select(reason, source, func.count())
        .where(
            col(TurnedAway.prison_id) == prison_id,
            col(TurnedAway.occurred_at) >= begins,
            col(TurnedAway.occurred_at) < ends,
        )
        .group_by(reason, source)
    )
    reasons: Counter[str] = Counter()
    sources: Counter[str] = Counter()
    for why, who, count in (await db.execute(found)).all():
        reasons[why.value] += count
        sources[who.value] += count
    return reasons, sources


async def turn_away(db: AsyncSession, actor: Actor, body: TurnedAwayCreate) -> TurnedAway:
    """Count somebody who was turned away before a record was made of them."""
    if body.occurred_at is not None and body.occurred_at > clock.now():
        raise Invalid.field("occurred_at", "in_the_future", "must not be in the future")
    row = TurnedAway(
        prison_id=actor.prison_id,
        recorded_by=actor.subject,
        occurred_at=body.occurred_at or clock.now(),
        **body.model_dump(exclude={"occurred_at"}),
    )
    db.add(row)
    outbox.say(db, row.prison_id, "demand.turned_away", row.id)
    await db.flush()
    return row


def turned_away_shown(row: TurnedAway, actor: Actor) -> Output:
    """That somebody was turned away."""
    return shape("turned_away", actor.role).model_validate(row)
