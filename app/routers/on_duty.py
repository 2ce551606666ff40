"""Who is on duty, over HTTP."""

from fastapi import APIRouter, Response

from app.access import MayReadOnDuty
from app.db import Db
from app.models.on_duty import OnDuty, OnDutyForStaff
from app.problems import refusals
from app.replies import reply
from app.services import on_duty

router = APIRouter(prefix="/v1/prisons/{prison_id}/on-duty", tags=["on-duty"])


@router.get("", response_model=OnDutyForStaff | OnDuty, responses=refusals())
async def read_on_duty(actor: MayReadOnDuty, db: Db) -> Response:
    """Whom one can reach now and next: mentors by the rota, staff by their duties, and whether a
    locked door is between."""
    return reply(await on_duty.shown(db, actor))
