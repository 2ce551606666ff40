"""Webhooks over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayReadWebhook, MayWriteWebhook
from app.db import Db, ReadDb
from app.errors import KeyReused, MatchNeeded, Stale
from app.models.webhooks import (
    ReplayCreate,
    Replayed,
    Webhook,
    WebhookCreate,
    WebhookDelivery,
    WebhookDeliveryRead,
    WebhookMade,
    WebhookRead,
    WebhookUpdate,
)
from app.paging import Listing, Page, PageQuery
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import webhooks
from app.visibility import MATRIX, shape

router = APIRouter(prefix="/v1/prisons/{prison_id}/webhooks", tags=["webhooks"])
ThisWebhook = Annotated[Webhook, Depends(to_read(Webhook, "webhook_id"))]
WebhookToChange = Annotated[Webhook, Depends(to_change(Webhook, "webhook_id", match=True))]
WebhookToUse = Annotated[Webhook, Depends(to_change(Webhook, "webhook_id", match=False))]

LIST = Listing(
    Webhook,
    MATRIX["webhooks.row"],
    filters={"active": lambda value: col(Webhook.active) == value},
    sorts={"name": col(Webhook.name)},
)
LOG = Listing(
    WebhookDelivery,
    MATRIX["webhooks.deliveries.row"],
    filters={
        "webhook_id": lambda value: col(WebhookDelivery.webhook_id) == value,
        "delivered": lambda value: col(WebhookDelivery.delivered_at).is_not(None) == value,
        "event_id": lambda value: col(WebhookDelivery.event_id) == value,
    },
    sorts={"recorded_at": col(WebhookDelivery.recorded_at)},
)


class WebhookQuery(PageQuery):
    active: bool | None = Field(default=None, description="To which something is sent, or not.")
    sort: Literal["name", "-name"] = Field(default="name")


class WebhookLogQuery(PageQuery):
    delivered: bool | None = Field(default=None, description="What was taken, or was not yet.")
    event_id: UUID | None = Field(default=None, description="Only of this event.")
    sort: Literal["recorded_at", "-recorded_at"] = Field(default="-recorded_at")


@router.get("", response_model=Page[WebhookRead], responses=refusals())
async def list_webhooks(
    actor: MayReadWebhook, db: ReadDb, request: Request, query: Annotated[WebhookQuery, Query()]
) -> Response:
    """Other systems that are told of events. None with its secret."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post("", status_code=201, response_model=WebhookMade, responses=refusals(KeyReused))
async def create_webhook(
    actor: MayWriteWebhook, db: Db, body: WebhookCreate, once: JustOnce
) -> Response:
    """Let another system be told of events. Its secret is shown this once."""
    made = await webhooks.create(db, actor, body)
    as_made, where = shape("webhooks.made", actor.role), f"webhooks/{made.id}"
    kept = await once.created(
        as_made.model_validate({**made.model_dump(), "secret": None}), location=where
    )
    secret = webhooks.secret_of(made, made.secret_number)
    shown = as_made.model_validate({**made.model_dump(), "secret": secret})
    return reply(shown, status=kept.status_code, location=where)


@router.get("/{webhook_id}", response_model=WebhookRead, responses=refusals())
async def read_webhook(actor: MayReadWebhook, webhook: ThisWebhook) -> Response:
    """One webhook, without its secret."""
    return reply(shape("webhooks", actor.role).model_validate(webhook))


@router.patch("/{webhook_id}", response_model=WebhookRead, responses=refusals(MatchNeeded, Stale))
async def update_webhook(
    actor: MayWriteWebhook, db: Db, webhook: WebhookToChange, body: WebhookUpdate
) -> Response:
    """Change a webhook, stop it, or let it be told again."""
    await webhooks.update(db, actor, webhook, body)
    return reply(shape("webhooks", actor.role).model_validate(webhook))


@router.post("/{webhook_id}/secret", response_model=WebhookMade, responses=refusals(Stale))
async def rotate_webhook_secret(actor: MayWriteWebhook, db: Db, webhook: WebhookToUse) -> Response:
    """Make a new secret, shown this once. For a day events are signed by the one before as well."""
    secret = await webhooks.rotate(db, webhook)
    made = shape("webhooks.made", actor.role)
    return reply(made.model_validate({**webhook.model_dump(), "secret": secret}))


@router.get(
    "/{webhook_id}/deliveries",
    response_model=Page[WebhookDeliveryRead],
    responses=refusals(),
)
async def list_webhook_deliveries(
    actor: MayReadWebhook,
    webhook: ThisWebhook,
    db: ReadDb,
    request: Request,
    query: Annotated[WebhookLogQuery, Query()],
) -> Response:
    """What was sent to a webhook, each try, and what it answered."""
    return await LOG.page(request, db, actor, query, query.sort, webhook_id=webhook.id)


@router.post("/{webhook_id}/replay", response_model=Replayed, responses=refusals(Stale))
async def replay_webhook(
    actor: MayWriteWebhook, db: Db, webhook: WebhookToUse, body: ReplayCreate
) -> Response:
    """Send the events between two times again, under their ids."""
    events = await webhooks.replay(db, webhook, body)
    return reply(shape("webhooks.replayed", actor.role).model_validate({"events": events}))
