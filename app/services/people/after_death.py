"""After a death: what stops, what locks, and who of those around must be looked after."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, and_, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import the_system
from app.models.concerns import CONCERN_OPEN, Action, Concern
from app.models.mentees import Mentee
from app.models.mentors import MENTOR_ENDED, Mentor
from app.models.pairings import Pairing, PairingStatus
from app.models.people import Person
from app.models.sessions import (
    CancelReason,
    Participation,
    ParticipationStatus,
    Session,
    SessionStatus,
)
from app.models.staff import Staff, StaffRole
from app.models.tasks import Task, TaskKind, TaskSource, TaskStatus
from app.scope import everything
from app.services import lifecycle, tasks
from app.services.sessions.moves import HELD, PLANNED, SESSION

AROUND = timedelta(days=30)
DEBRIEFED_WITHIN = timedelta(hours=24)
POSTVENTION_WITHIN = timedelta(hours=24)
AFTER_A_DEATH = (TaskKind.debrief, TaskKind.postvention)
REACHING_OUT = (TaskKind.welfare_check, TaskKind.debrief, TaskKind.check_in_due)
_OPEN_NOTES = (SessionStatus.held, SessionStatus.noted)


@dataclass(frozen=True, slots=True)
class Around:
    """Who was around the person: mentors who knew them or were worried about them, their own
    mentees, staff at work on concerns about them."""

    mentors: Sequence[Mentor]
    mentees: Sequence[Mentee]
    staff: Sequence[Staff]


async def those_around(db: AsyncSession, person: Person) -> Around:
    """Everyone paired with them, in sessions with them or worried about them in the last 30 days,
    and who worked on it. Asked before pairings end."""
    here, since = person.prison_id, clock.now() - AROUND
    my_mentors = everything(Mentor, here).where(col(Mentor.person_id) == person.id)
    my_mentees = everything(Mentee, here).where(col(Mentee.person_id) == person.id)
    mentor_ids = my_mentors.with_only_columns(col(Mentor.id))
    mentee_ids = my_mentees.with_only_columns(col(Mentee.id))
    paired = everything(Pairing, here).where(
        or_(col(Pairing.status) != PairingStatus.ended, col(Pairing.ended_at) >= since)
    )
    came = everything(Participation, here).where(
        col(Participation.mentee_id).in_(mentee_ids),
        col(Participation.status) == ParticipationStatus.attended,
    )
    met = everything(Session, here).where(
        col(Session.status).in_(HELD),
        col(Session.starts_at) >= since,
        col(Session.id).in_(came.with_only_columns(col(Participation.session_id))),
    )
    theirs = paired.where(col(Pairing.mentee_id).in_(mentee_ids))
    worried = _concerns_about(person).with_only_columns(col(Concern.raised_by_person_id))
    knew = everything(Mentor, here).where(
        or_(
            col(Mentor.id).in_(theirs.with_only_columns(col(Pairing.mentor_id))),
            col(Mentor.id).in_(met.with_only_columns(col(Session.mentor_id))),
            and_(
                col(Mentor.person_id).in_(worried), col(Mentor.status).not_in(sorted(MENTOR_ENDED))
            ),
        ),
        col(Mentor.person_id) != person.id,
    )
    own = paired.where(col(Pairing.mentor_id).in_(mentor_ids))
    mentees = everything(Mentee, here).where(
        col(Mentee.id).in_(own.with_only_columns(col(Pairing.mentee_id)))
    )
    return Around(
        (await db.execute(knew.order_by(col(Mentor.id)))).scalars().all(),
        (await db.execute(mentees.order_by(col(Mentee.id)))).scalars().all(),
        await _at_work(db, person),
    )


def _concerns_about(person: Person) -> Select[Concern]:
    """What was raised about them, and is open or of the last 30 days."""
    return everything(Concern, person.prison_id).where(
        col(Concern.subject_person_id) == person.id,
        or_(
            col(Concern.status).in_(CONCERN_OPEN),
            col(Concern.recorded_at) >= clock.now() - AROUND,
        ),
    )


async def _at_work(db: AsyncSession, person: Person) -> Sequence[Staff]:
    """Active staff who raised, took up, saw or decided on a concern about them, or own an action
    of one."""
    concerns = (await db.execute(_concerns_about(person))).scalars().all()
    subjects = {
        subject
        for each in concerns
        for subject in (
            *(each.raised_by_subject, each.acknowledged_by),
            *(each.seen_by_subject, each.decided_by),
        )
        if subject is not None
    }
    owned = everything(Action, person.prison_id).where(
        col(Action.concern_id).in_([each.id for each in concerns])
    )
    owners = {each.owner_id for each in (await db.execute(owned)).scalars()}
    found = everything(Staff, person.prison_id).where(
        col(Staff.active), or_(col(Staff.subject).in_(subjects), col(Staff.id).in_(owners))
    )
    return (await db.execute(found.order_by(col(Staff.id)))).scalars().all()


async def open_tasks(db: AsyncSession, person: Person, around: Around) -> None:
    """A debrief for everyone around them; postvention for their mentees, and for the wing."""
    here, support = person.prison_id, StaffRole.support_worker
    debrief, postvention = TaskKind.debrief, TaskKind.postvention
    for mentor in around.mentors:
        await tasks.open_task(
            db, here, debrief, thing=person, person_id=mentor.person_id,
            for_role=support, for_staff_id=mentor.supervisor_id, due_in=DEBRIEFED_WITHIN,
        )  # fmt: skip
    for staff in around.staff:
        await tasks.open_task(
            db, here, debrief, thing=person, for_staff_id=staff.id, for_role=staff.role,
            due_in=DEBRIEFED_WITHIN,
        )  # fmt: skip
    for mentee in around.mentees:
        await tasks.open_task(
            db, here, postvention, thing=person, person_id=mentee.person_id, for_role=support,
            due_in=POSTVENTION_WITHIN,
        )  # fmt: skip
    await tasks.open_task(
        db, here, postvention, thing=person, person_id=person.id,
        for_role=StaffRole.mental_health_lead, due_in=POSTVENTION_WITHIN,
    )  # fmt: skip


async def stop(db: AsyncSession, person: Person, since: datetime) -> None:
    """Cancel what the person was to lead from then on, and tasks to reach out to them."""
    here, system = person.prison_id, the_system(person.prison_id)
    mentors = everything(Mentor, here).where(col(Mentor.person_id) == person.id)
    led = everything(Session, here).where(
        col(Session.mentor_id).in_(mentors.with_only_columns(col(Mentor.id))),
        col(Session.status).in_(PLANNED),
        col(Session.starts_at) >= since,
    )
    for session in (await db.execute(led.order_by(col(Session.id)))).scalars().all():
        to, reason = SessionStatus.cancelled, CancelReason.mentor_unavailable
        await lifecycle.move(db, SESSION, session, to=to, actor=system, reason=reason)
    reaching_out = everything(Task, here).where(
        col(Task.person_id) == person.id,
        col(Task.kind).in_(REACHING_OUT),
        col(Task.status) == TaskStatus.open,
    )
    for task in (await db.execute(reaching_out)).scalars().all():
        await _cancel(db, task, "person_gone")


async def lock_notes(db: AsyncSession, person: Person) -> None:
    """Lock the notes that are still open on sessions they led or attended."""
    here, system = person.prison_id, the_system(person.prison_id)
    mentors = everything(Mentor, here).where(col(Mentor.person_id) == person.id)
    mentees = everything(Mentee, here).where(col(Mentee.person_id) == person.id)
    came = everything(Participation, here).where(
        col(Participation.mentee_id).in_(mentees.with_only_columns(col(Mentee.id)))
    )
    theirs = everything(Session, here).where(
        col(Session.status).in_(_OPEN_NOTES),
        or_(
            col(Session.mentor_id).in_(mentors.with_only_columns(col(Mentor.id))),
            col(Session.id).in_(came.with_only_columns(col(Participation.session_id))),
        ),
    )
    locked = theirs.order_by(col(Session.id)).with_for_update()
    for session in (await db.execute(locked)).scalars().all():
        session.locks_at = clock.now()
        await lifecycle.move(db, SESSION, session, to=SessionStatus.locked, actor=system)


async def cancel_tasks(db: AsyncSession, person: Person) -> None:
    """The report was wrong: nobody needs to be looked after for it."""
    opened = everything(Task, person.prison_id).where(
        col(Task.thing_noun) == TaskSource.people,
        col(Task.thing_id) == person.id,
        col(Task.kind).in_(AFTER_A_DEATH),
        col(Task.status) == TaskStatus.open,
    )
    for task in (await db.execute(opened)).scalars().all():
        await _cancel(db, task, "opened_in_error")


async def _cancel(db: AsyncSession, task: Task, reason: str) -> None:
    to, system = TaskStatus.cancelled, the_system(task.prison_id)
    await lifecycle.move(db, tasks.TASK, task, to=to, actor=system, reason=reason)
