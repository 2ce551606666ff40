"""What comes with a mentor leaving active work: pairings flagged, plans released, a task to find
others for their mentees. All in the transaction of the move: either everything, or nothing."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import the_system
from app.models.clearances import Clearance
from app.models.concerns import CONCERN_OPEN, Concern, ConcernKind
from app.models.mentees import Mentee
from app.models.mentors import Mentor
from app.models.pairings import Pairing, PairingStatus
from app.models.prisons import Prison
from app.models.sessions import CancelReason, Session, SessionStatus
from app.models.staff import StaffRole
from app.models.tasks import TaskKind
from app.scope import everything
from app.services import lifecycle, placements, tasks, trainings
from app.services.contact_requests.working import release as release_requests
from app.services.lifecycle import Context
from app.services.pairings import PAIRING
from app.services.sessions.moves import PLANNED, SESSION
from app.services.shifts.passing import release_shifts
from app.services.tasks.ladder import first_step, ladder_of
from app.services.working_days import add_working_days

REASSIGNED_WITHIN_WORKING_DAYS = 3
WHEN_WORRIED_ABOUT = timedelta(days=1)
OF_THE_LAPSE = (TaskKind.clearance_lapsed, TaskKind.requirement_lapsed)


async def flag_pairings(db: AsyncSession, context: Context) -> None:
    """Flag every live pairing for reassignment, and open the task to reassign them.

    Locked as they are found: one that ends in this instant is passed over, and refuses nothing.
    """
    mentor: Mentor = context.thing
    live = everything(Pairing, mentor.prison_id).where(
        col(Pairing.mentor_id) == mentor.id, col(Pairing.status) == PairingStatus.live
    )
    flagged = (await db.scalars(live.order_by(col(Pairing.id)).with_for_update())).all()
    for pairing in flagged:
        await lifecycle.move(
            db, PAIRING, pairing, to=PairingStatus.to_reassign, actor=context.actor
        )
    if flagged:
        await have_reassigned(db, mentor, flagged)


async def have_reassigned(db: AsyncSession, mentor: Mentor, flagged: Sequence[Pairing]) -> None:
    """One task for them all; one that is open already is due no later than these need."""
    now, zone = clock.now(), (await db.get_one(Prison, mentor.prison_id)).tz
    if await _worried_about(db, flagged):
        due_at = now + WHEN_WORRIED_ABOUT
    else:
        due_at = add_working_days(now, REASSIGNED_WITHIN_WORKING_DAYS, zone)
    there = await tasks.open_of(db, mentor, TaskKind.reassignment_due)
    for task in there:
        if due_at < task.due_at:
            task.due_at = due_at
            first = first_step(now, due_at, ladder_of(task.kind, now, due_at), zone)
            task.next_step_at = min(task.next_step_at or first, first)
    if not there:
        await tasks.open_task(
            db,
            mentor.prison_id,
            TaskKind.reassignment_due,
            thing=mentor,
            person_id=mentor.person_id,
            for_role=StaffRole.support_worker,
            due_at=due_at,
        )


async def _worried_about(db: AsyncSession, flagged: Sequence[Pairing]) -> bool:
    """Whether one of these mentees has an open concern: one that every support worker may know
    of, for the day on which a task is due tells that there is one."""
    here = flagged[0].prison_id
    mentees = everything(Mentee, here).where(
        col(Mentee.id).in_([pairing.mentee_id for pairing in flagged])
    )
    about = everything(Concern, here).where(
        col(Concern.status).in_(CONCERN_OPEN),
        col(Concern.subject_person_id).in_(mentees.with_only_columns(col(Mentee.person_id))),
        col(Concern.kind) != ConcernKind.security_matter,
        col(Concern.about_staff_id).is_(None),
        col(Concern.about_staff_as_told).is_(None),
        col(Concern.about_line_id).is_(None),
    )
    return (await db.execute(about.limit(1))).first() is not None


async def release_sessions(db: AsyncSession, context: Context) -> None:
    """Cancel what the mentor was to lead from then on: their mentees' parts follow, and a session
    cancelled for this counts against nobody."""
    mentor: Mentor = context.thing
    led = everything(Session, mentor.prison_id).where(
        col(Session.mentor_id) == mentor.id,
        col(Session.status).in_(PLANNED),
        col(Session.starts_at) >= context.now,
    )
    system, reason = the_system(mentor.prison_id), CancelReason.mentor_unavailable
    for session in (await db.scalars(led.order_by(col(Session.id)).with_for_update())).all():
        to = SessionStatus.cancelled
        await lifecycle.move(db, SESSION, session, to=to, actor=system, reason=reason)


async def settle(db: AsyncSession, context: Context) -> None:
    """Back at work: what had lapsed has been made good."""
    for kind in OF_THE_LAPSE:
        await tasks.finish(db, context.thing, kind, context.actor)


async def stop_reviewing(db: AsyncSession, context: Context) -> None:
    """Nobody reviews the work of who is no mentor any more."""
    await tasks.drop(db, context.thing, TaskKind.mentor_review)


async def let_go(db: AsyncSession, context: Context) -> None:
    """An episode that is over needs no review, of its work or its clearance, and nothing made
    good. Should its end be corrected, both are looked at anew."""
    mentor: Mentor = context.thing
    await stop_reviewing(db, context)
    await tasks.drop(db, mentor, TaskKind.clearance_review, *OF_THE_LAPSE)
    standing = everything(Clearance, mentor.prison_id).where(
        col(Clearance.mentor_id) == mentor.id, col(Clearance.superseded_at).is_(None)
    )
    for clearance in (await db.scalars(standing.with_for_update())).all():
        clearance.told = None


async def end_placements(db: AsyncSession, context: Context) -> None:
    """Who leaves active hosts nobody; who ends, or becomes active, shadows nobody; and who ends
    needs no refresher."""
    await placements.follow(db, context)
    await trainings.end_refreshers(db, context)


# Requests first: they hold mentees, whom whoever ends their support holds before their pairings.
LEAVE_WORK = (release_requests, flag_pairings, release_sessions, release_shifts, end_placements)
