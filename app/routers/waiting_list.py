"""The waiting list over HTTP."""

from fastapi import APIRouter, Response

from app.access import MayReadWaitingList
from app.db import Db
from app.models.waiting_list import WaitingRead
from app.paging import Page, whole
from app.problems import refusals
from app.replies import reply
from app.services import waiting_list

router = APIRouter(prefix="/v1/prisons/{prison_id}/waiting-list", tags=["waiting-list"])


@router.get("", response_model=Page[WaitingRead], responses=refusals())
async def read_waiting_list(actor: MayReadWaitingList, db: Db) -> Response:
    """Everybody accepted, waiting or offered support, in the order in which they come next."""
    return reply(whole(await waiting_list.shown(db, actor)))
