"""What a rota is worked out from, loaded in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.availabilities import Availability
from app.models.cohorts import CohortDay, CohortMember
from app.models.mentors import ApprovalCondition, Commitment, Mentor, MentorStatus
from app.models.prison_events import PrisonEvent
from app.models.prisons import Prison
from app.models.rota_demands import RotaDemand
from app.models.rotas import Rota, SolveMode
from app.models.sessions import Session, SessionKind, SessionStatus
from app.models.shifts import Shift, ShiftStatus
from app.scope import everything
from app.services import spared
from app.services.rota.expanding import free_of, needs_of, wishes_of
from app.services.rota.pricing import Pattern, pattern_of
from app.services.rota.problem import (
    A_WEEK,
    ONE_DAY,
    Fixed,
    Helper,
    Need,
    Piece,
    Problem,
    Span,
    is_night,
    is_weekend,
)
from app.services.spared import Spared
from app.services.working_days import at_wall

S = ShiftStatus
STANDS = (S.published, S.accepted, S.swap_requested, S.on_shift)
COUNTS = (*STANDS, S.ended)
COMING = (S.published, S.accepted, S.swap_requested)
AROUND = timedelta(days=8)  # as far as nights in seven days and a week's hours reach
LOOKS_BACK = timedelta(days=56)  # for fairness
_MIDNIGHT = datetime.min.time()


@dataclass(frozen=True, slots=True)
class Period:
    """The days of a rota, and from when on it can still be made."""

    rota: Rota
    since: datetime
    zone: ZoneInfo

    @property
    def begins(self) -> datetime:
        return at_wall(self.rota.first_day, _MIDNIGHT, self.zone)

    @property
    def ends(self) -> datetime:
        """After the last night."""
        return at_wall(self.rota.last_day + 2 * ONE_DAY, _MIDNIGHT, self.zone)


async def rota_of(db: AsyncSession, prison_id: str, rota_id: UUID, *, lock: bool = False) -> Rota:
    """The rota that a solve or a shift belongs to."""
    found = everything(Rota, prison_id).where(col(Rota.id) == rota_id)
    return (await db.scalars(found.with_for_update() if lock else found)).one()


async def period_of(db: AsyncSession, rota: Rota, now: datetime) -> Period:
    """From now on, at a whole minute: what has begun is done by those who stand."""
    zone = (await db.get_one(Prison, rota.prison_id)).tz
    minute = now.replace(second=0, microsecond=0)
    return Period(rota, minute if minute == now else minute + timedelta(minutes=1), zone)


async def needs(db: AsyncSession, period: Period) -> list[Need]:
    """The demand that is still to be covered."""
    rota = period.rota
    found = everything(RotaDemand, rota.prison_id).where(
        col(RotaDemand.valid_from) <= rota.last_day,
        func.coalesce(col(RotaDemand.valid_to), rota.last_day) >= rota.first_day,
    )
    rows = (await db.scalars(found.order_by(col(RotaDemand.id)))).all()
    return needs_of(rows, rota.first_day, rota.last_day, period.since, period.zone)


def replaced(shift: Shift, period: Period) -> bool:
    """Whether a shift that stands would give way to the rota: of its days, and not begun."""
    rota = period.rota
    inside = rota.first_day <= shift.day <= rota.last_day
    return inside and shift.starts_at >= period.since and shift.status in COMING


async def load(db: AsyncSession, period: Period, mode: SolveMode) -> Problem:
    """The problem of what is left of the rota's period."""
    prison = await db.get_one(Prison, period.rota.prison_id)
    active = everything(Mentor, prison.id).where(col(Mentor.status) == MentorStatus.active)
    mentors = (await db.scalars(active.order_by(col(Mentor.id)))).all()
    shifts = await _shifts(db, period)
    going = [each for each in shifts if replaced(each, period)]
    staying = [each for each in shifts if not replaced(each, period)]
    ids = [mentor.id for mentor in mentors]
    said, busy = await _said(db, prison.id, ids), await engagements(db, prison.id, ids, period)
    work = await _work(db, prison.id, ids, period)
    rested = await spared.of(db, prison.id, ids)
    helpers = [
        spare(
            _helper(
                mentor, prison, period, said[mentor.id], busy[mentor.id], work[mentor.id], staying
            ),
            rested[mentor.id],
        )
        for mentor in mentors
    ]
    helpers = newcomers_in_the_middle(helpers, {each.mentor_id for each in staying})
    before = frozenset(piece_of(each) for each in going)
    return Problem(
        await needs(db, period),
        helpers,
        period.zone,
        hint=before,
        before=before,
        repair=mode is SolveMode.repair,
        pattern=_pattern(shifts, period),
    )


def piece_of(shift: Shift) -> Piece:
    assert shift.mentor_id is not None
    return Piece(shift.starts_at, shift.ends_at, shift.role, shift.mentor_id)


def fixed_of(shift: Shift, zone: ZoneInfo) -> Fixed:
    """A shift that stands, as what binds its mentor."""
    piece = piece_of(shift)
    night = is_night(shift.starts_at, shift.ends_at, zone)
    return Fixed(shift.starts_at, shift.ends_at, piece.counts, night, night and piece.counts)


def work_of(session: Session) -> Fixed:
    """A session, as what binds its mentor; a call-out is a night, and is followed by rest."""
    called = session.kind is SessionKind.night_callout
    return Fixed(session.starts_at, session.ends_at, True, called, called)


def limits_of(mentor: Mentor, prison: Prison) -> tuple[int, int, bool]:
    """Minutes a week, nights in seven days, and whether they were approved without nights."""
    full_time = mentor.commitment is Commitment.full_time
    hours = prison.full_time_weekly_hours if full_time else prison.voluntary_weekly_hours
    no_nights = ApprovalCondition.no_nights in mentor.limits
    return hours * 60, prison.nights_in_seven_days, no_nights


def _helper(
    mentor: Mentor,
    prison: Prison,
    period: Period,
    said: Sequence[Availability],
    busy: Sequence[Span],
    work: Sequence[Fixed],
    staying: Sequence[Shift],
) -> Helper:
    first, last = period.rota.first_day, period.rota.last_day
    mine = [each for each in staying if each.mentor_id == mentor.id]
    near = [each for each in mine if each.ends_at > period.begins - AROUND]
    past = [each for each in mine if each.starts_at < period.begins]
    minutes, nights, no_nights = limits_of(mentor, prison)
    return Helper(
        mentor.id,
        minutes,
        nights,
        free_of(said, first, last, period.zone),
        busy,
        [*work, *(fixed_of(each, period.zone) for each in near)],
        wishes_of(said, first, last, period.zone),
        no_nights,
        sum(is_night(each.starts_at, each.ends_at, period.zone) for each in past),
        sum(is_weekend(each.day) for each in past),
    )


def spare(helper: Helper, by: Spared) -> Helper:
    """Without what a mentor is spared for now."""
    rest = [] if by.rests_until is None else [(by.rests_until - A_WEEK, by.rests_until)]
    nights = helper.no_nights or by.nights
    return replace(helper, no_nights=nights, busy=[*helper.busy, *rest])


def newcomers_in_the_middle(
    helpers: Sequence[Helper], served: Collection[UUID | None]
) -> list[Helper]:
    """Who never served begins with as many nights and weekends as the others have on average: to
    be new is no debt."""
    there = [each for each in helpers if each.id in served]
    if not there:
        return list(helpers)
    nights = sum(each.nights_before for each in there) // len(there)
    weekends = sum(each.weekends_before for each in there) // len(there)
    return [
        each if each.id in served else replace(each, nights_before=nights, weekends_before=weekends)
        for each in helpers
    ]


def _pattern(shifts: Iterable[Shift], period: Period) -> frozenset[Pattern]:
    """Who served at which hour of the last week before."""
    since = period.begins - A_WEEK
    return frozenset(
        pattern_of(piece_of(each), period.zone)
        for each in shifts
        if since <= each.starts_at < period.begins
    )


async def _shifts(db: AsyncSession, period: Period) -> Sequence[Shift]:
    """Those that stand or were served: of the rota's time, around it, and before it."""
    found = everything(Shift, period.rota.prison_id).where(
        col(Shift.superseded_at).is_(None),
        col(Shift.status).in_(COUNTS),
        col(Shift.starts_at) >= period.begins - LOOKS_BACK,
        col(Shift.starts_at) < period.ends + AROUND,
    )
    return (await db.scalars(found.order_by(col(Shift.starts_at), col(Shift.id)))).all()


async def _said(
    db: AsyncSession, prison_id: str, ids: Sequence[UUID]
) -> Mapping[UUID, list[Availability]]:
    found = everything(Availability, prison_id).where(
        col(Availability.mentor_id).in_(ids), col(Availability.ended_at).is_(None)
    )
    rows: dict[UUID, list[Availability]] = defaultdict(list)
    for row in await db.scalars(found.order_by(col(Availability.id))):
        rows[row.mentor_id].append(row)
    return rows


async def _work(
    db: AsyncSession, prison_id: str, ids: Sequence[UUID], period: Period
) -> Mapping[UUID, list[Fixed]]:
    """Their sessions, planned or held, in and around the rota's time."""
    found = everything(Session, prison_id).where(
        col(Session.mentor_id).in_(ids),
        col(Session.status) != SessionStatus.cancelled,
        col(Session.ends_at) > period.begins - AROUND,
        col(Session.starts_at) < period.ends + AROUND,
    )
    rows: dict[UUID, list[Fixed]] = defaultdict(list)
    for row in await db.scalars(found.order_by(col(Session.starts_at), col(Session.id))):
        rows[row.mentor_id].append(work_of(row))
    return rows


async def engagements(
    db: AsyncSession, prison_id: str, ids: Sequence[UUID], period: Period
) -> Mapping[UUID, list[Span]]:
    """When mentors are elsewhere and it is no work of theirs: days of the courses they are in, and
    what the prison has planned for them (visits, court)."""
    found = (
        everything(CohortDay, prison_id)
        .join(
            CohortMember,
            (col(CohortMember.prison_id) == col(CohortDay.prison_id))
            & (col(CohortMember.cohort_id) == col(CohortDay.cohort_id)),
        )
        .where(
            col(CohortMember.mentor_id).in_(ids),
            col(CohortMember.left_at).is_(None),
            col(CohortDay.called_off).is_(False),
            col(CohortDay.ends_at) > period.begins - AROUND,
            col(CohortDay.starts_at) < period.ends + AROUND,
        )
        .with_only_columns(
            col(CohortMember.mentor_id), col(CohortDay.starts_at), col(CohortDay.ends_at)
        )
    )
    planned = (
        everything(PrisonEvent, prison_id)
        .join(
            Mentor,
            (col(Mentor.prison_id) == col(PrisonEvent.prison_id))
            & (col(Mentor.person_id) == col(PrisonEvent.person_id)),
        )
        .where(
            col(Mentor.id).in_(ids),
            col(PrisonEvent.cancelled_at).is_(None),
            col(PrisonEvent.ends_at) > period.begins - AROUND,
            col(PrisonEvent.starts_at) < period.ends + AROUND,
        )
        .with_only_columns(col(Mentor.id), col(PrisonEvent.starts_at), col(PrisonEvent.ends_at))
    )
    rows: dict[UUID, list[Span]] = defaultdict(list)
    for days in (found, planned):
        for mentor_id, starts_at, ends_at in await db.execute(days):
            rows[mentor_id].append((starts_at, ends_at))
    return rows
