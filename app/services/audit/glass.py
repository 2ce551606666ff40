"""Which broken glass, if any, something was seen through."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.models.break_glass import BreakGlass
from app.models.staff import Role
from app.records import ids_of
from app.scope import everything


async def seen_through(db: AsyncSession, actor: Actor, ids: Collection[UUID]) -> UUID | None:
    """The glass the actor has broken on a person whose records are among `ids`; None without."""
    if actor.family is not Role.clinician or not ids:
        return None
    now = clock.now()
    open_ones = everything(BreakGlass, actor.prison_id).where(
        col(BreakGlass.staff_id) == actor.staff_id,
        col(BreakGlass.expires_at) > now,
        col(BreakGlass.ended_at).is_(None),
    )
    for glass in (await db.execute(open_ones)).scalars().all():
        records = ids_of(actor.prison_id, glass.person_id).subquery()
        among = select(records.c.id).where(records.c.id.in_(ids)).limit(1)
        if glass.id in ids or (await db.execute(among)).first() is not None:
            return glass.id
    return None
