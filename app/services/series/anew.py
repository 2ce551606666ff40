"""Meetings that were called off are planned anew under their numbers, so that a course of eight
keeps its eight, in their order: by staff, or by what a lockdown re-offers.

What was called off stays as it was; the new occurrence supersedes it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Clash, Invalid, NotCalledOff
from app.models.lockdowns import LockdownSession
from app.models.prisons import Prison
from app.models.series import Occurrence, OccurrenceAnew, OccurrenceCreate, Series
from app.models.sessions import Session, SessionCreate, SessionKind, SessionStatus
from app.scope import everything
from app.services import enrolments, lifecycle
from app.services.enrolments.joining import all_join
from app.services.enrolments.moves import live_in
from app.services.series import still_open
from app.services.series.expansion import instants
from app.services.series.moves import OPEN, SERIES
from app.services.series.supersession import Meeting, Step, out_of_order
from app.services.sessions.booking import book
from app.services.sessions.meetings import meetings_of
from app.services.working_days import is_bank_holiday, local_date, utc

_OF_A_SESSION = {"room_id", "mentor_id", "lead_staff_id"}


async def plan(db: AsyncSession, actor: Actor, series: Series, body: OccurrenceAnew) -> Occurrence:
    """Plan a meeting that was called off at another time. Raises Clash with every reason."""
    still_open(series)
    meetings = await meetings_of(db, series)
    found = [(old, session) for old, session in meetings if old.number == body.number]
    if not found:
        raise Invalid.field("number", "unknown", "there is no meeting with that number")
    [(old, gone)] = found
    if gone.status is not SessionStatus.cancelled:
        raise NotCalledOff()
    wanted = await _wanted(db, gone, body)
    _fits(series, meetings, Step(old.number, body.day, wanted.starts_at, wanted.ends_at))
    try:
        session = await book(db, actor, wanted)
    except Clash as clash:
        clash.errors = tuple(
            replace(each, field="day") if each.field == "starts_at" else each
            for each in clash.errors
        )
        raise
    return await _instead(db, actor, series, old, session, body.day)


async def _wanted(db: AsyncSession, gone: Session, body: OccurrenceAnew) -> OccurrenceCreate:
    """As it was to be, and as the body has it otherwise. Raises Invalid."""
    named = body.model_dump(exclude_unset=True, include=_OF_A_SESSION)
    if gone.kind is SessionKind.art_therapy and named.get("lead_staff_id", True) is None:
        message = "art therapy needs its qualified lead"
        raise Invalid.field("lead_staff_id", "lead", message)
    zone = (await db.get_one(Prison, gone.prison_id)).tz
    lasted = int((utc(gone.ends_at) - utc(gone.starts_at)).total_seconds()) // 60
    starts = body.starts or gone.starts_at.astimezone(zone).time()
    begin, end = instants(body.day, starts, body.minutes or lasted, zone)
    as_it_was = {name: getattr(gone, name) for name in _OF_A_SESSION}
    return OccurrenceCreate(kind=gone.kind, starts_at=begin, ends_at=end, **(as_it_was | named))


def _fits(series: Series, meetings: list[tuple[Occurrence, Session]], step: Step) -> None:
    """In the order of its number, and on no bank holiday that is skipped. Raises Invalid."""
    if series.skip_bank_holidays and is_bank_holiday(step.day):
        raise Invalid.field("day", "bank_holiday", f"{step.day} is a bank holiday")
    standing = [
        Meeting(
            each.number,
            each.day,
            session.starts_at,
            session.ends_at,
            SessionStatus.planned if each.number == step.number else session.status,
        )
        for each, session in meetings
    ]
    if out_of_order(standing, {step.number: step}):
        message = f"meeting {step.number} comes after those before it, and before those after it"
        raise Invalid.field("day", "order", message)


async def _instead(
    db: AsyncSession, actor: Actor, series: Series, old: Occurrence, session: Session, day: date
) -> Occurrence:
    """The session is the meeting now, and whoever has a place comes to it. What a lockdown called
    off is not offered once more."""
    gone = old.session_id
    old.superseded_at = clock.now()
    await db.flush()
    new = Occurrence(
        prison_id=old.prison_id,
        series_id=old.series_id,
        session_id=session.id,
        number=old.number,
        day=day,
        supersedes_id=old.id,
    )
    db.add(new)
    await db.flush()
    await all_join(db, actor, series, session)
    kept = everything(LockdownSession, series.prison_id).where(
        col(LockdownSession.session_id) == gone
    )
    for each in (await db.scalars(kept.with_for_update())).all():
        each.reoffered_as = session.id
    await lifecycle.mark(db, SERIES, series, actor, "planned_anew")
    await db.flush()
    return new


async def meeting_of(db: AsyncSession, gone: Session) -> tuple[Series, Occurrence] | None:
    """The meeting that the session was, with its series, which is held, as long as it is open."""
    found = everything(Occurrence, gone.prison_id).where(
        col(Occurrence.session_id) == gone.id, col(Occurrence.superseded_at).is_(None)
    )
    old = (await db.scalars(found)).one_or_none()
    if old is None:
        return None
    series = await enrolments.hold_places(db, gone.prison_id, old.series_id)
    return (series, old) if series.status in OPEN else None


async def still(
    db: AsyncSession, meeting: tuple[Series, Occurrence] | None, mentee_ids: Sequence[UUID]
) -> Sequence[UUID]:
    """Of those who were to come, those who still have a place in the series; all where it is
    none."""
    if meeting is None:
        return mentee_ids
    places = {each.mentee_id for each in await live_in(db, meeting[0]) if each.place is not None}
    return [each for each in mentee_ids if each in places]


async def between(
    db: AsyncSession, meeting: tuple[Series, Occurrence] | None, first: datetime, last: datetime
) -> tuple[datetime, datetime]:
    """Of a time, what lies between the meetings around this one; all of it where it is none."""
    if meeting is None:
        return first, last
    series, old = meeting
    for each, session in await meetings_of(db, series):
        if session.status is SessionStatus.cancelled:
            continue
        if each.number < old.number:
            first = max(first, session.ends_at)
        elif each.number > old.number:
            last = min(last, session.starts_at)
    return first, last


async def book_again(
    db: AsyncSession,
    actor: Actor,
    meeting: tuple[Series, Occurrence] | None,
    body: SessionCreate,
) -> Session:
    """Book what was called off: a session by itself, or the meeting of a series."""
    if meeting is None:
        return await book(db, actor, body)
    series, old = meeting
    empty = OccurrenceCreate(**body.model_dump(exclude={"mentee_ids"}))
    session = await book(db, actor, empty)
    zone = (await db.get_one(Prison, series.prison_id)).tz
    await _instead(db, actor, series, old, session, local_date(session.starts_at, zone))
    return session


async def hold_first(db: AsyncSession, prison_id: str, session_ids: list[UUID]) -> None:
    """Hold what is locked before the meetings among these sessions are planned anew."""
    theirs = everything(Occurrence, prison_id).where(col(Occurrence.session_id).in_(session_ids))
    ids = set(await db.scalars(theirs.with_only_columns(col(Occurrence.series_id))))
    for series_id in sorted(ids):
        await enrolments.hold(db, prison_id, series_id)
