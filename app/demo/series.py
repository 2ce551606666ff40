"""An eight-week course with more who ask than places, and what the prison wants people for."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.demo.wing import Wing
from app.models.enrolments import EnrolmentCreate, EnrolmentStatus
from app.models.prison_events import PrisonEventCreate, PrisonEventKind
from app.models.series import SeriesCreate
from app.models.sessions import SessionKind
from app.services import enrolments, lifecycle, prison_events, series
from app.services.enrolments.moves import ENROLMENT

LONDON = ZoneInfo("Europe/London")
PLACES, ASK = 6, 8
EVENTS = (
    (PrisonEventKind.visit, 2, 14, 2),
    (PrisonEventKind.court, 3, 9, 7),
    (PrisonEventKind.appointment, 4, 9, 1),
)


async def live(wing: Wing) -> None:
    """Planned a fortnight ago; two of those who asked wait for a place."""
    wing.at(days=15)
    async with wing.db.write(wing.prison_id) as session:
        await _course(session, wing)
        await _elsewhere(session, wing)


async def _course(session: AsyncSession, wing: Wing) -> None:
    mentor_id = wing.active_ids[0]
    body = SeriesCreate(
        title="Thinking ahead",
        kind=SessionKind.cbt_course,
        room_id=wing.room_ids["Group room"],
        mentor_id=mentor_id,
        first_day=_next_wednesday(_today() + timedelta(days=1)),
        starts=time(10, 15),
        minutes=60,
        meetings=8,
        places=PLACES,
        attend_at_least=6,
        join_until=4,
    )
    course, _ = await series.plan(session, wing.support_worker, body)
    for mentee_id in wing.paired[mentor_id][:ASK]:
        asked = EnrolmentCreate(series_id=course.id, mentee_id=mentee_id)
        place = await enrolments.ask(session, wing.support_worker, asked)
        if place.status is EnrolmentStatus.offered:
            to, by = EnrolmentStatus.accepted, wing.support_worker
            await lifecycle.move(session, ENROLMENT, place, to=to, actor=by)


async def _elsewhere(session: AsyncSession, wing: Wing) -> None:
    """A visit, a day in court and an appointment of people of the wing, in the days to come."""
    today = wing.today.astimezone(LONDON).date()
    for number, (kind, days, hour, hours) in enumerate(EVENTS):
        starts = datetime.combine(today + timedelta(days=days), time(hour), LONDON)
        body = PrisonEventCreate(
            person_id=wing.person_ids[2 + number],
            kind=kind,
            starts_at=starts,
            ends_at=starts + timedelta(hours=hours),
        )
        await prison_events.enter(session, wing.officer, body)


def _today() -> date:
    return clock.now().astimezone(LONDON).date()


def _next_wednesday(day: date) -> date:
    return day + timedelta(days=(2 - day.weekday()) % 7)
