"""Which policy a concern is raised under."""

import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.concerns import ConcernKind
from app.models.escalation_policies import EscalationPolicy, PolicyStatus
from app.scope import everything
from app.services.ladders import Policy, default_policy

log = structlog.get_logger(__name__)


async def standing_for(
    db: AsyncSession, prison_id: str, kind: ConcernKind
) -> EscalationPolicy | None:
    """The version in force for a kind: its own, else the one for all kinds."""
    found = everything(EscalationPolicy, prison_id).where(
        col(EscalationPolicy.status) == PolicyStatus.in_force,
        (col(EscalationPolicy.kind) == kind) | col(EscalationPolicy.kind).is_(None),
    )
    in_order = found.order_by(col(EscalationPolicy.kind).nulls_last()).limit(1)
    return (await db.scalars(in_order)).one_or_none()


async def policy_for(db: AsyncSession, prison_id: str, kind: ConcernKind) -> Policy:
    """The policy for a kind; the default where the prison has none. One that cannot be read stands
    in no concern's way: the default takes its place, with an alarm."""
    standing = await standing_for(db, prison_id, kind)
    if standing is None:
        return default_policy()
    try:
        return Policy.from_json(standing.policy)
    except ValueError:
        log.critical("policy_unreadable", prison_id=prison_id, id=str(standing.id))
        return default_policy()
