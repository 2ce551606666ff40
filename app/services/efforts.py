"""Efforts: hours beside the sessions, recorded by who gave them or entered for them; and all hours
put together, those of sessions from the sessions themselves."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Conflicting, Invalid, NotAllowed
from app.models.base import Output
from app.models.efforts import (
    Effort,
    EffortBy,
    EffortCreate,
    EffortLine,
    EffortSource,
    EffortSummary,
    EffortUpdate,
    EffortVoid,
)
from app.models.mentors import Mentor
from app.models.prisons import Prison
from app.models.sessions import Session
from app.models.staff import Role, Staff
from app.scope import everything, referred
from app.services import outbox
from app.services.periods import Period, period_of
from app.services.sessions.moves import HELD
from app.services.working_days import local_date
from app.visibility import shape

USUAL_PERIOD = timedelta(days=27)
MENTOR = "mentor"


async def record(db: AsyncSession, actor: Actor, body: EffortCreate) -> Effort:
    """Record time given: one's own, or by staff a mentor's."""
    mentor_id, staff_id = _whose(actor, body)
    effort = Effort(
        prison_id=actor.prison_id,
        recorded_by=actor.staff_id,
        **{**body.model_dump(), "mentor_id": mentor_id, "staff_id": staff_id},
    )
    await _check_day(db, effort)
    db.add(effort)
    await db.flush()
    outbox.say(db, effort.prison_id, "effort.recorded", effort.id)
    return effort


def _whose(actor: Actor, body: EffortCreate) -> tuple[UUID | None, UUID | None]:
    """The mentor or the member of staff whose time it is. Raises Invalid, naming the field: to a
    mentor another mentor is not there."""
    if actor.family is Role.mentor:
        if body.staff_id is not None:
            raise Invalid.field("staff_id", "not_yours", "a mentor records their own time")
        if body.mentor_id not in {None, actor.mentor_id}:
            raise Invalid.field("mentor_id", "unknown", "there is no such mentor here")
        return actor.mentor_id, None
    if body.mentor_id is not None:
        return body.mentor_id, None
    if body.staff_id not in {None, actor.staff_id}:
        raise Invalid.field("staff_id", "not_yours", "everyone of the staff records their own time")
    return None, actor.staff_id


async def _check_day(db: AsyncSession, effort: Effort) -> None:
    """Raises Invalid for a day that has not come, or before the mentor or colleague was there."""
    prison = await db.get_one(Prison, effort.prison_id)
    if effort.done_on > local_date(clock.now(), prison.tz):
        raise Invalid.field("done_on", "in_the_future", "must not be in the future")
    began: Mentor | Staff
    if effort.mentor_id is not None:
        began = await referred(db, Mentor, effort.prison_id, effort.mentor_id, "mentor_id")
    else:
        assert effort.staff_id is not None
        began = await referred(db, Staff, effort.prison_id, effort.staff_id, "staff_id")
    if effort.done_on < local_date(began.recorded_at, prison.tz):
        raise Invalid.field("done_on", "before_they_began", "is before their record here begins")


def _check_mine(actor: Actor, effort: Effort) -> None:
    """A mentor changes their own, staff their own and mentors'. Raises NotAllowed."""
    if effort.staff_id is not None and effort.staff_id != actor.staff_id:
        raise NotAllowed("A colleague's time is theirs to correct.")
    if effort.voided_at is not None:
        raise Conflicting("It was voided.")


async def update(db: AsyncSession, actor: Actor, effort: Effort, body: EffortUpdate) -> None:
    """Correct an effort; what it said before is kept."""
    _check_mine(actor, effort)
    with db.no_autoflush:
        for name, value in body.model_dump(exclude_unset=True).items():
            setattr(effort, name, value)
        await _check_day(db, effort)
    outbox.say(db, effort.prison_id, "effort.updated", effort.id)
    await db.flush()


async def void(db: AsyncSession, actor: Actor, effort: Effort, reason: EffortVoid) -> None:
    """Count an effort no more. It stays to be seen."""
    _check_mine(actor, effort)
    effort.voided_at, effort.void_reason = clock.now(), reason
    outbox.say(db, effort.prison_id, "effort.voided", effort.id, reason=reason)
    await db.flush()


def shown(effort: Effort, actor: Actor) -> Output:
    """The effort as this actor sees it."""
    return shape("efforts", actor.role).model_validate(effort)


# All hours -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Given:
    """Time that one mentor or one member of staff gave on one day, and where it is known from."""

    activity: str
    mentor_id: UUID | None
    role: str
    day: date
    minutes: int
    source: EffortSource


def minutes_between(starts_at: datetime, ends_at: datetime) -> int:
    """Minutes between two instants, rounded to the nearest: a clock change makes none of them
    longer or shorter."""
    seconds = (ends_at.timestamp() - starts_at.timestamp()) / 60
    return int(seconds + 0.5)


def iso_week(day: date) -> str:
    """The week of a day, Monday to Sunday, as ISO 8601 names it."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def key_of(given: Given, by: EffortBy) -> str | None:
    """Under which key it is put; None where it has none."""
    if by is EffortBy.activity:
        return given.activity
    if by is EffortBy.role:
        return given.role
    if by is EffortBy.week:
        return iso_week(given.day)
    return str(given.mentor_id) if given.mentor_id is not None else None


def put_together(every: Iterable[Given], by: EffortBy) -> list[EffortLine]:
    """All hours under their keys, recorded ones and those of sessions apart, in order."""
    lines: dict[tuple[str, EffortSource], EffortLine] = {}
    for given in every:
        key = key_of(given, by)
        if key is None:
            continue
        line = lines.setdefault(
            (key, given.source),
            EffortLine(key=key, source=given.source, mentor_minutes=0, staff_minutes=0, entries=0),
        )
        line.entries += 1
        if given.mentor_id is not None:
            line.mentor_minutes += given.minutes
        else:
            line.staff_minutes += given.minutes
    return [lines[each] for each in sorted(lines)]


async def summary(
    db: AsyncSession, actor: Actor, since: date | None, until: date | None, by: EffortBy
) -> EffortSummary:
    """The hours of a period; a mentor's own only. Raises Invalid."""
    prison = await db.get_one(Prison, actor.prison_id)
    period = period_of(prison.tz, since, until, USUAL_PERIOD)
    every = [*await _recorded(db, actor, period), *await _of_sessions(db, actor, period)]
    return EffortSummary(
        since=period.first,
        until=period.last,
        by=by,
        lines=put_together(every, by),
        mentor_minutes=sum(each.minutes for each in every if each.mentor_id is not None),
        staff_minutes=sum(each.minutes for each in every if each.mentor_id is None),
    )


def _own(actor: Actor) -> bool:
    return actor.family is Role.mentor


async def _recorded(db: AsyncSession, actor: Actor, period: Period) -> list[Given]:
    found = everything(Effort, actor.prison_id).where(
        col(Effort.done_on) >= period.first,
        col(Effort.done_on) <= period.last,
        col(Effort.voided_at).is_(None),
    )
    if _own(actor):
        found = found.where(col(Effort.mentor_id) == actor.mentor_id)
    roles = await _roles(db, actor.prison_id)
    return [
        Given(
            each.activity,
            each.mentor_id,
            MENTOR if each.staff_id is None else roles[each.staff_id],
            each.done_on,
            each.minutes,
            EffortSource.recorded,
        )
        for each in (await db.execute(found)).scalars()
    ]


async def _of_sessions(db: AsyncSession, actor: Actor, period: Period) -> list[Given]:
    """Sessions that took place: the mentor's minutes, and a lead's of the staff. A night belongs
    to the day on which it began."""
    found = everything(Session, actor.prison_id).where(
        col(Session.status).in_(HELD),
        col(Session.starts_at) >= period.since,
        col(Session.starts_at) < period.until,
    )
    if _own(actor):
        found = found.where(col(Session.mentor_id) == actor.mentor_id)
    roles = {} if _own(actor) else await _roles(db, actor.prison_id)
    needed = found.with_only_columns(
        col(Session.kind),
        col(Session.mentor_id),
        col(Session.lead_staff_id),
        col(Session.starts_at),
        col(Session.ends_at),
    )
    given = []
    for each in await db.execute(needed):
        day = local_date(each.starts_at, period.zone)
        minutes, kind = minutes_between(each.starts_at, each.ends_at), each.kind
        source = EffortSource.sessions
        given.append(Given(kind, each.mentor_id, MENTOR, day, minutes, source))
        if each.lead_staff_id is not None and not _own(actor):
            given.append(Given(kind, None, roles[each.lead_staff_id], day, minutes, source))
    return given


async def _roles(db: AsyncSession, prison_id: str) -> dict[UUID, str]:
    rows = (await db.execute(everything(Staff, prison_id))).scalars()
    return {each.id: each.role.value for each in rows}
