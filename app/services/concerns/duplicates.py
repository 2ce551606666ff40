"""Concerns that may be about the same: recognised and offered, never dropped, nor merged here."""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access import Actor
from app.models.base import Output
from app.models.concerns import Concern, ConcernStatus, DuplicateWhy
from app.scope import visible
from app.visibility import shape

WITHIN = timedelta(days=7)
MOST_LOOKED_AT = 200
ALIKE = 0.85
_COMPARED = 1000  # characters of an account
_FILLER = {"a", "an", "the", "that", "this", "in", "on", "at", "of", "from"}


def why(one: Concern, other: Concern) -> list[DuplicateWhy]:
    """What speaks for two concerns being the same; empty: nothing does. Pure."""
    found = []
    person = one.subject_person_id
    if person is not None and person == other.subject_person_id:
        found.append(DuplicateWhy.same_person)
    told = _words(one.subject_as_told)
    if told and told == _words(other.subject_as_told):
        found.append(DuplicateWhy.same_subject_as_told)
    if _alike(one.account, other.account):
        found.append(DuplicateWhy.same_words)
    return found


def _words(text: str | None) -> frozenset[str]:
    """What a line says, however it is written: "The lad, end cell" and "lad in the end cell"."""
    return frozenset(re.findall(r"\w+", (text or "").casefold())) - _FILLER


def _alike(one: str, other: str) -> bool:
    """How much of their words two accounts share, whatever the order: cheap, for it is asked of
    two hundred at once while others wait."""
    a, b = (Counter(re.findall(r"\w+", text.casefold()[:_COMPARED])) for text in (one, other))
    return 2 * (a & b).total() >= ALIKE * (a.total() + b.total()) > 0


async def of(
    db: AsyncSession, actor: Actor, concern: Concern
) -> Sequence[tuple[Concern, list[DuplicateWhy]]]:
    """The concerns that this actor may see and that may be the same, the nearest in time first."""
    near = (
        visible(Concern, actor)
        .where(
            col(Concern.id) != concern.id,
            col(Concern.status) != ConcernStatus.merged_duplicate,
            col(Concern.raised_at) >= concern.raised_at - WITHIN,
            col(Concern.raised_at) <= concern.raised_at + WITHIN,
        )
        .order_by(col(Concern.raised_at).desc(), col(Concern.id))
        .limit(MOST_LOOKED_AT)
    )
    found = [(each, why(concern, each)) for each in await db.scalars(near)]
    same = [(each, reasons) for each, reasons in found if reasons]
    return sorted(same, key=lambda pair: (abs(pair[0].raised_at - concern.raised_at), pair[0].id))


async def shown(db: AsyncSession, actor: Actor, concern: Concern) -> list[Output]:
    """The same as this actor may read them."""
    wanted = shape("concerns.possible_duplicates", actor.role)
    return [
        wanted.model_validate({**each.model_dump(), "why": reasons})
        for each, reasons in await of(db, actor, concern)
    ]
