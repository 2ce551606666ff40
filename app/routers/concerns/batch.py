"""Raising concerns together, over HTTP."""

from typing import Any

from fastapi import APIRouter, Response

from app.access import MayRaise
from app.db import Db
from app.errors import Conflicting, TooLarge
from app.models.concerns import ConcernBatch, ConcernBatchRead
from app.problems import refusals
from app.replies import reply
from app.services.concerns import batch

router = APIRouter(prefix="/v1/prisons/{prison_id}/concerns")
PARTLY: dict[int | str, dict[str, Any]] = {
    207: {
        "model": ConcernBatchRead,
        "description": "Some were not saved, and each says why; all the others are safe.",
    }
}


@router.post(
    "/batch",
    status_code=201,
    response_model=ConcernBatchRead,
    responses={**PARTLY, **refusals(Conflicting, TooLarge)},
)
async def raise_concerns(actor: MayRaise, db: Db, body: ConcernBatch) -> Response:
    """Raise concerns that were written down while there was no network, or on paper. 201: all are
    safe. 207: some are not, and are to be told to an officer and sent again, mended.

    Any other answer begins `NOT SAVED` and means that none is: send all of it again, under the same
    keys, until it is answered.
    """
    db.info["urgent"] = True
    found = await batch.raise_all(db, actor, body.items)
    return reply(found, status=207 if found.not_saved else 201)
