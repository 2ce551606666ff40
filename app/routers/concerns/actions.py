"""The actions of a concern, over HTTP."""

from uuid import UUID

from fastapi import APIRouter, Response

from app.access import MayReview
from app.db import Db
from app.errors import Conflicting, KeyReused, Stale
from app.models.concerns import ActionCreate, ActionDone, ActionHandOver
from app.problems import refusals
from app.replies import JustOnce, reply
from app.routers.concerns.paths import AnyConcern, ConcernToChange
from app.services import concerns
from app.services.concerns import actions

router = APIRouter(prefix="/v1/prisons/{prison_id}/concerns/{concern_id}/actions")
REFUSALS = refusals(Conflicting, Stale)


@router.post(
    "",
    status_code=201,
    response_model=AnyConcern,
    responses=refusals(Conflicting, KeyReused, Stale),
)
async def add_action(
    actor: MayReview, db: Db, concern: ConcernToChange, body: ActionCreate, once: JustOnce
) -> Response:
    """Give someone something to do about the concern, by a time."""
    await actions.add(db, actor, concern, body)
    return await once.created(await concerns.shown(db, concern, actor))


@router.post("/{action_id}/outcome", response_model=AnyConcern, responses=REFUSALS)
async def finish_action(
    actor: MayReview, db: Db, concern: ConcernToChange, action_id: UUID, body: ActionDone
) -> Response:
    """Record that an action was done."""
    action = await actions.one(db, actor, concern, action_id)
    await actions.finish(db, actor, concern, action, body)
    return reply(await concerns.shown(db, concern, actor))


@router.post("/{action_id}/handover", response_model=AnyConcern, responses=REFUSALS)
async def hand_over_action(
    actor: MayReview, db: Db, concern: ConcernToChange, action_id: UUID, body: ActionHandOver
) -> Response:
    """Offer an action to someone else; it is theirs when they accept it."""
    action = await actions.one(db, actor, concern, action_id)
    await actions.hand_over(db, actor, concern, action, body.to_staff_id)
    return reply(await concerns.shown(db, concern, actor))


@router.post("/{action_id}/acceptance", response_model=AnyConcern, responses=REFUSALS)
async def accept_action(
    actor: MayReview, db: Db, concern: ConcernToChange, action_id: UUID
) -> Response:
    """Accept an action that was handed to me."""
    action = await actions.one(db, actor, concern, action_id)
    await actions.accept(db, actor, concern, action)
    return reply(await concerns.shown(db, concern, actor))
