"""Mentors: applications, the evidence for approval and activation (`evidence.py`), and the life
of a mentor as a table of moves (`moves.py`)."""

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access import Actor
from app.clock import now
from app.errors import NotFound, NotHere, TooEarly
from app.models.base import Output
from app.models.mentors import Mentor, MentorCreate, MentorOwn, MentorRead, MentorStatus
from app.models.people import Person, Presence
from app.models.staff import Role
from app.scope import everything
from app.services import lifecycle
from app.services.mentors.moves import MENTOR


async def apply(db: AsyncSession, actor: Actor, body: MentorCreate) -> Mentor:
    """Begin an application. Prisoners apply for themselves only; staff enter for anyone."""
    if actor.family is Role.mentor and body.person_id != actor.person_id:
        raise NotFound()
    person = await person_of(db, actor.prison_id, body.person_id)
    if person.presence is Presence.left:
        raise NotHere()
    last = await latest_episode(db, person)
    if last is not None and last.reapply_on is not None and now().date() < last.reapply_on:
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
    found = everything(Mentor, person.prison_id).where(col(Mentor.person_id) == person.id)
    newest = found.order_by(col(Mentor.recorded_at).desc()).limit(1)
    return (await db.execute(newest)).scalar_one_or_none()


async def shown(db: AsyncSession, mentor: Mentor, actor: Actor) -> Output:
    """The mentor as this actor sees them, with what they may do next."""
    person = await person_of(db, mentor.prison_id, mentor.person_id)
    shape = MentorOwn if actor.family is Role.mentor else MentorRead
    moves = await lifecycle.options(db, MENTOR, mentor, actor)
    return shape.model_validate(
        {**mentor.model_dump(), "display_name": person.display_name, "moves": moves}
    )


__all__ = ["MENTOR", "MentorStatus", "apply", "latest_episode", "person_of", "shown"]
