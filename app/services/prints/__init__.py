"""Prints: sheets that a wing holds in its hands.

`facts.py` loads what somebody may see, `sheets.py` decides what stands on a sheet, `layouts.py`
how it looks and reads as a table (`rota_layout.py`: the rota's), `paper.py` makes the PDF. The
sheet for an outage has `outage.py` and `outage_layout.py`; `on_disk.py` keeps it on a disk. A
further sheet is a shape in `app/models/prints.py`, a function in each of the first three, and a
route.
"""

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor, prisoner_role
from app.errors import NotPlanned
from app.models.concerns import Concern
from app.models.mentors import Mentor
from app.models.people import Person
from app.models.prints import Sheet
from app.models.regimes import Slot
from app.models.sessions import Session, SessionKind, SessionStatus
from app.models.staff import Staff
from app.models.wings import Wing
from app.rights import Permission
from app.scope import everything, visible
from app.services.prints import facts, layouts, paper, sheets
from app.services.prints import outage as outages
from app.services.sessions import closed
from app.services.working_days import add_calendar_months, local_date
from app.visibility import shape


async def wing_sheet(db: AsyncSession, actor: Actor, wing: Wing, on: date | None) -> Sheet:
    """A wing's day, today's unless told."""
    zone = (await facts.prison_of(db, actor)).tz
    day = on or local_date(clock.now(), zone)
    since, until = facts.wall_day(day, zone)
    before, today = await facts.days_of(db, actor, day - timedelta(days=1), day)
    found = await facts.meetings(db, actor, since, until)
    duties = await facts.on_duty(db, actor, since, until)
    lockdowns = await closed.lockdowns(db, actor.prison_id, since, until)
    made = sheets.wing_sheet(wing, zone, (before, today), found, duties, lockdowns)
    return _shown(db, actor, "prints.wing_sheet", made)


async def movements(
    db: AsyncSession, actor: Actor, wing: Wing, on: date | None, slot: Slot | None
) -> Sheet:
    """Whom to move in a slot of a day; today's present or next one unless told."""
    zone = (await facts.prison_of(db, actor)).tz
    now = clock.now()
    day = on or local_date(now, zone)
    [today] = await facts.days_of(db, actor, day, day)
    wanted = slot or sheets.usual(today, now if day == local_date(now, zone) else None)
    found, lockdowns = [], []
    if (times := sheets.times_of(today, wanted)) is not None:
        found = await facts.meetings(db, actor, *times)
        lockdowns = await closed.lockdowns(db, actor.prison_id, *times)
    made = sheets.movements(wing, zone, today, wanted, found, lockdowns)
    return _shown(db, actor, "prints.movements", made)


async def week(db: AsyncSession, actor: Actor, mentor: Mentor, on: date | None) -> Sheet:
    """A mentor's week. It is narrowed to what the mentor may see, also when staff print it: they
    hand it over, and what is on paper no access ends. Who sees no session has none on paper."""
    zone = (await facts.prison_of(db, actor)).tz
    day = on or local_date(clock.now(), zone)
    monday = day - timedelta(days=day.weekday())
    since, _ = facts.wall_day(monday, zone)
    until, _ = facts.wall_day(monday + timedelta(days=7), zone)
    holder = Actor(
        actor.prison_id,
        actor.subject,
        prisoner_role(mentor.status),
        person_id=mentor.person_id,
        mentor_id=mentor.id,
    )
    found, serves = [], []
    if holder.allowed(Permission.print_week):
        found = await facts.meetings(db, holder, since, until, mentor_id=mentor.id)
        serves = await facts.shifts(db, holder, monday, monday + timedelta(days=6))
    name = await _name(db, actor.prison_id, mentor.person_id)
    return _shown(
        db, actor, "prints.week", sheets.week(mentor.id, name, monday, zone, found, serves)
    )


async def register(db: AsyncSession, actor: Actor, session: Session) -> Sheet:
    """Who is expected at a session. Raises NotPlanned where nobody is: it was cancelled, or came
    unplanned at night."""
    if session.status is SessionStatus.cancelled or session.kind is SessionKind.night_callout:
        raise NotPlanned("Nobody is expected at this session.")
    [meeting] = await facts.as_meetings(db, actor, [session])
    return _shown(db, actor, "prints.register", sheets.register(meeting))


async def rota_month(db: AsyncSession, actor: Actor, on: date | None) -> Sheet:
    """A month of the rota as it stands, this one unless told; to a mentor their own."""
    zone = (await facts.prison_of(db, actor)).tz
    first = (on or local_date(clock.now(), zone)).replace(day=1)
    last = add_calendar_months(first, 1) - timedelta(days=1)
    found = await facts.shifts(db, actor, first, last)
    if actor.mentor_id is None or actor.person_id is None:
        return _shown(db, actor, "prints.rota_month", sheets.rota_month(first, last, found))
    name = await _name(db, actor.prison_id, actor.person_id)
    made = sheets.rota_of(actor.mentor_id, name, first, last, found)
    return _shown(db, actor, "prints.rota_month", made)


async def outage(db: AsyncSession, actor: Actor, hours: int) -> Sheet:
    """The hand-over sheet for an outage, with the open concerns that this actor may read."""
    prison = await facts.prison_of(db, actor)
    concerns = await outages.open_concerns(db, visible(Concern, actor))
    made = await outages.sheet(db, prison, clock.now(), hours, concerns)
    return _shown(db, actor, "prints.outage", made)


def _shown(db: AsyncSession, actor: Actor, resource: str, made: Sheet) -> Sheet:
    """The sheet in the shape of the matrix; how many rows it has is kept in the audit."""
    found = shape(resource, actor.role).model_validate(made)
    assert isinstance(found, Sheet)
    db.info["rows"] = layouts.count(found)
    return found


async def table(db: AsyncSession, actor: Actor, sheet: Sheet) -> list[list[str]]:
    """The sheet as rows of words, the heading first."""
    return list(layouts.table(sheet, (await facts.prison_of(db, actor)).tz))


async def printed(db: AsyncSession, actor: Actor, sheet: Sheet) -> bytes:
    """The sheet as PDF, with who prints it and when."""
    zone = (await facts.prison_of(db, actor)).tz
    by = await _printer(db, actor)
    return await paper.pdf(layouts.laid_out(sheet, zone), by, clock.now(), zone)


async def _printer(db: AsyncSession, actor: Actor) -> str:
    """Who prints, as they are called: their name, not their account's."""
    if actor.person_id is not None:
        return await _name(db, actor.prison_id, actor.person_id)
    mine = visible(Staff, actor).where(col(Staff.id) == actor.staff_id)
    return str((await db.execute(mine.with_only_columns(col(Staff.name)))).scalar_one())


async def _name(db: AsyncSession, prison_id: str, person_id: UUID) -> str:
    person = everything(Person, prison_id).where(col(Person.id) == person_id)
    return str((await db.execute(person.with_only_columns(col(Person.display_name)))).scalar_one())
