"""The rota's demand: what the prison says it needs, and until when."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor
from app.errors import Invalid
from app.models.base import Output
from app.models.rota_demands import RotaDemand, RotaDemandCreate, RotaDemandUpdate
from app.services import outbox
from app.visibility import shape


async def create(db: AsyncSession, actor: Actor, body: RotaDemandCreate) -> RotaDemand:
    """Add demand. Rotas that are published stay as they are."""
    assert actor.staff_id is not None, "only staff hold the permission"
    demand = RotaDemand(prison_id=actor.prison_id, recorded_by=actor.staff_id, **body.model_dump())
    db.add(demand)
    await db.flush()
    outbox.say(db, demand.prison_id, "rota_demand.added", demand.id, role=demand.role)
    return demand


async def end(db: AsyncSession, demand: RotaDemand, body: RotaDemandUpdate) -> None:
    """Set the last day on which it begins. Raises Invalid before the first."""
    if body.valid_to < demand.valid_from:
        raise Invalid.field("valid_to", "in_order", "must not be before valid_from")
    demand.valid_to = body.valid_to
    outbox.say(db, demand.prison_id, "rota_demand.ended", demand.id, role=demand.role)
    await db.flush()


def shown(demand: RotaDemand, actor: Actor) -> Output:
    """The demand as this actor sees it."""
    return shape("rota_demands", actor.role).model_validate(demand)
