"""Who asked in vain: waiting, turned away, unanswered; and shifts that nobody had."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.models.demand import TurnedAwayReason
from app.models.mentees import MenteeStatus
from app.models.prisons import Prison
from app.models.report_tables import ReportTable, Unit
from app.models.rota_demands import RotaRole
from app.models.shifts import Shift, ShiftStatus
from app.services import demand
from app.services.contact_requests.figures import Counts, of_period
from app.services.mentees.moves import DECLINE_REASONS, MENTEE, SIGNPOST_REASONS
from app.services.periods import Period
from app.services.reports.stays import Stay, standing, stays
from app.services.reports.tables import counts, medians, shares

S = MenteeStatus
NOT_YET = (S.self_referred, S.referred, S.triage, S.accepted, S.waiting, S.offered)
PLANNED = (ShiftStatus.draft, ShiftStatus.cancelled_regime)


async def tables(db: AsyncSession, actor: Actor, period: Period) -> list[ReportTable]:
    """Who waits at the end, who was turned away and why, requests and shifts without a mentor."""
    prison_id = actor.prison_id
    alert_days = (await db.get_one(Prison, prison_id)).waiting_alert_days
    every = await stays(db, prison_id, MENTEE.noun, period.until)
    moves = await demand.moves_of(db, prison_id, period.since, period.until)
    reasons, _ = await demand.turned_away_of(db, prison_id, period.since, period.until)
    signposted, declined = (
        demand.by_reason(moves, to) for to in (S.signposted, S.declined_by_person)
    )
    there = list(standing(every, period.until).values())
    return [
        *waiting(there, min(period.until, clock.now()), period.zone, alert_days),
        counts(
            "turned_away",
            "Turned away before a record was made, by why",
            Unit.people,
            {each.value: reasons[each.value] for each in TurnedAwayReason},
        ),
        counts(
            "signposted",
            "Sent on to something else, by why",
            Unit.mentees,
            {each: signposted[each] for each in SIGNPOST_REASONS},
        ),
        counts(
            "declined",
            "Did not want it, by why",
            Unit.mentees,
            {each: declined[each] for each in DECLINE_REASONS},
        ),
        in_vain(await of_period(db, prison_id, period)),
        await _uncovered(db, prison_id, period),
    ]


def waiting(
    there: Sequence[Stay], at: datetime, zone: ZoneInfo, alert_days: int
) -> list[ReportTable]:
    """Whose support has not begun at the end, and how long those have waited who wait for an offer.
    Pure."""
    states = Counter(each.state for each in there)
    still = [each for each in there if each.state == S.waiting]
    days = [each.days(at, zone) for each in still]
    over = sum(each.lasted(at) > timedelta(days=alert_days) for each in still)
    return [
        counts(
            "not_yet_in_support",
            "Not yet in support at the end",
            Unit.mentees,
            {state.value: states[state.value] for state in NOT_YET},
        ),
        medians("waiting_days", "Waiting for an offer", Unit.days, {"waiting": days}),
        shares(
            "over_alert",
            f"Waiting for more than {alert_days} days",
            Unit.mentees,
            {"waiting": (over, len(days))},
        ),
    ]


def in_vain(asked: Counts) -> ReportTable:
    """Requests to which nobody came, of those that are over. Pure."""
    parts = {"all": asked.all, "unlocked": asked.unlocked, "locked_up": asked.locked_up}
    missing = {"open": asked.all.open, "withdrawn": asked.all.withdrawn}
    return shares(
        "requests_unmet",
        "Asked for a mentor, and nobody came",
        Unit.requests,
        {key: (each.unmet, each.asked - each.open - each.withdrawn) for key, each in parts.items()},
        missing={why: number for why, number in missing.items() if number},
    )


async def _uncovered(db: AsyncSession, prison_id: str, period: Period) -> ReportTable:
    """Shifts of published rotas that nobody had, of all; a night belongs to its first day."""
    role, status = col(Shift.role), col(Shift.status)
    found = (
        select(role, status, func.count())
        .where(
            col(Shift.prison_id) == prison_id,
            col(Shift.superseded_at).is_(None),
            status.not_in(PLANNED),
            col(Shift.day) >= period.first,
            col(Shift.day) <= period.last,
        )
        .group_by(role, status)
    )
    all_, without = Counter[RotaRole](), Counter[RotaRole]()
    for each, state, number in await db.execute(found):
        all_[each] += number
        without[each] += number if state is ShiftStatus.uncovered else 0
    return shares(
        "shifts_uncovered",
        "Shifts without a mentor",
        Unit.shifts,
        {each.value: (without[each], all_[each]) for each in RotaRole},
    )
