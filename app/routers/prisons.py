"""Prisons over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from app.access import CurrentActor, MayReadPrison, MayWritePrison
from app.db import Db
from app.errors import MatchNeeded, Stale
from app.models.prisons import Prison, PrisonRead, PrisonUpdate
from app.paths import IfMatch
from app.problems import refusals
from app.replies import check_match, reply
from app.services import prisons
from app.visibility import shape

router = APIRouter(prefix="/v1/prisons/{prison_id}", tags=["prisons"])


async def _to_read(actor: CurrentActor, db: Db) -> Prison:
    return await prisons.load(db, actor, lock=False)


async def _to_change(actor: CurrentActor, db: Db, if_match: IfMatch = None) -> Prison:
    prison = await prisons.load(db, actor, lock=True)
    check_match(prison.version, if_match, needed=True)
    return prison


ThisPrison = Annotated[Prison, Depends(_to_read)]
PrisonToChange = Annotated[Prison, Depends(_to_change)]


@router.get("", response_model=PrisonRead, responses=refusals())
async def read_prison(actor: MayReadPrison, prison: ThisPrison) -> Response:
    """The prison and its scheme's settings."""
    return reply(shape("prisons", actor.role).model_validate(prison))


@router.patch("", response_model=PrisonRead, responses=refusals(MatchNeeded, Stale))
async def update_prison(
    actor: MayWritePrison, db: Db, prison: PrisonToChange, body: PrisonUpdate
) -> Response:
    """Change the scheme's settings."""
    await prisons.update(db, prison, body)
    return reply(shape("prisons", actor.role).model_validate(prison))
