"""Deliveries over HTTP: the receipts that providers send."""

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response

from app.db import ReadDb
from app.models.deliveries import NotifyReceipt
from app.problems import refusals
from app.services.deliveries import receipts

router = APIRouter(prefix="/v1/deliveries", tags=["deliveries"])


@router.post(
    "/notify-receipts",
    status_code=204,
    response_class=Response,
    responses=refusals(),
)
async def take_notify_receipt(
    db: ReadDb,
    request: Request,
    body: NotifyReceipt,
    authorization: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Response:
    """For GOV.UK Notify's delivery receipts, under the bearer secret of the site's settings. What
    is no delivery of ours is taken all the same: Notify would send it again."""
    receipts.check(request.app.state.settings, authorization)
    await receipts.take(db, body)
    return Response(status_code=204)
