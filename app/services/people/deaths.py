"""A death in custody: what begins at once when it is reported, in one transaction.

A hold on all that is held, the end of the person's episodes, notes locked, plans and reminders
stopped, and tasks for those around them (`after_death.py`). Open concerns keep running.
"""

from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor, the_system
from app.errors import Conflicting, Invalid, SecondPersonNeeded
from app.models.deaths import Death, DeathCreate, DeathRead, DeathSource, DeathStatus
from app.models.legal_holds import HoldReason
from app.models.mentees import MENTEE_ENDED, Mentee, MenteeStatus
from app.models.mentors import MENTOR_ENDED, Mentor, MentorStatus
from app.models.people import Person, Presence
from app.models.staff import Role
from app.scope import everything
from app.services import legal_holds, lifecycle, outbox
from app.services.lifecycle import Context, Lifecycle, Move
from app.services.mentees import moves as mentee_moves  # they import this module, too
from app.services.mentors import moves as mentor_moves
from app.services.people import after_death
from app.services.people.locked import standing_death

S = DeathStatus
Episode = TypeVar("Episode", Mentor, Mentee)
CORRECTION = "recorded_in_error"


async def note_correction(db: AsyncSession, context: Context) -> None:
    death: Death = context.thing
    death.corrected_by, death.corrected_at = context.actor.subject, context.now


_STAFF = frozenset({Role.support_worker, Role.clinician, Role.governor})
MOVES = {
    (S.reported, S.corrected): Move(
        _STAFF, reasons=(CORRECTION,), effects=(note_correction,), offered=False
    )
}
DEATH = Lifecycle("deaths", "death", DeathStatus, MOVES)


async def report(db: AsyncSession, actor: Actor, person: Person, body: DeathCreate) -> Death:
    """Report that a person has died, and begin what begins with it.

    A second report is refused by the database while the first stands.
    """
    if body.occurred_at > clock.now():
        raise Invalid.field("occurred_at", "in_the_future", "must not be in the future")
    return await _begin(db, actor, person, body)


async def follow(db: AsyncSession, context: Context) -> None:
    """An episode was moved to `deceased`: the same begins, unless it has begun already."""
    episode: Mentor | Mentee = context.thing
    if await standing_death(db, episode.prison_id, episode.person_id) is None:
        person = await _person(db, episode)
        source = DeathSource.recorded_with_a_move
        told = DeathCreate(occurred_at=context.now, source=source)
        await _begin(db, context.actor, person, told)


async def _person(db: AsyncSession, episode: Mentor | Mentee) -> Person:
    found = everything(Person, episode.prison_id).where(col(Person.id) == episode.person_id)
    return (await db.execute(found.with_for_update())).scalar_one()


async def _begin(db: AsyncSession, actor: Actor, person: Person, body: DeathCreate) -> Death:
    death = Death(
        prison_id=person.prison_id,
        person_id=person.id,
        reported_by=actor.subject,
        reported_role=actor.role,
        presence_before=person.presence,
        **body.model_dump(),
    )
    await lifecycle.begin(db, DEATH, death, actor, occurred_at=body.occurred_at)
    await db.flush()
    reason = HoldReason.death_in_custody
    if await legal_holds.standing(db, person.prison_id, person.id, reason) is None:
        await legal_holds.place(db, actor, person.id, reason)
    around = await after_death.those_around(db, person)
    await _end_episodes(db, person)
    person.presence = Presence.left
    outbox.say(db, person.prison_id, "person.left", person.id, presence=person.presence)
    await after_death.stop(db, person, death.occurred_at)
    await after_death.lock_notes(db, person)
    await after_death.open_tasks(db, person, around)
    await db.flush()
    return death


async def carry_on(db: AsyncSession, person: Person) -> None:
    """Two numbers were one person, and a report of their death stands: it holds for all of them."""
    death = await standing_death(db, person.prison_id, person.id)
    assert death is not None
    await _end_episodes(db, person)
    person.presence = Presence.left
    await after_death.stop(db, person, death.occurred_at)
    await after_death.lock_notes(db, person)
    await db.flush()


async def _end_episodes(db: AsyncSession, person: Person) -> None:
    """Move what is live to `deceased`; pairings, plans and reviews follow by the moves' effects."""
    system = the_system(person.prison_id)
    for mentor in await _episodes(db, Mentor, person):
        if mentor.status not in MENTOR_ENDED:
            to = MentorStatus.deceased
            await lifecycle.move(db, mentor_moves.MENTOR, mentor, to=to, actor=system)
    for mentee in await _episodes(db, Mentee, person):
        if mentee.status not in MENTEE_ENDED:
            gone = MenteeStatus.deceased
            await lifecycle.move(db, mentee_moves.MENTEE, mentee, to=gone, actor=system)


async def _episodes(db: AsyncSession, model: type[Episode], person: Person) -> list[Episode]:
    found = everything(model, person.prison_id).where(col(model.person_id) == person.id)
    return list((await db.execute(found)).scalars())


async def correct(db: AsyncSession, actor: Actor, person: Person) -> Death:
    """Undo a wrong report, as a second person. The hold stands until it is lifted.

    Raises Conflicting when no report stands, SecondPersonNeeded for who reported it.
    """
    death = await standing_death(db, person.prison_id, person.id)
    if death is None:
        raise Conflicting("No report of a death stands.")
    if death.reported_by == actor.subject:
        raise SecondPersonNeeded()
    await _undo(db, actor, person, death)
    return death


async def undone(db: AsyncSession, context: Context) -> None:
    """A mentor's wrong end was corrected by two persons: so was the report that stands."""
    mentor: Mentor = context.thing
    death = await standing_death(db, mentor.prison_id, mentor.person_id)
    if death is not None:
        await _undo(db, context.actor, await _person(db, mentor), death)


async def _undo(db: AsyncSession, actor: Actor, person: Person, death: Death) -> None:
    await lifecycle.move(db, DEATH, death, to=S.corrected, actor=actor, reason=CORRECTION)
    if person.presence is Presence.left:
        person.presence = death.presence_before
        outbox.say(db, person.prison_id, "person.updated", person.id, presence=person.presence)
    await _restore_episodes(db, person, death)
    await after_death.cancel_tasks(db, person)
    await db.flush()


async def _restore_episodes(db: AsyncSession, person: Person, death: Death) -> None:
    """Back to the states they were recorded from. Pairings and plans are made anew by people."""
    system = the_system(person.prison_id)
    for mentor in await _episodes(db, Mentor, person):
        if mentor.status is MentorStatus.deceased:
            mentor.correction_asked_by = death.reported_by
            before = await _left_for(db, mentor)
            await lifecycle.move(
                db, mentor_moves.MENTOR, mentor, to=before, actor=system, reason=CORRECTION
            )
    for mentee in await _episodes(db, Mentee, person):
        if mentee.status is MenteeStatus.deceased:
            before = await _left_for(db, mentee)
            await lifecycle.move(
                db, mentee_moves.MENTEE, mentee, to=before, actor=system, reason=CORRECTION
            )


async def _left_for(db: AsyncSession, episode: Mentor | Mentee) -> str:
    """The state from which the episode was last moved to where it is."""
    for entry in reversed(await lifecycle.history_of(db, episode)):
        if entry.to_state == episode.status and entry.from_state not in (None, entry.to_state):
            return str(entry.from_state)
    raise AssertionError("an end has a state it was recorded from")


def shown(death: Death) -> DeathRead:
    """The report as staff see it."""
    return DeathRead.model_validate(death)
