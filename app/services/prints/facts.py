"""What sheets are made of, loaded through the scope of whoever it is for: a fixed number of
queries a sheet."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access import Actor
from app.errors import SheetTooLong
from app.models.duties import Post
from app.models.mentees import Mentee
from app.models.mentors import Mentor
from app.models.people import Person, Presence
from app.models.prisons import Prison
from app.models.rooms import Room
from app.models.rota_demands import RotaRole
from app.models.sessions import (
    Participation,
    ParticipationStatus,
    Session,
    SessionKind,
    SessionStatus,
)
from app.models.shifts import Shift, ShiftStatus
from app.models.staff import Role
from app.models.wings import Wing
from app.scope import everything, visible
from app.services import duties, regimes
from app.services.participations.naming import in_a_group
from app.services.regime_days import DayOfRegime, resolve
from app.services.scheduling import GROUPS

MOST_SESSIONS, MOST_LINES = 300, 1000
EXPECTED = (
    ParticipationStatus.offered,
    ParticipationStatus.accepted,
    ParticipationStatus.attended,
    ParticipationStatus.dna,
)
"""Whoever was to come, whether or not they did: a sheet does not tell which."""
GIVEN_OUT = (
    ShiftStatus.published,
    ShiftStatus.accepted,
    ShiftStatus.swap_requested,
    ShiftStatus.on_shift,
    ShiftStatus.ended,
    ShiftStatus.uncovered,
)


@dataclass(frozen=True, slots=True)
class Coming:
    """Somebody who is to come to a session, its mentor among them."""

    person_id: UUID
    name: str
    cell: str | None
    wing_code: str | None
    leads: bool


@dataclass(frozen=True, slots=True)
class Meeting:
    """A session, where it is, and who comes."""

    session_id: UUID
    starts_at: datetime
    ends_at: datetime
    room: str | None
    wing_id: UUID | None
    wing_name: str | None
    live: bool
    people: tuple[Coming, ...]


@dataclass(frozen=True, slots=True)
class Serving:
    """A shift, and whose it is; nobody's is a gap."""

    role: RotaRole
    day: date
    starts_at: datetime
    ends_at: datetime
    mentor_id: UUID | None
    name: str | None


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Somebody's duty."""

    post: Post
    name: str
    starts_at: datetime
    ends_at: datetime | None


async def prison_of(db: AsyncSession, actor: Actor) -> Prison:
    """The actor's prison."""
    return await db.get_one(Prison, actor.prison_id)


async def days_of(
    db: AsyncSession, actor: Actor, first: date, last: date
) -> tuple[DayOfRegime, ...]:
    """The days between two dates, both included, as they come out: with the exceptions of a date
    and bank holidays."""
    found = await regimes.load(db, actor.prison_id, first, last)
    number = (last - first).days + 1
    return tuple(resolve(found, first + timedelta(days=each)) for each in range(number))


async def meetings(
    db: AsyncSession,
    actor: Actor,
    since: datetime,
    until: datetime,
    *,
    mentor_id: UUID | None = None,
) -> list[Meeting]:
    """The sessions that begin in a time, as this actor may see them and who comes to them; none
    that is cancelled, and no call-out at night, of which no paper tells."""
    found = visible(Session, actor).where(
        col(Session.starts_at) >= since,
        col(Session.starts_at) < until,
        col(Session.status) != SessionStatus.cancelled,
        col(Session.kind) != SessionKind.night_callout,
    )
    if mentor_id is not None:
        found = found.where(col(Session.mentor_id) == mentor_id)
    ordered = found.order_by(col(Session.starts_at), col(Session.id)).limit(MOST_SESSIONS + 1)
    sessions = (await db.scalars(ordered)).all()
    if len(sessions) > MOST_SESSIONS:
        raise SheetTooLong(f"A sheet holds at most {MOST_SESSIONS} sessions.")
    return await as_meetings(db, actor, sessions)


async def as_meetings(db: AsyncSession, actor: Actor, sessions: Sequence[Session]) -> list[Meeting]:
    """Sessions that the actor may see, with their rooms and their people: five queries."""
    rooms = await _rooms(db, actor, {each.room_id for each in sessions if each.room_id})
    people = await _coming(db, actor, sessions)
    made = []
    for each in sessions:
        room, wing = rooms[each.room_id] if each.room_id else (None, None)
        made.append(
            Meeting(
                each.id,
                each.starts_at,
                each.ends_at,
                room.name if room else None,
                room.wing_id if room else None,
                wing.name if wing else None,
                each.live,
                tuple(people[each.id]),
            )
        )
    if sum(len(each.people) for each in made) > MOST_LINES:
        raise SheetTooLong(f"A sheet holds at most {MOST_LINES} lines.")
    return made


async def _rooms(
    db: AsyncSession, actor: Actor, ids: Iterable[UUID]
) -> Mapping[UUID, tuple[Room, Wing]]:
    rooms = (await db.scalars(visible(Room, actor).where(col(Room.id).in_(ids)))).all()
    wings = visible(Wing, actor).where(col(Wing.id).in_({each.wing_id for each in rooms}))
    known = {each.id: each for each in await db.scalars(wings)}
    return {each.id: (each, known[each.wing_id]) for each in rooms}


async def _coming(
    db: AsyncSession, actor: Actor, sessions: Sequence[Session]
) -> Mapping[UUID, list[Coming]]:
    """Who comes to each session: its mentor, and the mentees this actor may see, but nobody who
    has left."""
    mentors = visible(Mentor, actor).where(
        col(Mentor.id).in_({each.mentor_id for each in sessions})
    )
    of_mentor = {each.id: each.person_id for each in await db.scalars(mentors)}
    parts = (
        visible(Participation, actor)
        .where(
            col(Participation.session_id).in_({each.id for each in sessions}),
            col(Participation.status).in_(EXPECTED),
        )
        .join(
            Mentee,
            (col(Mentee.prison_id) == col(Participation.prison_id))
            & (col(Mentee.id) == col(Participation.mentee_id)),
        )
        .with_only_columns(col(Participation.session_id), col(Mentee.person_id))
    )
    mentees: dict[UUID, list[UUID]] = {each.id: [] for each in sessions}
    for session_id, person_id in await db.execute(parts):
        mentees[session_id].append(person_id)
    wanted = {*of_mentor.values(), *(each for some in mentees.values() for each in some)}
    people = everything(Person, actor.prison_id).where(
        col(Person.id).in_(wanted), col(Person.presence) != Presence.left
    )
    known = {each.id: each for each in await db.scalars(people)}
    coming: dict[UUID, list[Coming]] = {}
    for each in sessions:
        leads = [of_mentor[each.mentor_id]] if each.mentor_id in of_mentor else []
        everyone = [known[who] for who in [*leads, *mentees[each.id]] if who in known]
        names = _called(actor, each, [one for one in everyone if one.id not in leads])
        coming[each.id] = [
            Coming(
                one.id,
                names.get(one.id, one.display_name),
                one.cell_location,
                one.wing_code,
                one.id in leads,
            )
            for one in everyone
        ]
    return coming


def _called(actor: Actor, session: Session, mentees: Sequence[Person]) -> Mapping[UUID, str]:
    """What a mentor calls the people of a group: on paper as on the screen."""
    if actor.family is not Role.mentor or session.kind not in GROUPS:
        return {}
    in_order = sorted(mentees, key=lambda each: (each.first_name, each.id))
    names = in_a_group([each.first_name for each in in_order])
    return {each.id: name for each, name in zip(in_order, names, strict=True)}


async def on_duty(db: AsyncSession, actor: Actor, since: datetime, until: datetime) -> list[OnDuty]:
    """The duties of active staff that touch a time, post by post."""
    roster = await duties.load(db, actor.prison_id, since, until)
    names = {staff.id: staff.name for staff in roster.working}
    turns = [turn for each in roster.held for turn in each.turns(names.keys())]
    rows = [
        OnDuty(turn.post, names[turn.staff_id], turn.starts_at, turn.ends_at)
        for turn in turns
        if turn.starts_at < until and (turn.ends_at is None or turn.ends_at > since)
    ][:MOST_LINES]
    return sorted(rows, key=lambda each: list(Post).index(each.post))


async def shifts(db: AsyncSession, actor: Actor, first: date, last: date) -> list[Serving]:
    """The shifts of the rota as it stands that begin on these days, as this actor may see them;
    none that no rota gave out, or that the regime called off. One query."""
    found = (
        visible(Shift, actor)
        .outerjoin(
            Mentor,
            (col(Mentor.prison_id) == col(Shift.prison_id))
            & (col(Mentor.id) == col(Shift.mentor_id)),
        )
        .outerjoin(
            Person,
            (col(Person.prison_id) == col(Mentor.prison_id))
            & (col(Person.id) == col(Mentor.person_id))
            & (col(Person.presence) != Presence.left),
        )
        .where(
            col(Shift.superseded_at).is_(None),
            col(Shift.status).in_(GIVEN_OUT),
            col(Shift.day).between(first, last),
        )
        .order_by(col(Shift.starts_at), col(Shift.id))
        .limit(MOST_LINES + 1)
        .with_only_columns(
            col(Shift.role),
            col(Shift.day),
            col(Shift.starts_at),
            col(Shift.ends_at),
            col(Shift.mentor_id),
            col(Person.display_name),
        )
    )
    rows = (await db.execute(found)).all()
    if len(rows) > MOST_LINES:
        raise SheetTooLong(f"A sheet holds at most {MOST_LINES} lines.")
    return [Serving(*row) for row in rows]


def wall_day(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """A day at the prison, from midnight to midnight: 23 or 25 hours long twice a year."""
    return (
        datetime.combine(day, time(), zone),
        datetime.combine(day + timedelta(days=1), time(), zone),
    )
