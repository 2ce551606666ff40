"""Calendar feeds: who makes one, when it ends, and what a calendar is told: a neutral word, a room
and times, and nobody's name."""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from icalendar import Calendar, Event
from sqlalchemy import exists
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.config import settings
from app.errors import Conflicting, NotFound, SheetTooLong
from app.grants import GRANTS, P
from app.limits import Limits, Rate
from app.models.base import new_id
from app.models.calendar_feeds import CalendarFeed, CalendarFeedCreate, FeedKind
from app.models.revocations import Revocation
from app.models.rooms import Room
from app.models.sessions import Session, SessionKind, SessionStatus
from app.models.staff import Role, Staff
from app.models.wings import Wing
from app.scope import everything, referred, visible
from app.services import outbox
from app.services.prints.words import words

SECRET_BYTES = 32
BEHIND, AHEAD = timedelta(days=14), timedelta(days=56)
"""What a feed tells of: cancelled sessions stay in it as cancelled for as long."""
MOST_EVENTS = 2000


@dataclass(frozen=True, slots=True)
class Told:
    """A session as a calendar is told of it."""

    session: Session
    where: str | None


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


async def create(
    db: AsyncSession, actor: Actor, body: CalendarFeedCreate
) -> tuple[CalendarFeed, str]:
    """A feed of one's own, and the path under which a calendar reads it: it is kept nowhere."""
    if body.room_id is not None:
        await referred(db, Room, actor.prison_id, body.room_id, "room_id")
    if body.wing_id is not None:
        await referred(db, Wing, actor.prison_id, body.wing_id, "wing_id")
    assert actor.staff_id is not None, "only staff make feeds"
    secret, now = secrets.token_urlsafe(SECRET_BYTES), clock.now()
    feed = CalendarFeed(
        id=new_id(),
        prison_id=actor.prison_id,
        staff_id=actor.staff_id,
        secret_digest=_digest(secret),
        issued_at=clock.real_now(),
        expires_at=now + timedelta(days=settings().calendar_feed_days),
        **body.model_dump(),
    )
    db.add(feed)
    outbox.say(db, feed.prison_id, "calendar_feed.made", feed.id, kind=feed.kind)
    await db.flush()
    return feed, f"/v1/prisons/{feed.prison_id}/calendar-feeds/{feed.id}/{secret}/calendar.ics"


async def end(db: AsyncSession, actor: Actor, feed: CalendarFeed) -> None:
    """End a feed at once; its owner's to do, or a governor's. Raises Conflicting where it has."""
    if feed.ended_at is not None:
        raise Conflicting("The feed has ended already.")
    _end(db, feed, actor.subject)
    await db.flush()


async def end_all(db: AsyncSession, staff: Staff, by: str) -> None:
    """End every feed of somebody who stops working here, for good: they are not there again when
    the post is."""
    standing = everything(CalendarFeed, staff.prison_id).where(
        col(CalendarFeed.staff_id) == staff.id, col(CalendarFeed.ended_at).is_(None)
    )
    for feed in (await db.scalars(standing.with_for_update())).all():
        _end(db, feed, by)


def _end(db: AsyncSession, feed: CalendarFeed, by: str) -> None:
    feed.ended_at, feed.ended_by = clock.now(), by
    outbox.say(db, feed.prison_id, "calendar_feed.ended", feed.id)


async def read(
    db: AsyncSession, limits: Limits, prison_id: str, feed_id: UUID, secret: str
) -> bytes:
    """What a calendar reads. NotFound for a wrong secret and for a feed that has ended alike."""
    feed, owner = await _let_in(db, prison_id, feed_id, secret)
    trail = db.info["trail"]
    trail.knows(None, owner.subject, "calendar_feed")
    await limits.spend(Rate.subject, f"calendar_feed {feed.id}")
    actor = Actor(prison_id, owner.subject, Role(owner.role.value), staff_id=owner.id)
    told = await _told(db, actor, feed)
    trail.rows = len(told)
    return written(prison_id, told)


async def _let_in(
    db: AsyncSession, prison_id: str, feed_id: UUID, secret: str
) -> tuple[CalendarFeed, Staff]:
    """The feed and whose it is. It lives as long as it is let, its owner works here in a role that
    sees sessions, and nobody has revoked their tokens since it was made."""
    revoked = (
        exists()
        .where(
            col(Revocation.subject) == col(Staff.subject),
            col(Revocation.token_id).is_(None),
            col(Revocation.person_id).is_(None),
            col(Revocation.issued_until) >= col(CalendarFeed.issued_at),
        )
        .correlate(Staff, CalendarFeed)
    )
    found = (
        everything(CalendarFeed, prison_id)
        .join(
            Staff,
            (col(Staff.prison_id) == col(CalendarFeed.prison_id))
            & (col(Staff.id) == col(CalendarFeed.staff_id)),
        )
        .where(
            col(CalendarFeed.id) == feed_id,
            col(CalendarFeed.secret_digest) == _digest(secret),
            col(CalendarFeed.ended_at).is_(None),
            col(CalendarFeed.expires_at) > clock.now(),
            col(Staff.active),
            ~revoked,
        )
        .add_columns(Staff)
    )
    row = (await db.execute(found)).one_or_none()
    if row is None or P.calendar_feed_write not in GRANTS[Role(row[1].role.value)]:
        raise NotFound()
    return row[0], row[1]


async def _told(db: AsyncSession, actor: Actor, feed: CalendarFeed) -> list[Told]:
    """The feed's sessions: none that came unplanned at night."""
    now = clock.now()
    found = visible(Session, actor).where(
        col(Session.starts_at) >= now - BEHIND,
        col(Session.starts_at) < now + AHEAD,
        col(Session.kind) != SessionKind.night_callout,
    )
    rooms = {each.id: each for each in await db.scalars(visible(Room, actor))}
    if feed.kind is FeedKind.led:
        found = found.where(col(Session.lead_staff_id) == feed.staff_id)
    elif feed.kind is FeedKind.room:
        found = found.where(col(Session.room_id) == feed.room_id)
    else:
        there = [each.id for each in rooms.values() if each.wing_id == feed.wing_id]
        found = found.where(col(Session.room_id).in_(there))
    ordered = found.order_by(col(Session.starts_at), col(Session.id)).limit(MOST_EVENTS + 1)
    sessions: Sequence[Session] = (await db.scalars(ordered)).all()
    if len(sessions) > MOST_EVENTS:
        raise SheetTooLong(f"A feed holds at most {MOST_EVENTS} sessions.")
    wings = {each.id: each.name for each in await db.scalars(visible(Wing, actor))}
    return [
        Told(each, f"{room.name}, {wings[room.wing_id]}" if room else None)
        for each in sessions
        for room in [rooms[each.room_id] if each.room_id else None]
    ]


def written(prison_id: str, told: Iterable[Told]) -> bytes:
    """The sessions as a calendar, the same bytes for the same sessions. Pure."""
    calendar = Calendar()
    calendar.add("prodid", "-//Wellwing//Calendar feed//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("name", words().activity)
    calendar.add("x-wr-calname", words().activity)
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    for each in told:
        calendar.add_component(_event(prison_id, each))
    return bytes(calendar.to_ical())


def _event(prison_id: str, told: Told) -> Event:
    session, event = told.session, Event()
    cancelled = session.status is SessionStatus.cancelled
    event.add("uid", f"{session.id}@{prison_id.lower()}.wellwing")
    event.add("sequence", session.version)
    event.add("dtstamp", _whole(session.recorded_at))
    event.add("dtstart", _whole(session.starts_at))
    event.add("dtend", _whole(session.ends_at))
    event.add("summary", words().activity)
    event.add("class", "CONFIDENTIAL")
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if cancelled else "OPAQUE")
    if told.where is not None:
        event.add("location", told.where)
    return event


def _whole(instant: datetime) -> datetime:
    """In whole seconds: a calendar has no smaller ones."""
    return instant.replace(microsecond=0)
