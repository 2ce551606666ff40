"""Which policy a concern is raised under."""

import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.concerns import ConcernKind
from app.models.escalation_policies import EscalationPolicy, PolicyStatus
from app.scope import everything
from app.services.ladders import Policy, default_policy

log = structlog.get_logger(__name__)


async def in_force(db: AsyncSession, prison_id: str) -> dict[ConcernKind | None, EscalationPolicy]:
    """The versions in force, by kind; None: the one for all that have none of their own."""
    found = everything(EscalationPolicy, prison_id).where(
        col(EscalationPolicy.status) == PolicyStatus.in_force
    )
    return {each.kind: each for each in await db.scalars(found)}


async def policy_for(db: AsyncSession, prison_id: str, kind: ConcernKind) -> Policy:
    """The policy a concern of a kind is raised under; the default where the prison has none."""
    standing = await in_force(db, prison_id)
    return read(standing.get(kind) or standing.get(None))


def read(standing: EscalationPolicy | None) -> Policy:
    """What a version says. One that cannot be read stands in no concern's way: the default takes
    its place, with an alarm."""
    if standing is None:
        return default_policy()
    try:
        return Policy.from_json(standing.policy)
    except ValueError:
        log.critical("policy_unreadable", prison_id=standing.prison_id, id=str(standing.id))
        return default_policy()
