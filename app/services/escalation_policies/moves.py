"""A policy's life as a table of moves: a mental health lead signs it off for clinical safety, a
governor puts it in force."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.escalation_policies import EscalationPolicy, PolicyStatus
from app.models.staff import Role, Staff
from app.scope import everything
from app.services.ladders import Policy, named, too_loose
from app.services.lifecycle import Context, Lifecycle, Move, Moves, Refusal

S = PolicyStatus
LEAD = frozenset({Role.mental_health_lead})
GOVERNOR = frozenset({Role.governor})
SYSTEM = frozenset({Role.system})
WITHDRAW_REASONS = ("made_in_error", "not_needed", "other")


async def working_here(db: AsyncSession, policy: EscalationPolicy) -> Collection[UUID]:
    """The ids of the active staff."""
    found = everything(Staff, policy.prison_id).where(col(Staff.active))
    return set((await db.scalars(found.with_only_columns(col(Staff.id)))).all())


def sound(context: Context) -> Refusal | None:
    """It is still no slower than the domain's table, and whom it names still work here."""
    policy = Policy.from_json(context.thing.policy)
    places = [f"policy.{place.path}: {place.message}" for place in too_loose(policy)]
    gone = [path for path, staff_id in named(policy) if staff_id not in context.facts]
    places += [f"policy.{path}: works here no more" for path in gone]
    return Refusal("sound", "; ".join(places)) if places else None


def signed_off_by_another(context: Context) -> Refusal | None:
    if context.thing.signed_off_by != context.actor.staff_id:
        return None
    return Refusal("signed_off_by_another", "Someone else than who signed it off must do this.")


async def sign(db: AsyncSession, context: Context) -> None:
    context.thing.signed_off_by = context.actor.staff_id
    context.thing.signed_off_at = context.now


async def begin_to_stand(db: AsyncSession, context: Context) -> None:
    context.thing.put_in_force_by = context.actor.staff_id
    context.thing.in_force_from = context.now


async def stand_down(db: AsyncSession, context: Context) -> None:
    context.thing.superseded_at = context.now


_WITHDRAW = Move(LEAD | GOVERNOR, reasons=WITHDRAW_REASONS)
MOVES: Moves = {
    (S.draft, S.signed_off): Move(LEAD, guards=(sound,), effects=(sign,)),
    (S.signed_off, S.in_force): Move(
        GOVERNOR, guards=(sound, signed_off_by_another), effects=(begin_to_stand,)
    ),
    (S.in_force, S.superseded): Move(SYSTEM, effects=(stand_down,), offered=False),
    (S.draft, S.withdrawn): _WITHDRAW,
    (S.signed_off, S.withdrawn): _WITHDRAW,
}
POLICY = Lifecycle("escalation_policies", "escalation_policy", PolicyStatus, MOVES, working_here)
