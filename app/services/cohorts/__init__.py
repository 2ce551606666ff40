"""Cohorts: mentors trained together on days led by a nurse; who came is in `attendance.py`."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import CohortOver, Conflicting, DayMarkedAlready, Invalid, NotFound
from app.models.base import Output
from app.models.cohorts import (
    DAYS_AT_MOST,
    MEMBERS_AT_MOST,
    Attendance,
    Cohort,
    CohortCreate,
    CohortDay,
    CohortMember,
    CohortStatus,
    CohortUpdate,
    DayCreate,
    DayUpdate,
    MemberCreate,
    check_times,
)
from app.models.mentors import Mentor
from app.models.rooms import Room
from app.models.staff import Staff, StaffRole
from app.scope import everything, referred, visible
from app.services import lifecycle, modules, outbox, trainings
from app.services.cohorts.moves import COHORT
from app.services.names import names
from app.visibility import shape

LEADS = {StaffRole.nurse, StaffRole.mental_health_lead}
OPEN = frozenset({CohortStatus.planned, CohortStatus.running})


async def plan(db: AsyncSession, actor: Actor, body: CohortCreate) -> Cohort:
    """Plan a cohort. Raises Invalid for a lead who may not, or a module not taught here."""
    await _may_lead(db, actor.prison_id, body.lead_id)
    for code in body.modules:
        await modules.pinned(db, actor.prison_id, code, "modules")
    cohort = Cohort(prison_id=actor.prison_id, **body.model_dump())
    await lifecycle.begin(db, COHORT, cohort, actor)
    return cohort


async def _may_lead(db: AsyncSession, prison_id: str, staff_id: UUID) -> None:
    lead = await referred(db, Staff, prison_id, staff_id, "lead_id")
    if not lead.active or lead.role not in LEADS:
        message = "must be an active nurse or mental health lead"
        raise Invalid.field("lead_id", "lead", message)


async def change(db: AsyncSession, cohort: Cohort, body: CohortUpdate) -> None:
    """Call it otherwise, or give it another lead."""
    _open(cohort)
    new = body.model_dump(exclude_unset=True)
    if "lead_id" in new:
        await _may_lead(db, cohort.prison_id, new["lead_id"])
    for name, value in new.items():
        setattr(cohort, name, value)
    outbox.say(db, cohort.prison_id, "cohort.changed", cohort.id)
    await db.flush()


def _open(cohort: Cohort) -> None:
    if cohort.status not in OPEN:
        raise CohortOver()


async def add_day(db: AsyncSession, cohort: Cohort, body: DayCreate) -> CohortDay:
    """Add a day of the course, to come or, entered late, one that was."""
    _open(cohort)
    if body.module not in cohort.modules:
        raise Invalid.field("module", "not_of_the_cohort", "must be one of the cohort's modules")
    if body.room_id is not None:
        await referred(db, Room, cohort.prison_id, body.room_id, "room_id")
    if len(await days_of(db, cohort)) >= DAYS_AT_MOST:
        raise Conflicting(f"A course has at most {DAYS_AT_MOST} days.")
    day = CohortDay(prison_id=cohort.prison_id, cohort_id=cohort.id, **body.model_dump())
    db.add(day)
    outbox.say(db, cohort.prison_id, "cohort.day_added", cohort.id)
    await db.flush()
    return day


async def change_day(db: AsyncSession, cohort: Cohort, day: CohortDay, body: DayUpdate) -> None:
    """Move a day or call it off, as long as nobody's attendance is marked."""
    _of(cohort, day)
    await db.refresh(cohort, with_for_update=True)
    _open(cohort)
    if day.marked_at is not None:
        raise DayMarkedAlready()
    new = body.model_dump(exclude_unset=True)
    starts_at, ends_at = new.get("starts_at", day.starts_at), new.get("ends_at", day.ends_at)
    try:
        check_times(starts_at, ends_at)
    except ValueError as error:
        raise Invalid.field("ends_at", "in_order", str(error).removeprefix("ends_at: ")) from None
    if new.get("room_id") is not None:
        await referred(db, Room, cohort.prison_id, new["room_id"], "room_id")
    for name, value in new.items():
        setattr(day, name, value)
    outbox.say(db, cohort.prison_id, "cohort.day_changed", cohort.id)
    await db.flush()


def _of(cohort: Cohort, part: CohortDay | CohortMember) -> None:
    if part.cohort_id != cohort.id:
        raise NotFound()


async def add_member(db: AsyncSession, cohort: Cohort, body: MemberCreate) -> CohortMember:
    """Take a mentor in. Who is in already is refused by the database."""
    _open(cohort)
    mentor = await referred(db, Mentor, cohort.prison_id, body.mentor_id, "mentor_id")
    trainings.trainable(mentor)
    if len(await members_of(db, cohort)) >= MEMBERS_AT_MOST:
        raise Conflicting(f"A cohort has at most {MEMBERS_AT_MOST} members.")
    member = CohortMember(prison_id=cohort.prison_id, cohort_id=cohort.id, mentor_id=mentor.id)
    db.add(member)
    outbox.say(db, cohort.prison_id, "cohort.member_added", cohort.id, mentor_id=mentor.id)
    await db.flush()
    return member


async def leave(db: AsyncSession, cohort: Cohort, member: CohortMember) -> None:
    """A mentor leaves the cohort; the days they came to stay marked."""
    _of(cohort, member)
    await db.refresh(cohort, with_for_update=True)
    _open(cohort)
    if member.left_at is None:
        member.left_at = clock.now()
        mentor_id = member.mentor_id
        outbox.say(db, cohort.prison_id, "cohort.member_left", cohort.id, mentor_id=mentor_id)
        await db.flush()


async def days_of(db: AsyncSession, cohort: Cohort) -> Sequence[CohortDay]:
    """The days of the course, in order."""
    found = everything(CohortDay, cohort.prison_id).where(col(CohortDay.cohort_id) == cohort.id)
    return (await db.scalars(found.order_by(col(CohortDay.starts_at), col(CohortDay.id)))).all()


async def members_of(db: AsyncSession, cohort: Cohort) -> Sequence[CohortMember]:
    """Who is in the cohort now."""
    found = everything(CohortMember, cohort.prison_id).where(
        col(CohortMember.cohort_id) == cohort.id, col(CohortMember.left_at).is_(None)
    )
    return (await db.scalars(found)).all()


async def shown(db: AsyncSession, cohort: Cohort, actor: Actor) -> Output:
    """The cohort with its days, and what this actor may do next."""
    lead = await referred(db, Staff, cohort.prison_id, cohort.lead_id, "lead_id")
    days = visible(CohortDay, actor).where(col(CohortDay.cohort_id) == cohort.id)
    in_order = days.order_by(col(CohortDay.starts_at), col(CohortDay.id))
    moves = await lifecycle.options(db, COHORT, cohort, actor)
    fields = {
        **cohort.model_dump(),
        "lead_name": lead.name,
        "days": [day.model_dump() for day in await db.scalars(in_order)],
        "moves": moves,
    }
    return shape("cohorts", actor.role).model_validate(fields)


async def day_shown(db: AsyncSession, day: CohortDay, actor: Actor) -> Output:
    """A day with who came, as far as this actor may see it."""
    found = visible(Attendance, actor).where(col(Attendance.day_id) == day.id)
    rows = (await db.scalars(found.order_by(col(Attendance.id)))).all()
    known = await names(db, Mentor, day.prison_id, {row.mentor_id for row in rows})
    marks = [{**row.model_dump(), "mentor_name": known[row.mentor_id]} for row in rows]
    return shape("cohorts.day", actor.role).model_validate(
        {**day.model_dump(), "attendance": marks}
    )


async def member_shown(db: AsyncSession, member: CohortMember, actor: Actor) -> Output:
    """One member."""
    known = await names(db, Mentor, member.prison_id, {member.mentor_id})
    fields = {**member.model_dump(), "mentor_name": known[member.mentor_id]}
    return shape("cohorts.members", actor.role).model_validate(fields)


__all__ = [
    "COHORT",
    "add_day",
    "add_member",
    "change",
    "change_day",
    "day_shown",
    "days_of",
    "leave",
    "member_shown",
    "members_of",
    "plan",
    "shown",
]
