"""Two live episodes of what turned out to be one person become one; the other ends as `merged`,
and says into which."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from app import clock
from app.access import the_system
from app.models.mentees import MENTEE_ENDED, Mentee, MenteeStatus
from app.models.mentors import MENTOR_ENDED, Mentor, MentorStatus
from app.models.pairings import Pairing, PairingStatus
from app.models.people import Person
from app.models.sessions import CancelReason, Participation, Session, SessionStatus
from app.models.tasks import Task, TaskStatus
from app.scope import everything
from app.services import lifecycle, tasks
from app.services.lifecycle import Context
from app.services.mentees.moves import MENTEE
from app.services.mentors.leaving import LEAVE_WORK
from app.services.mentors.moves import MENTOR
from app.services.pairings import PAIRING
from app.services.people import surviving
from app.services.people.carrying import carry
from app.services.people.surviving import stays
from app.services.people.uniting import MERGED, Ended, live_of
from app.services.sessions.moves import PLANNED, SESSION
from app.services.sessions.parting import leave, part
from app.services.supervisions import plans as supervision


async def unite_mentors(db: AsyncSession, kept: Person, gone: Person) -> tuple[Ended, Ended]:
    """The mentor who stays, and all that named the other. Answers what ended, and what could not
    be carried over."""
    live = col(Mentor.status).not_in(MENTOR_ENDED)
    ended, aside = Ended(), Ended()
    for mine in await live_of(db, Mentor, kept, live):
        for theirs in await live_of(db, Mentor, gone, live):
            first, last = stays(mine, theirs, surviving.mentor_key)
            ended += await _end_doubles(db, first, last, Pairing.mentor_id, Pairing.mentee_id)
            left = await carry(db, first.prison_id, "mentor", last.id, first.id)
            await _cancel_led(db, left)
            last.merged_into = first.id
            to, system, was = MentorStatus.merged, the_system(first.prison_id), last.status
            await lifecycle.move(db, MENTOR, last, to=to, actor=system, reason=MERGED)
            await _hand_over_tasks(db, first, last)
            if was is MentorStatus.active and first.status is not MentorStatus.active:
                await _leave_work(db, first)
            ended.append(last)
            aside += left
    return ended, aside


async def unite_mentees(db: AsyncSession, kept: Person, gone: Person) -> tuple[Ended, Ended]:
    """The mentee who stays, and all that named the other."""
    live = col(Mentee.status).not_in(MENTEE_ENDED)
    ended, aside = Ended(), Ended()
    for mine in await live_of(db, Mentee, kept, live):
        for theirs in await live_of(db, Mentee, gone, live):
            first, last = stays(mine, theirs, surviving.mentee_key)
            ended += await _end_doubles(db, first, last, Pairing.mentee_id, Pairing.mentor_id)
            left = await carry(db, first.prison_id, "mentee", last.id, first.id)
            ended += await leave(db, [each for each in left if isinstance(each, Participation)])
            _take_over(first, last)
            last.merged_into = first.id
            to, system = MenteeStatus.merged, the_system(first.prison_id)
            await lifecycle.move(db, MENTEE, last, to=to, actor=system, reason=MERGED)
            await _hand_over_tasks(db, first, last)
            ended.append(last)
            aside += left
    return ended, aside


def _take_over(first: Mentee, last: Mentee) -> None:
    """The stricter of both: a need is not forgotten, a clock not lengthened, a turn not lost. What
    was explained and permitted under one number was so to one person."""
    first.safety_need = first.safety_need or last.safety_need
    first.triage_by = min(first.triage_by, last.triage_by)
    first.referred_at = min(first.referred_at, last.referred_at)
    since = [each.waiting_since for each in (first, last) if each.waiting_since]
    first.waiting_since = min(since, default=None)
    until = [each.check_first_until for each in (first, last) if each.check_first_until]
    first.check_first_until = max(until, default=None)
    if first.permission_to_share_at is None:
        first.permission_to_share_at = last.permission_to_share_at
    if first.explained_at is None:
        for name in ("explained_at", "explained_version", "explained_language", "explained_by"):
            setattr(first, name, getattr(last, name))


async def _end_doubles(
    db: AsyncSession, first: Any, last: Any, mine: Any, other: Any
) -> list[SQLModel]:
    """End the pairings with somebody to whom the one who stays is paired already."""
    live = everything(Pairing, first.prison_id).where(col(Pairing.status) != PairingStatus.ended)
    paired = live.where(col(mine) == first.id).with_only_columns(col(other))
    found = live.where(col(mine) == last.id, col(other).in_(paired))
    return await _end(db, (await db.execute(found.with_for_update())).scalars().all())


async def end_with_oneself(db: AsyncSession, kept: Person, gone: Person) -> list[SQLModel]:
    """Nobody is their own mentor: pairings and plans between the two numbers end."""
    here, both = kept.prison_id, [kept.id, gone.id]
    mentors = everything(Mentor, here).where(col(Mentor.person_id).in_(both))
    mentees = everything(Mentee, here).where(col(Mentee.person_id).in_(both))
    mentor_ids = mentors.with_only_columns(col(Mentor.id))
    mentee_ids = mentees.with_only_columns(col(Mentee.id))
    found = everything(Pairing, here).where(
        col(Pairing.status) != PairingStatus.ended,
        col(Pairing.mentor_id).in_(mentor_ids),
        col(Pairing.mentee_id).in_(mentee_ids),
    )
    ended = await _end(db, (await db.execute(found.with_for_update())).scalars().all())
    return [*ended, *await part(db, here, mentor_ids, mentee_ids)]


async def _end(db: AsyncSession, pairings: Sequence[Pairing]) -> list[SQLModel]:
    for pairing in pairings:
        to, system = PairingStatus.ended, the_system(pairing.prison_id)
        await lifecycle.move(db, PAIRING, pairing, to=to, actor=system, reason=MERGED)
    return list(pairings)


async def _leave_work(db: AsyncSession, mentor: Mentor) -> None:
    """A mentor who is not active takes over what an active one was to do: it is left as if he had
    just been active himself, with all that comes with that."""
    system, active = the_system(mentor.prison_id), MentorStatus.active
    await db.flush()
    context = Context(mentor, system, clock.now(), None, MERGED, came_from=active)
    for effect in (*LEAVE_WORK, supervision.leave_off):
        await effect(db, context)


async def _cancel_led(db: AsyncSession, rows: Sequence[SQLModel]) -> None:
    """Nobody leads two sessions at a time: the other's plan is cancelled, and who was to come
    told."""
    for session in rows:
        if isinstance(session, Session) and session.status in PLANNED:
            to, reason = SessionStatus.cancelled, CancelReason.mentor_unavailable
            system = the_system(session.prison_id)
            await lifecycle.move(db, SESSION, session, to=to, actor=system, reason=reason)


async def _hand_over_tasks(db: AsyncSession, first: Any, last: Any) -> None:
    """Open tasks of the one that ends are the other's; a second of a kind is not needed."""
    found = everything(Task, first.prison_id).where(
        or_(col(Task.thing_id) == first.id, col(Task.thing_id) == last.id),
        col(Task.status) == TaskStatus.open,
    )
    open_ones = (await db.execute(found.with_for_update())).scalars().all()
    known = {task.kind for task in open_ones if task.thing_id == first.id}
    for task in open_ones:
        if task.thing_id == first.id:
            continue
        if task.kind not in known:
            task.thing_id = first.id
            continue
        to, system = TaskStatus.cancelled, the_system(first.prison_id)
        await lifecycle.move(db, tasks.TASK, task, to=to, actor=system, reason=MERGED)
