"""Non-associations over HTTP: they come in, and are never read."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.access import MayImportNonAssociations
from app.config import settings
from app.db import Db
from app.errors import KeyReused, TooLarge
from app.models.non_associations import PairImportReport
from app.problems import refusals
from app.replies import JustOnce
from app.services import non_associations

router = APIRouter(prefix="/v1/prisons/{prison_id}/non-associations", tags=["non-associations"])

_EXAMPLE = {
    "prisonerNumber": "A1234BC",
    "openCount": 1,
    "closedCount": 0,
    "nonAssociations": [
        {
            "id": 83413,
            "role": "NOT_RELEVANT",
            "reason": "OTHER",
            "restrictionType": "LANDING",
            "whenCreated": "2026-10-03T14:08:07",
            "whenUpdated": "2026-10-03T14:08:07",
            "isClosed": False,
            "isOpen": True,
            "otherPrisonerDetails": {"prisonerNumber": "A5678DE", "role": "NOT_RELEVANT"},
        }
    ],
}
_DOCUMENTS = {
    "requestBody": {
        "required": True,
        "description": "A prisoner's list, the pairs of `involving`, a page of either; or one"
        " document a line.",
        "content": {
            "application/json": {
                "schema": {"anyOf": [{"type": "object"}, {"type": "array"}]},
                "example": _EXAMPLE,
            },
            "application/x-ndjson": {"schema": {"type": "string"}},
        },
    }
}


async def _whole_body(actor: MayImportNonAssociations, request: Request) -> bytes:
    """The body, read after the permission is proved and before a transaction is begun."""
    return await request.body()


@router.post(
    "/import",
    status_code=201,
    response_model=PairImportReport,
    responses=refusals(KeyReused, TooLarge),
    openapi_extra=_DOCUMENTS,
    max_body_size=settings().max_import_bytes,
)
async def import_non_associations(
    actor: MayImportNonAssociations,
    data: Annotated[bytes, Depends(_whole_body)],
    db: Db,
    once: JustOnce,
) -> Response:
    """Take in non-associations exactly as HMPPS answers them; a report on each, which names nobody.

    Kept are the two numbers, the restriction and whether it is open; nobody can read them here. A
    live pairing of two who are kept apart from now on waits for reassignment at once.
    """
    return await once.created(await non_associations.import_documents(db, actor, data))
