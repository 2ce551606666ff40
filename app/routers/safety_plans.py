"""Safety plans over HTTP."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import Actor, MayReadSafetyPlan, MayWriteSafetyPlan
from app.db import Db, ReadDb
from app.errors import AlreadyExists, Conflicting, Invalid, KeyReused, MatchNeeded, Stale
from app.models.mentees import Mentee
from app.models.safety_plans import (
    ItemVersion,
    SafetyItemCreate,
    SafetyItemUpdate,
    SafetyPlan,
    SafetyPlanCreate,
    SafetyPlanForMentor,
    SafetyPlanForMentorRow,
    SafetyPlanForStaff,
    SafetyPlanForStaffRow,
    SafetyPlanRead,
    SafetyPlanRow,
    SafetyPlanUpdate,
    SafetyReview,
)
from app.models.staff import Role
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.scope import narrowed
from app.services import safety_plans
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/safety-plans", tags=["safety-plans"])
ThisPlan = Annotated[SafetyPlan, Depends(to_read(SafetyPlan, "safety_plan_id"))]
PlanToMove = Annotated[SafetyPlan, Depends(to_change(SafetyPlan, "safety_plan_id", match=False))]
PlanToChange = Annotated[SafetyPlan, Depends(to_change(SafetyPlan, "safety_plan_id", match=True))]
AnyPlan = SafetyPlanRead | SafetyPlanForStaff | SafetyPlanForMentor
AnyRow = SafetyPlanRow | SafetyPlanForStaffRow | SafetyPlanForMentorRow
CHANGING = refusals(Conflicting, MatchNeeded, Stale)


def _episodes(role: Role) -> Any:
    """The person's episodes as mentee that this role may see."""
    own = narrowed(Mentee, role).where(col(Mentee.person_id) == col(SafetyPlan.person_id))
    newest = own.order_by(col(Mentee.recorded_at).desc())
    return newest.with_only_columns(col(Mentee.id)).correlate(SafetyPlan)


def _listing(role: Role) -> Listing:
    """The list as this role's family reads it: a mentor finds their own mentees' plans."""
    filters: dict[str, Any] = {
        "mentee_id": lambda value: value.in_(_episodes(role)),
        "person_id": lambda value: col(SafetyPlan.person_id) == value,
        "live": lambda value: col(SafetyPlan.ended_at).is_(None) == value,
    }
    known = {Role.mentor: ["mentee_id"], Role.support_worker: ["mentee_id", "person_id"]}
    return Listing(
        SafetyPlan,
        MATRIX["safety_plans.row"],
        filters={name: filters[name] for name in known.get(role, filters)},
        sorts={"recorded_at": col(SafetyPlan.recorded_at)},
        computed={"mentee_id": _episodes(role).limit(1).scalar_subquery()},
    )


LISTS = {role: _listing(role) for role in (Role.support_worker, Role.clinician, Role.mentor)}


class SafetyPlanQuery(PageQuery):
    mentee_id: UUID | None = None
    person_id: UUID | None = Field(default=None, description="Not for mentors.")
    live: bool | None = Field(default=None, description="True: not ended. For clinicians.")
    sort: Literal["recorded_at", "-recorded_at"] = Field(default="-recorded_at")


def _list_for(actor: Actor, query: SafetyPlanQuery) -> Listing:
    """The audience's list. What they may not read they may not filter by."""
    found = LISTS[actor.family]
    for name in ("mentee_id", "person_id", "live"):
        if getattr(query, name) is not None and name not in found.filters:
            raise Invalid.field(name, "extra_forbidden", "is not for this list")
    return found


@router.get("", response_model=Page[AnyRow], responses=refusals())
async def list_safety_plans(
    actor: MayReadSafetyPlan,
    db: ReadDb,
    request: Request,
    query: Annotated[SafetyPlanQuery, Query()],
) -> Response:
    """Plans within your reach: of those in your care, or with an item that is shared with you."""
    return await _list_for(actor, query).page(request, db, actor, query, query.sort)


@router.post(
    "",
    status_code=201,
    response_model=SafetyPlanRead,
    responses=refusals(AlreadyExists, KeyReused),
)
async def begin_safety_plan(
    actor: MayWriteSafetyPlan, db: Db, body: SafetyPlanCreate, once: JustOnce
) -> Response:
    """Begin the plan of someone in your care."""
    plan = await safety_plans.begin(db, actor, body)
    shown = await safety_plans.shown(db, plan, actor)
    return await once.created(shown, location=f"safety-plans/{plan.id}")


@router.get("/{safety_plan_id}", response_model=AnyPlan, responses=refusals())
async def read_safety_plan(actor: MayReadSafetyPlan, db: Db, plan: ThisPlan) -> Response:
    """One plan: to clinicians all of it, to others the items that the person ticked for them."""
    return reply(await safety_plans.shown(db, plan, actor))


@router.patch("/{safety_plan_id}", response_model=SafetyPlanRead, responses=CHANGING)
async def update_safety_plan(
    actor: MayWriteSafetyPlan, db: Db, plan: PlanToChange, body: SafetyPlanUpdate
) -> Response:
    """Set when the plan is gone through next."""
    await safety_plans.plan_review(db, actor, plan, body)
    return reply(await safety_plans.shown(db, plan, actor))


@router.post(
    "/{safety_plan_id}/review",
    response_model=SafetyPlanRead,
    responses=refusals(Conflicting, Stale),
)
async def review_safety_plan(
    actor: MayWriteSafetyPlan, db: Db, plan: PlanToMove, body: SafetyReview
) -> Response:
    """Record that you went through the plan with the person, and when it is next."""
    await safety_plans.review(db, actor, plan, body)
    return reply(await safety_plans.shown(db, plan, actor))


@router.post(
    "/{safety_plan_id}/end",
    response_model=SafetyPlanRead,
    responses=refusals(Conflicting, Stale),
)
async def end_safety_plan(actor: MayWriteSafetyPlan, db: Db, plan: PlanToMove) -> Response:
    """End the plan: it is shared with nobody any more, and another may be begun."""
    await safety_plans.end(db, plan)
    return reply(await safety_plans.shown(db, plan, actor))


@router.post(
    "/{safety_plan_id}/items",
    status_code=201,
    response_model=SafetyPlanRead,
    responses=refusals(Conflicting, KeyReused, Stale),
)
async def add_safety_item(
    actor: MayWriteSafetyPlan, db: Db, plan: PlanToMove, body: SafetyItemCreate, once: JustOnce
) -> Response:
    """Add an item, with the ticks the person made."""
    await safety_plans.add_item(db, actor, plan, body)
    return await once.created(await safety_plans.shown(db, plan, actor))


@router.patch(
    "/{safety_plan_id}/items/{safety_item_id}", response_model=SafetyPlanRead, responses=CHANGING
)
async def change_safety_item(
    actor: MayWriteSafetyPlan,
    db: Db,
    plan: PlanToChange,
    safety_item_id: UUID,
    body: SafetyItemUpdate,
) -> Response:
    """Change an item's words, place or ticks; If-Match is the plan's ETag."""
    item = await safety_plans.item_of(db, actor, plan, safety_item_id)
    await safety_plans.change_item(db, actor, plan, item, body)
    return reply(await safety_plans.shown(db, plan, actor))


@router.delete(
    "/{safety_plan_id}/items/{safety_item_id}", response_model=SafetyPlanRead, responses=CHANGING
)
async def remove_safety_item(
    actor: MayWriteSafetyPlan, db: Db, plan: PlanToChange, safety_item_id: UUID
) -> Response:
    """Take an item out of the plan; If-Match is the plan's ETag."""
    item = await safety_plans.item_of(db, actor, plan, safety_item_id)
    await safety_plans.remove_item(db, actor, plan, item)
    return reply(await safety_plans.shown(db, plan, actor))


@router.get("/{safety_plan_id}/versions", response_model=Page[ItemVersion], responses=refusals())
async def list_safety_plan_versions(actor: MayWriteSafetyPlan, db: Db, plan: ThisPlan) -> Response:
    """Everything every item ever said and was ticked, removed ones too, oldest first."""
    return reply(whole(await safety_plans.versions(db, actor, plan)))
