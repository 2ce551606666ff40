"""Mentors: applications (`applying.py`, `application.py`), the governor's queue and decision
(`queue.py`, `deciding.py`), those that wait too long (`waiting.py`), the yearly review
(`reviews.py`), the evidence for approval and
activation (`evidence.py`), the guards (`guards.py`), the life of a mentor as a table of moves
(`moves.py`), and how many mentees became mentors (`pathway.py`)."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor
from app.errors import MoveNotInTable, SecondPersonNeeded
from app.models.base import Output
from app.models.mentors import LEFT, Mentor, MentorStatus
from app.models.moves import History, MoveCreate
from app.models.staff import Role
from app.services import lifecycle
from app.services.mentors import standing
from app.services.mentors.applying import apply, latest_episode, person_of
from app.services.mentors.guards import ended_from
from app.services.mentors.moves import CORRECTION_REASONS, MENTOR, uphold_suspension
from app.services.mentors.waiting import applications_due
from app.visibility import shape

DECIDED_FROM = frozenset({MentorStatus.governor_review, MentorStatus.suspended})


async def make_move(db: AsyncSession, actor: Actor, mentor: Mentor, body: MoveCreate) -> None:
    """The move a caller asked for. Whoever becomes active by one that is entered late, and lacks
    today what the role asks for, is paused at once."""
    await lifecycle.make(db, MENTOR, mentor, actor, body)
    await standing.hold(db, mentor)


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
    await standing.hold(db, mentor)


async def shown(db: AsyncSession, mentor: Mentor, actor: Actor) -> Output:
    """The mentor as this actor sees them, with what they may do next."""
    person = await person_of(db, mentor.prison_id, mentor.person_id)
    moves = await lifecycle.options(db, MENTOR, mentor, actor)
    fields = {**mentor.model_dump(), "conditions": mentor.limits}
    return shape("mentors", actor.role).model_validate(
        {**fields, "display_name": person.display_name, "moves": moves}
    )


def kind_of_move(actor_role: Role, from_state: str | None, to_state: str) -> str:
    """Which variant of a mentor's history a move is answered in."""
    if actor_role is Role.governor and from_state in DECIDED_FROM:
        return ".decided"
    if actor_role.family is Role.clinician and MentorStatus.paused in {from_state, to_state}:
        return ".fitness"
    return ""


def history_shape(entry: History, role: Role) -> type[Output]:
    """How much of one move a role may read: why a governor decided is not for everyone, nor what a
    clinician noted of a pause."""
    kind = kind_of_move(entry.actor_role, entry.from_state, entry.to_state)
    return shape(f"mentors.history{kind}", role)


async def history_shown(db: AsyncSession, mentor: Mentor, actor: Actor) -> list[Output]:
    """Every move of the mentor as this actor may read it, oldest first."""
    return [
        history_shape(entry, actor.role).model_validate(entry)
        for entry in await lifecycle.history_of(db, mentor)
    ]


__all__ = [
    "MENTOR",
    "MentorStatus",
    "applications_due",
    "apply",
    "correct_end",
    "history_shape",
    "history_shown",
    "kind_of_move",
    "latest_episode",
    "make_move",
    "person_of",
    "shown",
    "uphold_suspension",
]
