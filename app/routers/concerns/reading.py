"""What is read beside a concern, over HTTP."""

from fastapi import APIRouter, Response

from app.access import MayMoveConcern
from app.db import Db
from app.models.concerns import ConcernDuplicate, TimelineEntry
from app.paging import Page, whole
from app.problems import refusals
from app.replies import reply
from app.routers.concerns.paths import ThisConcern
from app.services.concerns import duplicates, timeline

router = APIRouter(prefix="/v1/prisons/{prison_id}/concerns/{concern_id}")


@router.get("/possible-duplicates", response_model=Page[ConcernDuplicate], responses=refusals())
async def list_possible_duplicates(actor: MayMoveConcern, db: Db, concern: ThisConcern) -> Response:
    """Concerns raised within a week of this one that may be about the same, as far as you may see
    them, each with why. None is merged by itself."""
    return reply(whole(await duplicates.shown(db, actor, concern)))


@router.get("/timeline", response_model=Page[TimelineEntry], responses=refusals())
async def read_concern_timeline(actor: MayMoveConcern, db: Db, concern: ThisConcern) -> Response:
    """All that happened around a concern, oldest first: every move, act and step, every page with
    what became of it, words that were added, and who else looked as far as you may know that."""
    return reply(whole(await timeline.shown(db, actor, concern)))
