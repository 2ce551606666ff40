"""What must hold for a mentor to have a shift. Staff are told what does not; a mentor is told one
word, whatever it is."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.mentors import Mentor, MentorStatus
from app.models.prisons import Prison
from app.models.rotas import GapWhy
from app.models.sessions import Session, SessionStatus
from app.models.shifts import Shift
from app.models.staff import Role
from app.scope import everything
from app.services import spared
from app.services.lifecycle import Context, Guard, Refusal
from app.services.rota import candidates
from app.services.rota.facts import (
    AROUND,
    COUNTS,
    Period,
    engagements,
    fixed_of,
    limits_of,
    piece_of,
    rota_of,
    work_of,
)
from app.services.rota.problem import Fixed, Helper, Piece, is_night, overlap, week_begins
from app.services.spared import NOTHING, Spared
from app.services.working_days import local_date

UNAVAILABLE = "unavailable"
Broken = Callable[["Facts"], bool]


@dataclass(frozen=True, slots=True)
class Facts:
    """A shift with its mentor, and all else the mentor does around it. None: nobody has it."""

    piece: Piece
    helper: Helper
    active: bool
    zone: ZoneInfo
    spared: Spared = NOTHING


async def load_facts(db: AsyncSession, shift: Shift) -> Facts | None:
    """What the shift's mentor may do and does already. The mentor is kept as they are until the
    commit, so that nobody is suspended between the look and the save."""
    if shift.mentor_id is None:
        return None
    here = shift.prison_id
    prison = await db.get_one(Prison, here)
    found = everything(Mentor, here).where(col(Mentor.id) == shift.mentor_id)
    held = found.with_for_update(read=True).execution_options(populate_existing=True)
    mentor = (await db.execute(held)).scalar_one()
    rota = await rota_of(db, here, shift.rota_id)
    busy = await engagements(db, here, [mentor.id], Period(rota, shift.starts_at, prison.tz))
    minutes, nights, no_nights = limits_of(mentor, prison)
    helper = Helper(
        mentor.id,
        minutes,
        nights,
        free=[(shift.starts_at, shift.ends_at)],
        busy=busy[mentor.id],
        fixed=await _work(db, shift, prison.tz),
        no_nights=no_nights,
    )
    active = mentor.status is MentorStatus.active
    by = (await spared.of(db, here, [mentor.id]))[mentor.id]
    return Facts(piece_of(shift), helper, active, prison.tz, by)


async def _work(db: AsyncSession, shift: Shift, zone: ZoneInfo) -> list[Fixed]:
    """The mentor's sessions and other shifts, as far around as the limits reach."""
    first, last = shift.starts_at - AROUND, shift.ends_at + AROUND
    led = everything(Session, shift.prison_id).where(
        col(Session.mentor_id) == shift.mentor_id,
        col(Session.status) != SessionStatus.cancelled,
        col(Session.ends_at) > first,
        col(Session.starts_at) < last,
    )
    served = everything(Shift, shift.prison_id).where(
        col(Shift.mentor_id) == shift.mentor_id,
        col(Shift.id) != shift.id,
        col(Shift.superseded_at).is_(None),
        col(Shift.status).in_(COUNTS),
        col(Shift.ends_at) > first,
        col(Shift.starts_at) < last,
    )
    sessions = [work_of(each) for each in await db.scalars(led)]
    return [*sessions, *(fixed_of(each, zone) for each in await db.scalars(served))]


def not_active(facts: Facts) -> bool:
    return not facts.active


def at_once(facts: Facts) -> bool:
    """Another shift, a session or a course in the time."""
    span = facts.piece.starts_at, facts.piece.ends_at
    taken = [*facts.helper.busy, *((f.starts_at, f.ends_at) for f in facts.helper.fixed)]
    return any(overlap(span, each) for each in taken)


def unrested(facts: Facts) -> bool:
    """Within eleven hours after a night, or a night with work within eleven hours after it."""
    if at_once(facts):
        return False  # that is said already
    helper = replace(facts.helper, no_nights=False)  # a condition is said by itself
    return candidates.barred(facts.piece, helper, facts.zone) is GapWhy.rest


def too_long_a_week(facts: Facts) -> bool:
    if not facts.piece.counts:
        return False
    monday = week_begins(local_date(facts.piece.starts_at, facts.zone))
    worked = candidates.minutes_worked(facts.helper.fixed, monday, facts.zone)
    return worked + facts.piece.minutes > facts.helper.weekly_minutes


def too_many_nights(facts: Facts) -> bool:
    if not is_night(facts.piece.starts_at, facts.piece.ends_at, facts.zone):
        return False
    day = local_date(facts.piece.starts_at, facts.zone)
    nights = candidates.nights_fixed(facts.helper.fixed, facts.zone) | {day}
    return candidates.too_many_nights(nights, day, facts.helper.nights)


def against_a_condition(facts: Facts) -> bool:
    night = is_night(facts.piece.starts_at, facts.piece.ends_at, facts.zone)
    return night and facts.helper.no_nights


def not_spared(facts: Facts) -> bool:
    night = is_night(facts.piece.starts_at, facts.piece.ends_at, facts.zone)
    return facts.spared.binds(facts.piece.starts_at, night=night, group=False)


RULES: dict[str, tuple[Broken, str]] = {
    "mentor_active": (not_active, "The mentor is not active."),
    "no_overlap": (at_once, "The mentor has a shift, a session or a course at that time."),
    "rested": (unrested, "There must be eleven hours of rest after a night."),
    "weekly_hours": (too_long_a_week, "It would be more than the mentor's hours of that week."),
    "night_limit": (too_many_nights, "It would be one night too many in seven days."),
    "approval_condition": (against_a_condition, "The mentor was approved without nights."),
    "spared": (not_spared, "The mentor is spared it for now: see when they were last asked."),
}


def broken(facts: Facts | None) -> list[str]:
    """The codes of every rule that does not hold."""
    return [code for code, (rule, _) in RULES.items() if facts is not None and rule(facts)]


def _guard(code: str) -> Guard:
    rule, detail = RULES[code]

    def held(context: Context) -> Refusal | None:
        told = context.actor.family is not Role.mentor
        facts = context.facts
        return Refusal(code, detail) if told and facts is not None and rule(facts) else None

    held.__name__ = code
    return held


def unavailable(context: Context) -> Refusal | None:
    """For mentors, all of it in one word."""
    if context.actor.family is not Role.mentor or not broken(context.facts):
        return None
    return Refusal("unavailable", UNAVAILABLE)


CAN_SERVE: tuple[Guard, ...] = (*(_guard(code) for code in RULES), unavailable)
