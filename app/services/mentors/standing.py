"""What an active mentor must have at all times, and what happens when it is there no more: a pause
by the system. Never a removal: whoever lapses comes back as soon as it is made good."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import the_system
from app.models.clearances import Clearance, CoverLost
from app.models.mentors import Mentor, MentorStatus
from app.models.prisons import Prison
from app.models.staff import StaffRole
from app.models.tasks import TaskKind
from app.scope import everything
from app.services import lifecycle, tasks
from app.services.lifecycle import Context, Refusal
from app.services.mentors import guards as g
from app.services.mentors.cover import cover_lost, load_cover
from app.services.mentors.moves import MENTOR, STANDING
from app.services.working_days import add_working_days, local_date

CLEARANCE_LAPSED, REQUIREMENT_LAPSED = "clearance_lapsed", "requirement_lapsed"
LACKS = "lacks_"
"""Before the code of an unmet guard: the reason of an entry in the mentor's history."""
COVERED_WITHIN = timedelta(days=1)
MADE_GOOD_WITHIN_WORKING_DAYS = 3


async def unmet(db: AsyncSession, mentor: Mentor) -> list[Refusal]:
    """What this mentor lacks of what an active one must have; empty when nothing."""
    return _unmet(mentor, await g.load_facts(db, mentor))


def _unmet(mentor: Mentor, facts: g.Facts) -> list[Refusal]:
    context = Context(mentor, the_system(mentor.prison_id), clock.now(), facts)
    return [refusal for guard in STANDING if (refusal := guard(context)) is not None]


async def hold_to_standing(db: AsyncSession, prison_id: str) -> int:
    """Pause every active mentor who lacks something, and say how many. For the worker: rows that
    someone else is changing are left to the next round."""
    active = everything(Mentor, prison_id).where(col(Mentor.status) == MentorStatus.active)
    mentors = (await db.scalars(active.order_by(col(Mentor.id)))).all()
    facts = await g.load_many(db, prison_id, mentors)
    lacking = [mentor.id for mentor in mentors if _unmet(mentor, facts[mentor.id])]
    if not lacking:
        return 0
    held = active.where(col(Mentor.id).in_(lacking)).order_by(col(Mentor.id))
    locked = held.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    return sum([await hold(db, mentor) for mentor in (await db.scalars(locked)).all()])


async def hold(db: AsyncSession, mentor: Mentor) -> bool:
    """Pause an active mentor, whose row is locked, if they lack something. Answers whether."""
    if mentor.status is not MentorStatus.active:
        return False
    lacks = await unmet(db, mentor)
    if not lacks:
        return False
    codes = [refusal.code for refusal in lacks]
    lapsed = g.clearance_current.__name__ in codes
    now, zone = clock.now(), (await db.get_one(Prison, mentor.prison_id)).tz
    yesterday = local_date(now, zone) - timedelta(days=1)
    lost = cover_lost(mentor.id, yesterday, await load_cover(db, mentor.prison_id))
    system = the_system(mentor.prison_id)
    for code in codes:
        await lifecycle.mark(db, MENTOR, mentor, system, f"{LACKS}{code}")
    reason = CLEARANCE_LAPSED if lapsed else REQUIREMENT_LAPSED
    await lifecycle.move(db, MENTOR, mentor, to=MentorStatus.paused, actor=system, reason=reason)
    if lapsed:
        await _note_lapse(db, mentor, lost)
        await _open(db, mentor, TaskKind.clearance_lapsed, now + COVERED_WITHIN)
    if not lapsed or len(codes) > 1:
        due_at = add_working_days(now, MADE_GOOD_WITHIN_WORKING_DAYS, zone)
        await _open(db, mentor, TaskKind.requirement_lapsed, due_at)
    return True


async def _note_lapse(db: AsyncSession, mentor: Mentor, lost: CoverLost) -> None:
    """Keep what cover its end cost with the clearance that ended."""
    for clearance in await standing_clearances(db, [mentor]):
        clearance.lapsed_at = clock.now()
        clearance.lost_pairings = lost.live_pairings
        clearance.lost_sessions = lost.planned_sessions
        clearance.lost_mentees = lost.mentees_without_mentor
    await db.flush()


async def standing_clearances(db: AsyncSession, mentors: Sequence[Mentor]) -> Sequence[Clearance]:
    """The decision that stands of each of these mentors, locked."""
    if not mentors:
        return []
    found = everything(Clearance, mentors[0].prison_id).where(
        col(Clearance.mentor_id).in_([mentor.id for mentor in mentors]),
        col(Clearance.superseded_at).is_(None),
    )
    return (await db.scalars(found.order_by(col(Clearance.id)).with_for_update())).all()


async def _open(db: AsyncSession, mentor: Mentor, kind: TaskKind, due_at: datetime) -> None:
    if await tasks.open_of(db, mentor, kind):
        return
    await tasks.open_task(
        db,
        mentor.prison_id,
        kind,
        thing=mentor,
        person_id=mentor.person_id,
        for_role=StaffRole.support_worker,
        due_at=due_at,
        told_at_once=True,
    )
