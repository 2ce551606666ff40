"""The board over HTTP."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Request, Response

from app.access import MayReadBoard
from app.db import ReadDb
from app.models.board import BoardForMentor, BoardRead
from app.problems import refusals
from app.replies import reply
from app.services import board

router = APIRouter(prefix="/v1/prisons/{prison_id}/board", tags=["board"])


@router.get("", response_model=BoardRead | BoardForMentor, responses=refusals())
async def read_board(
    actor: MayReadBoard,
    db: ReadDb,
    request: Request,
    days_ahead: Annotated[
        int, Query(ge=0, le=31, description="Also what falls due so many days after today.")
    ] = 0,
    limit: Annotated[int, Query(ge=1, le=200, description="Items at most.")] = 50,
) -> Response:
    """Who needs something from me today, in order, each with the rule that put it there.

    First what may be about a life, then somebody's safety, then whoever waits; what has been due
    longest stands first. What touches safety stands there three days before it is due.
    """
    shown, ids = await board.read(db, actor, ahead=days_ahead, most=limit)
    request.state.trail.listed = orjson.Fragment(orjson.dumps(ids, default=str))
    return reply(shown)
