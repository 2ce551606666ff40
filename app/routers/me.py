"""Me over HTTP."""

from fastapi import APIRouter, Response

from app.access import MayReadSelf
from app.db import ReadDb
from app.models.me import MeRead
from app.problems import refusals
from app.replies import reply
from app.services import me

router = APIRouter(prefix="/v1/me", tags=["me"])


@router.get("", response_model=MeRead, responses=refusals())
async def read_me(who: MayReadSelf, db: ReadDb) -> Response:
    """Who I am, and what I may do in each prison of my token."""
    return reply(await me.who_am_i(db, who))
