"""Exceptions to the regime: set for a date, replaced, taken back. What a day comes out as is
decided in `app/services/regime_days.py`."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.access import Actor
from app.errors import Conflicting, Invalid
from app.models.base import Output
from app.models.prisons import Prison
from app.models.regime_exceptions import (
    RegimeException,
    RegimeExceptionCreate,
    RegimeExceptionPut,
)
from app.services import outbox
from app.services.working_days import local_date
from app.visibility import shape


async def create(db: AsyncSession, actor: Actor, body: RegimeExceptionCreate) -> RegimeException:
    """Set an exception for a date, from today on. A second one is refused by the database."""
    zone = (await db.get_one(Prison, actor.prison_id)).tz
    if body.on_date < local_date(clock.now(), zone):
        raise Invalid.field("on_date", "in_the_past", "must not be over")
    exception = RegimeException(prison_id=actor.prison_id, on_date=body.on_date, **_values(body))
    db.add(exception)
    await db.flush()
    outbox.say(db, actor.prison_id, "regime_exception.set", exception.id)
    return exception


async def replace(db: AsyncSession, exception: RegimeException, body: RegimeExceptionPut) -> None:
    """What the date is like instead. Raises Conflicting once it is withdrawn."""
    _standing(exception)
    for name, value in _values(body).items():
        setattr(exception, name, value)
    await db.flush()
    outbox.say(db, exception.prison_id, "regime_exception.set", exception.id)


async def withdraw(db: AsyncSession, exception: RegimeException) -> None:
    """The date is like any other again. Raises Conflicting as `replace`."""
    _standing(exception)
    exception.withdrawn_at = clock.now()
    await db.flush()
    outbox.say(db, exception.prison_id, "regime_exception.withdrawn", exception.id)


def _values(body: RegimeExceptionPut) -> dict[str, Any]:
    return {
        "lock_up": body.lock_up,
        "slots": [slot.model_dump(mode="json") for slot in body.slots],
        "reason": body.reason,
    }


def _standing(exception: RegimeException) -> None:
    if exception.withdrawn_at is not None:
        raise Conflicting("It was withdrawn.")


def shown(exception: RegimeException, actor: Actor) -> Output:
    """The exception, as this actor sees it."""
    return shape("regime_exceptions", actor.role).model_validate(exception)
