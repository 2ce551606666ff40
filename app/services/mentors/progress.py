"""How far a mentor's shadowing is: the clock, what was observed, and what is still missing."""

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.models.base import Output
from app.models.mentors import Mentor
from app.models.placements import Placement
from app.scope import visible
from app.services.lifecycle import Context
from app.services.mentors import guards as g
from app.services.mentors.moves import SHADOWED, STANDING
from app.services.names import names
from app.visibility import shape

MISSING = (g.placed_with_active_mentor, *SHADOWED, g.assessed_by_another, *STANDING)


async def shadowing(db: AsyncSession, mentor: Mentor, actor: Actor) -> Output:
    """The progress of the mentor's shadowing, with the placements that this actor may see."""
    facts, now = await g.load_facts(db, mentor), clock.now()
    told = g.shadowing(facts.history, facts.shadowing_months, facts.zone, now)
    context = Context(mentor, actor, now, facts)
    found = visible(Placement, actor).where(col(Placement.mentor_id) == mentor.id)
    rows = (await db.scalars(found.order_by(col(Placement.starts_on), col(Placement.id)))).all()
    known = await names(db, Mentor, mentor.prison_id, {row.host_id for row in rows})
    fields = {
        "mentor_id": mentor.id,
        "began_on": told.began_on if told else None,
        "complete_on": told.until if told else None,
        "days_stopped": told.days_stopped if told else 0,
        "observations_logged": len(facts.observations),
        "observations_needed": facts.observations_needed,
        "observations_assessed": sum(each.assessor_id is not None for each in facts.observations),
        "placements": [{**row.model_dump(), "host_name": known[row.host_id]} for row in rows],
        "missing": [refusal.code for guard in MISSING if (refusal := guard(context)) is not None],
    }
    return shape("mentors.shadowing", actor.role).model_validate(fields)
