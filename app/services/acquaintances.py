"""Acquaintances: declared by the person or by staff, resolved and withdrawn by staff.

A prisoner names the other in words, and gets the same answer whether that person is here or not.
Taking a declaration back is left to staff: nobody can be pressed into it by whoever they named.
"""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.access import Actor
from app.errors import Conflicting, Invalid
from app.models.acquaintances import (
    Acquaintance,
    AcquaintanceCreate,
    AcquaintanceUpdate,
    DeclaredBy,
)
from app.models.base import Output
from app.models.people import Person
from app.models.staff import Role
from app.scope import referred
from app.services import outbox, texts
from app.visibility import shape

NOT_A_PRISONERS = {
    "other_person_id": "say who it is in your own words",
    "known_to_staff": "is for staff",
}


async def declare(db: AsyncSession, actor: Actor, body: AcquaintanceCreate) -> Acquaintance:
    """Record who knows whom. Raises Invalid, naming the field."""
    own = actor.family is Role.mentor
    fields = _by_prisoner(actor, body) if own else await _by_staff(db, actor, body)
    at = body.occurred_at or clock.now()
    if at > clock.now():
        raise Invalid.field("occurred_at", "in_the_future", "must not be in the future")
    acquaintance = Acquaintance(
        prison_id=actor.prison_id,
        relation=body.relation,
        other_as_told=body.other_as_told,
        disclosure=body.disclosure,
        declared_at=at,
        recorded_by=actor.subject,
        **fields,
    )
    db.add(acquaintance)
    await db.flush()
    outbox.say(db, actor.prison_id, "acquaintance.declared", acquaintance.id)
    return acquaintance


def _by_prisoner(actor: Actor, body: AcquaintanceCreate) -> dict[str, Any]:
    """For themselves, in their own words. No id is looked up: what is refused is refused whoever
    it is of."""
    if body.person_id not in {None, actor.person_id}:
        raise Invalid.field("person_id", "not_yours", "you declare for yourself only")
    for name, message in NOT_A_PRISONERS.items():
        if getattr(body, name):
            raise Invalid.field(name, "not_yours", message)
    texts.check_choice(actor, body.disclosure)
    return {"person_id": actor.person_id, "declared_by": DeclaredBy.own_word}


async def _by_staff(db: AsyncSession, actor: Actor, body: AcquaintanceCreate) -> dict[str, Any]:
    if body.person_id is None:
        raise Invalid.field("person_id", "missing", "say whose acquaintance it is")
    await referred(db, Person, actor.prison_id, body.person_id, "person_id")
    if body.other_person_id is not None:
        await _another(db, actor, body.person_id, body.other_person_id)
    known = DeclaredBy.known_to_staff if body.known_to_staff else DeclaredBy.told_to_staff
    return {
        "person_id": body.person_id,
        "other_person_id": body.other_person_id,
        "declared_by": known,
    }


async def _another(db: AsyncSession, actor: Actor, person_id: UUID, other_id: UUID) -> None:
    if person_id == other_id:
        raise Invalid.field("other_person_id", "same_person", "must be somebody else")
    await referred(db, Person, actor.prison_id, other_id, "other_person_id")


async def resolve(
    db: AsyncSession, actor: Actor, acquaintance: Acquaintance, body: AcquaintanceUpdate
) -> None:
    """Say who was meant: from now on the two are not brought together. Raises Conflicting once it
    is withdrawn."""
    _standing(acquaintance)
    await _another(db, actor, acquaintance.person_id, body.other_person_id)
    acquaintance.other_person_id = body.other_person_id
    await db.flush()
    outbox.say(db, actor.prison_id, "acquaintance.resolved", acquaintance.id)


async def withdraw(db: AsyncSession, actor: Actor, acquaintance: Acquaintance) -> None:
    """Take it back, on the person's word or on better knowledge. Raises as `resolve`."""
    _standing(acquaintance)
    acquaintance.withdrawn_at, acquaintance.withdrawn_by = clock.now(), actor.subject
    await db.flush()
    outbox.say(db, actor.prison_id, "acquaintance.withdrawn", acquaintance.id)


def _standing(acquaintance: Acquaintance) -> None:
    if acquaintance.withdrawn_at is not None:
        raise Conflicting("It was withdrawn.")


def shown(acquaintance: Acquaintance, actor: Actor) -> Output:
    """The acquaintance, as this actor sees it."""
    return shape("acquaintances", actor.role).model_validate(acquaintance)
