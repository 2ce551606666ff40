"""Mentors: applications, the evidence for approval and activation (`evidence.py`), the guards
(`guards.py`), and the life of a mentor as a table of moves (`moves.py`)."""

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access import Actor
from app.clock import now
from app.errors import MoveNotInTable, NotFound, NotHere, SecondPersonNeeded, TooEarly
from app.models.base import Output
from app.models.mentors import (
    LEFT,
    Mentor,
    MentorCreate,
    MentorStatus,
)
from app.models.moves import History
from app.models.people import Person, Presence
from app.models.prisons import Prison
from app.models.staff import Role
from app.scope import everything
from app.services import lifecycle, texts
from app.services.mentors.guards import ended_from
from app.services.mentors.moves import CORRECTION_REASONS, MENTOR
from app.services.working_days import local_date
from app.visibility import shape


async def apply(db: AsyncSession, actor: Actor, body: MentorCreate) -> Mentor:
    """Begin an application. Prisoners apply for themselves only; staff enter for anyone."""
    if actor.family is Role.mentor and body.person_id != actor.person_id:
        raise NotFound()
    texts.check_choice(actor, body.disclosure)
    person = await person_of(db, actor.prison_id, body.person_id)
    if person.presence is Presence.left:
        raise NotHere()
    last = await latest_episode(db, person)
    prison = await db.get_one(Prison, actor.prison_id)
    today = local_date(now(), prison.tz)
    if last is not None and last.reapply_on is not None and today < last.reapply_on:
        raise TooEarly(f"An application is possible from {last.reapply_on}.")
    mentor = Mentor(prison_id=actor.prison_id, **body.model_dump())
    await lifecycle.begin(db, MENTOR, mentor, actor)
    return mentor


async def person_of(db: AsyncSession, prison_id: str, person_id: object) -> Person:
    """The person, whoever asks: for a reply's display name and for guards."""
    found = everything(Person, prison_id).where(col(Person.id) == person_id)
    person = (await db.execute(found)).scalar_one_or_none()
    if person is None:
        raise NotFound()
    return person


async def latest_episode(db: AsyncSession, person: Person) -> Mentor | None:
    """The person's most recent episode as mentor, ended or not."""
    found = everything(Mentor, person.prison_id).where(
        col(Mentor.person_id) == person.id, col(Mentor.status) != MentorStatus.merged
    )
    newest = found.order_by(col(Mentor.recorded_at).desc()).limit(1)
    return (await db.execute(newest)).scalar_one_or_none()


async def correct_end(db: AsyncSession, actor: Actor, mentor: Mentor) -> None:
    """Ask that an end recorded in error be undone, or, as a second person, undo it.

    Raises MoveNotInTable unless the mentor stands as transferred, released or deceased, and
    SecondPersonNeeded when the one who asked asks again.
    """
    if mentor.status not in LEFT:
        raise MoveNotInTable("Only transferred, released and deceased can be corrected.")
    if mentor.correction_asked_by is None:
        mentor.correction_asked_by = actor.subject
        await lifecycle.mark(db, MENTOR, mentor, actor, "correction_asked")
        await db.flush()
        return
    if mentor.correction_asked_by == actor.subject:
        raise SecondPersonNeeded()
    back = ended_from(await lifecycle.history_of(db, mentor))
    assert back is not None, "an end has a state it was recorded from"
    reason = CORRECTION_REASONS[0]
    await lifecycle.move(db, MENTOR, mentor, to=back, actor=actor, reason=reason)


async def shown(db: AsyncSession, mentor: Mentor, actor: Actor) -> Output:
    """The mentor as this actor sees them, with what they may do next."""
    person = await person_of(db, mentor.prison_id, mentor.person_id)
    moves = await lifecycle.options(db, MENTOR, mentor, actor)
    return shape("mentors", actor.role).model_validate(
        {**mentor.model_dump(), "display_name": person.display_name, "moves": moves}
    )


def history_shape(entry: History, role: Role) -> type[Output]:
    """How much of one move a role may read: why a governor decided is not for everyone."""
    decision = MentorStatus.governor_review, MentorStatus.suspended
    decided = entry.actor_role is Role.governor and entry.from_state in decision
    return shape("mentors.history.decided" if decided else "mentors.history", role)


async def history_shown(db: AsyncSession, mentor: Mentor, actor: Actor) -> list[Output]:
    """Every move of the mentor as this actor may read it, oldest first."""
    return [
        history_shape(entry, actor.role).model_validate(entry)
        for entry in await lifecycle.history_of(db, mentor)
    ]


__all__ = [
    "MENTOR",
    "MentorStatus",
    "apply",
    "correct_end",
    "history_shape",
    "history_shown",
    "latest_episode",
    "person_of",
    "shown",
]
