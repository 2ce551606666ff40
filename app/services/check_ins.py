"""Check-ins: how a mentor is themselves, what they can carry, and when someone must ask."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, literal, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor, the_system
from app.errors import Conflicting, Invalid
from app.models.base import Output
from app.models.check_ins import CheckIn, CheckInCreate
from app.models.mentors import Mentor, MentorStatus
from app.models.moves import History
from app.models.prisons import Prison
from app.models.staff import Role, Staff, StaffRole
from app.models.tasks import Task, TaskKind, TaskStatus
from app.scope import everything, referred
from app.services import lifecycle, outbox, tasks, texts
from app.services.working_days import local_date
from app.ties import glass_broken, my_patient
from app.visibility import shape

EVERY = timedelta(days=28)
AFTER_AN_EVENT = timedelta(days=7)
TIME_TO_ASK = timedelta(days=3)
ASKED_AGAIN_AFTER = timedelta(days=7)
REVIEWED_WITHIN = timedelta(hours=24)
SUPPORTIVE = "welfare"
AT_WORK = (MentorStatus.active, MentorStatus.paused)
DUE = TaskKind.check_in_due


def due_on(
    asked_on: date | None, next_on: date | None, since: date, events: Sequence[date]
) -> date:
    """The day to ask a mentor how they are: as was said at the last check-in, or 28 days after
    they became active; and a week after a debrief or a supportive pause since then."""
    planned = next_on if next_on is not None else since + EVERY
    counted = [each for each in events if asked_on is None or each > asked_on]
    return min([planned, *(each + AFTER_AN_EVENT for each in counted)])


async def record(db: AsyncSession, actor: Actor, body: CheckInCreate) -> CheckIn:
    """Record a check-in as it was, and end what asked for it."""
    mentor = await referred(db, Mentor, actor.prison_id, body.mentor_id, "mentor_id")
    staff_id = body.staff_id or actor.staff_id
    assert staff_id is not None, "check-ins are entered by staff"
    staff = await referred(db, Staff, actor.prison_id, staff_id, "staff_id")
    family = Role(staff.role.value).family
    by_clinician = family is actor.family is Role.clinician
    if family not in {Role.support_worker, Role.clinician} or staff.role is StaffRole.wing_duty:
        raise Invalid.field("staff_id", "role", "must be a support worker or a clinician")
    zone = (await db.get_one(Prison, actor.prison_id)).tz
    at = body.at or clock.now()
    await _check_when(db, mentor, at)
    asked_on = local_date(at, zone)
    next_on = body.next_on or asked_on + EVERY
    if not asked_on < next_on <= asked_on + EVERY:
        message = f"must lie after {asked_on}, by at most {EVERY.days} days"
        raise Invalid.field("next_on", "within_28_days", message)
    check_in = CheckIn(
        prison_id=actor.prison_id,
        mentor_id=mentor.id,
        at=at,
        staff_id=staff_id,
        limits=[limit.value for limit in body.limits],
        fitness=body.fitness,
        said=body.said,
        next_on=next_on,
        recorded_by=actor.subject,
        disclosure=body.disclosure,
    )
    db.add(check_in)
    outbox.say(db, actor.prison_id, "check_in.recorded", check_in.id, mentor_id=mentor.id)
    await db.flush()
    await texts.keep_first(db, actor, check_in, "said")
    await _finish(db, actor, mentor, check_in, by_clinician=by_clinician)
    return check_in


async def _check_when(db: AsyncSession, mentor: Mentor, at: datetime) -> None:
    """Raises Conflicting for who was never a mentor at work, Invalid for a time that cannot be."""
    if at > clock.now():
        raise Invalid.field("at", "in_the_future", "must not be in the future")
    began = [
        each.occurred_at
        for each in await lifecycle.history_of(db, mentor)
        if each.to_state == MentorStatus.active
    ]
    if not began:
        raise Conflicting("They have not been an active mentor.")
    if at < min(began):
        raise Invalid.field("at", "before_active", "must not be before the mentor became active")


async def _finish(
    db: AsyncSession, actor: Actor, mentor: Mentor, check_in: CheckIn, *, by_clinician: bool
) -> None:
    """End what asked for the check-in. What asks a clinician is ended by a clinician's alone, made
    since it asks; what asks the supervisor, unless one entered late leaves the next one due."""
    zone = (await db.get_one(Prison, mentor.prison_id)).tz
    day = await _due_on(db, mentor, zone)
    due_still = day is not None and day <= local_date(clock.now(), zone)
    asking = _asking(mentor).where(col(Task.status) == TaskStatus.open)
    for task in (await db.scalars(asking.order_by(col(Task.id)).with_for_update())).all():
        clinicians = task.for_role is StaffRole.clinician
        answered = by_clinician and check_in.at >= task.recorded_at
        if answered if clinicians else not due_still:
            await lifecycle.move(db, tasks.TASK, task, to=TaskStatus.done, actor=actor)


def _asking(mentor: Mentor) -> Select[Task]:
    return everything(Task, mentor.prison_id).where(
        col(Task.thing_id) == mentor.id, col(Task.kind) == DUE
    )


async def alert_due(db: AsyncSession, prison_id: str) -> int:
    """Ask the supervisor of every mentor at work whose day has come, once; say how many. Mentors
    whom someone else is changing are left to the next round."""
    zone = (await db.get_one(Prison, prison_id)).tz
    at_work = everything(Mentor, prison_id).where(col(Mentor.status).in_(AT_WORK))
    opened = 0
    for mentor in (await db.scalars(at_work.order_by(col(Mentor.id)))).all():
        day = await _due_on(db, mentor, zone)
        if day is not None and day <= local_date(clock.now(), zone):
            begins = datetime(day.year, day.month, day.day, tzinfo=zone)
            opened += await _ask_supervisor(db, mentor, begins)
    return opened


async def _ask_supervisor(db: AsyncSession, mentor: Mentor, since: datetime) -> bool:
    """Open the task unless one is open, or was since it fell due; in vain, again in a week."""
    this = everything(Mentor, mentor.prison_id).where(col(Mentor.id) == mentor.id)
    locked = this.with_for_update(key_share=True, skip_locked=True)
    if (await db.execute(locked)).first() is None:
        return False
    not_again = max(since, clock.now() - ASKED_AGAIN_AFTER)
    asked = _asking(mentor).where(
        col(Task.for_role) == StaffRole.support_worker,
        or_(col(Task.status) == TaskStatus.open, col(Task.recorded_at) >= not_again),
    )
    if (await db.execute(asked.limit(1))).first() is not None:
        return False
    await tasks.open_task(
        db,
        mentor.prison_id,
        DUE,
        thing=mentor,
        person_id=mentor.person_id,
        for_role=StaffRole.support_worker,
        for_staff_id=mentor.supervisor_id,
        due_in=TIME_TO_ASK,
    )
    return True


async def _due_on(db: AsyncSession, mentor: Mentor, zone: ZoneInfo) -> date | None:
    """When to ask this mentor; None for one who was never active."""
    history = await lifecycle.history_of(db, mentor)
    entered = [each for each in history if each.from_state != each.to_state]
    began = [each.occurred_at for each in entered if each.to_state == MentorStatus.active]
    if not began:
        return None
    last = await last_of(db, mentor)
    events = [each.occurred_at for each in entered if _is_supportive_pause(each)]
    debriefed = everything(Task, mentor.prison_id).where(
        col(Task.person_id) == mentor.person_id,
        col(Task.kind) == TaskKind.debrief,
        col(Task.status) == TaskStatus.done,
        col(Task.done_at) >= began[0],
    )
    events += [each.done_at for each in (await db.scalars(debriefed)).all() if each.done_at]
    return due_on(
        local_date(last.at, zone) if last else None,
        last.next_on if last else None,
        local_date(began[-1], zone),
        [local_date(each, zone) for each in events],
    )


def _is_supportive_pause(move: History) -> bool:
    return move.to_state == MentorStatus.paused and move.reason == SUPPORTIVE


async def last_of(db: AsyncSession, mentor: Mentor) -> CheckIn | None:
    """The mentor's latest check-in."""
    found = everything(CheckIn, mentor.prison_id).where(col(CheckIn.mentor_id) == mentor.id)
    newest = found.order_by(col(CheckIn.at).desc(), col(CheckIn.id).desc()).limit(1)
    return (await db.scalars(newest)).first()


async def review_pause(db: AsyncSession, prison_id: str, person_id: object) -> None:
    """An ACCT was opened for someone: where they are an active mentor, a clinician asks them at
    once whether a pause would help. Nothing of their standing changes by itself, and the task
    tells of the mentor alone."""
    active = everything(Mentor, prison_id).where(
        col(Mentor.person_id) == person_id, col(Mentor.status) == MentorStatus.active
    )
    mentor = (await db.scalars(active.with_for_update(key_share=True))).first()
    if mentor is None:
        return
    open_already = _asking(mentor).where(
        col(Task.for_role) == StaffRole.clinician, col(Task.status) == TaskStatus.open
    )
    if (await db.execute(open_already.limit(1))).first() is not None:
        return
    task = await tasks.open_task(
        db,
        prison_id,
        DUE,
        thing=mentor,
        person_id=mentor.person_id,
        for_role=StaffRole.clinician,
        due_in=REVIEWED_WITHIN,
        actor=the_system(prison_id),
    )
    task.next_step_at = clock.now()
    await db.flush()


async def stop_asking(db: AsyncSession, context: lifecycle.Context) -> None:
    """A mentor's episode has ended: nobody is asked to check in with them as a mentor."""
    asking = _asking(context.thing).where(col(Task.status) == TaskStatus.open)
    to, reason = TaskStatus.cancelled, "person_gone"
    system = the_system(context.thing.prison_id)
    for task in (await db.scalars(asking.order_by(col(Task.id)).with_for_update())).all():
        await lifecycle.move(db, tasks.TASK, task, to=to, actor=system, reason=reason)


async def shown(db: AsyncSession, check_in: CheckIn, actor: Actor) -> Output:
    """The check-in as this actor sees it: all of it to a clinician whose patient the mentor is."""
    resource = "check_ins"
    if actor.family is Role.clinician and await _is_my_patient(db, check_in, actor):
        resource = "check_ins.patient"
    return shape(resource, actor.role).model_validate(check_in)


async def _is_my_patient(db: AsyncSession, check_in: CheckIn, actor: Actor) -> bool:
    person = col(Mentor.person_id)
    found = everything(Mentor, check_in.prison_id).where(
        col(Mentor.id) == check_in.mentor_id, or_(my_patient(person), glass_broken(person))
    )
    mine = found.with_only_columns(literal(1)).params(actor.scope())
    return (await db.execute(mine)).first() is not None
