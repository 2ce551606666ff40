"""A course led by the nurse: the site's own module, a cohort, its days, and who came."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.demo.wing import Wing
from app.models.assessments import AssessmentCreate, AssessmentOutcome
from app.models.cohorts import (
    AttendancePut,
    AttendanceStatus,
    Cohort,
    CohortCreate,
    CohortStatus,
    DayCreate,
    Mark,
    MemberCreate,
)
from app.models.mentors import Mentor, MentorStatus, Observation
from app.models.modules import ModuleCreate
from app.models.placements import Placement
from app.models.trainings import Module
from app.scope import everything
from app.services import assessments, cohorts, lifecycle, modules
from app.services.cohorts import attendance
from app.services.working_days import LONDON

OWN = "sleep_and_rest"
MEMBERS = 4


async def live(wing: Wing) -> None:
    """A course begun two weeks ago: one day held, one to come; and a host's view."""
    async with wing.db.write(wing.prison_id) as session:
        wing.at(days=20)
        own = ModuleCreate(code=OWN, title="Sleep and rest", validity_months=24)
        await modules.create(session, wing.nurse, own)
        assert wing.nurse.staff_id is not None
        course = CohortCreate(
            title="Autumn course",
            lead_id=wing.nurse.staff_id,
            modules=[OWN, Module.facilitating.value],
        )
        cohort = await cohorts.plan(session, wing.nurse, course)
        for mentor_id in wing.active_ids[:MEMBERS]:
            await cohorts.add_member(session, cohort, MemberCreate(mentor_id=mentor_id))
        await _days(session, wing, cohort)
        await _hosts_view(session, wing)


async def _days(session: AsyncSession, wing: Wing, cohort: Cohort) -> None:
    wing.at(days=14)
    first = clock.now().astimezone(LONDON).replace(hour=10, minute=30, second=0, microsecond=0)
    for module, begins in ((OWN, first), (Module.facilitating.value, first + timedelta(days=21))):
        body = DayCreate(
            module=module,
            starts_at=begins,
            ends_at=begins + timedelta(hours=3),
            room_id=wing.room_ids["Group room"],
        )
        await cohorts.add_day(session, cohort, body)
    held, _ = await cohorts.days_of(session, cohort)
    wing.at(days=13)
    running = CohortStatus.running
    await lifecycle.move(session, cohorts.COHORT, cohort, to=running, actor=wing.nurse)
    *came, stayed_away = wing.active_ids[:MEMBERS]
    marks = [Mark(mentor_id=each, status=AttendanceStatus.present) for each in came]
    marks.append(Mark(mentor_id=stayed_away, status=AttendanceStatus.excused))
    await attendance.mark(session, wing.nurse, cohort, held, AttendancePut(marks=marks))


async def _hosts_view(session: AsyncSession, wing: Wing) -> None:
    """What the host of the mentor in shadowing thinks of one session, entered for him."""
    wing.at(days=10)
    shadowing = everything(Mentor, wing.prison_id).where(
        col(Mentor.status) == MentorStatus.shadowing
    )
    mentor = (await session.execute(shadowing)).scalars().one()
    placed = everything(Placement, wing.prison_id).where(col(Placement.mentor_id) == mentor.id)
    placement = (await session.execute(placed)).scalars().one()
    seen = everything(Observation, wing.prison_id).where(
        col(Observation.placement_id) == placement.id
    )
    observation = (await session.execute(seen.limit(1))).scalars().one()
    body = AssessmentCreate(
        outcome=AssessmentOutcome.more_practice, note="Good with people; should talk less himself."
    )
    await assessments.tell_hosts_view(session, wing.support_worker, placement, observation, body)
