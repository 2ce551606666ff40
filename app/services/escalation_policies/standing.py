"""Which policy a concern is raised under."""

import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.concerns import Concern, ConcernKind
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
    return default_policy() if standing is None else _read(standing)


def kept(concern: Concern) -> Policy:
    """What a concern was raised under. Where it cannot be read any more the concern is not left
    without a ladder: it climbs the default's, with an alarm."""
    return _read(concern)


def readable(holder: EscalationPolicy | Concern) -> Policy | None:
    """What it says; None where it cannot be read."""
    try:
        return Policy.from_json(holder.policy)
    except ValueError:
        return None


def _read(holder: EscalationPolicy | Concern) -> Policy:
    found = readable(holder)
    if found is None:
        log.critical("policy_unreadable", prison_id=holder.prison_id, id=str(holder.id))
    return found or default_policy()
