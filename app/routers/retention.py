"""Retention over HTTP: what is kept how long, and what is due; nothing is taken away by asking."""

from fastapi import APIRouter, Response

from app.access import MayReadRetention
from app.db import Db
from app.models.retention import RetentionRead
from app.problems import refusals
from app.replies import reply
from app.services import retention

router = APIRouter(prefix="/v1/prisons/{prison_id}/retention", tags=["retention"])


@router.get("", response_model=RetentionRead, responses=refusals())
async def read_retention(actor: MayReadRetention, db: Db) -> Response:
    """The classes with their years, what has expired and is taken away next, what is held."""
    return reply(await retention.overview(db, actor.prison_id))
