"""Four weeks of sessions: two behind us, held and noted, and two ahead, planned."""

from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.demo.wing import Wing
from app.models.mentors import Mentor
from app.models.sessions import (
    NotePut,
    Participation,
    ParticipationStatus,
    Session,
    SessionCreate,
    SessionKind,
    SessionStatus,
)
from app.models.staff import Role
from app.scope import everything
from app.services import lifecycle
from app.services.sessions.booking import book
from app.services.sessions.moves import PARTICIPATION, SESSION, participations_of
from app.services.sessions.notes import write_note

LONDON = ZoneInfo("Europe/London")
NOTE = "We walked the yard and talked about his sister. He will come to the group on Friday."


async def live(wing: Wing) -> int:
    """Book four weeks from a fortnight ago, then hold what lies behind us."""
    wing.at(days=15)
    first = (wing.today - timedelta(days=14)).astimezone(LONDON).date()
    count = 0
    for day in (first + timedelta(days=number) for number in range(28)):
        if day.weekday() < 5:
            async with wing.db.write(wing.prison_id) as session:
                count += await _day(session, wing, day)
    wing.at()
    await _hold(wing)
    return count


def _at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), LONDON)


async def _day(session: AsyncSession, wing: Wing, day: date) -> int:
    """Two one-to-ones for each active mentor, a group, and on one day of the week a course."""
    count = 0
    for place, mentor_id in enumerate(wing.active_ids):
        mine = wing.paired[mentor_id]
        room = list(wing.room_ids.values())[place % 2]
        for turn in range(2):
            mentee_id = mine[(day.toordinal() * 2 + turn) % len(mine)]
            starts = _at(day, 9 if turn == 0 else 14) + timedelta(minutes=40 * (place // 2))
            body = SessionCreate(
                kind=SessionKind.one_to_one if turn == 0 else SessionKind.day_to_day,
                room_id=room,
                mentor_id=mentor_id,
                starts_at=starts,
                ends_at=starts + timedelta(minutes=30),
                mentee_ids=[mentee_id],
            )
            await book(session, wing.support_worker, body)
            count += 1
    await _group(session, wing, day)
    return count + 1


async def _group(session: AsyncSession, wing: Wing, day: date) -> None:
    kinds = [SessionKind.group, SessionKind.cbt_course, SessionKind.art_therapy]
    kind = kinds[day.toordinal() % len(kinds)]
    mentor_id = wing.active_ids[day.toordinal() % len(wing.active_ids)]
    mine = wing.paired[mentor_id]
    start = day.toordinal() % len(mine)
    body = SessionCreate(
        kind=kind,
        room_id=wing.room_ids["Art room" if kind is SessionKind.art_therapy else "Group room"],
        mentor_id=mentor_id,
        lead_staff_id=wing.clinician.staff_id if kind is SessionKind.art_therapy else None,
        starts_at=_at(day, 17, 30),
        ends_at=_at(day, 18, 30),
        mentee_ids=[*mine[start:], *mine[:start]][:6],
    )
    await book(session, wing.support_worker, body)


async def _hold(wing: Wing) -> None:
    """What lies behind us was held, attended, mostly noted; one in nine was cancelled."""
    async with wing.db.write(wing.prison_id) as session:
        past = everything(Session, wing.prison_id).where(col(Session.ends_at) < wing.today)
        rows = (await session.execute(past.order_by(col(Session.starts_at)))).scalars().all()
        owners = await actors_of(session, wing)
        for number, row in enumerate(rows):
            clock.set_offset(row.ends_at - clock.real_now())
            if number % 9 == 4:
                await lifecycle.move(
                    session,
                    SESSION,
                    row,
                    to=SessionStatus.cancelled,
                    actor=wing.support_worker,
                    reason="regime_lockdown",
                )
                continue
            await lifecycle.move(
                session, SESSION, row, to=SessionStatus.held, actor=wing.support_worker
            )
            for part in await participations_of(session, row):
                await _attended(session, wing, part, missed=number % 11 == 3)
            if number % 3:
                await write_note(session, owners[row.mentor_id], row, NotePut(note=NOTE))


async def actors_of(session: AsyncSession, wing: Wing) -> dict[UUID, Actor]:
    """The active mentors as actors, since a note is its mentor's own."""
    found = everything(Mentor, wing.prison_id).where(col(Mentor.id).in_(wing.active_ids))
    return {
        mentor.id: Actor(
            wing.prison_id,
            f"mentor-{mentor.id}",
            Role.mentor,
            person_id=mentor.person_id,
            mentor_id=mentor.id,
        )
        for mentor in (await session.execute(found)).scalars()
    }


async def _attended(
    session: AsyncSession, wing: Wing, part: Participation, *, missed: bool
) -> None:
    to = ParticipationStatus.dna if missed else ParticipationStatus.attended
    await lifecycle.move(session, PARTICIPATION, part, to=to, actor=wing.support_worker)
