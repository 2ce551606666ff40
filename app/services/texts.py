"""Free text: every save is a version, and its writer says what subject access may do with it."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access import Actor
from app.errors import Invalid
from app.models.base import Disclosure
from app.models.staff import Role
from app.models.texts import TextVersion, VersionRead
from app.scope import everything, visible

PRISONERS_CHOICE = (Disclosure.ordinary, Disclosure.third_party)


def check_choice(actor: Actor, disclosure: Disclosure | None) -> None:
    """Raises Invalid where a prisoner chooses what staff alone may."""
    if disclosure is not None and not may_choose(actor, disclosure):
        names = ", ".join(choice.value for choice in PRISONERS_CHOICE)
        raise Invalid.field("disclosure", "not_yours", f"must be one of: {names}")


def may_choose(actor: Actor, disclosure: Disclosure) -> bool:
    """Whether the choice is theirs: the two stricter ones are judgements of staff."""
    return actor.family is not Role.mentor or disclosure in PRISONERS_CHOICE


async def keep_first(db: AsyncSession, actor: Actor, thing: Any, *fields: str) -> None:
    """Keep what the fields of a new thing say as their first versions."""
    for field in fields:
        if (text := _spelt(getattr(thing, field))) is not None:
            _add(db, actor, thing, field, 1, text, thing.disclosure)
    await db.flush()


async def keep(db: AsyncSession, actor: Actor, thing: Any, field: str) -> None:
    """Keep what a field of a locked thing says now as its next version, if it says anything new."""
    text = _spelt(getattr(thing, field))
    last = await _last(db, thing, field)
    said = (last.text, last.disclosure) if last else (None, thing.disclosure)
    if (text, thing.disclosure) != said:
        number = last.number + 1 if last else 1
        _add(db, actor, thing, field, number, text, thing.disclosure)
        await db.flush()


async def append(
    db: AsyncSession,
    actor: Actor,
    thing: Any,
    field: str,
    text: str | None,
    disclosure: Disclosure,
) -> None:
    """Keep a text that is added to a locked thing and replaces nothing."""
    last = await _last(db, thing, field)
    _add(db, actor, thing, field, last.number + 1 if last else 1, text, disclosure)
    await db.flush()


async def versions(db: AsyncSession, actor: Actor, thing: Any, field: str) -> list[VersionRead]:
    """Every version of a field that this actor may read, oldest first."""
    found = visible(TextVersion, actor).where(
        col(TextVersion.thing_id) == thing.id, col(TextVersion.field) == field
    )
    rows = await db.execute(found.order_by(col(TextVersion.number)))
    return [VersionRead.model_validate(row) for row in rows.scalars()]


def _spelt(value: Any) -> str | None:
    """A text as it is; a tick in words."""
    return ("yes" if value else "no") if isinstance(value, bool) else value


async def _last(db: AsyncSession, thing: Any, field: str) -> TextVersion | None:
    found = everything(TextVersion, thing.prison_id).where(
        col(TextVersion.thing_id) == thing.id, col(TextVersion.field) == field
    )
    newest = found.order_by(col(TextVersion.number).desc()).limit(1)
    return (await db.execute(newest)).scalar_one_or_none()


def _add(
    db: AsyncSession,
    actor: Actor,
    thing: Any,
    field: str,
    number: int,
    text: str | None,
    disclosure: Disclosure,
) -> None:
    db.add(
        TextVersion(
            prison_id=thing.prison_id,
            noun=thing.__tablename__,
            thing_id=thing.id,
            field=field,
            number=number,
            text=text,
            disclosure=disclosure,
            author_subject=actor.subject,
            author_role=actor.role,
        )
    )
