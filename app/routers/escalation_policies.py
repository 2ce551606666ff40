"""Escalation policies over HTTP."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import Elsewhere, MayReadEscalation, MayWriteEscalation
from app.db import Db, ReadDb
from app.errors import GuardsUnmet, KeyReused, MoveNotInTable, MoveNotYours, Stale
from app.models.concerns import ConcernKind
from app.models.escalation_policies import (
    EscalationPolicy,
    EscalationPolicyCreate,
    EscalationPolicyRead,
    EscalationPolicyRow,
    PolicyStatus,
    SimulationCreate,
    SimulationRead,
    StandingPolicy,
)
from app.models.moves import HistoryCoarse, MoveCreate
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import escalation_policies, lifecycle
from app.services.escalation_policies import simulating
from app.visibility import MATRIX

router = APIRouter(
    prefix="/v1/prisons/{prison_id}/escalation-policies", tags=["escalation-policies"]
)
This = Annotated[EscalationPolicy, Depends(to_read(EscalationPolicy, "escalation_policy_id"))]
ToMove = Annotated[
    EscalationPolicy, Depends(to_change(EscalationPolicy, "escalation_policy_id", match=False))
]

LIST = Listing(
    EscalationPolicy,
    MATRIX["escalation_policies.row"],
    filters={
        "kind": lambda value: col(EscalationPolicy.kind) == value,
        "status": lambda value: col(EscalationPolicy.status) == value,
    },
    sorts={"recorded_at": col(EscalationPolicy.recorded_at)},
)


class EscalationPolicyQuery(PageQuery):
    kind: ConcernKind | None = None
    status: PolicyStatus | None = None
    sort: Literal["recorded_at", "-recorded_at"] = Field(default="-recorded_at")


@router.get("", response_model=Page[EscalationPolicyRow], responses=refusals())
async def list_escalation_policies(
    actor: MayReadEscalation,
    db: ReadDb,
    request: Request,
    query: Annotated[EscalationPolicyQuery, Query()],
) -> Response:
    """Every version, whatever became of it."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post(
    "", status_code=201, response_model=EscalationPolicyRead, responses=refusals(KeyReused)
)
async def create_escalation_policy(
    actor: MayWriteEscalation, db: Db, body: EscalationPolicyCreate, once: JustOnce
) -> Response:
    """Draft a version, for one kind of concern or for all. It can only be as strict as the
    domain's table or stricter; what it says is not changed afterwards."""
    policy = await escalation_policies.create(db, actor, body)
    shown = await escalation_policies.shown(db, policy, actor)
    return await once.created(shown, location=f"escalation-policies/{policy.id}")


@router.get("/standing", response_model=Page[StandingPolicy], responses=refusals())
async def list_standing_policies(actor: MayReadEscalation, db: Db) -> Response:
    """What a concern of each kind would be raised under now; the default where the prison has
    none of its own."""
    return reply(whole(await escalation_policies.standing_shown(db, actor)))


@router.get("/{escalation_policy_id}", response_model=EscalationPolicyRead, responses=refusals())
async def read_escalation_policy(actor: MayReadEscalation, db: Db, policy: This) -> Response:
    """One version."""
    return reply(await escalation_policies.shown(db, policy, actor))


@router.post(
    "/{escalation_policy_id}/moves",
    response_model=EscalationPolicyRead,
    responses=refusals(MoveNotInTable, MoveNotYours, GuardsUnmet, Stale),
)
async def move_escalation_policy(
    actor: MayWriteEscalation, db: Db, policy: ToMove, body: MoveCreate
) -> Response:
    """A mental health lead signs a draft off, a governor puts it in force: it then supersedes the
    one before it. A concern keeps the policy it was raised under."""
    await escalation_policies.act(db, actor, policy, body)
    return reply(await escalation_policies.shown(db, policy, actor))


@router.post(
    "/{escalation_policy_id}/simulate", response_model=SimulationRead, responses=refusals()
)
async def simulate_escalation(
    actor: MayReadEscalation,
    elsewhere: Elsewhere,
    db: Db,
    database: ReadDb,
    policy: This,
    body: SimulationCreate,
) -> Response:
    """Who would be paged when, from the duties as they are known now, if a concern were raised at
    that instant and nobody did anything. Nothing is saved and nobody is paged."""
    return reply(await simulating.simulate(db, database, actor, elsewhere, policy, body))


@router.get(
    "/{escalation_policy_id}/history", response_model=Page[HistoryCoarse], responses=refusals()
)
async def list_escalation_policy_history(
    actor: MayReadEscalation, db: Db, policy: This
) -> Response:
    """Every move made, oldest first."""
    rows = await lifecycle.history_shown(db, policy, actor, "escalation_policies.history")
    return reply(whole(rows))
