"""What is known of mentees' lives: events of every kind, each from its own record, and the days
before and in support on which they count."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.models.concerns import Interval
from app.models.life_events import FactKind, LifeEvent, LifeEventKind, LifeEventStatus
from app.models.mentees import MENTEE_ENDED, Mentee, MenteeStatus
from app.models.mentors import Mentor, MentorStatus
from app.models.moves import History
from app.models.prisons import Prison
from app.models.reports import CountedEvent, EventDays, EventRate, EventRateRead, SeclusionRead
from app.models.sessions import Participation, ParticipationStatus, Session, SessionKind
from app.scope import everything
from app.services.outcomes import rates
from app.services.outcomes.rates import DAY, Exposure, Happened, Rate, Span
from app.services.working_days import local_date

GROUPS = (SessionKind.group, SessionKind.cbt_course, SessionKind.art_therapy)


@dataclass(frozen=True, slots=True)
class Lives:
    """Of some mentees: when events count as before and when as in support, and what happened."""

    before: Exposure
    after: Exposure
    happened: list[Happened]


async def load(
    db: AsyncSession,
    prison_id: str,
    only: Collection[UUID] | None = None,
    as_at: date | None = None,
) -> Lives:
    """Everything known of the mentees whose support began: of all of them, or `only` of these; up
    to a day, today unless told."""
    zone = (await db.get_one(Prison, prison_id)).tz
    today = as_at or local_date(clock.now(), zone)
    found = everything(Mentee, prison_id).where(
        col(Mentee.engaged_at).is_not(None), col(Mentee.status) != MenteeStatus.merged
    )
    if only is not None:
        found = found.where(col(Mentee.id).in_(only))
    mentees = (await db.scalars(found)).all()
    moves = await _moves(db, prison_id, zone)
    before, after = {}, {}
    for each in mentees:
        until_then = [(day, ended) for day, ended in moves[each.id] if day <= today]
        after[each.id] = rates.supported(until_then, today)
        for first in after[each.id][:1]:
            waited = Span(local_date(each.referred_at, zone), first.first - DAY)
            before[each.id] = [waited] if waited.days else []
    happened = [
        *await _entered(db, prison_id, today, only),
        *await _groups(db, prison_id, zone),
        *await _became_mentors(db, prison_id, zone),
    ]
    wanted = [each for each in happened if only is None or each.mentee_id in only]
    return Lives(before, after, wanted)


async def _moves(
    db: AsyncSession, prison_id: str, zone: ZoneInfo
) -> dict[UUID, list[tuple[date, bool]]]:
    """By mentee when support ended, or began again."""
    ends = {each.value for each in MENTEE_ENDED}
    made = (
        select(col(History.thing_id), col(History.occurred_at), col(History.to_state))
        .where(
            col(History.prison_id) == prison_id,
            col(History.noun) == "mentees",
            col(History.to_state).in_({*ends, MenteeStatus.engaged.value}),
        )
        .order_by(col(History.occurred_at), col(History.recorded_at), col(History.id))
    )
    found: dict[UUID, list[tuple[date, bool]]] = defaultdict(list)
    for mentee_id, at, to_state in await db.execute(made):
        found[mentee_id].append((local_date(at, zone), to_state in ends))
    return found


async def _entered(
    db: AsyncSession, prison_id: str, today: date, only: Collection[UUID] | None
) -> list[Happened]:
    """What was entered and stands; of a self-seclusion that goes on the end is today."""
    standing = everything(LifeEvent, prison_id).where(
        col(LifeEvent.status) == LifeEventStatus.recorded
    )
    if only is not None:
        standing = standing.where(col(LifeEvent.mentee_id).in_(only))
    found = []
    for each in (await db.scalars(standing)).all():
        goes_on = each.kind is LifeEventKind.self_seclusion and each.last_day is None
        last = today if goes_on else each.last_day or each.first_day
        event = CountedEvent(each.kind)
        found.append(Happened(each.mentee_id, event, each.fact, each.first_day, last))
    return found


async def _groups(db: AsyncSession, prison_id: str, zone: ZoneInfo) -> list[Happened]:
    """Groups that mentees attended."""
    attended = (
        select(col(Participation.mentee_id), col(Session.starts_at))
        .join(
            Session,
            (col(Session.prison_id) == col(Participation.prison_id))
            & (col(Session.id) == col(Participation.session_id)),
        )
        .where(
            col(Participation.prison_id) == prison_id,
            col(Participation.status) == ParticipationStatus.attended,
            col(Session.kind).in_(GROUPS),
        )
    )
    return [
        _by_staff(mentee_id, CountedEvent.group_attended, local_date(at, zone))
        for mentee_id, at in await db.execute(attended)
    ]


async def _became_mentors(db: AsyncSession, prison_id: str, zone: ZoneInfo) -> list[Happened]:
    """Mentees who became mentors themselves: the first time, of each time in support."""
    active = (
        select(col(Mentee.id), func.min(col(History.occurred_at)))
        .join(
            Mentor,
            (col(Mentor.prison_id) == col(Mentee.prison_id))
            & (col(Mentor.person_id) == col(Mentee.person_id)),
        )
        .join(
            History,
            (col(History.prison_id) == col(Mentor.prison_id))
            & (col(History.thing_id) == col(Mentor.id)),
        )
        .where(
            col(Mentee.prison_id) == prison_id,
            col(History.noun) == "mentors",
            col(History.to_state) == MentorStatus.active.value,
        )
        .group_by(col(Mentee.id))
    )
    return [
        _by_staff(mentee_id, CountedEvent.became_mentor, local_date(at, zone))
        for mentee_id, at in await db.execute(active)
    ]


def _by_staff(mentee_id: UUID, event: CountedEvent, day: date) -> Happened:
    return Happened(mentee_id, event, FactKind.staff_recorded, day, day)


def before_and_after(lives: Lives) -> list[EventRateRead]:
    """Every figure of a cohort, waiting for support and in it. Pure."""
    first = rates.counted(lives.happened, lives.before)
    then = rates.counted(lives.happened, lives.after)
    return [
        EventRateRead(
            event=event, fact=fact, before=_rate(first[figure]), after=_rate(then[figure])
        )
        for figure in rates.FIGURES
        for event, fact in [figure]
    ]


def _rate(found: Rate) -> EventRate:
    between = found.interval
    return EventRate(
        events=found.events,
        days=found.days,
        per_1000=None if found.per_1000 is None else round(found.per_1000, 2),
        interval=(
            Interval(low=round(between[0], 2), high=round(between[1], 2)) if between else None
        ),
    )


def seclusion(lives: Lives) -> list[SeclusionRead]:
    """Days in self-seclusion, waiting for support and in it. Pure."""
    first = rates.secluded(lives.happened, lives.before)
    then = rates.secluded(lives.happened, lives.after)
    before, after = rates.days(lives.before), rates.days(lives.after)
    return [
        SeclusionRead(
            fact=fact,
            before=EventDays(secluded=first[fact], days=before),
            after=EventDays(secluded=then[fact], days=after),
        )
        for fact in first
    ]
