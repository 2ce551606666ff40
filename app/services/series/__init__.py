"""Series: meetings planned week after week. On which days is worked out in `expansion.py`, their
life is in `moves.py`, and each meeting is a session like any other (`app/services/sessions`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor, the_system
from app.errors import Clash, FieldError, Invalid, SeriesOver
from app.models.base import Output
from app.models.prisons import Prison
from app.models.series import (
    ALONE,
    LeftOut,
    Occurrence,
    OccurrenceCreate,
    OnClash,
    Series,
    SeriesCreate,
    SeriesPlan,
    SeriesStatus,
    SeriesUpdate,
)
from app.models.sessions import ClashRead, Session, SessionStatus
from app.rights import Permission
from app.scope import everything, visible
from app.services import enrolments, lifecycle, outbox
from app.services.enrolments.moves import fill, live_in
from app.services.series.expansion import Cadence, days, instants
from app.services.series.moves import OPEN, SERIES
from app.services.sessions.booking import book
from app.services.sessions.meetings import meetings_of
from app.services.sessions.moves import PLANNED
from app.visibility import shape

MOST_AT_ONCE = 100
ANEW_WITHIN = timedelta(days=14)
_OF_THE_PLAN = {"starts", "minutes", "every_weeks", "room_id", "mentor_id", "lead_staff_id"}


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting to book: its day, its instants."""

    day: date
    starts_at: datetime
    ends_at: datetime


async def hold(db: AsyncSession, series: Series) -> None:
    """Hold what is locked before a series."""
    await enrolments.hold(db, series.prison_id, series.id)


async def plan(
    db: AsyncSession, actor: Actor, body: SeriesCreate
) -> tuple[Series, Sequence[LeftOut]]:
    """Plan a series with all its meetings. A meeting that clashes is left out and named, or the
    whole is refused with every reason of every meeting, as the body says."""
    meetings = await _meetings(db, actor.prison_id, body)
    values = body.model_dump(exclude=_OF_THE_PLAN | {"on_clash"})
    series = Series(prison_id=actor.prison_id, **values)
    await lifecycle.begin(db, SERIES, series, actor)
    first = SeriesPlan(
        prison_id=actor.prison_id,
        series_id=series.id,
        from_number=1,
        **body.model_dump(include=_OF_THE_PLAN),
    )
    db.add(first)
    await db.flush()
    left_out: list[LeftOut] = []
    number = 0
    for meeting in meetings:
        try:
            session = await book(db, actor, _booking(series, first, meeting))
        except Clash as clash:
            left_out.append(left_out_of(meeting.day, meeting.starts_at, clash))
            continue
        number += 1
        _counts(db, series, session, number, meeting.day)
    await db.flush()
    settle(left_out, body.on_clash, booked=number)
    _enough(body.attend_at_least, number)
    return series, left_out


def _enough(attend_at_least: int | None, meetings: int) -> None:
    """Raises Invalid where nobody could come often enough."""
    if (attend_at_least or 0) > meetings:
        raise Invalid.field("attend_at_least", "too_many", f"there are {meetings} meetings")


def _sensible(series: Series, body: SeriesUpdate, meetings: int) -> None:
    """Raises Invalid."""
    if series.kind in ALONE and (body.places or 1) != 1:
        raise Invalid.field("places", "alone", "a one-to-one has one place")
    _enough(body.attend_at_least, meetings)


async def _meetings(db: AsyncSession, prison_id: str, body: SeriesCreate) -> list[Meeting]:
    """The meetings that the body asks for. Raises Invalid when there is none."""
    zone = (await db.get_one(Prison, prison_id)).tz
    cadence = Cadence(
        body.first_day, body.every_weeks, body.meetings, body.last_day, body.skip_bank_holidays
    )
    found = [
        Meeting(day, *instants(day, body.starts, body.minutes, zone)) for _, day in days(cadence)
    ]
    if not found:
        raise Invalid.field("last_day", "no_meeting", "leaves no day for a meeting")
    return found


def _booking(series: Series, of: SeriesPlan, meeting: Meeting) -> OccurrenceCreate:
    return OccurrenceCreate(
        kind=series.kind,
        room_id=of.room_id,
        mentor_id=of.mentor_id,
        lead_staff_id=of.lead_staff_id,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
    )


def _counts(db: AsyncSession, series: Series, session: Session, number: int, day: date) -> None:
    """The session is a meeting of the series, with this number."""
    db.add(
        Occurrence(
            prison_id=series.prison_id,
            series_id=series.id,
            session_id=session.id,
            number=number,
            day=day,
        )
    )


def left_out_of(day: date, starts_at: datetime, clash: Clash) -> LeftOut:
    """A meeting that cannot be, with every reason."""
    clashes = [ClashRead.model_validate(each) for each in clash.extra["clashes"]]
    return LeftOut(day=day, starts_at=starts_at, clashes=clashes)


def settle(left_out: Sequence[LeftOut], on_clash: OnClash, *, booked: int) -> None:
    """Refuse the whole where that is wished, or where nothing would be left of it."""
    if not left_out or (on_clash is OnClash.leave_out and booked):
        return
    raise Clash(
        f"{len(left_out)} of {len(left_out) + booked} meetings clash.",
        errors=[
            FieldError(f"meetings.{each.day}", clash.kind.value, clash.detail)
            for each in left_out
            for clash in each.clashes
        ],
        left_out=[each.model_dump(mode="json") for each in left_out],
    )


def still_open(series: Series) -> None:
    """Raises SeriesOver."""
    if series.status not in OPEN:
        raise SeriesOver()


async def update(db: AsyncSession, series: Series, body: SeriesUpdate) -> None:
    """Change what is no part of the plan; places that come free are offered at once."""
    still_open(series)
    _sensible(series, body, len(await meetings_of(db, series)))
    held = [each.place for each in await live_in(db, series) if each.place is not None]
    if body.places is not None and max(held, default=0) > body.places:
        raise Invalid.field("places", "taken", f"place {max(held)} is taken or offered")
    for name, value in body.model_dump(exclude_unset=True).items():
        setattr(series, name, value)
    await fill(db, series)
    outbox.say(db, series.prison_id, "series.changed", series.id)
    await db.flush()


async def plan_now(db: AsyncSession, series: Series) -> SeriesPlan:
    """The plan that counts for what is to come."""
    found = everything(SeriesPlan, series.prison_id).where(
        col(SeriesPlan.series_id) == series.id, col(SeriesPlan.superseded_at).is_(None)
    )
    return (await db.scalars(found)).one()


async def plans(db: AsyncSession, series: Series, actor: Actor) -> list[Output]:
    """Every plan there was, the first one first."""
    found = everything(SeriesPlan, series.prison_id).where(col(SeriesPlan.series_id) == series.id)
    wanted = shape("series.plans", actor.role)
    rows = await db.scalars(found.order_by(col(SeriesPlan.recorded_at), col(SeriesPlan.id)))
    return [wanted.model_validate(row) for row in rows]


def _meetings_shown(series_id: UUID, actor: Actor) -> Any:
    """Every occurrence of a series by its number, with what is told of its session; of one number
    first what was superseded."""
    return (
        visible(Occurrence, actor)
        .where(col(Occurrence.series_id) == series_id)
        .join(
            Session,
            (col(Session.prison_id) == col(Occurrence.prison_id))
            & (col(Session.id) == col(Occurrence.session_id)),
        )
        .order_by(col(Occurrence.number), col(Occurrence.recorded_at), col(Occurrence.id))
        .add_columns(col(Session.status), col(Session.starts_at), col(Session.ends_at))
    )


async def _as_shown(db: AsyncSession, found: Any, actor: Actor) -> list[Output]:
    wanted = shape("series.occurrences", actor.role)
    return [
        wanted.model_validate(
            {**row.model_dump(), "status": status, "starts_at": starts, "ends_at": ends}
        )
        for row, status, starts, ends in await db.execute(found)
    ]


async def occurrences(db: AsyncSession, series: Series, actor: Actor) -> list[Output]:
    """Every occurrence by its number; of one number first what was superseded."""
    return await _as_shown(db, _meetings_shown(series.id, actor), actor)


async def occurrence(db: AsyncSession, which: Occurrence, actor: Actor) -> Output:
    """One occurrence as this actor sees it."""
    found = _meetings_shown(which.series_id, actor).where(col(Occurrence.id) == which.id)
    [one] = await _as_shown(db, found, actor)
    return one


async def shown(
    db: AsyncSession, series: Series, actor: Actor, left_out: Sequence[LeftOut] | None = None
) -> Output:
    """The series as this actor sees it; with its moves for those who make them."""
    moves = []
    if actor.allowed(Permission.series_write):
        moves = await lifecycle.options(db, SERIES, series, actor)
    present = await plan_now(db, series)
    fields = {
        **series.model_dump(),
        "every_weeks": present.every_weeks,
        "plan": present.model_dump(),
        "moves": moves,
        "left_out": left_out,
    }
    found = shape("series" if left_out is None else "series.planned", actor.role)
    return found.model_validate(fields)


async def look_after(db: AsyncSession, prison_id: str) -> None:
    """What has begun is running; a series of which nothing is to come is completed."""
    system = the_system(prison_id)
    theirs = (
        everything(Occurrence, prison_id)
        .where(col(Occurrence.series_id) == col(Series.id), col(Occurrence.superseded_at).is_(None))
        .join(
            Session,
            (col(Session.prison_id) == col(Occurrence.prison_id))
            & (col(Session.id) == col(Occurrence.session_id)),
        )
        .with_only_columns(col(Occurrence.id))
        .correlate(Series)
    )
    begun = theirs.where(
        col(Session.starts_at) <= clock.now(), col(Session.status) != SessionStatus.cancelled
    )
    # One that was called off may yet be planned anew for a while, also when it was the last.
    to_come = theirs.where(
        or_(
            col(Session.status).in_(PLANNED),
            col(Session.ends_at) > clock.now(),
            and_(
                col(Session.status) == SessionStatus.cancelled,
                col(Session.ends_at) > clock.now() - ANEW_WITHIN,
            ),
        )
    )
    for status, due, to in (
        (SeriesStatus.planned, begun.exists(), SeriesStatus.running),
        (SeriesStatus.running, ~to_come.exists(), SeriesStatus.completed),
    ):
        found = everything(Series, prison_id).where(col(Series.status) == status, due)
        locked = found.order_by(col(Series.id)).limit(MOST_AT_ONCE)
        for each in (await db.scalars(locked.with_for_update(skip_locked=True))).all():
            await lifecycle.move(db, SERIES, each, to=to, actor=system)


__all__ = [
    "SERIES",
    "hold",
    "left_out_of",
    "look_after",
    "occurrence",
    "occurrences",
    "plan",
    "plan_now",
    "plans",
    "settle",
    "shown",
    "still_open",
    "update",
]
