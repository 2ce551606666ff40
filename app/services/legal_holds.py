"""Legal holds: placed by one, lifted by two; what they hold is asked here (`held_people`)."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, Uuid, column, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access import Actor
from app.errors import SecondPersonNeeded
from app.models.base import Output
from app.models.legal_holds import HoldCreate, HoldReason, HoldStatus, LegalHold
from app.models.people import Person
from app.models.staff import Role
from app.scope import everything, referred
from app.services import lifecycle
from app.services.lifecycle import Context, Lifecycle, Move
from app.visibility import shape

S = HoldStatus
_TWO = frozenset({Role.governor, Role.mental_health_lead})


async def note_asking(db: AsyncSession, context: Context) -> None:
    context.thing.lift_asked_by = context.actor.subject


async def note_lifting(db: AsyncSession, context: Context) -> None:
    hold: LegalHold = context.thing
    hold.lifted_by, hold.lifted_at = context.actor.subject, context.now


MOVES = {
    (S.placed, S.lift_asked): Move(_TWO, effects=(note_asking,), offered=False),
    (S.lift_asked, S.lifted): Move(_TWO, effects=(note_lifting,), offered=False),
    # Of two holds for one reason, when two numbers turn out to be one person.
    (S.placed, S.lifted): Move(frozenset(), effects=(note_lifting,), offered=False),
}
LEGAL_HOLD = Lifecycle("legal_holds", "legal_hold", HoldStatus, MOVES)


async def create(db: AsyncSession, actor: Actor, body: HoldCreate) -> LegalHold:
    """Place a hold. One that stands for the same reason is refused by the database."""
    await referred(db, Person, actor.prison_id, body.person_id, "person_id")
    return await place(db, actor, body.person_id, body.reason)


async def place(db: AsyncSession, actor: Actor, person_id: UUID, reason: HoldReason) -> LegalHold:
    """Place a hold on a person who is known to be here."""
    hold = LegalHold(
        prison_id=actor.prison_id, person_id=person_id, reason=reason, placed_by=actor.subject
    )
    await lifecycle.begin(db, LEGAL_HOLD, hold, actor)
    await db.flush()
    return hold


async def standing(
    db: AsyncSession, prison_id: str, person_id: UUID, reason: HoldReason
) -> LegalHold | None:
    """The hold on this person for this reason that is not lifted."""
    found = everything(LegalHold, prison_id).where(
        col(LegalHold.person_id) == person_id,
        col(LegalHold.reason) == reason,
        col(LegalHold.status) != S.lifted,
    )
    return (await db.execute(found)).scalar_one_or_none()


async def lift(db: AsyncSession, actor: Actor, hold: LegalHold) -> None:
    """Ask that a hold be lifted, or, as a second person, lift it.

    Raises SecondPersonNeeded for who asked, MoveNotInTable when it is lifted already.
    """
    if hold.status is S.lift_asked and hold.lift_asked_by == actor.subject:
        raise SecondPersonNeeded()
    to = S.lift_asked if hold.status is S.placed else S.lifted
    await lifecycle.move(db, LEGAL_HOLD, hold, to=to, actor=actor)


def shown(hold: LegalHold, actor: Actor) -> Output:
    """The hold as this actor sees it; to most only that it stands."""
    found = shape("legal_holds", actor.role).model_validate(hold)
    assert isinstance(found, Output)
    return found


_HELD_PEOPLE = """
    WITH held AS (
        SELECT person_id FROM legal_hold WHERE prison_id = :held_in AND status <> 'lifted'
    ),
    bond (one, other) AS (
        SELECT m.person_id, e.person_id FROM pairing p
        JOIN mentor m ON m.prison_id = p.prison_id AND m.id = p.mentor_id
        JOIN mentee e ON e.prison_id = p.prison_id AND e.id = p.mentee_id
        WHERE p.prison_id = :held_in
      UNION
        SELECT m.person_id, e.person_id FROM participation a
        JOIN session s ON s.prison_id = a.prison_id AND s.id = a.session_id
        JOIN mentor m ON m.prison_id = s.prison_id AND m.id = s.mentor_id
        JOIN mentee e ON e.prison_id = a.prison_id AND e.id = a.mentee_id
        WHERE a.prison_id = :held_in
      UNION
        SELECT raised_by_person_id, subject_person_id FROM concern
        WHERE prison_id = :held_in AND raised_by_person_id IS NOT NULL
          AND subject_person_id IS NOT NULL
    )
    SELECT person_id FROM held
    UNION SELECT other FROM bond WHERE one IN (SELECT person_id FROM held)
    UNION SELECT one FROM bond WHERE other IN (SELECT person_id FROM held)
"""


def held_people(prison_id: str) -> Select[Any]:
    """The ids of everyone of whom nothing may be deleted: those on whom a hold stands, and those
    linked to them as mentor or mentee, by a session, or by a concern one raised about the other.

    Their sessions, concerns and pages are held with them: they are theirs (`app/records.py`).
    """
    people = text(_HELD_PEOPLE).bindparams(held_in=prison_id).columns(column("person_id", Uuid()))
    return select(people.subquery("held_person").c.person_id)


async def held(db: AsyncSession, prison_id: str, person_id: UUID) -> bool:
    """Whether nothing about this person may be deleted or made anonymous now."""
    found = everything(Person, prison_id).where(
        col(Person.id) == person_id, col(Person.id).in_(held_people(prison_id))
    )
    return (await db.execute(found)).scalar_one_or_none() is not None


async def any_stands(db: AsyncSession, prison_id: str) -> bool:
    """Whether any hold stands in the prison: then its rota is kept as well."""
    found = everything(LegalHold, prison_id).where(col(LegalHold.status) != S.lifted).limit(1)
    return (await db.execute(found)).scalar_one_or_none() is not None


__all__ = [
    "LEGAL_HOLD",
    "any_stands",
    "create",
    "held",
    "held_people",
    "lift",
    "place",
    "shown",
    "standing",
]
