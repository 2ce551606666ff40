"""Notifications over HTTP: the pages to me."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import func
from sqlmodel import Field, col

from app.access import MayReadNotification
from app.db import Db, ReadDb
from app.errors import Stale
from app.models.deliveries import DeliveryRead
from app.models.notifications import Notification, NotificationRead, NotificationStatus
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import reply
from app.services import notifications
from app.visibility import MATRIX, shape

router = APIRouter(prefix="/v1/prisons/{prison_id}/notifications", tags=["notifications"])
ThisNotification = Annotated[Notification, Depends(to_read(Notification, "notification_id"))]
MyNotification = Annotated[
    Notification, Depends(to_change(Notification, "notification_id", match=False))
]
LIST = Listing(
    Notification,
    MATRIX["notifications.row"],
    filters={"status": lambda value: col(Notification.status) == value},
    sorts={"recorded_at": col(Notification.recorded_at)},
    audited=func.coalesce(col(Notification.concern_id), col(Notification.id)),
)


class NotificationQuery(PageQuery):
    status: NotificationStatus | None = None
    sort: Literal["recorded_at", "-recorded_at"] = Field(default="-recorded_at")


@router.get("", response_model=Page[NotificationRead], responses=refusals())
async def list_notifications(
    actor: MayReadNotification,
    db: ReadDb,
    request: Request,
    query: Annotated[NotificationQuery, Query()],
) -> Response:
    """The pages to me, newest first. They say that I am needed, and nothing more."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.get(
    "/{notification_id}/deliveries", response_model=Page[DeliveryRead], responses=refusals()
)
async def list_notification_deliveries(
    actor: MayReadNotification, db: Db, page: ThisNotification
) -> Response:
    """On which channels a page to me went out, and what became of it on each."""
    return reply(whole(await notifications.deliveries_of(db, actor, page)))


@router.post("/{notification_id}/read", response_model=NotificationRead, responses=refusals(Stale))
async def read_notification(
    actor: MayReadNotification, db: Db, notification: MyNotification
) -> Response:
    """Say that I have read a page. It acknowledges nothing: do that on the concern."""
    await notifications.mark_read(db, actor, notification)
    return reply(shape("notifications", actor.role).model_validate(notification))
