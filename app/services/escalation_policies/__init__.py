"""Escalation policies: drafted, signed off, put in force (here and `moves.py`), the one a concern
is raised under (`standing.py`), and who would be paged when (`simulating.py`)."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access import Actor, the_system
from app.errors import FieldError, Invalid
from app.models.base import Output
from app.models.concerns import ConcernKind
from app.models.escalation_policies import EscalationPolicy, EscalationPolicyCreate, PolicyStatus
from app.models.moves import MoveCreate
from app.models.staff import Staff
from app.scope import everything
from app.services import lifecycle
from app.services.escalation_policies.moves import POLICY
from app.services.escalation_policies.standing import in_force, read
from app.services.ladders import Policy, named, too_loose
from app.visibility import shape

S = PolicyStatus


async def create(db: AsyncSession, actor: Actor, body: EscalationPolicyCreate) -> EscalationPolicy:
    """Draft the next version for a kind. Raises Invalid, naming every field that is slower than
    the domain's table or names somebody who does not work here."""
    errors = [
        FieldError(f"policy.{place.path}", "too_loose", place.message)
        for place in too_loose(body.policy)
    ]
    errors += await _unknown(db, actor.prison_id, body.policy)
    if errors:
        raise Invalid(errors[0].message, errors=errors)
    assert actor.staff_id is not None, "only staff hold the permission"
    await _one_at_a_time(db, actor.prison_id)
    policy = EscalationPolicy(
        prison_id=actor.prison_id,
        kind=body.kind,
        number=await _next_number(db, actor.prison_id, body.kind),
        policy=body.policy.to_json(),
        drafted_by=actor.staff_id,
    )
    await lifecycle.begin(db, POLICY, policy, actor)
    return policy


async def _unknown(db: AsyncSession, prison_id: str, policy: Policy) -> list[FieldError]:
    found = everything(Staff, prison_id).where(col(Staff.active))
    here = set((await db.scalars(found.with_only_columns(col(Staff.id)))).all())
    return [
        FieldError(f"policy.{path}", "unknown", "there is no such active member of staff here")
        for path, staff_id in named(policy)
        if staff_id not in here
    ]


async def _one_at_a_time(db: AsyncSession, prison_id: str) -> None:
    lock = func.hashtextextended(f"escalation_policy:{prison_id}", 0)
    await db.execute(select(func.pg_advisory_xact_lock(lock)))


async def _next_number(db: AsyncSession, prison_id: str, kind: ConcernKind | None) -> int:
    of_kind = everything(EscalationPolicy, prison_id).where(
        col(EscalationPolicy.kind).is_not_distinct_from(kind)
    )
    last = of_kind.with_only_columns(func.max(col(EscalationPolicy.number)))
    return int(await db.scalar(last) or 0) + 1


async def act(db: AsyncSession, actor: Actor, policy: EscalationPolicy, body: MoveCreate) -> None:
    """The move a caller asked for. One that is put in force supersedes the one before it, for
    concerns raised from then on; running ones keep theirs."""
    if body.to == S.in_force and policy.status is S.signed_off:
        await _one_at_a_time(db, policy.prison_id)
        await _supersede(db, policy)
    await lifecycle.make(db, POLICY, policy, actor, body)


async def _supersede(db: AsyncSession, policy: EscalationPolicy) -> None:
    """First, for only one of a kind may be in force; a refusal afterwards takes it back."""
    before = everything(EscalationPolicy, policy.prison_id).where(
        col(EscalationPolicy.status) == S.in_force,
        col(EscalationPolicy.kind).is_not_distinct_from(policy.kind),
    )
    for each in await db.scalars(before.with_for_update()):
        system = the_system(policy.prison_id)
        await lifecycle.move(db, POLICY, each, to=S.superseded, actor=system)


async def shown(db: AsyncSession, policy: EscalationPolicy, actor: Actor) -> Output:
    """The version as this actor sees it, with what they may do next."""
    moves = await lifecycle.options(db, POLICY, policy, actor)
    fields = {**policy.model_dump(), "moves": moves}
    return shape("escalation_policies", actor.role).model_validate(fields)


async def standing_shown(db: AsyncSession, actor: Actor) -> list[Output]:
    """What a concern of each kind would be raised under now."""
    standing, found = await in_force(db, actor.prison_id), []
    for kind in ConcernKind:
        one = standing.get(kind) or standing.get(None)
        known = {"kind": kind, "escalation_policy_id": one.id if one else None, "policy": read(one)}
        found.append(shape("escalation_policies.standing", actor.role).model_validate(known))
    return found
