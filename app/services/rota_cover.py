"""How far the rota covers what is needed: loaded in a fixed number of queries, reckoned purely."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import func, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Invalid, NotOpen
from app.models.prisons import Prison
from app.models.rota_cover import CoverDay, CoverHour, CoverRole, RotaCover
from app.models.rota_demands import RotaDemand, RotaRole
from app.models.rotas import LONGEST_ROTA, Rota, RotaStatus
from app.models.shifts import Shift, ShiftStatus
from app.scope import visible
from app.services.periods import Period
from app.services.reference import labels
from app.services.room_usage import by_the_hour
from app.services.rota import facts
from app.services.rota.expanding import needs_of
from app.services.rota.problem import ONE_DAY, Need, between
from app.services.working_days import local_date, utc

USUAL = timedelta(days=27)
MOST_TOLD = 10  # gaps of a role in words; the figures have them all
STANDS_NO_MORE = (RotaStatus.superseded, RotaStatus.withdrawn)


@dataclass(frozen=True, slots=True)
class Served:
    """A shift that somebody has."""

    role: RotaRole
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which as many are needed, and missing, throughout."""

    starts_at: datetime
    ends_at: datetime
    needed: int
    missing: int


async def published(
    db: AsyncSession, actor: Actor, first: date | None, last: date | None
) -> RotaCover:
    """What is published for these days, against what is needed. Raises Invalid."""
    zone = (await db.get_one(Prison, actor.prison_id)).tz
    first = first or local_date(clock.now(), zone)
    last = last or first + USUAL
    if last < first:
        raise Invalid.field("to", "in_order", "must not be before `from`")
    if last - first >= LONGEST_ROTA:
        raise Invalid.field("to", "too_long", "at most 42 days are asked for at a time")
    period = Period(first, last, zone)
    demands = await _demands(db, actor, first - ONE_DAY, last)
    needs = needs_of(demands, first - ONE_DAY, last, utc(period.since), zone)
    inside = [
        replace(each, ends_at=min(each.ends_at, utc(period.until)))
        for each in needs
        if each.starts_at < utc(period.until)
    ]
    shifts = await _shifts(db, actor, period, None)
    return covered(period, inside, [_served(each) for each in shifts])


async def of_rota(db: AsyncSession, actor: Actor, rota: Rota) -> RotaCover:
    """What a rota covers of what its days need, by what it proposes and what would stand beside
    it. Raises NotOpen for one that stands no more."""
    if rota.status in STANDS_NO_MORE:
        raise NotOpen("The rota stands no more: ask what is published for its days.")
    zone = (await db.get_one(Prison, actor.prison_id)).tz
    since = utc(Period(rota.first_day, rota.last_day, zone).since)
    demands = await _demands(db, actor, rota.first_day, rota.last_day)
    needs = needs_of(demands, rota.first_day, rota.last_day, since, zone)
    last = max([local_date(each.ends_at - timedelta(seconds=1), zone) for each in needs],
               default=rota.last_day)  # fmt: skip
    period = Period(rota.first_day, max(last, rota.last_day), zone)
    shifts: Sequence[Shift] = await _shifts(db, actor, period, rota)
    if rota.status is not RotaStatus.published:
        gives_way = await facts.period_of(db, rota, clock.now())
        shifts = [each for each in shifts if _would_stand(each, gives_way)]
    found = covered(period, needs, [_served(each) for each in shifts])
    return found.model_copy(update={"rota_id": rota.id})


def _would_stand(shift: Shift, gives_way: facts.Period) -> bool:
    """Whether a shift would stand were the rota published now. What gives way would not, nor what
    is proposed and has begun: nobody is given that any more."""
    begun = shift.starts_at < gives_way.since
    return not (shift.status is ShiftStatus.draft and begun) and not facts.replaced(
        shift, gives_way
    )


def _served(shift: Shift) -> Served:
    return Served(shift.role, shift.starts_at, shift.ends_at)


async def _demands(db: AsyncSession, actor: Actor, first: date, last: date) -> Sequence[RotaDemand]:
    found = visible(RotaDemand, actor).where(
        col(RotaDemand.valid_from) <= last,
        func.coalesce(col(RotaDemand.valid_to), last) >= first,
    )
    return (await db.scalars(found.order_by(col(RotaDemand.id)))).all()


async def _shifts(
    db: AsyncSession, actor: Actor, period: Period, rota: Rota | None
) -> Sequence[Shift]:
    """The shifts that stand or were served in a time; of a rota its drafts as well."""
    given_out = col(Shift.status).in_(facts.COUNTS)
    drafted = (col(Shift.rota_id) == rota.id) & (col(Shift.status) == ShiftStatus.draft) \
        if rota else None  # fmt: skip
    found = visible(Shift, actor).where(
        col(Shift.superseded_at).is_(None),
        given_out if drafted is None else or_(given_out, drafted),
        col(Shift.starts_at) < period.until,
        col(Shift.ends_at) > period.since,
    )
    return (await db.scalars(found.order_by(col(Shift.starts_at), col(Shift.id)))).all()


def covered(period: Period, needs: Sequence[Need], served: Sequence[Served]) -> RotaCover:
    """What is needed and what of it is covered, role by role. Pure."""
    roles = []
    words = []
    for role in RotaRole:
        stretches = list(_stretches(role, needs, served))
        if not stretches:
            continue
        roles.append(_role(role, period, stretches))
        words.append(_in_words(roles[-1], stretches, period))
    return RotaCover(
        rota_id=None,
        first=period.first,
        last=period.last,
        time_zone=period.zone.key,
        description=" ".join(words) or "Nobody is needed.",
        roles=roles,
    )


def _stretches(
    role: RotaRole, needs: Iterable[Need], served: Iterable[Served]
) -> Iterator[Stretch]:
    """The role's needs in order, cut where a shift begins or ends."""
    shifts = [each for each in served if each.role is role]
    for need in sorted((n for n in needs if n.role is role), key=lambda each: each.starts_at):
        near = [s for s in shifts if s.starts_at < need.ends_at and s.ends_at > need.starts_at]
        edges = {at for each in near for at in (each.starts_at, each.ends_at)}
        inside = {at for at in edges if need.starts_at < at < need.ends_at}
        for start, end in itertools.pairwise(sorted({need.starts_at, need.ends_at} | inside)):
            there = sum(each.starts_at <= start and end <= each.ends_at for each in near)
            yield Stretch(start, end, need.needed, max(need.needed - there, 0))


def _role(role: RotaRole, period: Period, stretches: Sequence[Stretch]) -> CoverRole:
    """The role's days, hour by hour on the wall."""
    hours: dict[datetime, list[Stretch]] = {}
    for each in stretches:
        for start, end in by_the_hour(each.starts_at, each.ends_at, period.zone):
            local = start.astimezone(period.zone)
            into = timedelta(minutes=local.minute, seconds=local.second)
            part = replace(each, starts_at=start, ends_at=end)
            hours.setdefault(start - into, []).append(part)
    number = (period.last - period.first).days + 1
    days: dict[date, list[CoverHour]] = {
        period.first + timedelta(days=each): [] for each in range(number)
    }
    for starts_at, parts in sorted(hours.items()):
        local = starts_at.astimezone(period.zone)
        shown = _hour(starts_at, local.hour, local.fold == 1, parts)
        days[local.date()].append(shown)
    return CoverRole(
        role=role,
        needed_minutes=sum(each.needed * _minutes(each) for each in stretches),
        missing_minutes=sum(each.missing * _minutes(each) for each in stretches),
        days=[CoverDay(on=day, hours=found) for day, found in days.items()],
    )


def _hour(starts_at: datetime, hour: int, again: bool, parts: Sequence[Stretch]) -> CoverHour:
    needed = max(each.needed for each in parts)
    return CoverHour(
        starts_at=starts_at,
        hour=hour,
        again=again,
        needed=needed,
        covered=needed - max(each.missing for each in parts),
        missing_minutes=sum(each.missing * _minutes(each) for each in parts),
    )


def _minutes(stretch: Stretch) -> int:
    return between(stretch.starts_at, stretch.ends_at)


def _in_words(role: CoverRole, stretches: Sequence[Stretch], period: Period) -> str:
    """The role's picture in words: how much is needed, how much is missing, and when."""
    name = labels()["rota_role"][role.role]["label"]
    said = f"{name}: {hours_of(role.needed_minutes)} needed, "
    gaps = list(_gaps(stretches))
    if not gaps:
        return f"{said}all covered."
    told = [
        f"{_at(each.starts_at, period)} to {_at(each.ends_at, period)} ({each.missing} missing)"
        for each in gaps[:MOST_TOLD]
    ]
    more = f", and {len(gaps) - MOST_TOLD} times more" if len(gaps) > MOST_TOLD else ""
    missing = hours_of(role.missing_minutes)
    return f"{said}{missing} of them not covered: {', '.join(told)}{more}."


def _gaps(stretches: Iterable[Stretch]) -> Iterator[Stretch]:
    """Where somebody is missing; what follows on one another and lacks the same is one."""
    last: Stretch | None = None
    for each in stretches:
        if last and last.ends_at == each.starts_at and last.missing == each.missing:
            last = replace(last, ends_at=each.ends_at)
            continue
        if last and last.missing:
            yield last
        last = each
    if last and last.missing:
        yield last


def _at(instant: datetime, period: Period) -> str:
    local = instant.astimezone(period.zone)
    return f"{local:%a} {local.day} {local:%b %H:%M}"


def hours_of(minutes: int) -> str:
    """Minutes in words."""
    hours, rest = divmod(minutes, 60)
    told = [f"{hours} hour{'s' * (hours != 1)}"] if hours or not rest else []
    return " ".join([*told, *([f"{rest} minutes"] if rest else [])])


def table(cover: RotaCover) -> Iterator[list[object]]:
    """A row an hour in which somebody is needed, the heading first."""
    yield ["role", "day", "hour", "again", "needed", "covered", "missing_minutes"]
    for role in cover.roles:
        for day in role.days:
            for each in day.hours:
                again = "yes" if each.again else ""
                counts = [each.needed, each.covered, each.missing_minutes]
                yield [role.role.value, day.on.isoformat(), each.hour, again, *counts]
