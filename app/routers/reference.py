"""Reference over HTTP."""

from fastapi import APIRouter, Response

from app.access import MayReadSelf
from app.models.reference import ReferenceRead
from app.problems import refusals
from app.replies import reply
from app.services import reference

router = APIRouter(prefix="/v1/reference", tags=["me"])


@router.get("", response_model=ReferenceRead, responses=refusals())
async def read_reference(_: MayReadSelf) -> Response:
    """Every code list, with a label for staff and easy-read words for everyone."""
    return reply(reference.every_list())
